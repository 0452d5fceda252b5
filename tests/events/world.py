"""A whole write and read side on real files, made of parts that a test may replace to plant a fault.

`Place(folder).open()` gives a `World`; opening the same place twice is a second process as far as the files can tell,
opening it again later is a restart.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from libs.events import canonical
from libs.events.adapters.sqlite.event_log import SQLiteEventLog
from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.adapters.sqlite.read_models import SQLiteReadModels
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.adapters.sqlite.recorder import Datastore, GroupRecorder
from libs.events.caller import Caller
from libs.events.clock import new_id
from libs.events.consume import Runner
from libs.events.declare import Fold, Projection, Reaction, ReadModel, RowKey
from libs.events.envelope import Envelope, decode, source_of, stream_name, topic_of
from libs.events.folder import Folder
from libs.events.handle import Guard, Kernel, Outcome
from libs.events.ports import Append, Clock, Command, EventLog, KeyStore, ReadStore, Record, Sealer
from libs.events.positions import Positions
from libs.events.project import Projector
from libs.events.react import Reactor
from libs.events.reader import Reader
from libs.events.registry import Event, Registry
from libs.events.testing import EPOCH, SteppingClock, drain
from libs.privacy.keyring import Keyring
from libs.privacy.sealing import FieldSealer
from tests.events import toy

KEK = bytes(range(32))
SERVICES = ("toys", "tags")
NOTICED = (AssertionError, pytest.fail.Exception)
"""How a check says that a promise is broken: by an assertion, or because nothing was raised where it must be."""

MakeStore = Callable[[str, Path], SQLiteEventStore]


def store_with(recorder: type[GroupRecorder] = GroupRecorder, **options: Any) -> MakeStore:
    """A factory of stores on another recorder, or with other `lock_timeout` or `pragmas`."""

    class Store(SQLiteEventStore):
        def _recorder(self, datastore: Datastore) -> GroupRecorder:
            return recorder(datastore)

    return lambda service, path: Store(service, path, **options)


@dataclass(frozen=True)
class Parts:
    """Every part of a world. A planted fault is another one of these."""

    store: MakeStore = SQLiteEventStore
    keys: Callable[[Path], SQLiteKeyStore] = SQLiteKeyStore
    keyring: Callable[[KeyStore, bytes, Clock], Keyring] = Keyring
    sealer: Callable[[Keyring], Sealer] = FieldSealer
    registry: Registry = toy.TOYS
    reader: Callable[[Registry, Sealer], Reader] = Reader
    kernel: Callable[..., Kernel] = Kernel
    log: Callable[[Mapping[str, SQLiteEventStore]], EventLog] = SQLiteEventLog
    reads: Callable[[Path], SQLiteReadStore | SQLiteReadModels] = SQLiteReadStore
    projector: Callable[[Projection, ReadStore], Projector] = Projector
    folder: Callable[[Fold, ReadStore], Folder] = Folder
    reactor: Callable[..., Reactor] = Reactor
    runner: Callable[..., Runner] = Runner
    positions: Callable[[ReadStore, EventLog], Positions] = Positions
    projections: tuple[Projection, ...] = (toy.COUNTERS,)
    folds: tuple[Fold, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    page: int = 500

    @property
    def models(self) -> tuple[ReadModel, ...]:
        """All that is folded."""
        return (*self.projections, *self.folds)


@dataclass
class World:
    """Two services, `toys` and `tags`, on one folder, and short words for what tests ask of them."""

    folder: Path
    clock: SteppingClock
    stores: dict[str, SQLiteEventStore]
    keys: SQLiteKeyStore
    keyring: Keyring
    reader: Reader
    log: EventLog
    reads: SQLiteReadStore | SQLiteReadModels
    positions: Positions
    kernels: dict[str, Kernel]
    runners: list[Runner] = field(default_factory=list)

    @property
    def store(self) -> SQLiteEventStore:
        """The store of toys."""
        return self.stores["toys"]

    @property
    def kernel(self) -> Kernel:
        """The kernel of toys."""
        return self.kernels["toys"]

    def runner(self, name: str = "counters", topic: str = "toys.events") -> Runner:
        """The runner of a projection or reaction on a topic."""
        [found] = [one for one in self.runners if (one.consumer.name, one.topic) == (name, topic)]
        return found

    async def make(self, counter: str, label: str | None = None, **caller: Any) -> Outcome:
        """Makes a counter; keyword arguments as `caller` takes them."""
        who = caller_of(**caller)
        return await self.kernel.handle(toy.COUNTER, counter, who, toy.make(who.actor, label), created=True)

    async def ensure(self, counter: str, **caller: Any) -> Outcome:
        """Makes a counter unless there is one."""
        who = caller_of(**caller)

        def decide(state: toy.CounterState) -> Sequence[Event]:
            return () if state.made else [toy.CounterMade(owner_id=who.actor)]

        return await self.kernel.handle(toy.COUNTER, counter, who, decide, created=lambda state: not state.made)

    async def count(self, counter: str, by: int = 1, **caller: Any) -> Outcome:
        """Counts; by 0 changes nothing, by more than `toy.MOST` is refused."""
        return await self.kernel.handle(toy.COUNTER, counter, caller_of(**caller), toy.count(by))

    async def note(self, counter: str, text: str, **caller: Any) -> Outcome:
        """Writes on a counter, as the caller's own text."""
        who = caller_of(**caller)
        return await self.kernel.handle(toy.COUNTER, counter, who, toy.note(who.actor, text))

    async def tag(self, counter: str, tag: str, **caller: Any) -> Outcome:
        """Tags a counter, in the other service."""
        return await self.dispatch(toy.SetTag(counter, tag), caller_of(**caller))

    async def dispatch(self, command: toy.SetTag, caller: Caller) -> Outcome:
        """The handler of the tags service."""
        return await self.kernels["tags"].handle(
            toy.TAG, command.counter_id, caller, lambda _: [toy.Tagged(tag=command.tag)]
        )

    async def claim(self, counter: str, name: str, **caller: Any) -> Outcome:
        """Gives a counter a name that only one may have (promise 10)."""
        who = caller_of(**caller)
        guard = stream_name(who.tenant, "name", name)

        async def free() -> Sequence[Guard]:
            held = await self.kernel.load(toy.NAME, guard)
            if held.state is not None:
                raise toy.NameTaken
            return [Guard(guard, held.version, [toy.NameClaimed(counter_id=counter)])]

        return await self.kernel.handle(toy.COUNTER, counter, who, toy.count(1), guards=free)

    async def state(self, counter: str, *, at: int | None = None, tenant: str = "acme") -> toy.CounterState:
        """A counter as its stream tells it."""
        loaded = await self.kernel.load(toy.COUNTER, stream_name(tenant, "counter", counter), at=at)
        return loaded.state

    async def history(self, tenant: str = "acme", service: str = "toys") -> list[Record]:
        """All records of a tenant, in order."""
        return list(await self.stores[service].read_tenant(tenant, 0, 1_000_000))

    async def envelopes(self, tenant: str = "acme", service: str = "toys") -> list[Envelope]:
        """All envelopes of a tenant, sealed as they are stored, in order."""
        return [decode(record.body) for record in await self.history(tenant, service)]

    async def rows(self, *counters: str, tenant: str = "acme") -> dict[str, toy.CounterRow]:
        """The rows that exist."""
        found = await self.reads.get_many(tenant, [RowKey(toy.COUNTER_ROWS, counter) for counter in counters])
        return {key.id: row for key, row in found.items()}

    async def row(self, counter: str, tenant: str = "acme") -> toy.CounterRow:
        """One row, which must exist."""
        return (await self.rows(counter, tenant=tenant))[counter]

    async def drain(self) -> None:
        """Steps all runners until nothing is left to apply."""
        await drain(self.runners)


