"""Promise 2: each tenant of a service has one gapless sequence, whose time never goes back."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent as Stored

from libs.events.adapters.sqlite.recorder import Ending, GroupCaller, GroupRecorder
from libs.events.clock import new_id
from libs.events.errors import ConcurrencyConflict, MalformedEvent, StoreUnavailable
from libs.events.handle import Outcome
from libs.events.ports import CommandRecord
from libs.events.testing import EPOCH, SteppingClock
from tests.events import toy
from tests.events.broken_connection import LosesReplies, Lost
from tests.events.world import NOTICED, Check, Place, World, envelope_of, raw_count, store_with

TENANTS = ("acme", "other", "third")
PROCESSES, COUNTS = 3, 30


async def sequences(world: World, tenant: str = "acme", service: str = "toys") -> list[int]:
    """What a tenant's sequence is made of, in order."""
    return [record.sequence for record in await world.history(tenant, service)]


async def check_no_gap_under_concurrent_tenants(place: Place) -> None:
    async with place.open() as world:
        for tenant in TENANTS:
            await world.count("c-0", tenant=tenant)
        asked = [world.count(f"c-{at % 4}", tenant=tenant) for at in range(19) for tenant in TENANTS]
        asked += [world.count(f"c-{at}", toy.MOST + 1, tenant=tenant) for at in range(5) for tenant in TENANTS]
        wrong = [world.store.append(raw_count(f"{tenant}/counter/c-0", 999)) for _ in range(20) for tenant in TENANTS]
        answers = await asyncio.gather(*asked, *wrong, return_exceptions=True)
        assert sum(isinstance(one, ConcurrencyConflict) for one in answers) == 60
        for at, tenant in enumerate(TENANTS):
            positions = [one.position for one in answers[at : len(asked) : 3] if isinstance(one, Outcome)]
            assert sorted(positions) == list(range(2, 21))
            assert await sequences(world, tenant) == list(range(1, 21))
            assert (await world.store.tenant_head(tenant)).sequence == 20


async def check_a_failed_append_leaves_no_hole(place: Place) -> None:
    async with place.open() as world:
        await world.count("c")
        with pytest.raises(ConcurrencyConflict):
            await world.store.append(raw_count("acme/counter/c", 7))
        unwritable = raw_count("acme/counter/c", 1)
        unwritable = replace(unwritable, events=[envelope_of(toy.Counted(by=1), "acme/counter/\ud800", 1)])
        with pytest.raises(MalformedEvent):
            await world.store.append(unwritable)
        losses: tuple[Lost, ...] = ("commit", "reply")
        for lost in losses:
            recorder = world.store.recorder
            assert isinstance(recorder, LosesReplies)
            recorder.lose = lost
            with pytest.raises(StoreUnavailable):
                await world.store.append(raw_count("acme/counter/c", 1))
        assert (await world.count("c")).position == 3
        assert await sequences(world) == [1, 2, 3]


async def check_others_never_show(place: Place) -> None:
    async with place.open() as world:
        first = await world.make("c", tenant="quiet")
        for _ in range(30):
            await world.count("c", tenant="loud")
        tagged = await world.tag("c", "new", tenant="quiet")
        second = await world.count("c", tenant="quiet")
        assert [first.position, second.position] == [1, 2], "another tenant's events are not counted"
        assert tagged.position == 1, "nor another service's"
        assert await sequences(world, "quiet") == [1, 2]
        assert (await world.log.tenant_head("toys.events", "quiet")).sequence == 2


async def check_time_never_goes_back(place: Place) -> None:
    clock, behind = SteppingClock(), SteppingClock(EPOCH - timedelta(hours=3))
    async with place.open(clock) as world, place.open(behind) as elsewhere:
        await world.count("c")
        clock.move(timedelta(minutes=-10))
        await world.count("c")
        await elsewhere.count("c")
        clock.move(timedelta(minutes=30))
        await world.count("d")
        await elsewhere.count("d")
        await elsewhere.count("c", tenant="other")
    async with place.open(SteppingClock(EPOCH - timedelta(days=1))) as world:
        await world.count("c")
        times = [envelope.time - EPOCH for envelope in await world.envelopes()]
        assert times == [timedelta(minutes=minutes) for minutes in (0, 0, 0, 20, 20, 20)]
        [other] = await world.envelopes("other")
        assert other.time == EPOCH - timedelta(hours=3), "another tenant's sequence has its own time"


def _count_elsewhere(place: Path, recorder: type[GroupRecorder], start: Barrier, told: Queue[Any]) -> None:
    async def count() -> list[int]:
        async with Place(place).but(store=store_with(recorder, lock_timeout=30)).open() as world:
            start.wait(60)
            own = new_id()
            outcomes = await asyncio.gather(
                *(world.count(f"c-{own}-{at}", tenant=tenant) for at in range(COUNTS) for tenant in ("acme", "other"))
            )
            return [outcome.position for outcome in outcomes[::2]]

    try:
        told.put(asyncio.run(count()))
    except Exception as error:
        told.put(repr(error))
        raise


