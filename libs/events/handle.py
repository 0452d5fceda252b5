"""A command's way into the event store: load → fold → decide → append, with retries, guards and repeats.

What a service adds is pure: an `Aggregate` (how its stream folds) and a decider. Everything that can race or be lost
is handled here (promises 1, 8, 9, 10).
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

from libs.events import canonical, envelope
from libs.events.caller import Caller
from libs.events.declare import Aggregate
from libs.events.envelope import Envelope, Fact
from libs.events.errors import (
    ConcurrencyConflict,
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    PreconditionFailed,
    StoreUnavailable,
    TooManyConflicts,
)
from libs.events.expiring import Expiring
from libs.events.ports import Append, Clock, Command, CommandRecord, DuplicateCommand, EventStore
from libs.events.reader import Reader, Unread
from libs.events.registry import Event
from libs.telemetry import tracing

S = TypeVar("S")

ATTEMPTS = 10
PAGE = 200
"""Events folded before others get their turn on the event loop."""
STATES_KEPT = 10_000
STATE_LIFETIME = timedelta(seconds=30)
"""Folded states may hold opened personal text: with the 30 s that a key may be remembered, 60 s at most (promise 7)."""


@dataclass(frozen=True)
class Loaded(Generic[S]):
    """A stream's state at a version; version 0 means that the stream does not exist."""

    state: S
    version: int


@dataclass(frozen=True)
class Guard:
    """A stream beside the main one whose version must still stand when the command's events are appended."""

    stream: str
    version: int
    events: Sequence[Event]


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
        created: bool = False,
    ) -> Outcome:
        """Runs one command to its end, durably, once.

        `check` may refuse the asker (it sees the state and may wait), also at a repeat; `decide` returns the events;
        `guards` reads the guard streams. All three run again when a race was lost. Raises what they raise, and
        PreconditionFailed, IdempotencyKeyReused, IdempotencyKeyInFlight, TooManyConflicts, StoreUnavailable.
        """
        stream = envelope.stream_name(caller.tenant, aggregate.kind, entity_id)
        identity = caller.command_id or self.new_id()
        command = Command(identity, caller.request_hash, stream, resource or entity_id, created)
        run = _Run(aggregate, stream, caller, command, decide, check, guards)
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

    async def load(self, aggregate: Aggregate[S], stream: str, *, at: int | None = None) -> Loaded[S]:
        """A stream's state now, or as it was at version `at`: the state kept from before plus what came after."""
        if self._states.get(stream, self.clock.now()) is not None:
            return await self._load(aggregate, stream, at)
        # Of many who ask for a stream that nobody remembers, one folds it from its beginning.
        async with self._lock(f"load {stream}"):
            return await self._load(aggregate, stream, at)

    async def _load(self, aggregate: Aggregate[S], stream: str, at: int | None) -> Loaded[S]:
        now = self.clock.now()
        kept = self._states.get(stream, now)
        loaded: Loaded[S] = Loaded(aggregate.initial, 0)
        until = now + STATE_LIFETIME
        if kept is not None and (at is None or kept[0].version <= at):
            loaded, until = kept
        while at is None or loaded.version < at:
            facts = await self.facts(stream, after=loaded.version, until=at, limit=PAGE, words=aggregate.words)
            if facts:
                loaded = Loaded(reduce(aggregate.fold, facts, loaded.state), facts[-1].version)
            if len(facts) < PAGE:
                break
        if loaded.version > 0 and (kept is None or loaded.version >= kept[0].version):
            self._states.put(stream, (loaded, until), now, until)
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
        events = await self.store.read_stream(stream, after=after, until=until, limit=limit, newest_first=newest_first)
        return await self.reader.facts([Unread(event.body, event.sequence) for event in events], words)

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
        try:
            record = await self._append(run, loaded.version, events, guards)
        except DuplicateCommand as duplicate:
            return await self._repeat(run, duplicate.record)
        return _outcome(record, repeated=False)

    async def _append(
        self, run: _Run[S], version: int, events: Sequence[Event], guards: Sequence[Guard]
    ) -> CommandRecord:
        caller, stream = run.caller, run.stream
        with tracing.span(f"{self.service} append", attributes={"cairn.events": len(events)}):
            sealed = await self._sealed(caller, stream, version, events)
            for guard in guards:
                sealed += await self._sealed(caller, guard.stream, guard.version, guard.events)
            expected = {stream: version} | {guard.stream: guard.version for guard in guards}
            try:
                return await self.store.append(Append(caller.tenant, expected, sealed, run.command))
            except StoreUnavailable as unavailable:
                if not unavailable.ambiguous:
                    raise
                # The reply to a commit was lost: what the store remembers decides, never a second insert.
                record = await self.store.find_command(caller.tenant, run.command.id)
                if record is None:
                    raise StoreUnavailable(unavailable.reason) from unavailable
                return record

    async def _sealed(self, caller: Caller, stream: str, version: int, events: Sequence[Event]) -> list[Envelope]:
        registry = self.reader.registry
        sealed = []
        for number, event in enumerate(events, start=version + 1):
            name = registry.name_of(type(event))
            plain = Envelope(
                id=self.new_id(),
                source=envelope.source_of(self.service),
                type=name,
                subject=stream,
                time=self.clock.now(),
                tenant=caller.tenant,
                actor=caller.actor,
                version=number,
                data=canonical.tree_of(event),
                correlation=caller.correlation,
                causation=caller.causation,
                traceparent=tracing.current_traceparent(),
            )
            paths = registry.paths(name)
            sealed.append(await self.reader.sealer.seal(plain, paths) if paths else plain)
        return sealed

    async def _repeat(self, run: _Run[S], record: CommandRecord) -> Outcome:
        if not hmac.compare_digest(record.command.request_hash, run.command.request_hash):
            raise IdempotencyKeyReused(record.command.id)
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


def _outcome(record: CommandRecord, *, repeated: bool) -> Outcome:
    command = record.command
    return Outcome(command.stream, record.version, record.position, command.resource, command.created, repeated)
