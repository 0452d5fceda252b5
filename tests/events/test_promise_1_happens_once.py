"""Promise 1: an accepted command happens once, however often it comes, and a repeat is told what happened then."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.recorder import GroupCaller, GroupRecorder
from libs.events.caller import Caller
from libs.events.declare import Aggregate
from libs.events.envelope import Fact
from libs.events.errors import (
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
)
from libs.events.handle import Kernel, Outcome
from libs.events.load import Loaded
from libs.events.ports import CommandRecord
from libs.events.react import Reactor
from tests.events import toy
from tests.events.world import NOTICED, Check, Place, assert_repeat, store_with


async def check_a_repeat_is_told_what_happened_then(place: Place) -> None:
    async with place.open() as world:
        made = await world.make("c", key="k-1", body="make")
        counted = await world.count("c", 5, key="k-2", body="5")
        then = await world.state("c")
        await world.count("c", 7)
        await world.count("other", 1)
        assert_repeat(made, await world.make("c", key="k-1", body="make"))
        assert_repeat(counted, await world.count("c", 5, key="k-2", body="5"))
        assert (counted.version, counted.position) == (2, 2)
        assert await world.state("c", at=counted.version) == then == toy.CounterState(made=True, total=5)
        assert len(await world.history()) == 4


async def check_a_repeat_after_a_restart_is_one_too(place: Place) -> None:
    async with place.open() as world:
        counted = await world.count("c", 5, key="k-1")
        await world.count("c", 7)
    async with place.open() as world:
        assert_repeat(counted, await world.count("c", 5, key="k-1"))
        assert (await world.state("c", at=counted.version)).total == 5
        assert (await world.state("c")).total == 12


async def check_a_command_that_changes_nothing_is_remembered(place: Place) -> None:
    async with place.open() as world:
        await world.count("c", 5)
        await world.count("other", 1)
        nothing = await world.count("c", 0, key="k-1")
        assert (nothing.version, nothing.position) == (1, 2)
        await world.count("c", 7)
        assert_repeat(nothing, await world.count("c", 0, key="k-1"))
        with pytest.raises(IdempotencyKeyReused):
            await world.count("c", 0, key="k-1", body="another")


async def check_ten_at_once_have_one_effect(place: Place) -> None:
    async with place.open() as world, place.open() as elsewhere:
        for key in ("k-1", "k-2", "k-3"):
            asked = [(world if at % 2 else elsewhere).count("c", 5, key=key) for at in range(10)]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            outcomes = [one for one in answers if isinstance(one, Outcome)]
            told = [one for one in answers if isinstance(one, IdempotencyKeyInFlight)]
            assert len(outcomes) + len(told) == 10, answers
            assert [one.repeated for one in outcomes].count(False) == 1
            assert len({replace(one, repeated=True) for one in outcomes}) == 1
        assert (await world.state("c")).total == 15
        assert len(await world.history()) == 3


async def check_one_of_many_makes_it(place: Place) -> None:
    """Also where another process is faster: what is there by then was not made by this command."""
    async with place.open() as world, place.open() as elsewhere:
        for counter in ("c-1", "c-2", "c-3"):
            outcomes = await asyncio.gather(*(one.ensure(counter) for one in [world, elsewhere] * 3))
            assert [one.version for one in outcomes] == [1] * 6
            assert [one.created for one in outcomes].count(True) == 1


async def check_a_repeat_outlives_its_if_match(place: Place) -> None:
    async with place.open() as world:
        await world.make("c")
        counted = await world.count("c", 5, key="k-1", if_match=1)
        assert_repeat(counted, await world.count("c", 5, key="k-1", if_match=1))


async def check_a_reaction_commands_once(place: Place) -> None:
    place = place.but(reactions=(toy.TAG_NEW_COUNTERS,))
    async with place.open() as world:
        await world.make("c")
        await world.make("d")
        await world.drain()
        assert len(await world.history(service="tags")) == 2
    for file in (place.folder / "read").iterdir():
        file.unlink()  # the checkpoint is gone, so every event is delivered again
    async with place.open() as world:
        await world.drain()
        assert (await world.row("c")).tag == "new", "it was delivered again"
        assert len(await world.history(service="tags")) == 2


CHECKS: list[Check] = [
    check_a_repeat_is_told_what_happened_then,
    check_a_repeat_after_a_restart_is_one_too,
    check_a_command_that_changes_nothing_is_remembered,
    check_ten_at_once_have_one_effect,
    check_one_of_many_makes_it,
    check_a_repeat_outlives_its_if_match,
    check_a_reaction_commands_once,
]


@pytest.mark.parametrize("check", CHECKS)
async def test_happens_once(tmp_path: Path, check: Check) -> None:
    await check(Place(tmp_path))


class NeverRemembers(GroupRecorder):
    """Planted: the command is not stored."""

    def _append(self, raw: sqlite3.Connection, caller: GroupCaller) -> CommandRecord | list[int]:
        record = super()._append(raw, caller)
        raw.execute("DELETE FROM commands")
        return record


class LooksOnlyBefore(GroupRecorder):
    """Planted: whether a command is known is asked before the transaction, and not in it."""

    def find_command(self, raw: sqlite3.Connection, tenant: str, command_id: str) -> CommandRecord | None:
        raw.execute("DELETE FROM commands WHERE tenant=? AND command_id=?", (tenant, command_id))
        return None


class RemembersChangesOnly(GroupRecorder):
    """Planted: a command without events leaves no trace."""

    def _append(self, raw: sqlite3.Connection, caller: GroupCaller) -> CommandRecord | list[int]:
        record = super()._append(raw, caller)
        if not caller.stamp(None)[1] and caller.command is not None:
            raw.execute("DELETE FROM commands WHERE command_id=?", (caller.command.id,))
        return record


class AnswersWithNow(Kernel):
    """Planted: a repeat tells how things stand now."""

    async def _repeat(self, run: Any, record: CommandRecord) -> Outcome:
        now = await self.load(run.aggregate, run.stream)
        return replace(await super()._repeat(run, record), version=now.version)


class LoadsNow(Kernel):
    """Planted: a state as it was is the state as it is."""

    async def load(self, aggregate: Aggregate[Any], stream: str, *, at: int | None = None) -> Loaded[Any]:
        return await super().load(aggregate, stream)


class ChecksIfMatchFirst(Kernel):
    """Planted: the version is compared before anybody asks whether this is a repeat."""

    async def handle(
        self, aggregate: Aggregate[Any], entity_id: str, caller: Caller, *rest: Any, **more: Any
    ) -> Outcome:
        now = await self.load(aggregate, f"{caller.tenant}/{aggregate.kind}/{entity_id}")
        assert caller.if_match in (None, now.version), "412"
        return await super().handle(aggregate, entity_id, caller, *rest, **more)


class SaysItIsNewBeforeItTries(Kernel):
    """Planted: whether something is new is seen before the race for it."""

    async def handle(
        self, aggregate: Aggregate[Any], entity_id: str, caller: Caller, *rest: Any, created: Any, **more: Any
    ) -> Outcome:
        now = await self.load(aggregate, f"{caller.tenant}/{aggregate.kind}/{entity_id}")
        return await super().handle(aggregate, entity_id, caller, *rest, created=created(now.state), **more)


class ForgetsWhatItAnswers(Reactor):
    """Planted: a reaction's command is a fresh one each time."""

    def _caller(self, fact: Fact[Any], number: int) -> Caller:
        return replace(super()._caller(fact, number), command_id=None)


FAULTS: Sequence[tuple[dict[str, Any], Check]] = [
    ({"store": store_with(NeverRemembers)}, check_a_repeat_after_a_restart_is_one_too),
    ({"store": store_with(LooksOnlyBefore)}, check_ten_at_once_have_one_effect),
    ({"store": store_with(RemembersChangesOnly)}, check_a_command_that_changes_nothing_is_remembered),
    ({"kernel": AnswersWithNow}, check_a_repeat_is_told_what_happened_then),
    ({"kernel": LoadsNow}, check_a_repeat_is_told_what_happened_then),
    ({"kernel": SaysItIsNewBeforeItTries}, check_one_of_many_makes_it),
    ({"kernel": ChecksIfMatchFirst}, check_a_repeat_outlives_its_if_match),
    ({"reactor": ForgetsWhatItAnswers}, check_a_reaction_commands_once),
]


@pytest.mark.parametrize(("fault", "check"), FAULTS)
async def test_a_planted_fault_is_noticed(tmp_path: Path, fault: dict[str, Any], check: Check) -> None:
    with pytest.raises(NOTICED):
        await check(Place(tmp_path).but(**fault))
