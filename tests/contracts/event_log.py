"""What every EventLog promises, whatever it runs on; an adapter's suite supplies a factory for a store and its log."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from time import monotonic

from libs.events.ports import EventLog, Record, TenantHead
from tests.contracts.event_store_base import ClosableEventStore, laid

TOPIC, OTHER = "stones.events", "sticks.events"


class EventLogContract(ABC):
    """The whole contract; each check makes its own log and fills it through the stores behind it."""

    @abstractmethod
    async def make(self) -> tuple[EventLog, ClosableEventStore, ClosableEventStore]:
        """A log over new, empty data, and the stores behind `stones.events` and `sticks.events`."""

    @abstractmethod
    async def settled(self) -> None:
        """Waits until what was appended stands on the log."""

    async def everything(self, log: EventLog, topic: str = TOPIC, page: int = 100) -> list[Record]:
        """All records of a topic, read page by page, one partition after another."""
        await self.settled()
        found: list[Record] = []
        for partition in await log.partitions(topic):
            after = 0
            while records := await log.read(topic, partition, after, page):
                found.extend(records)
                after = records[-1].offset
        return found

    async def test_an_empty_log_has_nothing(self) -> None:
        log, _, _ = await self.make()
        partitions = await log.partitions(TOPIC)
        assert partitions
        for partition in partitions:
            assert list(await log.read(TOPIC, partition, 0, 10)) == []
            assert await log.end(TOPIC, partition) == 0
        assert list(await log.read_tenant(TOPIC, "acme", 0, 10)) == []
        assert (await log.tenant_head(TOPIC, "acme")).sequence == 0

    async def test_it_hands_out_the_very_bytes_of_the_store(self) -> None:
        log, store, _ = await self.make()
        await store.append(laid(count=3))
        stored = await store.read_stream("acme/stone/1")
        records = await self.everything(log)
        assert [(one.sequence, one.body) for one in records] == [(one.sequence, one.body) for one in stored]
        head = await log.tenant_head(TOPIC, "acme")
        assert head == TenantHead(records[0].store_id, 3)
        assert {(one.tenant, one.type, one.store_id) for one in records} == {
            ("acme", "stones.stone-laid.v1", head.store_id)
        }

    async def test_pages_of_any_size_join_without_a_seam(self) -> None:
        log, store, _ = await self.make()
        for number in range(7):
            await store.append(laid(f"acme/stone/{number}", count=3))
            await store.append(laid(f"other/stone/{number}"))
        whole = await self.everything(log)
        assert len(whole) == 28
        for page in (1, 2, 5, 27, 28, 29):
            assert await self.everything(log, page=page) == whole

    async def test_a_page_is_no_longer_than_asked(self) -> None:
        log, store, _ = await self.make()
        await store.append(laid(count=10))
        await self.everything(log)
        sizes = [len(await log.read(TOPIC, partition, 0, 4)) for partition in await log.partitions(TOPIC)]
        assert max(sizes) == 4
        assert [one.sequence for one in await log.read_tenant(TOPIC, "acme", 0, 4)] == [1, 2, 3, 4]

    async def test_offsets_rise_and_end_is_the_last(self) -> None:
        log, store, _ = await self.make()
        await asyncio.gather(*(store.append(laid(f"t{number % 3}/stone/{number}", count=2)) for number in range(30)))
        await self.everything(log)
        for partition in await log.partitions(TOPIC):
            offsets = [one.offset for one in await log.read(TOPIC, partition, 0, 1000)]
            assert offsets == sorted(set(offsets))
            assert await log.end(TOPIC, partition) == (offsets[-1] if offsets else 0)

    async def test_a_tenants_records_come_in_the_order_of_its_sequence(self) -> None:
        log, store, _ = await self.make()
        requests = [laid(f"t{number % 3}/stone/{number}", count=1 + number % 4) for number in range(60)]
        await asyncio.gather(*(store.append(one) for one in requests))
        whole = await self.everything(log)
        for tenant in ("t0", "t1", "t2"):
            head = await log.tenant_head(TOPIC, tenant)
            own = [one.sequence for one in whole if one.tenant == tenant]
            assert own == list(range(1, head.sequence + 1))

    async def test_a_tenant_is_read_by_its_own_sequence(self) -> None:
        log, store, _ = await self.make()
        for number in range(5):
            await store.append(laid(f"acme/stone/{number}", count=2))
            await store.append(laid(f"other/stone/{number}"))
        whole = [one for one in await self.everything(log) if one.tenant == "acme"]
        assert list(await log.read_tenant(TOPIC, "acme", 0, 100)) == whole
        assert list(await log.read_tenant(TOPIC, "acme", 3, 4)) == whole[3:7]
        assert list(await log.read_tenant(TOPIC, "acme", 10, 4)) == []
        assert list(await log.read_tenant(TOPIC, "third", 0, 4)) == []

    async def test_topics_are_apart(self) -> None:
        log, stones, sticks = await self.make()
        await stones.append(laid(count=2))
        await sticks.append(laid(count=3))
        assert len(await self.everything(log, TOPIC)) == 2
        assert len(await self.everything(log, OTHER)) == 3
        heads = [await log.tenant_head(topic, "acme") for topic in (TOPIC, OTHER)]
        assert [head.sequence for head in heads] == [2, 3]
        assert heads[0].store_id != heads[1].store_id

    async def test_reading_changes_nothing(self) -> None:
        log, store, _ = await self.make()
        await store.append(laid(count=5))
        assert await self.everything(log) == await self.everything(log)

    async def test_a_signal_tells_of_an_append(self) -> None:
        log, store, _ = await self.make()
        signal = log.signal([TOPIC, OTHER])
        signal.clear()
        waiting = asyncio.ensure_future(signal.wait(30))
        await store.append(laid())
        await asyncio.wait_for(waiting, 10)
        assert len(await self.everything(log)) == 1

    async def test_a_signal_keeps_what_happened_before_waiting(self) -> None:
        log, store, _ = await self.make()
        signal = log.signal([TOPIC])
        signal.clear()
        await store.append(laid())
        await self.settled()
        await asyncio.wait_for(signal.wait(30), 10)

    async def test_a_signal_gives_up_in_time(self) -> None:
        log, _, _ = await self.make()
        signal = log.signal([TOPIC])
        signal.clear()
        started = monotonic()
        await signal.wait(0.02)
        assert monotonic() - started < 5

    async def test_it_tells_which_streams_hold_a_text(self) -> None:
        log, store, other = await self.make()
        for stream in ("acme/stone/1", "acme/stone/2", "beta/stone/1"):
            await store.append(laid(stream, count=2))
        await other.append(laid("acme/stick/1"))
        second = ["acme/stone/2"]
        assert dict(await log.holding(TOPIC, "acme", second)) == {"acme/stone/2": 2}
        assert dict(await log.holding(TOPIC, "beta", second)) == {}
        both = {"acme/stone/1": 2, "acme/stone/2": 2}
        assert dict(await log.holding(TOPIC, "acme", ["stones.stone-laid"])) == both
        assert dict(await log.holding(TOPIC, "acme", ["stone/1", "stone/2", "stones.stone-laid"])) == both
        for nothing in (["no such text"], []):
            assert dict(await log.holding(TOPIC, "acme", nothing)) == {}
        assert dict(await log.holding(TOPIC, "nobody", ["stone"])) == {}

    async def test_a_stream_is_read_in_pages(self) -> None:
        log, store, _ = await self.make()
        await store.append(laid("acme/stone/2", count=1))
        await store.append(laid(count=5))
        assert list(await log.read_stream(TOPIC, "acme/stone/1", 0, 10)) == list(
            await store.read_stream("acme/stone/1")
        )
        assert [one.version for one in await log.read_stream(TOPIC, "acme/stone/1", 2, 2)] == [3, 4]
        assert list(await log.read_stream(TOPIC, "acme/stone/9", 0, 10)) == []
