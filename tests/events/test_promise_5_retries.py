"""Promise 5, patience: what one event alone causes is tried again a few times, then its key is parked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from libs.events.caller import Caller
from libs.events.consume import BACKOFF_SECONDS, Runner
from libs.events.effects import Effects
from libs.events.envelope import Fact
from libs.events.errors import (
    EventFromTheFuture,
    IdempotencyKeyInFlight,
    NotNow,
    SealBroken,
    StoreUnavailable,
    TooManyConflicts,
)
from libs.events.parking import RETRIES, Patience
from libs.events.react import Reactor
from tests.events import toy
from tests.events.test_reactions import NAME, reacting, tags
from tests.events.world import NOTICED, Check, Place, World

NEVER = 1_000


class Failing(Reactor):
    """A service where the commands of some events fail for so many times each, by an error."""

    error: Exception = TooManyConflicts("acme/tag/c-1")
    failing: tuple[str, ...] = ("c-1",)
    times = NEVER

    def __post_init__(self) -> None:
        super().__post_init__()
        accepted, self.asked = self.dispatch, Counter[str]()

        async def dispatch(command: toy.SetTag, caller: Caller) -> object:
            self.asked[command.counter_id] += 1
            if command.counter_id in self.failing and self.asked[command.counter_id] <= self.times:
                raise self.error
            return await accepted(command, caller)

        self.dispatch = dispatch


def failing(
    error: Exception | None = None, *, times: int = NEVER, of: tuple[str, ...] = ("c-1",), kind: type[Failing] = Failing
) -> Any:
    """Such a service."""
    return type("Such", (kind,), {"error": error or Failing.error, "times": times, "failing": of})


async def made(world: World) -> None:
    """Three counters, each to be tagged, the poisoned one in the midst."""
    for counter in ("c-2", "c-1", "c-3"):
        await world.make(counter)


async def steps(world: World, most: int = 40) -> int:
    """Steps the reaction until nothing is left; returns how often it had to try again. The pauses are the caller's."""
    again = 0
    for _ in range(most):
        try:
            if not await world.runner(NAME).step():
                return again
        except NotNow:
            again += 1
            assert await world.reads.parked(NAME) == [], "parked while it may still pass"
    return again


async def check_it_is_parked_after_a_few_times(place: Place) -> None:
    """By the name of what went wrong last; nobody else's command is left out or given twice."""
    async with reacting(place).open() as world:
        await made(world)
        assert await steps(world) == RETRIES
        assert [(one.key, one.sequence, one.error) for one in await world.reads.parked(NAME)] == [
            ("acme/counter/c-1", 2, "too_many_conflicts")
        ]
        assert await tags(world) == [("c-2", "new"), ("c-3", "new")]
        reactor: Any = world.runner(NAME).consumer
        assert reactor.asked["c-1"] == RETRIES + 1
        await world.make("c-4")
        await world.drain()
        assert (await tags(world))[-1] == ("c-4", "new")
        assert world.runner(NAME).stopped is None


async def check_what_passes_is_not_parked(place: Place) -> None:
    """Not even at the last try, and each event's tries are its own."""
    async with reacting(place).open() as world:
        await made(world)
        assert await steps(world) == RETRIES
        assert await world.reads.parked(NAME) == []
        assert sorted(await tags(world)) == [("c-1", "new"), ("c-2", "new"), ("c-3", "new")]


async def check_the_whole_store_is_waited_for(place: Place) -> None:
    """What keeps everybody's commands from being taken is nobody's poison."""
    async with reacting(place).open() as world:
        await made(world)
        for _ in range(3 * RETRIES):
            with pytest.raises(StoreUnavailable):
                await world.runner(NAME).step()
        assert await world.reads.parked(NAME) == []
        assert await world.reads.checkpoints(NAME, "toys.events", ["acme"]) == {}


async def test_it_is_parked_after_a_few_times(tmp_path: Path) -> None:
    await check_it_is_parked_after_a_few_times(Place(tmp_path).but(reactor=failing()))


async def test_what_passes_is_not_parked(tmp_path: Path) -> None:
    await check_what_passes_is_not_parked(Place(tmp_path).but(reactor=failing(times=RETRIES)))


