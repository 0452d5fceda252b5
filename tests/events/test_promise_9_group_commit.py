"""Promise 9: concurrent appends share a transaction, and what befalls one caller befalls nobody else."""

from __future__ import annotations

import asyncio
import sqlite3
from asyncio import InvalidStateError
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import IntegrityError

from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.adapters.sqlite.recorder import Datastore, Ending, GroupCaller, GroupRecorder
from libs.events.adapters.sqlite.waiting import GROUP
from libs.events.errors import ConcurrencyConflict, MalformedEvent
from libs.events.ports import Append, CommandRecord, DuplicateCommand
from tests.events import toy
from tests.events.groups import Watched, groups_of, together
from tests.events.world import NOTICED, Check, Place, World, envelope_of, raw_count, store_with


async def totals(world: World, counters: Sequence[str]) -> list[int]:
    """What became of each."""
    return [(await world.state(counter)).total for counter in counters]


async def check_concurrent_appends_share_a_transaction(place: Place) -> None:
    async with place.open() as world:
        counters = [f"c-{at}" for at in range(GROUP + 40)]
        endings = await together(world, [raw_count(f"acme/counter/{counter}", 0) for counter in counters])
        assert [ending.position for ending in endings] == list(range(1, GROUP + 41)), "in the order they came"
        assert groups_of(world.store.recorder) == [1, GROUP, 40]
        assert await totals(world, counters) == [1] * len(counters)


async def check_commands_under_load_share_transactions(place: Place) -> None:
    async with place.open() as world:
        await asyncio.gather(*(world.count(f"c-{at}") for at in range(200)))
        assert sum(groups_of(world.store.recorder)) == 200
        assert len(groups_of(world.store.recorder)) <= 100


async def check_one_callers_trouble_is_his_own(place: Place) -> None:
    async with place.open() as world:
        known = await world.store.append(raw_count("acme/counter/known", 0, key="k-1"))
        bad = [envelope_of(toy.Counted(by=1), f"acme/counter/bad{end}", 1) for end in ("", "\ud800")]
        unwritable = replace(raw_count("acme/counter/bad", 0), events=bad)
        requests = [
            raw_count("acme/counter/a", 0),
            raw_count("acme/counter/known", 7),
            raw_count("acme/counter/b", 0),
            raw_count("acme/counter/again", 0, key="k-1"),
            raw_count("acme/counter/c", 0),
            unwritable,
            raw_count("acme/counter/d", 0, key="k-2"),
            raw_count("acme/counter/twin", 0, key="k-2"),
            raw_count("acme/counter/e", 0),
        ]
        endings = await together(world, requests)
        assert groups_of(world.store.recorder)[-1] == len(requests), "they shared a transaction"
        expected = [CommandRecord, ConcurrencyConflict, CommandRecord, DuplicateCommand, CommandRecord]
        expected += [MalformedEvent, CommandRecord, DuplicateCommand, CommandRecord]
        assert [type(ending) for ending in endings] == expected
        assert endings[3].record == known
        assert endings[7].record == endings[6], "also of a twin in the same group"
        assert await totals(world, ["a", "b", "c", "d", "e"]) == [1] * 5
        assert await totals(world, ["again", "bad", "twin"]) == [0] * 3
        assert [record.sequence for record in await world.history()] == list(range(1, 7))


async def check_a_refused_caller_leaves_no_half(place: Place) -> None:
    async with place.open() as world:
        await world.store.append(raw_count("acme/counter/known", 0))
        events = [envelope_of(toy.Counted(by=1), f"acme/counter/{name}", 1) for name in ("half", "known")]
        half = Append("acme", {"acme/counter/half": 0}, events, raw_count("acme/counter/half", 0, key="k-1").command)
        endings = await together(world, [raw_count("acme/counter/a", 0), half, raw_count("acme/counter/b", 0)])
        assert [type(ending) for ending in endings] == [CommandRecord, IntegrityError, CommandRecord]
        assert [endings[0].position, endings[2].position] == [2, 3]
        assert await totals(world, ["half", "known"]) == [0, 1]
        assert await world.store.find_command("acme", "k-1") is None
        assert [record.sequence for record in await world.history()] == [1, 2, 3]


