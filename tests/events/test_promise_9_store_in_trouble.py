"""Promise 9: a file that another process writes to is waited for; a locked or full one is said, and recovers."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.sqlite import SQLiteConnection

from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.adapters.sqlite.recorder import Ending, GroupCaller, GroupRecorder
from libs.events.errors import StoreUnavailable
from libs.events.handle import Outcome
from tests.events import toy
from tests.events.broken_connection import Wrapped, pooled
from tests.events.groups import Watched, another_process_writes, together, write_lock
from tests.events.world import NOTICED, Check, MakeStore, Place, World, envelope_of, raw_count, store_with

FULL = {"max_page_count": 60}


async def check_another_process_is_waited_for(place: Place) -> None:
    async with place.open() as world:
        await world.count("c")
        async with another_process_writes(world.store) as let_go:
            asked = [asyncio.ensure_future(world.count(f"c-{at}")) for at in range(8)]
            # Whoever does not wait is refused at once; those who do are given time to show it.
            early, _ = await asyncio.wait(asked, timeout=2.0, return_when=asyncio.FIRST_COMPLETED)
            let_go.set()
            answers = await asyncio.gather(*asked, return_exceptions=True)
        assert not early, "they wait"
        assert sorted(one.position for one in answers if isinstance(one, Outcome)) == list(range(2, 10)), answers


async def check_reads_go_on_while_another_process_writes(place: Place) -> None:
    async with place.open() as world:
        await world.count("c", 5, key="k-1")
        async with write_lock(world.store):
            assert (await world.state("c")).total == 5
            assert (await world.count("c", 5, key="k-1")).repeated, "a repeat needs no lock"
            await world.drain()
            assert (await world.row("c")).total == 5


async def check_a_lock_that_stays_is_said_and_left_behind(place: Place) -> None:
    async with place.open() as world:
        await world.count("c")
        async with write_lock(world.store):
            asked = [world.count(f"c-{at}", key=f"k-{at}") for at in range(5)]
            answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 10)
            assert [type(answer) for answer in answers] == [StoreUnavailable] * 5
        for at in range(5):
            assert await world.store.find_command("acme", f"k-{at}") is None
        assert len(await world.history()) == 1, "nothing half-written"
        outcomes = await asyncio.gather(*(world.count(f"c-{at}", key=f"k-{at}") for at in range(5)))
        assert [outcome.repeated for outcome in outcomes] == [False] * 5
        assert sorted(outcome.position for outcome in outcomes) == [2, 3, 4, 5, 6]


def _make_room(world: World) -> None:
    pool = world.store.recorder.datastore.pool
    pool.pragmas = {}
    for connection in pool._pool:
        connection._sqlite_conn.execute("PRAGMA max_page_count=100000")


async def _fill(world: World) -> tuple[dict[str, Outcome], list[str]]:
    """Counts in groups of eight until the disk is full: what was acknowledged, and what was refused."""
    told: dict[str, Outcome] = {}
    for group in range(1000):
        counters = [f"c-{group}-{at}" for at in range(8)]
        answers = await asyncio.gather(*(world.count(one, key=one) for one in counters), return_exceptions=True)
        told |= {name: one for name, one in zip(counters, answers, strict=True) if isinstance(one, Outcome)}
        refused = [name for name in counters if name not in told]
        if refused:
            reasons = {type(answer) for answer in answers if not isinstance(answer, Outcome)}
            assert reasons == {StoreUnavailable}, reasons
            return told, refused
    raise AssertionError("the disk never filled")


async def check_a_full_disk_is_said_and_left_behind(place: Place) -> None:
    async with place.open() as world:
        told, refused = await _fill(world)
        assert len(told) >= 8
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await world.count(refused[0], key=refused[0])
        for name in refused:
            assert await world.store.find_command("acme", name) is None
            assert (await world.state(name)).total == 0
        assert [record.sequence for record in await world.history()] == list(range(1, len(told) + 1))
        assert sorted(outcome.position for outcome in told.values()) == list(range(1, len(told) + 1))
        _make_room(world)
        outcomes = await asyncio.gather(*(world.count(name, key=name) for name in refused))
        assert not any(outcome.repeated for outcome in outcomes), "it recovers by itself"
    async with Place(place.folder).open() as world:
        for name, outcome in told.items():
            found = await world.store.find_command("acme", name)
            assert found is not None
            assert found.position == outcome.position
        assert (await world.store.tenant_head("acme")).sequence == len(told) + len(refused)


async def check_a_full_disk_refuses_the_whole_group(place: Place) -> None:
    async with place.open() as world:
        large = envelope_of(toy.Noted(author_id="ann", text="x" * 400_000), "acme/counter/large", 1)
        requests = [raw_count(f"acme/counter/{name}", 0, key=name) for name in ("a", "large", "b")]
        requests[1] = replace(requests[1], events=[large])
        endings = await together(world, requests)
        assert [type(ending) for ending in endings] == [StoreUnavailable] * 3, "nobody knows what a full disk kept"
        for name in ("a", "large", "b"):
            assert await world.store.find_command("acme", name) is None
            assert await world.store.read_stream(f"acme/counter/{name}") == []
        small = [await world.store.append(request) for request in (requests[0], requests[2])]
        assert [record.position for record in small] == [1, 2]


WAITS: list[Check] = [check_another_process_is_waited_for, check_reads_go_on_while_another_process_writes]
FILLS: list[Check] = [check_a_full_disk_is_said_and_left_behind, check_a_full_disk_refuses_the_whole_group]


@pytest.mark.parametrize("check", WAITS)
async def test_a_locked_file(tmp_path: Path, check: Check) -> None:
    await check(Place(tmp_path).but(store=store_with(lock_timeout=30)))


async def test_a_lock_that_stays(tmp_path: Path) -> None:
    await check_a_lock_that_stays_is_said_and_left_behind(Place(tmp_path).but(store=store_with(lock_timeout=0.1)))


@pytest.mark.parametrize("check", FILLS)
async def test_a_full_disk(tmp_path: Path, check: Check) -> None:
    await check(Place(tmp_path).but(store=store_with(Watched, pragmas=FULL)))


# --- planted faults -----------------------------------------------------------------------------------------------


class _BeginsLater(Wrapped):
    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        return self.raw.execute("BEGIN" if sql == "BEGIN IMMEDIATE" else sql, *parameters)


class BeginsLater(GroupRecorder):
    """Planted: the transaction asks for the lock only when it writes, and SQLite then refuses at once."""

    def _in_transaction(self, connection: SQLiteConnection, callers: Sequence[GroupCaller]) -> list[Ending]:
        return super()._in_transaction(pooled(_BeginsLater(connection._sqlite_conn)), callers)


class GivesUp(Watched):
    """Planted: after trouble it needs a restart."""

    gave_up = False

    def append_many(self, callers: Sequence[GroupCaller]) -> list[Ending]:
        if self.gave_up:
            raise StoreUnavailable("the store had trouble")
        try:
            return super().append_many(callers)
        except StoreUnavailable:
            self.gave_up = True
            raise


class TellsTheDriversError(GroupRecorder):
    """Planted: callers get what the driver raised, which none of them expects."""

    def append_many(self, callers: Sequence[GroupCaller]) -> list[Ending]:
        with self.datastore.get_connection(commit=True) as connection:
            return self._in_transaction(connection, callers)


class BlamesTheCaller(Watched):
    """Planted: a full disk is the trouble of whoever found it full."""

    def _one(self, raw: sqlite3.Connection, caller: GroupCaller) -> Ending:
        try:
            return super()._one(raw, caller)
        except sqlite3.OperationalError as error:
            if raw.in_transaction:
                raw.execute("ROLLBACK TO caller")
                raw.execute("RELEASE caller")
            return StoreUnavailable(str(error))


class ReadsTakeTheLock(SQLiteEventStore):
    """Planted: reading waits for writers."""

    def _select(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        with self.recorder.datastore.get_connection(commit=False) as connection:
            raw = connection._sqlite_conn
            try:
                raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise StoreUnavailable(str(error)) from error
            rows = raw.execute(sql, parameters).fetchall()
            raw.rollback()
            return rows


@pytest.mark.parametrize(
    ("store", "check"),
    [
        (store_with(TellsTheDriversError, lock_timeout=0.1), check_a_lock_that_stays_is_said_and_left_behind),
        (store_with(TellsTheDriversError, pragmas=FULL), check_a_full_disk_is_said_and_left_behind),
        (store_with(BlamesTheCaller, pragmas=FULL), check_a_full_disk_refuses_the_whole_group),
        (store_with(BeginsLater, lock_timeout=30), check_another_process_is_waited_for),
    ],
)
async def test_a_planted_fault_is_noticed(tmp_path: Path, store: MakeStore, check: Check) -> None:
    with pytest.raises(NOTICED):
        await check(Place(tmp_path).but(store=store))


@pytest.mark.parametrize(
    ("store", "check"),
    [
        (store_with(GivesUp, lock_timeout=0.1), check_a_lock_that_stays_is_said_and_left_behind),
        (store_with(GivesUp, pragmas=FULL), check_a_full_disk_is_said_and_left_behind),
    ],
)
async def test_a_store_that_does_not_recover_is_noticed(tmp_path: Path, store: MakeStore, check: Check) -> None:
    with pytest.raises(StoreUnavailable):
        await check(Place(tmp_path).but(store=store))


async def test_reads_that_wait_for_writers_are_noticed(tmp_path: Path) -> None:
    def make(service: str, path: Path) -> SQLiteEventStore:
        return ReadsTakeTheLock(service, path, lock_timeout=0.1)

    with pytest.raises(StoreUnavailable):
        await check_reads_go_on_while_another_process_writes(Place(tmp_path).but(store=make))
