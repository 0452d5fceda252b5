"""The event store's contract on SQLite, and that it fails where a store is at fault."""

from __future__ import annotations

import multiprocessing
import sqlite3
from asyncio import run
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent as Stored

from libs.events.adapters.sqlite.event_log import SQLiteEventLog
from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.adapters.sqlite.recorder import Datastore, Ending, GroupCaller, GroupRecorder
from libs.events.errors import ConcurrencyConflict, StoreUnavailable
from libs.events.ports import Append, CommandRecord, EventStore
from tests.contracts.event_store import EventStoreContract
from tests.contracts.event_store_base import STONE, command, event, laid, versions

TOPIC = "stones.events"


def opened(path: Path, recorder: type[GroupRecorder] = GroupRecorder, **options: Any) -> SQLiteEventStore:
    """A store on a file, perhaps on another recorder."""

    class Store(SQLiteEventStore):
        def _recorder(self, datastore: Datastore) -> GroupRecorder:
            return recorder(datastore)

    return Store("stones", path, **options)


class OnSQLite(EventStoreContract):
    """The factory; closes what it made."""

    def __init__(self, folder: Path, recorder: type[GroupRecorder] = GroupRecorder) -> None:
        self.folder, self.recorder = folder, recorder
        self.made: list[SQLiteEventStore] = []
        self.files = 0

    async def make(self) -> SQLiteEventStore:
        self.files += 1
        return await self.again()

    async def again(self) -> SQLiteEventStore:
        self.made.append(opened(self.folder / f"events-{self.files}.db", self.recorder))
        return self.made[-1]

    async def head(self, store: EventStore, tenant: str) -> int:
        assert isinstance(store, SQLiteEventStore)
        return (await SQLiteEventLog({TOPIC: store}).tenant_head(TOPIC, tenant)).sequence

    async def close(self) -> None:
        for store in self.made:
            await store.close()


class TestSQLiteEventStore(EventStoreContract):
    """The whole contract."""

    @pytest.fixture(autouse=True)
    async def _factory(self, tmp_path: Path) -> AsyncIterator[None]:
        self.factory = OnSQLite(tmp_path)
        yield
        await self.factory.close()

    async def make(self) -> SQLiteEventStore:
        return await self.factory.make()

    async def again(self) -> SQLiteEventStore:
        return await self.factory.again()

    async def head(self, store: EventStore, tenant: str) -> int:
        return await self.factory.head(store, tenant)


class ForgetsCommands(GroupRecorder):
    """Planted: no command is ever known."""

    def find_command(self, raw: sqlite3.Connection, tenant: str, command_id: str) -> CommandRecord | None:
        raw.execute("DELETE FROM commands WHERE tenant=? AND command_id=?", (tenant, command_id))
        return None


class IgnoresGuards(GroupRecorder):
    """Planted: only the first stream's version is checked."""

    def _append(self, raw: sqlite3.Connection, caller: GroupCaller) -> CommandRecord | list[int]:
        first = dict(list(caller.expected.items())[:1])
        return super()._append(raw, GroupCaller(caller.tenant, first, caller.stamp, caller.command))


class TrustsTheClock(GroupRecorder):
    """Planted: an event is as old as its maker says."""

    def _append(self, raw: sqlite3.Connection, caller: GroupCaller) -> CommandRecord | list[int]:
        return super()._append(
            raw, GroupCaller(caller.tenant, caller.expected, lambda _: caller.stamp(None), caller.command)
        )


class NumbersByNotification(GroupRecorder):
    """Planted: the public sequence is the store's own row number, which counts every tenant."""

    def _insert(self, raw: sqlite3.Connection, tenant: str, sequence: int, events: Sequence[Stored]) -> list[int]:
        ids = super()._insert(raw, tenant, sequence, events)
        for number, identity in enumerate(ids, start=sequence + 1):
            raw.execute(
                "UPDATE sequences SET sequence=? WHERE tenant=? AND sequence=?", (1000 + identity, tenant, number)
            )
        return ids


class FailsAsOne(GroupRecorder):
    """Planted: one caller's refusal is everybody's."""

    def append_many(self, callers: Sequence[GroupCaller]) -> list[Ending]:
        endings = super().append_many(callers)
        refused = next((ending for ending in endings if isinstance(ending, Exception)), None)
        return endings if refused is None else [refused] * len(endings)


class ReplacesEvents(GroupRecorder):
    """Planted: who comes late overwrites."""

    def __init__(self, datastore: Datastore) -> None:
        super().__init__(datastore)
        self.insert_events_statement = self.insert_events_statement.replace("INSERT", "INSERT OR REPLACE")

    def _append(self, raw: sqlite3.Connection, caller: GroupCaller) -> CommandRecord | list[int]:
        return super()._append(raw, GroupCaller(caller.tenant, {}, caller.stamp, caller.command))


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (ForgetsCommands, EventStoreContract.test_a_known_command_is_told_as_it_ended_and_writes_nothing),
        (ForgetsCommands, EventStoreContract.test_a_command_without_events_is_remembered_too),
        (ForgetsCommands, EventStoreContract.test_of_many_with_one_command_id_one_is_written),
        (IgnoresGuards, EventStoreContract.test_a_guard_may_only_be_looked_at),
        (TrustsTheClock, EventStoreContract.test_time_never_goes_back_within_a_tenant),
        (TrustsTheClock, EventStoreContract.test_time_stands_over_a_restart),
        (NumbersByNotification, EventStoreContract.test_each_tenants_sequence_has_no_gap),
        (NumbersByNotification, EventStoreContract.test_it_keeps_the_very_bytes_and_numbers_them),
        (FailsAsOne, EventStoreContract.test_a_refused_caller_of_a_group_refuses_nobody_else),
        (ReplacesEvents, EventStoreContract.test_a_stream_that_moved_on_refuses_and_writes_nothing),
        (ReplacesEvents, EventStoreContract.test_of_many_racing_for_a_version_one_wins),
    ],
)
async def test_the_contract_notices_a_planted_fault(
    tmp_path: Path, fault: type[GroupRecorder], check: Callable[[EventStoreContract], Awaitable[None]]
) -> None:
    planted = OnSQLite(tmp_path, fault)
    try:
        with pytest.raises((AssertionError, pytest.fail.Exception, ConcurrencyConflict)):
            await check(planted)
    finally:
        await planted.close()


