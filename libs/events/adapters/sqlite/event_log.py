"""The log of the embedded profile: the event stores themselves, read through the log's port. No copy, no relay."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress

from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.ports import Record, Signal, StoredEvent, TenantHead


class AppendSignal:
    """Wakes the event loop it was made in whenever one of its stores commits."""

    def __init__(self, stores: Iterable[SQLiteEventStore]) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self._stores = tuple(stores)
        for store in self._stores:
            store.appended.append(self._appended)

    def _appended(self) -> None:
        # The loop may be closed by now; the writer thread that calls must live on.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._event.set)

    def close(self) -> None:
        """See `Signal.close`."""
        for store in self._stores:
            store.appended.remove(self._appended)

    def clear(self) -> None:
        """See `Signal.clear`."""
        self._event.clear()

    async def wait(self, seconds: float) -> None:
        """See `Signal.wait`."""
        with suppress(TimeoutError):
            # Not wait_for: before Python 3.12 it swallows a cancellation that comes together with the event.
            async with asyncio.timeout(seconds):
                await self._event.wait()


class SQLiteEventLog:
    """`EventLog` over stores in this process: one partition a topic, offset = notification id."""

    def __init__(self, stores: Mapping[str, SQLiteEventStore]) -> None:
        self._stores = dict(stores)

    async def partitions(self, topic: str) -> Sequence[int]:
        """Always the one."""
        return (0,)

    async def read(self, topic: str, partition: int, after: int, limit: int) -> Sequence[Record]:
        """See `EventLog.read`."""
        return await self._stores[topic].read_log(after, limit)

    async def read_tenant(self, topic: str, tenant: str, after: int, limit: int) -> Sequence[Record]:
        """See `EventLog.read_tenant`."""
        return await self._stores[topic].read_tenant(tenant, after, limit)

    async def holding(self, topic: str, tenant: str, texts: Collection[str]) -> Mapping[str, int]:
        """See `EventLog.holding`."""
        return await self._stores[topic].holding(tenant, texts)

    async def read_stream(self, topic: str, stream: str, after: int, limit: int) -> Sequence[StoredEvent]:
        """See `EventLog.read_stream`."""
        return await self._stores[topic].read_stream(stream, after=after, limit=limit)

    async def end(self, topic: str, partition: int) -> int:
        """See `EventLog.end`."""
        return await self._stores[topic].end()

    async def tenant_head(self, topic: str, tenant: str) -> TenantHead:
        """See `EventLog.tenant_head`."""
        return await self._stores[topic].tenant_head(tenant)

    def signal(self, topics: Iterable[str]) -> Signal:
        """See `EventLog.signal`."""
        return AppendSignal([self._stores[topic] for topic in topics])
