"""Reactions: every event of others is answered by our commands, each once, whatever comes again or fails between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from libs.events.adapters.sqlite.event_log import SQLiteEventLog
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.caller import Caller
from libs.events.declare import Reaction
from libs.events.effects import Effects
from libs.events.envelope import Envelope, Fact
from libs.events.errors import KernelError, NotNow, StoreUnavailable, TooManyConflicts
from libs.events.ports import Commit, Record
from libs.events.react import Reactor
from tests.events import toy
from tests.events.world import Place, World

NAME = toy.TAG_NEW_COUNTERS.name


def reacting(place: Place, *reactions: Reaction) -> Place:
    """The place with these reactions, or the toy's own."""
    return place.but(reactions=reactions or (toy.TAG_NEW_COUNTERS,))


def when_made(when: Callable[[Fact[Any]], Sequence[Any]], name: str = NAME) -> Reaction:
    """A reaction to new counters."""
    return replace(toy.TAG_NEW_COUNTERS, name=name, when={toy.CounterMade: when})


async def tags(world: World, tenant: str = "acme") -> list[tuple[str, str]]:
    """What was tagged, in order: counter and tag."""
    return [(one.subject.rsplit("/", 1)[1], one.data["tag"]) for one in await envelopes(world, tenant)]


async def envelopes(world: World, tenant: str = "acme") -> list[Envelope]:
    """What the tags service stated."""
    return await world.envelopes(tenant, "tags")


class FailsAfterCommands(SQLiteReadStore):
    """The checkpoint of the reaction is lost the first two times: its commands have been given by then."""

    left = 2

    async def commit(self, commit: Commit) -> None:
        if commit.owner.projection == NAME and self.left > 0:
            self.left -= 1
            raise StoreUnavailable("disk full")
        await super().commit(commit)


async def check_each_event_is_answered_once(place: Place) -> None:
    """Also when the checkpoint is lost after the commands, and the process begins anew."""
    inner = reacting(place).but(reads=FailsAfterCommands)
    async with inner.open() as world:
        await world.make("c-1")
        await world.count("c-1")
        await world.make("c-2")
        await world.make("c-1", tenant="beta")
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await world.runner(NAME).step()
    async with reacting(place).open() as world:
        await world.drain()
        assert await tags(world) == [("c-1", "new"), ("c-2", "new")]
        assert await tags(world, "beta") == [("c-1", "new")]
        assert (await world.row("c-1")).tag == "new"


class DeliversTwice(SQLiteEventLog):
    """Goes back once, so that a page comes again."""

    again = True

    async def read(self, topic: str, partition: int, after: int, limit: int) -> Sequence[Record]:
        back, self.again = self.again and after > 0, self.again and after == 0
        return await super().read(topic, partition, 0 if back else after, limit)


async def check_every_command_of_an_event_counts(place: Place) -> None:
    """Several commands of one event, and several reactions to it, are commands of their own, in their order."""

    def thrice(fact: Fact[toy.CounterMade]) -> Sequence[toy.SetTag]:
        return [toy.SetTag(fact.entity_id, tag) for tag in ("one", "two", "three")]

    def other(fact: Fact[toy.CounterMade]) -> Sequence[toy.SetTag]:
        return [toy.SetTag(fact.entity_id, "other")]

    inner = reacting(place, when_made(thrice), when_made(other, "another_reaction"))
    async with inner.but(log=DeliversTwice, page=1).open() as world:
        await world.make("c-1")
        await world.drain()
        found = [tag for _, tag in await tags(world)]
        assert [tag for tag in found if tag != "other"] == ["one", "two", "three"]
        assert sorted(found) == ["one", "other", "three", "two"]


async def check_an_answer_says_what_it_answers(place: Place) -> None:
    """Causation is the event, correlation what began it all, and the actor is the reaction."""
    async with reacting(place).open() as world:
        await world.kernel.handle(toy.COUNTER, "c-1", Caller("acme", "ann", correlation="r-1"), toy.make("ann"))
        await world.make("c-2")
        await world.drain()
        first, second = await world.envelopes()
        answered = await envelopes(world)
        assert [one.causation for one in answered] == [first.id, second.id]
        assert [one.correlation for one in answered] == ["r-1", second.id]
        assert {one.actor for one in answered} == {f"reaction:{NAME}"}
        assert {one.tenant for one in answered} == {"acme"}


class Stubborn(Reactor):
    """A service that refuses tags for c-1."""

    error: ClassVar[Exception] = toy.TooMuch()

    def __post_init__(self) -> None:
        super().__post_init__()
        accepted = self.dispatch

        async def dispatch(command: toy.SetTag, caller: Caller) -> object:
            if command.counter_id == "c-1":
                raise self.error
            return await accepted(command, caller)

        self.dispatch = dispatch