def raw_count(stream: str, at: int, by: int = 1, *, key: str | None = None) -> Append:
    """A count that goes straight to the store, so that its expected version may be wrong."""
    events = [envelope_of(toy.Counted(by=by), stream, at + 1)]
    return Append(events[0].tenant, {stream: at}, events, Command(key or new_id(), "", stream, "c", False))


def assert_repeat(first: Outcome, repeat: Outcome) -> None:
    """The second answer tells what the first told, and that it is the second."""
    assert not first.repeated
    assert repeat == replace(first, repeated=True)


@dataclass(frozen=True)
class Place:
    """A data folder and the parts that are opened on it."""

    folder: Path
    parts: Parts = field(default_factory=Parts)

    def but(self, **parts: Any) -> Place:
        """The same folder with some other parts."""
        return replace(self, parts=replace(self.parts, **parts))

    @asynccontextmanager
    async def open(self, clock: SteppingClock | None = None) -> AsyncIterator[World]:
        """A world on this place; closed at the end, its files stay."""
        world = _build(self.folder, self.parts, clock or SteppingClock())
        try:
            for store in world.stores.values():
                await store.open()
            await world.reads.prepare([one for model in self.parts.models for one in model.collections])
            yield world
        finally:
            for store in world.stores.values():
                await store.close()
            await world.reads.close()
            await world.keys.close()


def caller_of(
    key: str | None = None, *, tenant: str = "acme", actor: str = "ann", body: str = "", if_match: int | None = None
) -> Caller:
    """A caller; `key` stands for the hashed idempotency key, `body` for the hashed request."""
    return Caller(tenant, actor, command_id=key, request_hash=body, if_match=if_match)


def envelope_of(
    data: Event, stream: str, version: int, *, time: datetime = EPOCH, service: str = "toys", actor: str = "ann"
) -> Envelope:
    """An event as the kernel hands it to the store, unsealed; old versions go by their own classes."""
    return Envelope(
        id=new_id(),
        source=source_of(service),
        type=toy.TOYS.name_of(type(data)),
        subject=stream,
        time=time,
        tenant=stream.split("/", 1)[0],
        actor=actor,
        version=version,
        data=canonical.tree_of(data),
    )


Check = Callable[[Place], Awaitable[None]]
"""One clause of a promise, tried on a place: on the real parts it passes, on a planted fault it must not."""


def _build(folder: Path, parts: Parts, clock: SteppingClock) -> World:
    for part in ("events", "read"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    stores = {service: parts.store(service, folder / "events" / f"{service}.db") for service in SERVICES}
    keys = parts.keys(folder / "keys.db")
    keyring = parts.keyring(keys, KEK, clock)
    reader = parts.reader(parts.registry, parts.sealer(keyring))
    log = parts.log({topic_of(service): store for service, store in stores.items()})
    reads = parts.reads(folder / "read" / "toys.db")
    positions = parts.positions(reads, log)
    kernels = {service: parts.kernel(service, store, reader, clock, new_id) for service, store in stores.items()}
    world = World(folder, clock, stores, keys, keyring, reader, log, reads, positions, kernels)
    driven: list[tuple[Any, Sequence[str]]] = [(parts.projector(one, reads), one.topics) for one in parts.projections]
    driven += [(parts.folder(one, reads), one.topics) for one in parts.folds]
    driven += [(parts.reactor(one, world.dispatch), one.topics) for one in parts.reactions]
    for consumer, topics in driven:
        for topic in topics:
            world.runners.append(parts.runner(consumer, topic, 0, log, reads, reader, positions, page=parts.page))
    return world