async def test_it_writes_durably(tmp_path: Path) -> None:
    store = opened(tmp_path / "events.db")
    with store.recorder.datastore.get_connection(commit=True) as connection:
        raw = connection._sqlite_conn
        assert raw.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert raw.execute("PRAGMA synchronous").fetchone()[0] == 2
    await store.close()


async def test_a_file_keeps_its_store_id(tmp_path: Path) -> None:
    first, second = opened(tmp_path / "events.db"), opened(tmp_path / "events.db")
    other = opened(tmp_path / "other.db")
    ids = [(await store.tenant_head("acme")).store_id for store in (first, second, other)]
    assert ids[0] == ids[1] != ids[2]
    for store in (first, second, other):
        await store.close()


async def test_what_is_no_event_store_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "garbage.db").write_bytes(b"this is no database, whatever its name says" * 100)
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as file:
        file.execute("CREATE TABLE store (shelf, goods)")
    garbage, foreign, missing = (opened(tmp_path / name) for name in ("garbage.db", "foreign.db", "missing/store.db"))
    for store, says in (
        (foreign, r"foreign\.db is no event store.*restore it from a backup"),
        (garbage, r"SQLITE_NOTADB.*garbage\.db.*restore it from a backup"),
        (missing, r"SQLITE_CANTOPEN.*missing/store\.db\)$"),
    ):
        for call in (store.open(), store.probe(), store.read_stream(STONE), store.append(laid())):
            with pytest.raises(StoreUnavailable, match=says):
                await call
        await store.close()


async def test_a_store_that_could_not_be_opened_is_opened_when_it_can_be(tmp_path: Path) -> None:
    store = opened(tmp_path / "missing" / "store.db")
    with pytest.raises(StoreUnavailable):
        await store.open()
    (tmp_path / "missing").mkdir()
    assert (await store.append(laid())).position == 1
    await store.close()


async def test_a_fault_of_the_code_is_not_called_unavailable(tmp_path: Path) -> None:
    store = opened(tmp_path / "events.db")
    await store.open()
    other = sqlite3.connect(tmp_path / "events.db", isolation_level=None)
    other.execute("DROP TABLE sequences")
    for question in (store.append(laid()), store.read_stream(STONE), store.read_log(0, 10)):
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await question
    other.close()
    await store.close()


async def test_an_append_over_a_thousand_streams_is_all_or_nothing(tmp_path: Path) -> None:
    store = opened(tmp_path / "events.db")
    streams = [f"acme/stone/{number}" for number in range(1000)]
    events = [event(stream) for stream in streams]
    record = await store.append(Append("acme", dict.fromkeys(streams, 0), events, command(stream=streams[0])))
    assert record.position == 1000
    found = [await store.read_stream(stream) for stream in streams[::99]]
    assert [[one.sequence for one in events] for events in found] == [[number + 1] for number in range(0, 1000, 99)]
    more = [event(stream, 2) for stream in streams]
    expected = dict.fromkeys(streams, 1) | {streams[-1]: 0}
    with pytest.raises(ConcurrencyConflict):
        await store.append(Append("acme", expected, more, command(stream=streams[0])))
    assert (await store.tenant_head("acme")).sequence == 1000
    await store.close()


async def test_a_store_opens_while_another_process_writes(tmp_path: Path) -> None:
    first = opened(tmp_path / "events.db")
    await first.open()
    await first.close()
    rival = sqlite3.connect(tmp_path / "events.db", isolation_level=None)
    rival.execute("BEGIN IMMEDIATE")
    store = opened(tmp_path / "events.db", lock_timeout=0.05)
    await store.open()
    with pytest.raises(StoreUnavailable):
        await store.append(laid())
    rival.execute("ROLLBACK")
    assert (await store.append(laid())).position == 1
    rival.close()
    await store.close()


def _race(path: Path, number: int, start: Barrier, results: Queue[tuple[str, list[int]]]) -> None:
    async def lay() -> tuple[str, list[int]]:
        start.wait(60)
        store = SQLiteEventStore("stones", path, lock_timeout=30)
        requests: list[Append] = [laid(f"acme/stone/{number}-{at}", count=2) for at in range(25)]
        positions = [(await store.append(one)).position for one in requests]
        store_id = (await store.tenant_head("acme")).store_id
        await store.close()
        return store_id, positions

    results.put(run(lay()))


async def test_processes_that_race_on_a_new_file_share_one_store(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results: Queue[tuple[str, list[int]]] = context.Queue()
    start = context.Barrier(4)
    workers = [context.Process(target=_race, args=(tmp_path / "events.db", n, start, results)) for n in range(4)]
    for worker in workers:
        worker.start()
    answers = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert len({store_id for store_id, _ in answers}) == 1
    assert sorted(position for _, positions in answers for position in positions) == list(range(2, 201, 2))
    store = opened(tmp_path / "events.db")
    assert (await store.tenant_head("acme")).sequence == 200
    assert versions(await store.read_stream(STONE)) == []
    await store.close()
