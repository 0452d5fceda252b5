"""What waits under a parked key is read from the log again and applied; at the head the key is free (promise 5).

A runner does it when an event says that the poison is to be skipped, an operator once the code is mended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Container, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from libs.events.declare import ReadModel
from libs.events.effects import Consumer, Effects, Refused, legible
from libs.events.envelope import Fact
from libs.events.errors import NotNow, OwnershipLost, SequenceGap, StoreRestored
from libs.events.ports import Advance, Commit, EventLog, Generations, Ownership, Parked, ReadStore, holding
from libs.events.reader import Reader

RETRIES = 5
PAGE = 500
HOLD_SECONDS = 10.0
"""So long the model's runner cannot take its partitions back; after a longer replay's first part it has its turn."""
COUNTED = 50_000
"""Events that are looked at to say how many wait."""
UNFINISHED = "replay_unfinished"
"""The error of a key whose replay ended half-way: nothing failed there, so there is nothing to skip."""


@dataclass
class Patience:
    """How often each fact was put off; who was put off `retries` times is refused the next time."""

    retries: int = RETRIES
    _failures: Counter[tuple[str, int]] = field(default_factory=Counter)

    def judge(self, effects: Effects) -> list[Refused]:
        """All that must be parked. Raises NotNow while any may be tried again."""
        self._failures.update((one.fact.tenant, one.fact.sequence) for one in effects.later)
        waited_for = [
            one for one in effects.later if self._failures[one.fact.tenant, one.fact.sequence] <= self.retries
        ]
        if waited_for:
            raise NotNow(waited_for[0].error)
        return [*effects.refused, *effects.later]

    def forget(self) -> None:
        """Something was committed: what fails from now on fails for the first time."""
        self._failures.clear()


@dataclass(frozen=True)
class Until:
    """How far to go: to the sequence `last`. The commit that ends it takes the tenant's step, and leaves the offset."""

    last: int
    step: Advance
    offset: int


@dataclass(frozen=True)
class Replay:
    """Applies what waits under one ordering key, in chunks that are each one commit, by whoever owns the partition."""

    consumer: Consumer
    log: EventLog
    reads: ReadStore
    reader: Reader
    patience: Patience
    words: Container[type] | None = None
    page: int = PAGE

    async def run(
        self, owner: Ownership, parked: Parked, until: Until, *, offset: int, without: int = 0
    ) -> AsyncIterator[Parked | None]:
        """Yields after every commit where the key waits now: further on, where it failed, or None once it is free.

        The event of the sequence `without` is left out; `offset` is what commits on the way leave. Raises
        OwnershipLost, StoreUnavailable, NotNow and what stops a reader: what was committed stands.
        """
        at = parked.sequence - 1
        while True:
            facts, unreadable, at = await self._due(parked, at, until.last, without)
            if not facts and not unreadable and at < until.last:
                continue
            async with self.consumer.turn:
                try:
                    effects = await self.consumer.apply(facts) if facts else Effects()
                    failed = [*self.patience.judge(effects), *unreadable][:1]
                    left = _left(parked, failed, at, until.last)
                    ended = bool(failed) or left is None
                    steps, hint = ([until.step], until.offset) if ended else ((), offset)
                    waits = () if left is None else (left,)
                    await self.reads.commit(Commit(owner, hint, steps, effects.puts, waits, released=(parked,)))
                except BaseException:
                    self.consumer.forget()
                    raise
            self.patience.forget()
            yield left
            if ended or left is None:
                return
            parked = left

    async def _due(
        self, parked: Parked, at: int, last: int, without: int
    ) -> tuple[list[Fact[Any]], list[Refused], int]:
        """The key's facts on the next page up to what cannot be read, that, and how far the page goes."""
        if at >= last:
            return [], [], at
        records = await self.log.read_tenant(parked.topic, parked.tenant, at, min(self.page, last - at))
        if not records or records[0].sequence != at + 1:
            raise SequenceGap(f"{parked.topic} lacks sequence {at + 1}")
        facts, unreadable = await legible(self.reader, records, self.words, self.consumer.heeds)
        wrong = [one for one in unreadable if self._waits(one.fact, parked) and one.fact.sequence != without][:1]
        end = wrong[0].fact.sequence if wrong else records[-1].sequence + 1
        due = [one for one in facts if one.sequence < end and one.sequence != without and self._waits(one, parked)]
        return due, wrong, records[-1].sequence

    def _waits(self, fact: Fact[Any], parked: Parked) -> bool:
        return self.consumer.key(fact) == parked.key


