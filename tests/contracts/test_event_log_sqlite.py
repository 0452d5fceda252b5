"""The log's contract on SQLite event stores, and that it fails where a log is at fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from pathlib import Path

import pytest

from libs.events.adapters.sqlite import event_store
from libs.events.adapters.sqlite.elsewhere import Elsewhere
from libs.events.adapters.sqlite.event_log import SQLiteEventLog
from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.errors import StoreUnavailable
from libs.events.ports import Record, Signal, TenantHead
from tests.contracts.event_log import OTHER, TOPIC, EventLogContract
from tests.contracts.event_store_base import laid


class OnSQLite(EventLogContract):
    """The factory; closes what it made."""

    def __init__(self, folder: Path, kind: type[SQLiteEventLog] = SQLiteEventLog) -> None:
        self.folder, self.kind = folder, kind
        self.made: list[SQLiteEventStore] = []

    async def make(self) -> tuple[SQLiteEventLog, SQLiteEventStore, SQLiteEventStore]:
        self.folder.mkdir(exist_ok=True)
        stones, sticks = [SQLiteEventStore(name, self.folder / f"{name}.db") for name in ("stones", "sticks")]
        self.made += [stones, sticks]
        return self.kind({TOPIC: stones, OTHER: sticks}), stones, sticks

    async def settled(self) -> None:
        return  # the stores are the log

    async def close(self) -> None:
        for store in self.made:
            await store.close()


class TestSQLiteEventLog(EventLogContract):
    """The whole contract."""

    @pytest.fixture(autouse=True)
    async def _factory(self, tmp_path: Path) -> AsyncIterator[None]:
        self.factory = OnSQLite(tmp_path)
        yield
        await self.factory.close()

    async def make(self) -> tuple[SQLiteEventLog, SQLiteEventStore, SQLiteEventStore]:
        return await self.factory.make()

    async def settled(self) -> None:
        await self.factory.settled()


class SkipsOne(SQLiteEventLog):
    """Planted: `after` is taken as if it were the next."""

    async def read(self, topic: str, partition: int, after: int, limit: int) -> Sequence[Record]:
        return await super().read(topic, partition, after + 1 if after else 0, limit)


class RepeatsOne(SQLiteEventLog):
    """Planted: a tenant's part begins with what is known already."""

    async def read_tenant(self, topic: str, tenant: str, after: int, limit: int) -> Sequence[Record]:
        return await super().read_tenant(topic, tenant, max(0, after - 1), limit)


class ForgetsTenant(SQLiteEventLog):
    """Planted: the head is everybody's."""

    async def tenant_head(self, topic: str, tenant: str) -> TenantHead:
        head = await super().tenant_head(topic, tenant)
        return TenantHead(head.store_id, await self.end(topic, 0))


class MixesTopics(SQLiteEventLog):
    """Planted: every topic is the first."""

    async def read(self, topic: str, partition: int, after: int, limit: int) -> Sequence[Record]:
        return await super().read(TOPIC, partition, after, limit)


class NeverRings(SQLiteEventLog):
    """Planted: nobody is told of an append."""

    def signal(self, topics: Iterable[str]) -> Signal:
        class Deaf:
            def clear(self) -> None:
                return

            async def wait(self, seconds: float) -> None:
                await asyncio.Event().wait()

        return Deaf()


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (SkipsOne, EventLogContract.test_pages_of_any_size_join_without_a_seam),
        (RepeatsOne, EventLogContract.test_a_tenant_is_read_by_its_own_sequence),
        (ForgetsTenant, EventLogContract.test_a_tenants_records_come_in_the_order_of_its_sequence),
        (MixesTopics, EventLogContract.test_topics_are_apart),
    ],
)
async def test_the_contract_notices_a_planted_fault(
    tmp_path: Path, fault: type[SQLiteEventLog], check: Callable[[EventLogContract], Awaitable[None]]
) -> None:
    planted = OnSQLite(tmp_path, fault)
    try:
        with pytest.raises(AssertionError):
            await check(planted)
    finally:
        await planted.close()


