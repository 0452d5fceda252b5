"""A command's way into the event store: load → fold → decide → append, with retries, guards and repeats.

What a service adds is pure: an `Aggregate` (how its stream folds) and a decider. Everything that can race or be lost
is handled here (promises 1, 8, 9, 10).
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

from libs.events import envelope
from libs.events.append import Addition, Writer
from libs.events.caller import Caller
from libs.events.declare import Aggregate
from libs.events.envelope import Fact
from libs.events.errors import (
    ConcurrencyConflict,
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    PreconditionFailed,
    TooManyConflicts,
)
from libs.events.expiring import Expiring
from libs.events.load import Loaded, Streams
from libs.events.ports import Clock, Command, CommandRecord, DuplicateCommand, EventStore
from libs.events.reader import Reader
from libs.events.registry import Event

S = TypeVar("S")

ATTEMPTS = 10
STATES_KEPT = 10_000
STATE_LIFETIME = timedelta(seconds=30)
"""Folded states may hold opened personal text: with the 30 s that a key may be remembered, 60 s at most (promise 7)."""


@dataclass(frozen=True)
class Guard:
    """A stream beside the main one whose version must still stand when the command's events are appended."""

    stream: str
    version: int
    events: Sequence[Event]


@dataclass(frozen=True)
class NewStream:
    """What a stream `<tenant>/<kind>/<entity_id>` begins or goes on with; all but the name as in `Addition`."""

    kind: str
    entity_id: str
    version: int
    events: Sequence[Event]
    actor: str | None = None
    time: datetime | None = None

    def added(self, tenant: str) -> Addition:
        """The addition to the tenant's stream."""
        stream = envelope.stream_name(tenant, self.kind, self.entity_id)
        return Addition(stream, self.version, self.events, self.actor, self.time)


@dataclass(frozen=True)
class Outcome:
    """How a command ended: the stream's version and the tenant's position right after it.

    `resource` is the id of what was made or changed, `created` whether it is new, `repeated` whether this very
    command had been accepted before.
    """

    stream: str
    version: int
    position: int
    resource: str
    created: bool
    repeated: bool


@dataclass(frozen=True)
class _Run(Generic[S]):
    """One command on its way, as every attempt sees it."""

    aggregate: Aggregate[S]
    stream: str
    caller: Caller
    command: Command
    created: Callable[[S], bool]
    decide: Callable[[S], Sequence[Event]]
    check: Callable[[S], Awaitable[None]] | None
    guards: Callable[[], Awaitable[Sequence[Guard]]] | None