def _left(parked: Parked, failed: Sequence[Refused], at: int, last: int) -> Parked | None:
    """Where the key waits once what was read up to `at` is applied."""
    if failed:
        return replace(parked, sequence=failed[0].fact.sequence, error=failed[0].error)
    return replace(parked, sequence=at + 1, error=UNFINISHED) if at < last else None


@dataclass(frozen=True)
class Waiting:
    """How many events of a parked key wait behind the one that failed; `more`: not all of the log was looked at."""

    events: int
    more: bool


@dataclass(frozen=True)
class Parking:
    """The parked keys of one read model or reaction, for an operator, beside a runner at work or without one."""

    model: ReadModel
    generations: Generations
    log: EventLog
    reader: Reader
    consumer: Callable[[ReadModel, ReadStore], Consumer]
    page: int = PAGE
    hold: float = HOLD_SECONDS

    async def parked(self) -> Sequence[Parked]:
        """The keys that wait, oldest first."""
        return await (await self.generations.live(self.model)).store.parked(self.model.name)

    async def waiting(self, parked: Parked) -> Waiting:
        """Counts what the log holds behind the event that failed. Raises EventFromTheFuture."""
        consumer = self.consumer(self.model, (await self.generations.live(self.model)).store)
        events, at = 0, parked.sequence
        while at < parked.sequence + COUNTED:
            records = await self.log.read_tenant(parked.topic, parked.tenant, at, self.page)
            if not records:
                return Waiting(events, more=False)
            facts, unreadable = await legible(self.reader, records, ())
            found = (*facts, *(one.fact for one in unreadable))
            events += sum(consumer.key(fact) == parked.key for fact in found)
            at = records[-1].sequence
        return Waiting(events, more=True)

    @asynccontextmanager
    async def still(self, parked: Parked) -> AsyncIterator[Parked | None]:
        """Where the key waits, which stays so until the block ends; None where it waits no more.

        Raises StoreUnavailable while a replay or a rebuild holds the model.
        """
        live = await self.generations.live(self.model)
        async with holding(self.generations, live, self.model.topics, self.hold):
            yield await self._now(live.store, parked)

    async def replay(self, parked: Parked) -> Parked | None:
        """Applies what waits, and frees the key; returns where it waits now, None when it does not.

        The model's runner stands still meanwhile and goes on by itself. Raises StoreUnavailable while somebody else
        holds the model, StoreRestored, and what stops a reader: what was applied stands, and the key waits from there.
        """
        while True:
            moved = False
            live = await self.generations.live(self.model)
            try:
                async with holding(self.generations, live, self.model.topics, self.hold) as held:
                    [owner] = [one for one in held.owners if one.topic == parked.topic]
                    waits = now = await self._now(live.store, parked)
                    if now is None:
                        return None
                    step = await self._stands(live.store, now)
                    until = Until(step.checkpoint.sequence, step, owner.offset)
                    async for left in self._replay(live.store).run(owner, now, until, offset=owner.offset):
                        moved, waits = True, left
                    return waits
            except OwnershipLost:
                # It took longer than it may hold the model: the runner had its turn, so this is the next one.
                if not moved:
                    raise

    async def _now(self, store: ReadStore, parked: Parked) -> Parked | None:
        return next((one for one in await store.parked(self.model.name) if one.id == parked.id), None)

    def _replay(self, store: ReadStore) -> Replay:
        patience = Patience(retries=0)
        consumer = self.consumer(self.model, store)
        return Replay(consumer, self.log, store, self.reader, patience, self.model.words, self.page)

    async def _stands(self, store: ReadStore, parked: Parked) -> Advance:
        """The tenant's step that leads nowhere: the key is to be freed exactly where the model stands."""
        point = (await store.checkpoints(self.model.name, parked.topic, [parked.tenant]))[parked.tenant]
        head = await self.log.tenant_head(parked.topic, parked.tenant)
        if not head.continues(point):
            raise StoreRestored(parked.topic)
        return Advance(parked.tenant, point, point)
