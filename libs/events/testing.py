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
from libs.events.declare import Aggregate
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