async def test_the_whole_store_is_waited_for(tmp_path: Path) -> None:
    await check_the_whole_store_is_waited_for(Place(tmp_path).but(reactor=failing(StoreUnavailable("locked"))))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (IdempotencyKeyInFlight("k"), "idempotency_key_in_flight"),
        (SealBroken("it does not open"), "seal_broken"),
        (ZeroDivisionError("with words of the event"), "ZeroDivisionError"),
    ],
    ids=["in flight", "seal broken", "unforeseen"],
)
async def test_whatever_one_event_causes_is_parked(error: Exception, said: str, tmp_path: Path) -> None:
    """By its name alone: a message may hold words of the event."""
    async with reacting(Place(tmp_path).but(reactor=failing(error))).open() as world:
        await made(world)
        assert await steps(world) == RETRIES
        assert [one.error for one in await world.reads.parked(NAME)] == [said]
        assert len(await tags(world)) == 2


async def test_several_are_waited_for_at_once(tmp_path: Path) -> None:
    """Ten that fail take no longer than one."""
    counters = tuple(f"c-{number}" for number in range(10))
    async with reacting(Place(tmp_path).but(reactor=failing(of=counters))).open() as world:
        for counter in (*counters, "good"):
            await world.make(counter)
        assert await steps(world) == RETRIES
        assert len(await world.reads.parked(NAME)) == 10
        assert await tags(world) == [("good", "new")]


async def test_what_makes_all_that_follows_wrong_stops_it(tmp_path: Path) -> None:
    error = EventFromTheFuture("tags.tagged.v9 is newer than this code: update the service")
    async with reacting(Place(tmp_path).but(reactor=failing(error))).open() as world:
        await made(world)
        await world.drain()
        assert world.runner(NAME).stopped == f"event_from_the_future: {error}"
        assert await world.reads.parked(NAME) == []
        assert await tags(world) == [("c-2", "new")]


def test_pauses_grow() -> None:
    assert list(BACKOFF_SECONDS) == sorted(set(BACKOFF_SECONDS))
    assert len(BACKOFF_SECONDS) >= RETRIES


# --- planted faults ---------------------------------------------------------------------------------------------


class NoPatience(Patience):
    """Planted: parked at the first failure."""

    def judge(self, effects: Effects) -> Any:
        return [*effects.refused, *effects.later]


class EndlessPatience(Patience):
    """Planted: nobody counts."""

    def judge(self, effects: Effects) -> Any:
        self.forget()
        return super().judge(effects)


class ParksAnything(Failing):
    """Planted: what nobody's command could pass counts as the event's own fault."""

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        try:
            return await super().apply(facts)
        except StoreUnavailable:
            return Effects(later=[*(await Failing(self.reaction, self._refuse).apply(facts[:1])).later])

    async def _refuse(self, command: Any, caller: Any) -> object:
        raise TooManyConflicts("planted")


class GivesUpThePage(Failing):
    """Planted: with the first that fails the others of its page are left out."""

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        effects = Effects()
        for fact in facts:
            effects = await super().apply([fact])
            if effects.later:
                break
        return effects


def with_patience(kind: type[Patience]) -> Any:
    """A runner with that patience."""
    return lambda *given, **options: Runner(*given, **options, _patience=kind())


FAULTS: dict[str, tuple[Check, dict[str, Any]]] = {
    "no patience": (
        check_what_passes_is_not_parked,
        {"reactor": failing(times=1), "runner": with_patience(NoPatience)},
    ),
    "endless": (check_it_is_parked_after_a_few_times, {"reactor": failing(), "runner": with_patience(EndlessPatience)}),
    "parks anything": (
        check_the_whole_store_is_waited_for,
        {"reactor": failing(StoreUnavailable("locked"), of=("c-2", "c-1"), kind=ParksAnything)},
    ),
    "gives up the page": (check_it_is_parked_after_a_few_times, {"reactor": failing(kind=GivesUpThePage)}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_out(fault: str, tmp_path: Path) -> None:
    check, parts = FAULTS[fault]
    with pytest.raises((*NOTICED, NotNow)):
        await check(Place(tmp_path).but(**parts))