async def check_a_refusal_parks_its_key(place: Place) -> None:
    """A command that a rule refuses parks its event's key, by the rule's code; others go on."""
    inner = place.but(reactor=Stubborn) if place.parts.reactor is Reactor else place
    async with reacting(inner).open() as world:
        await world.make("c-1")
        await world.make("c-2")
        await world.drain()
        assert await tags(world) == [("c-2", "new")]
        parked = await world.reads.parked(NAME)
        assert [(one.key, one.sequence, one.error) for one in parked] == [("acme/counter/c-1", 1, "too_much")]
        assert world.runner(NAME).stopped is None


CHECKS = [
    check_each_event_is_answered_once,
    check_every_command_of_an_event_counts,
    check_an_answer_says_what_it_answers,
    check_a_refusal_parks_its_key,
]


@pytest.mark.parametrize("check", CHECKS)
async def test_a_reaction(check: Any, tmp_path: Path) -> None:
    await check(Place(tmp_path))


async def test_a_fault_in_a_reaction_parks(tmp_path: Path) -> None:
    """It is pure, so what fails once fails always; the service's other events are still answered."""

    def fails(fact: Fact[toy.CounterMade]) -> Sequence[toy.SetTag]:
        if fact.entity_id == "c-1":
            raise ZeroDivisionError
        return [toy.SetTag(fact.entity_id, "new")]

    async with reacting(Place(tmp_path), when_made(fails)).open() as world:
        await world.make("c-1")
        await world.make("c-2")
        await world.drain()
        assert await tags(world) == [("c-2", "new")]
        assert [one.error for one in await world.reads.parked(NAME)] == ["ZeroDivisionError"]


class Busy(Stubborn):
    """A service that cannot answer for a while."""

    error: ClassVar[Exception] = StoreUnavailable("locked")


class Contended(Stubborn):
    """A service that loses every race for a while."""

    error: ClassVar[Exception] = TooManyConflicts("acme/tag/c-1")


async def check_what_passes_by_itself_is_tried_again(place: Place) -> None:
    """Nothing is parked and nothing is passed over while the own service cannot answer."""
    async with reacting(place).open() as world:
        await world.make("c-2")
        await world.make("c-1")
        for _ in range(2):
            with suppress(StoreUnavailable, NotNow):
                await world.runner(NAME).step()
        assert await world.reads.parked(NAME) == []
        assert await world.reads.checkpoints(NAME, "toys.events", ["acme"]) == {}
    async with reacting(place.but(reactor=Reactor)).open() as world:
        await world.drain()
        assert await tags(world) == [("c-2", "new"), ("c-1", "new")]


@pytest.mark.parametrize("reactor", [Busy, Contended])
async def test_what_passes_by_itself_is_tried_again(reactor: type[Reactor], tmp_path: Path) -> None:
    await check_what_passes_by_itself_is_tried_again(Place(tmp_path).but(reactor=reactor))


async def test_what_nobody_reacts_to_is_passed(tmp_path: Path) -> None:
    async with reacting(Place(tmp_path)).open() as world:
        await world.count("c-1")
        await world.note("c-1", "words")
        await world.drain()
        assert await tags(world) == []
        assert (await world.reads.checkpoints(NAME, "toys.events", ["acme"]))["acme"].sequence == 2


# --- planted faults ---------------------------------------------------------------------------------------------


class FreshIds(Reactor):
    """Planted: a command that nobody can recognise when it comes again."""

    def _caller(self, fact: Fact[Any], number: int) -> Caller:
        return replace(super()._caller(fact, number), command_id=None)


class OneIdAnEvent(Reactor):
    """Planted: all commands of an event are the same command."""

    def _caller(self, fact: Fact[Any], number: int) -> Caller:
        return super()._caller(fact, 0)


class OneIdForAll(Reactor):
    """Planted: reactions to the same event take each other's commands for their own."""

    def _caller(self, fact: Fact[Any], number: int) -> Caller:
        return replace(super()._caller(fact, number), command_id=f"{fact.id}/{number}")


class TellsNothing(Reactor):
    """Planted: an answer that does not say to what."""

    def _caller(self, fact: Fact[Any], number: int) -> Caller:
        return replace(super()._caller(fact, number), causation=None, correlation=None)


class PassesOver(Stubborn):
    """Planted: a refused command is forgotten."""

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        await super().apply(facts)
        return Effects()


class SkipsTheFailed(Busy):
    """Planted: what could not be commanded now is left out."""

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        with suppress(KernelError):
            return await super().apply(facts)
        return Effects()


FAULTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "fresh ids": (check_each_event_is_answered_once, {"reactor": FreshIds}),
    "one id an event": (check_every_command_of_an_event_counts, {"reactor": OneIdAnEvent}),
    "one id for all": (check_every_command_of_an_event_counts, {"reactor": OneIdForAll}),
    "tells nothing": (check_an_answer_says_what_it_answers, {"reactor": TellsNothing}),
    "skips the failed": (check_what_passes_by_itself_is_tried_again, {"reactor": SkipsTheFailed}),
    "passes over": (check_a_refusal_parks_its_key, {"reactor": PassesOver}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_out(fault: str, tmp_path: Path) -> None:
    check, parts = FAULTS[fault]
    with pytest.raises((AssertionError, KernelError, pytest.fail.Exception)):
        await check(Place(tmp_path).but(**parts))