@dataclass
class Kernel:
    """The write side of one service. Safe for concurrent use within one event loop."""

    service: str
    store: EventStore
    reader: Reader
    clock: Clock
    new_id: Callable[[], str]
    _states: Expiring[str, tuple[Loaded[Any], datetime]] = field(default_factory=lambda: Expiring(STATES_KEPT))
    _locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    _in_flight: set[tuple[str, str]] = field(default_factory=set)

    async def handle(
        self,
        aggregate: Aggregate[S],
        entity_id: str,
        caller: Caller,
        decide: Callable[[S], Sequence[Event]],
        *,
        check: Callable[[S], Awaitable[None]] | None = None,
        guards: Callable[[], Awaitable[Sequence[Guard]]] | None = None,
        resource: str | None = None,
        created: bool | Callable[[S], bool] = False,
    ) -> Outcome:
        """Runs one command to its end, durably, once.

        `check` may refuse the asker (it sees the state and may wait), also at a repeat; `decide` returns the events;
        `guards` reads the guard streams; `created` says whether the resource is new, where that depends on the state.
        All of them run again when a race was lost. Raises what they raise, and PreconditionFailed,
        IdempotencyKeyReused, IdempotencyKeyInFlight, TooManyConflicts, StoreUnavailable.
        """
        stream = envelope.stream_name(caller.tenant, aggregate.kind, entity_id)
        identity = caller.command_id or self.new_id()
        command = Command(identity, caller.request_hash, stream, resource or entity_id, created is True)
        is_new = created if callable(created) else lambda _: command.created
        run = _Run(aggregate, stream, caller, command, is_new, decide, check, guards)
        with self._only_once(caller):
            if caller.command_id is not None:
                record = await self.store.find_command(caller.tenant, command.id)
                if record is not None:
                    return await self._repeat(run, record)
            # Commands on one stream queue up here: racing for it inside one process would only lose.
            async with self._lock(stream):
                return await self._until_won(run)

    async def _until_won(self, run: _Run[S]) -> Outcome:
        async with AsyncExitStack() as queue:
            queued = False
            for _ in range(ATTEMPTS):
                try:
                    return await self._attempt(run, queued)
                except ConcurrencyConflict as lost:
                    if lost.stream != run.stream and not queued:
                        # Many race for this guard: queue up for it too. For one guard at most, and after the own
                        # stream, so that nobody who holds a lock ever waits for somebody who waits for it.
                        queued = True
                        await queue.enter_async_context(self._lock(f"guard {lost.stream}"))
        raise TooManyConflicts(run.stream)

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    async def append_streams(self, caller: Caller, streams: Sequence[NewStream]) -> int:
        """Appends what many streams begin or continue with, in this order, as one command that decides nothing.

        A stream may come again further on. Returns the tenant's position after it, at a repeat too. Raises ValueError
        without any stream, and ConcurrencyConflict, HolderErased, IdempotencyKeyReused, IdempotencyKeyInFlight,
        StoreUnavailable.
        """
        additions = [one.added(caller.tenant) for one in streams]
        if not additions:
            raise ValueError("there is nothing to append")
        first = streams[0]
        id = caller.command_id or self.new_id()
        command = Command(id, caller.request_hash, additions[0].stream, first.entity_id, first.version == 0)
        with self._only_once(caller):
            record = await self.store.find_command(caller.tenant, id) if caller.command_id is not None else None
            try:
                if record is None:
                    return (await self._writer().append(caller, additions, command)).position
            except DuplicateCommand as duplicate:
                record = duplicate.record
        _same_request(record, command)
        return record.position

    async def load(self, aggregate: Aggregate[S], stream: str, *, at: int | None = None) -> Loaded[S]:
        """A stream's state now, or as it was at version `at`: the state kept from before plus what came after."""
        if self._states.get(stream, self.clock.now()) is not None:
            return await self._load(aggregate, stream, at)
        # Of many who ask for a stream that nobody remembers, one folds it from its beginning.
        async with self._lock(f"load {stream}"):
            return await self._load(aggregate, stream, at)

    async def _load(self, aggregate: Aggregate[S], stream: str, at: int | None) -> Loaded[S]:
        now, states = self.clock.now(), self._states
        kept = states.get(stream, now)
        loaded: Loaded[S] = Loaded(aggregate.initial, 0)
        until = now + STATE_LIFETIME
        if kept is not None and (at is None or kept[0].version <= at):
            loaded, until = kept
        loaded = await self._streams().folded(aggregate, stream, loaded, at)
        if loaded.version > 0 and (kept is None or loaded.version >= kept[0].version):
            # Not into what came in their place: this state may have begun before they were forgotten.
            states.put(stream, (loaded, until), now, until)
        return loaded

    async def facts(
        self,
        stream: str,
        *,
        after: int = 0,
        until: int | None = None,
        limit: int,
        newest_first: bool = False,
        words: tuple[type[Event], ...] | None = None,
    ) -> list[Fact[Any]]:
        """Facts of a stream with `after < version <= until`, in order of version; `words` as in `Reader.facts`."""
        return await self._streams().facts(
            stream, after=after, until=until, limit=limit, newest_first=newest_first, words=words
        )

    def forget(self) -> None:
        """Forgets every state at once, those too that are being folded now: one of them may hold what is no more."""
        self._states = Expiring(STATES_KEPT)

    def sweep(self) -> None:
        """Forgets states that are too old to be used."""
        self._states.sweep(self.clock.now())

    async def _attempt(self, run: _Run[S], queued: bool) -> Outcome:
        loaded = await self.load(run.aggregate, run.stream)
        if run.check is not None:
            await run.check(loaded.state)
        if run.caller.if_match is not None and run.caller.if_match != loaded.version:
            raise PreconditionFailed(run.caller.if_match, loaded.version)
        guards = await run.guards() if run.guards is not None else ()
        for guard in guards:
            lock = self._locks.get(f"guard {guard.stream}")
            if lock is not None and lock.locked() and not queued:
                # There is a queue: who raced past it would make those in it lose again and again.
                raise ConcurrencyConflict(guard.stream, guard.version, guard.version)
        events = run.decide(loaded.state)
        run = replace(run, command=replace(run.command, created=run.created(loaded.state)))
        try:
            record = await self._append(run, loaded.version, events, guards)
        except DuplicateCommand as duplicate:
            return await self._repeat(run, duplicate.record)
        return _outcome(record, repeated=False)

    async def _append(
        self, run: _Run[S], version: int, events: Sequence[Event], guards: Sequence[Guard]
    ) -> CommandRecord:
        additions = [Addition(run.stream, version, events)]
        additions += [Addition(guard.stream, guard.version, guard.events) for guard in guards]
        return await self._writer().append(run.caller, additions, run.command)

    def _streams(self) -> Streams:
        return Streams(self.store, self.reader)

    def _writer(self) -> Writer:
        return Writer(self.service, self.store, self.reader, self.clock, self.new_id)

    async def _repeat(self, run: _Run[S], record: CommandRecord) -> Outcome:
        _same_request(record, run.command)
        if run.check is not None:
            await run.check((await self.load(run.aggregate, record.command.stream)).state)
        return _outcome(record, repeated=True)

    @contextmanager
    def _only_once(self, caller: Caller) -> Iterator[None]:
        if caller.command_id is None:
            yield
            return
        key = (caller.tenant, caller.command_id)
        if key in self._in_flight:
            raise IdempotencyKeyInFlight(caller.command_id)
        self._in_flight.add(key)
        try:
            yield
        finally:
            self._in_flight.discard(key)


def _same_request(record: CommandRecord, command: Command) -> None:
    if not hmac.compare_digest(record.command.request_hash, command.request_hash):
        raise IdempotencyKeyReused(record.command.id)


def _outcome(record: CommandRecord, *, repeated: bool) -> Outcome:
    command = record.command
    return Outcome(command.stream, record.version, record.position, command.resource, command.created, repeated)
