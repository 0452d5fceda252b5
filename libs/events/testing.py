"""How tests speak about the kernel: given facts, when a command, then facts; and waiting without sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Generic, TypeVar

import msgspec

from libs.events.consume import Runner
from libs.events.declare import Aggregate, Collection, Fold, Group, Held, Row, RowKey
from libs.events.envelope import Fact
from libs.events.errors import DomainError

S = TypeVar("S")
E = TypeVar("E", bound=DomainError)
EPOCH = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class SteppingClock:
    """A clock that moves only when told."""

    def __init__(self, start: datetime = EPOCH) -> None:
        self.time = start

    def now(self) -> datetime:
        """The time it was last set to."""
        return self.time

    def move(self, by: timedelta) -> None:
        """Forward, or back, as machines' clocks do."""
        self.time += by


def fact_of(
    data: Any, *, stream: str = "acme/thing/1", version: int = 1, sequence: int = 1, time: datetime = EPOCH
) -> Fact[Any]:
    """A fact around data, as a reader would make it."""
    tenant = stream.split("/", 1)[0]
    return Fact(
        data=data,
        id=f"{stream}/{version}",
        type=type(data).__name__,
        stream=stream,
        version=version,
        tenant=tenant,
        service="test",
        time=time,
        actor="tester",
        sequence=sequence,
    )


@dataclass(frozen=True)
class Scenario(Generic[S]):
    """`Scenario(GOAL).given(fact, …).when(decider).then(event, …)`: a rule as a sentence, without any I/O."""

    aggregate: Aggregate[S]
    stream: str = "acme/thing/1"
    state: S | None = None
    version: int = 0
    outcome: Sequence[Any] | DomainError | None = field(default=None, compare=False)

    def given(self, *events: msgspec.Struct, time: datetime = EPOCH) -> Scenario[S]:
        """These happened before, in this order."""
        state = self._state()
        for version, event in enumerate(events, start=self.version + 1):
            state = self.aggregate.fold(state, fact_of(event, stream=self.stream, version=version, time=time))
        return replace(self, state=state, version=self.version + len(events))

    def when(self, decide: Callable[[S], Sequence[Any]]) -> Scenario[S]:
        """This is asked."""
        try:
            return replace(self, outcome=tuple(decide(self._state())))
        except DomainError as refused:
            return replace(self, outcome=refused)

    def then(self, *events: msgspec.Struct) -> None:
        """Exactly these facts follow."""
        assert self.outcome == events, f"expected {events}, got {self.outcome!r}"

    def then_refused(self, error: type[E]) -> E:
        """It is refused, by this rule."""
        assert type(self.outcome) is error, f"expected {error.__name__}, got {self.outcome!r}"
        return self.outcome

    def _state(self) -> S:
        return self.aggregate.initial if self.state is None else self.state


class Rows:
    """One tenant's rows under a `Fold`, in memory: `apply` one batch after another, look into `rows`.

    Answers what the fold needs as a store would, with what stood before the batch. Change `rows` through `apply` only.
    """

    def __init__(self, fold: Fold) -> None:
        self.fold = fold
        self.rows: dict[RowKey, Row] = {}
        self._found: dict[tuple[Collection, str], dict[Any, set[str]]] = {}

    def apply(self, facts: Sequence[Fact[Any]]) -> dict[RowKey, Row | None]:
        """One batch; returns what the fold returned, which `rows` then holds (None: removed)."""
        rows: dict[RowKey, Any] = {}
        groups: dict[Group, Sequence[str]] = {}
        held = Held(rows, groups)
        while True:
            wanted = self.fold.needs(facts, held)
            keys, grouped = wanted.rows - rows.keys(), wanted.groups - groups.keys()
            if not keys and not grouped:
                break
            for group in grouped:
                groups[group] = self._ids(group)
                keys |= {RowKey(group.collection, id) for id in groups[group]}
            rows.update((key, self.rows.get(key)) for key in keys)
        changed = dict(self.fold.fold(facts, held))
        for key, row in changed.items():
            self._put(key, row)
        return changed

    def _ids(self, group: Group) -> list[str]:
        collection, name, sort = group.collection, group.field, group.sort
        if (collection, name) not in self._found:
            found = self._found[collection, name] = {}
            for key, row in self.rows.items():
                if key.collection == collection:
                    found.setdefault(getattr(row, name), set()).add(key.id)
        ids = sorted(self._found[collection, name].get(group.value, ()))
        if sort is not None:
            values = {id: getattr(self.rows[RowKey(collection, id)], sort) for id in ids}
            ids.sort(key=lambda id: (values[id] is not None, values[id], id), reverse=True)
        return ids[: group.most]

    def _put(self, key: RowKey, row: Row | None) -> None:
        before = self.rows.pop(key, None)
        for (collection, name), found in self._found.items():
            if collection == key.collection:
                if before is not None:
                    found[getattr(before, name)].discard(key.id)
                if row is not None:
                    found.setdefault(getattr(row, name), set()).add(key.id)
        if row is not None:
            self.rows[key] = row


async def eventually(check: Callable[[], Awaitable[bool]], *, within: float = 10.0) -> None:
    """Returns as soon as the check holds; AssertionError after `within` seconds. Polls, assumes no duration."""
    deadline = monotonic() + within
    while not await check():
        assert monotonic() < deadline, f"did not happen within {within} s"
        await asyncio.sleep(0.01)


async def drain(runners: Iterable[Runner]) -> None:
    """Steps all runners until none of them finds anything more to apply."""
    runners = tuple(runners)
    busy = True
    while busy:
        busy = any([await runner.step() for runner in runners if runner.stopped is None])
