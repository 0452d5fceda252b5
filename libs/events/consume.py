"""The runner behind projections and reactions: read the log, judge every record, apply, commit with the checkpoint.

Delivery is at least once and may be out of order; effects are once, because a tenant's sequence decides (promises 2
and 3). It stops, and says why, where going on would be wrong (promises 6, 7, 11).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Container, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from libs.events.catalog.skipping import Skipped
from libs.events.continuity import between, due_of, goes_on, parts_of, reached_by
from libs.events.effects import Consumer, Effects, Refused, code_of, legible, may_end, reason_of
from libs.events.envelope import Fact
from libs.events.errors import FATAL, RETRIED, OwnershipLost, StoreRestored, StoreUnavailable
from libs.events.parking import Patience, Replay, Until
from libs.events.ports import Advance, Checkpoint, Commit, EventLog, Ownership, Parked, ReadStore, Record
from libs.events.positions import Positions
from libs.events.reader import Reader
from libs.telemetry import metrics, tracing

PAGE = 500
BULK = 2000
"""A page of what is caught up with in bulk: fewer commits, and rows that many events change are written once."""
IDLE_SECONDS = 1.0
BACKOFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)

_log = logging.getLogger(__name__)


@dataclass
class Runner:
    """Drives one consumer over one partition of one topic. `step` is the whole of it; `run` repeats it for ever."""

    consumer: Consumer
    topic: str
    partition: int
    log: EventLog
    reads: ReadStore
    reader: Reader
    positions: Positions
    page: int = PAGE
    until: int | None = None
    """The last offset to apply; None: whatever comes."""
    bulk: int | None = None
    """How many records at once while at least so many are due; None: a page."""
    words: Container[type] | None = None
    """The facts whose personal text the consumer needs; None: all."""
    stopped: str | None = None
    """Why this runner does not go on: `store_restored: …`, `event_from_the_future: …`; None while it runs."""
    lag: int = 0
    """Offsets between what was applied and the end of the partition, at the last look."""
    failures: int = 0
    """How often in a row it had to try again; 0 while all goes well."""
    waits_for: str = ""
    """What it tried again for last, as `stopped` is told."""
    _owner: Ownership | None = None
    _generation: int = 0
    _offset: int = 0
    _limit: int | None = None
    _full: bool = True
    _looked: float = 0.0
    _checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    _parked: dict[tuple[str, str], Parked] = field(default_factory=dict)
    _patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        registry = self.reader.registry
        self._skips = frozenset(name for name in registry if issubclass(registry.today(name), Skipped))

    @property
    def offset(self) -> int:
        """The last offset that it has applied."""
        return self._offset

    @property
    def parked(self) -> int:
        """How many ordering keys wait for an operator."""
        return len(self._parked)

    @property
    def first_parked(self) -> int:
        """The least sequence that one of them waits at; 0 when none does."""
        return min((one.sequence for one in self._parked.values()), default=0)

    async def run(self) -> None:
        """Applies what comes until cancelled, or until it must stop (`stopped` says why) and only a start can help."""
        signal = self.log.signal([self.topic])
        try:
            while self.stopped is None or may_end(self.stopped):
                signal.clear()
                if not await self._turn():
                    await signal.wait(IDLE_SECONDS)
        finally:
            signal.close()

    async def _turn(self) -> bool:
        """One step with what may go wrong; True when the next one is due at once."""
        try:
            busy = await self.step()
        except (*RETRIED, OwnershipLost) as passing:
            _log.warning("consumer tries again", extra={"projection": self.consumer.name, "reason": code_of(passing)})
            # What an event ran into may have been a person's words; what a store says is ours.
            self.waits_for = code_of(passing) + (f": {passing}" if isinstance(passing, StoreUnavailable) else "")
            if isinstance(passing, OwnershipLost):
                self._owner = None
            await self._pause()
            return True
        except Exception as error:  # a fault of ours: standing still and saying so beats going on wrongly
            _log.error("consumer stopped", exc_info=error, extra={"projection": self.consumer.name})
            self.stopped = f"internal_error: {type(error).__name__}"
            return False
        self.failures = 0
        # A page that was not full ended at the log's end; what came since has set the signal.
        return busy and self._full

    async def _pause(self) -> None:
        """Longer at every failure in a row; keeps the lag true meanwhile."""
        with suppress(StoreUnavailable):
            self.lag = max(0, await self.log.end(self.topic, self.partition) - self._offset)
            metrics.set_lag(self.consumer.name, self.topic, self.lag)
        await asyncio.sleep(BACKOFF_SECONDS[min(self.failures, len(BACKOFF_SECONDS) - 1)])
        self.failures += 1

    async def step(self) -> bool:
        """One page; False when there was nothing to read. Raises StoreUnavailable, NotNow, OwnershipLost: try again."""
        records: Sequence[Record] = ()
        try:
            if self.stopped is not None and self._owner is not None:
                # What it owns is of another history, until somebody takes it or lets other rows serve.
                await self._look_whether_it_owns(self._owner)
                return False
            owner = self._owner or await self._own()
            limit = self._limit or (self.bulk if self.bulk is not None and self.lag >= self.bulk else self.page)
            records = await self.log.read(self.topic, self.partition, self._offset, limit)
            if self.until is not None:
                records = [record for record in records if record.offset <= self.until]
            if records:
                await self._apply(owner, records)
            else:
                await self._look_whether_it_owns(owner)
            self._full = len(records) >= limit
            await self._measure(full=self._full)
            self._limit = None
        except FATAL as fatal:
            if len(records) > 1:
                # What stands before the event in this page is still due: close in on it.
                self._limit, self._full = len(records) // 2, True
                return True
            self.stopped = reason_of(fatal)
            what = f"consumer stopped: {fatal.REMEDY}" if isinstance(fatal, StoreRestored) else "consumer stopped"
            _log.error(what, extra={"projection": self.consumer.name, "reason": code_of(fatal)})
            return False
        return bool(records)

    async def _look_whether_it_owns(self, owner: Ownership) -> None:
        """Who has nothing to write would not notice that others are to write now, elsewhere perhaps (promise 4)."""
        if monotonic() - self._looked >= IDLE_SECONDS:
            self._looked = monotonic()
            if not await self.reads.owns(owner):
                raise OwnershipLost(owner.projection, "somebody else writes its rows, or other rows serve")

    async def _own(self) -> Ownership:
        owner = await self.reads.own(self.consumer.name, self.topic, self.partition)
        # Whoever owned it before may have written.
        self.consumer.forget()
        checkpoints = dict(await self.reads.checkpoints(self.consumer.name, self.topic))
        await self._look_at_parked()
        # A head that was behind grows, so rows of another history may seem to continue: others have to serve.
        before = (self._generation, self._checkpoints) if self.stopped is not None else None
        restored = (owner.generation, checkpoints) == before or not await goes_on(self.log, self.topic, checkpoints)
        self._owner, self._generation, self._offset = owner, owner.generation, owner.offset
        self._checkpoints = checkpoints
        if restored:
            raise StoreRestored(self.topic)
        if self.stopped is not None:
            _log.info("consumer goes on", extra={"projection": self.consumer.name})
            self.stopped = None
        self.positions.forget(self.consumer.name, self.topic)
        for tenant, checkpoint in self._checkpoints.items():
            self.positions.advance(self.consumer.name, self.topic, tenant, checkpoint.sequence)
        return owner

    async def _look_at_parked(self) -> None:
        parked = await self.reads.parked(self.consumer.name)
        self._parked = {(one.tenant, one.key): one for one in parked if one.topic == self.topic}

    async def _apply(self, owner: Ownership, records: Sequence[Record]) -> None:
        due, reached = await self._judge(records)
        parts = parts_of(due, self._skips)
        for number, part in enumerate(parts[:-1], start=1):
            # All before what comes next is applied then, and nothing beyond it.
            following = min(record.offset for later in parts[number:] for record in later)
            await self._apply_part(owner, part, reached_by(part), following - 1)
        last = parts[-1]
        await self._apply_part(owner, last, reached if len(parts) == 1 else reached_by(last), records[-1].offset)

    async def _apply_part(
        self, owner: Ownership, due: Sequence[Record], reached: Mapping[str, Checkpoint], offset: int
    ) -> None:
        facts, unreadable = await self._read(due)
        advances = [Advance(tenant, self._checkpoints.get(tenant), point) for tenant, point in reached.items()]
        freed = self._freed(facts[0]) if len(facts) == 1 else None
        if freed is not None:
            await self._skip(owner, freed, facts[0], Until(facts[0].sequence - 1, advances[0], offset))
        else:
            await self._commit(owner, facts, unreadable, advances, offset)
        self._patience.forget()
        self._offset = offset
        self._checkpoints.update(reached)
        for tenant, point in reached.items():
            self.positions.advance(self.consumer.name, self.topic, tenant, point.sequence)
        metrics.record_batch(self.consumer.name, len(due))

    async def _commit(
        self,
        owner: Ownership,
        facts: Sequence[Fact[Any]],
        unreadable: Sequence[Refused],
        advances: Sequence[Advance],
        offset: int,
    ) -> None:
        waiting = self._unblocked(facts, unreadable)
        async with self.consumer.turn:
            try:
                effects = await self.consumer.apply(waiting) if waiting else Effects()
                parked = [self._park(refused) for refused in (*unreadable, *self._patience.judge(effects))]
                with ExitStack() as spans:
                    for fact in waiting:
                        if fact.traceparent is not None and tracing.is_sampled(fact.traceparent):
                            spans.enter_context(tracing.span(f"{self.consumer.name} apply", parent=fact.traceparent))
                    await self.reads.commit(Commit(owner, offset, advances, effects.puts, parked))
            except BaseException:
                self.consumer.forget()
                raise
        for one in parked:
            self._parked.setdefault((one.tenant, one.key), one)

    def _freed(self, fact: Fact[Any]) -> Parked | None:
        """The parked key that a fact says is to go on; one that waits further on was on its way already."""
        if not isinstance(fact.data, Skipped) or fact.data.projection != self.consumer.name:
            return None
        found = self._parked.get((fact.tenant, fact.data.key))
        return found if found is not None and found.sequence >= fact.data.sequence else None

    async def _skip(self, owner: Ownership, parked: Parked, skip: Fact[Skipped], until: Until) -> None:
        """Here, at this place of the log, the key's events are applied without that one; a rebuild does the same."""
        replay = Replay(self.consumer, self.log, self.reads, self.reader, self._patience, self.words, self.page)
        try:
            async for left in replay.run(owner, parked, until, offset=self._offset, without=skip.data.sequence):
                self._parked.pop((parked.tenant, parked.key), None)
                if left is not None:
                    self._parked[parked.tenant, parked.key] = left
        except BaseException:
            # A commit may have been written without our hearing of it: what is stored tells where the key waits.
            self._owner = None
            raise

    def _unblocked(self, facts: Sequence[Fact[Any]], unreadable: Sequence[Refused]) -> list[Fact[Any]]:
        """Facts whose key is not parked, neither since long nor by an unreadable event before them in this batch."""
        if not self._parked and not unreadable:
            return list(facts)
        blocked = {key: parked.sequence for key, parked in self._parked.items()}
        for refused in unreadable:
            blocked.setdefault((refused.fact.tenant, self.consumer.key(refused.fact)), refused.fact.sequence)
        return [
            fact
            for fact in facts
            if fact.sequence < blocked.get((fact.tenant, self.consumer.key(fact)), fact.sequence + 1)
        ]

    async def _judge(self, records: Sequence[Record]) -> tuple[list[Record], dict[str, Checkpoint]]:
        return await due_of(self.topic, records, self._checkpoints, self._fill)

    async def _fill(self, record: Record, last: int) -> list[Record]:
        return await between(self.log, self.topic, record, last, self.page)

    async def _read(self, due: Sequence[Record]) -> tuple[list[Fact[Any]], list[Refused]]:
        return await legible(self.reader, due, self.words, self.consumer.heeds)

    def _park(self, refused: Refused) -> Parked:
        fact = refused.fact
        _log.error("event parked", extra={"projection": self.consumer.name, "sequence": fact.sequence})
        key = self.consumer.key(fact)
        return Parked(self.consumer.name, self.topic, fact.tenant, key, fact.sequence, refused.error)

    async def _measure(self, *, full: bool) -> None:
        # A page that was not full ends at the end of the log: no need to ask for it.
        self.lag = max(0, await self.log.end(self.topic, self.partition) - self._offset) if full else 0
        metrics.set_lag(self.consumer.name, self.topic, self.lag)
        metrics.set_parked(self.consumer.name, self.topic, self.parked, self.first_parked)