async def check_who_leaves_breaks_no_group(place: Place, within: float = 30) -> None:
    async with place.open() as world:
        counters = [f"c-{at}" for at in range(12)]
        leaving = [0, 3, 4, 11]
        requests = [raw_count(f"acme/counter/{counter}", 0) for counter in counters]
        endings = await asyncio.wait_for(together(world, requests, leaving=leaving), within)
        left = [at for at, ending in enumerate(endings) if isinstance(ending, asyncio.CancelledError)]
        assert left == leaving
        assert await totals(world, counters) == [int(at not in leaving) for at in range(12)]
        assert (await world.count("c-0")).position == 9


CHECKS: list[Check] = [
    check_concurrent_appends_share_a_transaction,
    check_commands_under_load_share_transactions,
    check_one_callers_trouble_is_his_own,
    check_a_refused_caller_leaves_no_half,
    check_who_leaves_breaks_no_group,
]


@pytest.mark.parametrize("check", CHECKS)
async def test_group_commit(tmp_path: Path, check: Check) -> None:
    await check(Place(tmp_path).but(store=store_with(Watched)))


# --- planted faults -----------------------------------------------------------------------------------------------


class OneByOne(Watched):
    """Planted: a transaction for everybody."""

    def append_many(self, callers: Sequence[GroupCaller]) -> list[Ending]:
        return [super(OneByOne, self).append_many([caller])[0] for caller in callers]


class FailsAsOne(Watched):
    """Planted: one caller's refusal is everybody's."""

    def append_many(self, callers: Sequence[GroupCaller]) -> list[Ending]:
        endings = super().append_many(callers)
        refused = next((ending for ending in endings if isinstance(ending, Exception)), None)
        return endings if refused is None else [refused] * len(endings)


class KeepsHalves(Watched):
    """Planted: there is no savepoint, so what a refused caller wrote before stays."""

    def _one(self, raw: sqlite3.Connection, caller: GroupCaller) -> Ending:
        try:
            return self._append(raw, caller)
        except sqlite3.IntegrityError as error:
            return IntegrityError(error)
        except Exception as refused:
            return refused


class LooksBeforeTheGroup(Watched):
    """Planted: known commands are looked up once a group, so twins within it are not seen."""

    def _in_transaction(self, connection: Any, callers: Sequence[GroupCaller]) -> list[Ending]:
        raw = connection._sqlite_conn
        self.__dict__["known"] = {row[0] for row in raw.execute("SELECT command_id FROM commands")}
        return super()._in_transaction(connection, callers)

    def find_command(self, raw: sqlite3.Connection, tenant: str, command_id: str) -> CommandRecord | None:
        return super().find_command(raw, tenant, command_id) if command_id in self.__dict__["known"] else None


class StopsAtWhoLeft(SQLiteEventStore):
    """Planted: the first caller who went away ends the telling, and all behind him wait for ever."""

    def _recorder(self, datastore: Datastore) -> GroupRecorder:
        return Watched(datastore)

    def _write(self, group: list[Any]) -> None:
        endings = self.recorder.append_many([caller for caller, _ in group])

        def tell() -> None:
            with suppress(InvalidStateError):
                for (_, done), ending in zip(group, endings, strict=True):
                    done.set_result(ending)

        group[0][1].get_loop().call_soon_threadsafe(tell)


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (OneByOne, check_concurrent_appends_share_a_transaction),
        (OneByOne, check_commands_under_load_share_transactions),
        (FailsAsOne, check_one_callers_trouble_is_his_own),
        (FailsAsOne, check_a_refused_caller_leaves_no_half),
        (KeepsHalves, check_a_refused_caller_leaves_no_half),
        (LooksBeforeTheGroup, check_one_callers_trouble_is_his_own),
    ],
)
async def test_a_planted_fault_is_noticed(tmp_path: Path, fault: type[GroupRecorder], check: Check) -> None:
    with pytest.raises(NOTICED):
        await check(Place(tmp_path).but(store=store_with(fault)))


async def test_a_group_that_stops_at_who_left_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        await check_who_leaves_breaks_no_group(Place(tmp_path).but(store=StopsAtWhoLeft), within=0.5)
