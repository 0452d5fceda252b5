"""A consumer's part of the status: its files beside the stores that it reads and what its process says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from libs.events.adapters.sqlite.inspect import Due, StoreLook
from libs.events.adapters.sqlite.read_inspect import ConsumerLook
from libs.events.declare import ReadModel
from services.cli.status.asking import Said
from services.cli.status.shape import Consumer, Generation, Head, ParkedKey, ParkedKeys, Source, Store

State = Literal["running", "waiting", "stopped", "not_running", "unknown"]


@dataclass(frozen=True)
class StoreSeen:
    """One topic's store: as it is shown, as it was read (None: not there or unreadable), what is due to whom."""

    shape: Store | None
    look: StoreLook | None
    due: Mapping[str, Due]


def consumer(
    service: str,
    model: ReadModel | None,
    look: ConsumerLook,
    stores: Mapping[str, StoreSeen],
    said: Said,
    at: datetime,
    *,
    tenants: bool,
) -> Consumer:
    """One consumer; without `model` a reaction. Its rate is not known yet."""
    topics = tuple(look.points) if model is None else model.topics
    sources = [_source(look, topic, stores[topic], said, at, tenants=tenants) for topic in topics]
    return Consumer(
        name=look.name,
        service=service,
        kind="reaction" if model is None else "read_model",
        generation=_generation(model, look),
        position=sum(one.position for one in sources),
        lag_events=sum(one.lag_events for one in sources),
        lag_seconds=max((one.lag_seconds for one in sources if one.lag_seconds is not None), default=None),
        events_per_second=None,
        rebuilding=look.building,
        held=look.held,
        parked=_parked(look),
        sources=sources,
        bytes=look.size,
        problem=look.unreadable,
    )


def with_rate(one: Consumer, rate: float) -> Consumer:
    """The same, with how many events a second it applies."""
    return msgspec.structs.replace(one, events_per_second=rate)


def by_tenant(sequences: Mapping[str, int]) -> list[Head]:
    """Tenants by name."""
    return [Head(tenant=tenant, sequence=sequence) for tenant, sequence in sorted(sequences.items())]


def _generation(model: ReadModel | None, look: ConsumerLook) -> Generation | None:
    if model is None or look.entry is None:
        return None
    entry = look.entry
    return Generation(
        number=entry.number,
        version=entry.version,
        declared_version=model.version,
        outdated=entry.version != model.version,
        previous=entry.previous,
    )


def _parked(look: ConsumerLook) -> ParkedKeys:
    first = next(iter(look.parked), None)
    return ParkedKeys(
        keys=len(look.parked),
        first=None
        if first is None
        else ParkedKey(
            id=first.id,
            topic=first.topic,
            tenant=first.tenant,
            key=first.key,
            sequence=first.sequence,
            error=first.error,
        ),
    )


def _source(look: ConsumerLook, topic: str, store: StoreSeen, said: Said, at: datetime, *, tenants: bool) -> Source:
    points = look.points.get(topic, {})
    due = store.due.get(look.name, Due(0, None))
    state, reason, failures = _state(look.name, topic, said)
    if due.events == 0:
        seconds: float | None = 0.0
    else:
        seconds = None if due.since is None else max(0.0, (at - due.since).total_seconds())
    return Source(
        topic=topic,
        position=sum(point.sequence for point in points.values()),
        lag_events=due.events,
        lag_seconds=seconds,
        restored=_restored(look, topic, store),
        state=state,
        reason=reason,
        failures=failures,
        positions=by_tenant({tenant: point.sequence for tenant, point in points.items()}) if tenants else None,
    )


def _restored(look: ConsumerLook, topic: str, store: StoreSeen) -> bool:
    """Whether a start would find, as promise 11 has it, that this store is not the one that was applied."""
    points = look.points.get(topic, {})
    if store.look is None:
        # One that cannot be read, or is gone, says so itself.
        return False
    heads, store_id = store.look.heads, store.look.store_id
    return any(point.store_id != store_id or heads.get(tenant, 0) < point.sequence for tenant, point in points.items())


def _state(name: str, topic: str, said: Said) -> tuple[State, str | None, int]:
    if said.process is None:
        return "not_running", None, 0
    part = said.consumers.get((name, topic))
    if part is None:
        return "unknown", None, 0
    if part.state == "running":
        return "running", None, 0
    if part.state == "waiting":
        return "waiting", part.reason, part.failures
    return "stopped", part.reason or part.state, 0