async def test_an_append_wakes_at_once_and_not_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_store, "LOOK_SECONDS", 60.0)
    factory = OnSQLite(tmp_path)
    log, store, _ = await factory.make()
    await _woken(log, store, at=0, within=10)
    with pytest.raises(TimeoutError):
        await _woken(NeverRings({TOPIC: store}), store, at=1, within=0.3)
    await factory.close()


async def _woken(log: SQLiteEventLog, store: SQLiteEventStore, *, at: int, within: float) -> None:
    signal = log.signal([TOPIC])
    signal.clear()
    waiting = asyncio.ensure_future(signal.wait(60))
    await store.append(laid(at=at))
    await asyncio.wait_for(waiting, within)


async def test_an_append_of_another_process_is_noticed_without_a_poll(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds, noticed in ((0.1, True), (60.0, False)):
        monkeypatch.setattr(event_store, "LOOK_SECONDS", seconds)
        factory = OnSQLite(tmp_path / str(seconds))
        log, store, _ = await factory.make()
        _, elsewhere, _ = await factory.make()
        await store.open()
        signal = log.signal([TOPIC])
        signal.clear()
        waiting = asyncio.ensure_future(signal.wait(60))
        await elsewhere.append(laid())
        assert bool((await asyncio.wait([waiting], timeout=10 if noticed else 0.5))[0]) is noticed
        waiting.cancel()
        await factory.close()


async def test_every_commit_elsewhere_is_seen_once(tmp_path: Path) -> None:
    store = SQLiteEventStore("stones", tmp_path / "stones.db")
    await store.open()
    looks = Elsewhere(store.path)
    assert [looks.moved() for _ in range(3)] == [True, False, False], "the first look cannot know"
    for at in range(5):
        await store.append(laid(at=at))
        assert [looks.moved() for _ in range(3)] == [True, False, False]
    looks.close()
    await store.append(laid(at=5))
    assert [looks.moved() for _ in range(2)] == [True, False], "nor can one that was closed"
    looks.close()
    await store.close()


def test_where_nobody_can_tell_something_may_have_happened(tmp_path: Path) -> None:
    looks = Elsewhere(tmp_path / "none.db")
    assert [looks.moved() for _ in range(2)] == [True, True]
    assert list(tmp_path.iterdir()) == []


def test_a_signal_of_a_loop_that_ended_harms_no_append(tmp_path: Path) -> None:
    store = SQLiteEventStore("stones", tmp_path / "stones.db")

    async def listen() -> None:
        SQLiteEventLog({TOPIC: store}).signal([TOPIC])

    asyncio.run(listen())

    async def go_on() -> int:
        positions = [(await store.append(laid(at=at))).position for at in range(2)]
        await store.close()
        return positions[-1]

    assert asyncio.run(go_on()) == 2


async def test_the_id_is_the_files_and_not_a_memory_of_it(tmp_path: Path) -> None:
    factory = OnSQLite(tmp_path)
    log, store, _ = await factory.make()
    await store.append(laid())
    with store.recorder.datastore.get_connection(commit=True) as connection:
        connection._sqlite_conn.execute("UPDATE store SET store_id='renewed'")
    assert (await log.tenant_head(TOPIC, "acme")).store_id == "renewed"
    assert [one.store_id for one in await log.read(TOPIC, 0, 0, 10)] == ["renewed"]
    assert [one.store_id for one in await log.read_tenant(TOPIC, "acme", 0, 10)] == ["renewed"]
    await factory.close()


async def test_a_closed_store_is_unavailable_to_its_readers(tmp_path: Path) -> None:
    factory = OnSQLite(tmp_path)
    log, _, _ = await factory.make()
    await factory.close()
    for reading in (log.read(TOPIC, 0, 0, 10), log.end(TOPIC, 0), log.tenant_head(TOPIC, "acme")):
        with pytest.raises(StoreUnavailable):
            await reading