async def check_processes_share_one_sequence(place: Place, recorder: type[GroupRecorder] = GroupRecorder) -> None:
    context = multiprocessing.get_context("spawn")
    told: Queue[Any] = context.Queue()
    start = context.Barrier(PROCESSES)
    workers = [
        context.Process(target=_count_elsewhere, args=(place.folder, recorder, start, told)) for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    answers = [await asyncio.to_thread(told.get, True, 60) for _ in workers]
    for worker in workers:
        await asyncio.to_thread(worker.join, 60)
    assert all(isinstance(answer, list) for answer in answers), answers
    assert sorted(position for answer in answers for position in answer) == list(range(1, PROCESSES * COUNTS + 1))
    async with place.open() as world:
        for tenant in ("acme", "other"):
            assert await sequences(world, tenant) == list(range(1, PROCESSES * COUNTS + 1))


@pytest.mark.parametrize(
    "check", [check_no_gap_under_concurrent_tenants, check_others_never_show, check_time_never_goes_back]
)
async def test_one_sequence(tmp_path: Path, check: Check) -> None:
    await check(Place(tmp_path))


async def test_a_failed_append_leaves_no_hole(tmp_path: Path) -> None:
    await check_a_failed_append_leaves_no_hole(Place(tmp_path).but(store=store_with(LosesReplies)))


async def test_processes_share_one_sequence(tmp_path: Path) -> None:
    await check_processes_share_one_sequence(Place(tmp_path))


# --- planted faults -----------------------------------------------------------------------------------------------


class UsesUpNumbers(LosesReplies):
    """Planted: a number once given is gone, as with most databases' own sequences."""

    def _one(self, raw: sqlite3.Connection, caller: GroupCaller) -> Ending:
        ending = super()._one(raw, caller)
        if isinstance(ending, Exception):
            raw.execute("UPDATE heads SET sequence=sequence+1 WHERE tenant=?", (caller.tenant,))
        return ending


class SkipsOne(GroupRecorder):
    """Planted: a request of several begins one too far."""

    def _insert(self, raw: sqlite3.Connection, tenant: str, sequence: int, events: Sequence[Stored]) -> list[int]:
        return super()._insert(raw, tenant, sequence + 1, events)


class CountsEverybody(GroupRecorder):
    """Planted: the position is the store's notification id."""

    def _append(self, raw: sqlite3.Connection, caller: GroupCaller) -> CommandRecord | list[int]:
        record = super()._append(raw, caller)
        assert isinstance(record, CommandRecord)
        [position] = raw.execute("SELECT max(rowid) FROM stored_events").fetchone()
        raw.execute("UPDATE sequences SET sequence=?1 WHERE notification_id=?1", (position,))
        raw.execute("UPDATE heads SET sequence=? WHERE tenant=?", (position, caller.tenant))
        return replace(record, position=position)


class TrustsTheClock(GroupRecorder):
    """Planted: an event is as old as its maker says."""

    def _append(self, raw: sqlite3.Connection, caller: GroupCaller) -> CommandRecord | list[int]:
        return super()._append(raw, replace(caller, stamp=lambda _: caller.stamp(None)))


class RemembersTimeItself(GroupRecorder):
    """Planted: the last time is kept in memory, so another process and a restart know nothing of it."""

    def _append(self, raw: sqlite3.Connection, caller: GroupCaller) -> CommandRecord | list[int]:
        times: dict[str, str | None] = self.__dict__.setdefault("times", {})

        def stamp(_: str | None) -> tuple[str | None, Sequence[Stored]]:
            times[caller.tenant], events = caller.stamp(times.get(caller.tenant))
            return times[caller.tenant], events

        return super()._append(raw, replace(caller, stamp=stamp))


class CountsItself(GroupRecorder):
    """Planted: the sequence is kept in memory, so another process counts anew."""

    def _append(self, raw: sqlite3.Connection, caller: GroupCaller) -> CommandRecord | list[int]:
        heads: dict[str, int] = self.__dict__.setdefault("heads", {})
        raw.execute("UPDATE heads SET sequence=? WHERE tenant=?", (heads.get(caller.tenant, 0), caller.tenant))
        record = super()._append(raw, caller)
        heads[caller.tenant] = heads.get(caller.tenant, 0) + 1
        return record


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (UsesUpNumbers, check_no_gap_under_concurrent_tenants),
        (UsesUpNumbers, check_a_failed_append_leaves_no_hole),
        (SkipsOne, check_no_gap_under_concurrent_tenants),
        (CountsEverybody, check_no_gap_under_concurrent_tenants),
        (CountsEverybody, check_others_never_show),
        (TrustsTheClock, check_time_never_goes_back),
        (RemembersTimeItself, check_time_never_goes_back),
    ],
)
async def test_a_planted_fault_is_noticed(tmp_path: Path, fault: type[GroupRecorder], check: Check) -> None:
    with pytest.raises(NOTICED):
        await check(Place(tmp_path).but(store=store_with(fault)))


async def test_a_process_that_counts_itself_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(NOTICED):
        await check_processes_share_one_sequence(Place(tmp_path), CountsItself)
