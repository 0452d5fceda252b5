"""The appends that the event store's contract is tried with, and what each of its checks begins with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from libs.events.clock import new_id
from libs.events.envelope import Envelope, decode
from libs.events.ports import Append, Command, EventStore, StoredEvent

AT = datetime(2026, 1, 31, 9, 0, 0, 123456, tzinfo=UTC)
STONE = "acme/stone/1"


class ClosableEventStore(EventStore, Protocol):
    """An event store as an adapter makes it."""

    async def close(self) -> None: ...


def event(stream: str = STONE, version: int = 1, *, time: datetime = AT, text: str = "laid") -> Envelope:
    """An event as the kernel hands it over."""
    return Envelope(
        id=new_id(),
        source="/cairn/stones",
        type="stones.stone-laid.v1",
        subject=stream,
        time=time,
        tenant=stream.split("/", 1)[0],
        actor="p-1",
        version=version,
        data={"text": text},
    )


def command(identity: str | None = None, stream: str = STONE, *, created: bool = False) -> Command:
    """A command's identity; a fresh one unless named."""
    return Command(identity or new_id(), "hash-of-request", stream, stream.rsplit("/", 1)[1], created)


def laid(
    stream: str = STONE,
    at: int = 0,
    count: int = 1,
    *,
    key: str | None = None,
    guards: Mapping[str, int] | None = None,
    times: Sequence[datetime] = (),
) -> Append:
    """A request that continues a stream at version `at` by `count` events, and each guard by one."""
    moments = [*times, *[AT] * (count - len(times))]
    events = [event(stream, at + number, time=moments[number - 1]) for number in range(1, count + 1)]
    standing = dict(guards or {})
    events += [event(guard, version + 1) for guard, version in standing.items()]
    return Append(stream.split("/", 1)[0], {stream: at} | standing, events, command(key, stream))


def after(seconds: float) -> datetime:
    """A time so long after the first."""
    return AT + timedelta(seconds=seconds)


def versions(events: Sequence[StoredEvent]) -> list[int]:
    """What is compared most."""
    return [one.version for one in events]


def time_of(stored: StoredEvent) -> datetime:
    """When it happened, as it stands in the stored bytes."""
    return decode(stored.body).time


class EventStoreChecks(ABC):
    """A check is a coroutine without arguments, so that it can also be run against a planted fault."""

    @abstractmethod
    async def make(self) -> ClosableEventStore:
        """An event store over new, empty data."""

    @abstractmethod
    async def again(self) -> ClosableEventStore:
        """One more event store over the data of the last `make`, as another process would have it."""

    @abstractmethod
    async def head(self, store: EventStore, tenant: str) -> int:
        """The tenant's last sequence, 0 before the first event, as the log over this store tells it."""

    async def sequences(self, store: EventStore, *streams: str) -> list[int]:
        """The sequences of all events of these streams, sorted."""
        found = [await store.read_stream(stream) for stream in streams]
        return sorted(one.sequence for events in found for one in events)
