"""What was decided, on its way into the event store: put into envelopes, sealed, appended once and durably."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.events import canonical, envelope
from libs.events.caller import Caller
from libs.events.envelope import Envelope
from libs.events.errors import ConcurrencyConflict, StoreUnavailable
from libs.events.ports import Append, Clock, Command, CommandRecord, EventStore
from libs.events.reader import Reader
from libs.events.registry import Event
from libs.telemetry import tracing


@dataclass(frozen=True)
class Addition:
    """Events that continue a stream, which stands at `version` (0: it begins). Without events it must only stand there.

    `actor` None: the caller. `time` None: now; an earlier one stands as far as the tenant's sequence allows.
    """

    stream: str
    version: int
    events: Sequence[Event]
    actor: str | None = None
    time: datetime | None = None


@dataclass(frozen=True)
class Writer:
    """Writes one service's events."""

    service: str
    store: EventStore
    reader: Reader
    clock: Clock
    new_id: Callable[[], str]

    async def append(self, caller: Caller, additions: Sequence[Addition], command: Command) -> CommandRecord:
        """All of them or nothing. Raises ConcurrencyConflict, DuplicateCommand, HolderErased, StoreUnavailable."""
        count = sum(len(one.events) for one in additions)
        with tracing.span(f"{self.service} append", attributes={"cairn.events": count}):
            expected = _expected(additions)
            sealed = await self._sealed(self._envelopes(caller, additions))
            try:
                return await self.store.append(Append(caller.tenant, expected, sealed, command))
            except StoreUnavailable as unavailable:
                if not unavailable.ambiguous:
                    raise
                # The reply to a commit was lost: what the store remembers decides, never a second insert.
                record = await self.store.find_command(caller.tenant, command.id)
                if record is None:
                    raise StoreUnavailable(unavailable.reason) from unavailable
                return record

    def _envelopes(self, caller: Caller, additions: Sequence[Addition]) -> Iterator[Envelope]:
        now, traceparent, source = self.clock.now(), tracing.current_traceparent(), envelope.source_of(self.service)
        for one in additions:
            for number, event in enumerate(one.events, start=one.version + 1):
                yield Envelope(
                    id=self.new_id(),
                    source=source,
                    type=self.reader.registry.name_of(type(event)),
                    subject=one.stream,
                    time=one.time or now,
                    tenant=caller.tenant,
                    actor=one.actor or caller.actor,
                    version=number,
                    data=canonical.tree_of(event),
                    correlation=caller.correlation,
                    causation=caller.causation,
                    traceparent=traceparent,
                )

    async def _sealed(self, plain: Iterable[Envelope]) -> list[Envelope]:
        items = [(one, self.reader.registry.paths(one.type)) for one in plain]
        personal = [item for item in items if item[1]]
        sealed = iter(await self.reader.sealer.seal_many(personal) if personal else ())
        return [next(sealed) if paths else one for one, paths in items]


def _expected(additions: Sequence[Addition]) -> Mapping[str, int]:
    """The version at which each stream must stand. Raises ConcurrencyConflict where two additions disagree on it."""
    expected: dict[str, int] = {}
    ends: dict[str, int] = {}
    for one in additions:
        first = expected.setdefault(one.stream, one.version)
        stands = ends.get(one.stream, first) if one.events else first
        if one.version != stands:
            raise ConcurrencyConflict(one.stream, one.version, stands)
        if one.events:
            ends[one.stream] = stands + len(one.events)
    return expected
