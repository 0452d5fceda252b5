"""The port of the log: topics in partitions, read in order, whatever carries them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from libs.events.ports.reads import Checkpoint
from libs.events.ports.store import StoredEvent


@dataclass(frozen=True, slots=True)
class Record:
    """One event on the log: its bytes and what is known about them without decoding."""

    offset: int
    store_id: str
    tenant: str
    sequence: int
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class TenantHead:
    """Where a tenant's history ends now in a topic's store, and which store that is."""

    store_id: str
    sequence: int

    def continues(self, point: Checkpoint) -> bool:
        """Whether what was applied up to there is part of this history; after a restore it need not be (promise 11)."""
        return self.store_id == point.store_id and self.sequence >= point.sequence


class Signal(Protocol):
    """A wake-up hint. Clear it, then read, then wait: an append between reading and waiting is not missed."""

    def clear(self) -> None:
        """Forgets what happened so far."""
        ...

    def close(self) -> None:
        """Listens no longer."""
        ...

    async def wait(self, seconds: float) -> None:
        """Returns at once if something happened since `clear`, else when it does, else after `seconds`."""
        ...


class EventLog(Protocol):
    """Topics in partitions; within a tenant the order of its sequence. Reading never changes the log."""

    async def partitions(self, topic: str) -> Sequence[int]:
        """The topic's partitions that this process should consume."""
        ...

    async def read(self, topic: str, partition: int, after: int, limit: int) -> Sequence[Record]:
        """Up to `limit` records with an offset above `after` (0: from the start), oldest first."""
        ...

    async def read_tenant(self, topic: str, tenant: str, after: int, limit: int) -> Sequence[Record]:
        """A tenant's records with a sequence above `after`, straight from the store: fills a gap."""
        ...

    async def holding(self, topic: str, tenant: str, texts: Collection[str]) -> Mapping[str, int]:
        """By stream, how many of the tenant's events hold one of the texts in their bytes, straight from the store.

        Looks at all of them, once for all texts, of which there are a few dozen at most: for what happens once in a
        person's life.
        """
        ...

    async def read_stream(self, topic: str, stream: str, after: int, limit: int) -> Sequence[StoredEvent]:
        """A stream's events with a version above `after`, straight from the store, in order of version."""
        ...

    async def end(self, topic: str, partition: int) -> int:
        """The last offset, 0 when the partition is empty."""
        ...

    async def tenant_head(self, topic: str, tenant: str) -> TenantHead:
        """The tenant's head and the store's id (promise 11)."""
        ...

    def signal(self, topics: Iterable[str]) -> Signal:
        """A wake-up that fires when one of the topics may have grown."""
        ...
