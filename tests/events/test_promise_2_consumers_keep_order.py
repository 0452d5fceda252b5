"""Promise 2: whatever a log does to a tenant's sequence on the way, every projection applies it whole and in order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from libs.events.adapters.sqlite.event_log import SQLiteEventLog
from libs.events.consume import Runner
from libs.events.declare import Collection, On, Projection, RowKey
from libs.events.envelope import Fact
from libs.events.ports import Checkpoint, EventLog, Record, Signal, TenantHead
from tests.events import toy
from tests.events.world import NOTICED, Check, Place, World

TENANTS = ("acme", "other", "third")
TOPIC = "toys.events"


class Journal(msgspec.Struct, frozen=True):
    """All that a tenant's counters saw, in the order in which it was applied."""

    seen: list[int] = []


JOURNALS = Collection("journals", Journal)


def _enter(row: Journal | None, fact: Fact[Any]) -> Journal:
    return Journal([*(row or Journal()).seen, fact.sequence])


def _the_one(_: Fact[Any]) -> tuple[str, ...]:
    return ("all",)


KEPT_JOURNAL = Projection(
    "kept_journal",
    1,
    (TOPIC,),
    tuple(On(event, JOURNALS, _enter, _the_one) for event in (toy.CounterMade, toy.Counted, toy.Noted)),
    key=lambda fact: fact.tenant,
)

Mangle = Callable[[list[Record], random.Random], list[Record]]


@dataclass
class MangledLog:
    """The real log, but what comes new is delivered as `mangle` has it; offsets still rise, as on any log.

    `lost` holds the sequences of a tenant that not even the store behind the log has any more.
    """

    real: EventLog
    mangle: Mangle
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    delivered: dict[str, list[Record]] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    lost: dict[str, set[int]] = field(default_factory=dict)

    async def partitions(self, topic: str) -> Sequence[int]:
        return await self.real.partitions(topic)

    async def read(self, topic: str, partition: int, after: int, limit: int) -> Sequence[Record]:
        fresh = list(await self.real.read(topic, partition, self.taken.get(topic, 0), 1_000_000))
        if fresh:
            self.taken[topic] = fresh[-1].offset
        delivered = self.delivered.setdefault(topic, [])
        for record in self.mangle(fresh, self.chance):
            delivered.append(replace(record, offset=len(delivered) + 1))
        return delivered[after : after + limit]

    async def read_tenant(self, topic: str, tenant: str, after: int, limit: int) -> Sequence[Record]:
        records = await self.real.read_tenant(topic, tenant, after, limit)
        return [record for record in records if record.sequence not in self.lost.get(tenant, ())]

    async def end(self, topic: str, partition: int) -> int:
        return len(self.delivered.get(topic, ()))

    async def tenant_head(self, topic: str, tenant: str) -> TenantHead:
        return await self.real.tenant_head(topic, tenant)

    def signal(self, topics: Iterable[str]) -> Signal:
        return self.real.signal(topics)


def as_it_is(records: list[Record], _: random.Random) -> list[Record]:
    """Nothing happens."""
    return records


def repeats(records: list[Record], chance: random.Random) -> list[Record]:
    """Any part comes again, later."""
    again = [*records]
    for _ in range(len(records) // 3):
        start = chance.randrange(len(records))
        again += records[start : start + chance.randrange(1, 6)]
    return again


def drops(records: list[Record], chance: random.Random) -> list[Record]:
    """A third never comes."""
    return [record for record in records if chance.random() > 0.33]


def reorders(records: list[Record], chance: random.Random) -> list[Record]:
    """What is near changes places."""
    return sorted(records, key=lambda record: record.offset + chance.randrange(8))


def everything(records: list[Record], chance: random.Random) -> list[Record]:
    """All of it."""
    return reorders(drops(repeats(records, chance), chance), chance)


def mangled(place: Place, mangle: Mangle, *, seed: int = 0, page: int = 500) -> Place:
    """The place with a log that does this."""
    return place.but(
        log=lambda stores: MangledLog(SQLiteEventLog(stores), mangle, random.Random(seed)),
        projections=(toy.COUNTERS, KEPT_JOURNAL),
        page=page,
    )


async def journal(world: World, tenant: str) -> list[int]:
    """What was applied for a tenant, in order."""
    found = await world.reads.get_many(tenant, [RowKey(JOURNALS, "all")])
    return found[RowKey(JOURNALS, "all")].seen if found else []


async def _work(world: World, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(40):
        counter, tenant = f"c-{chance.randrange(3)}", chance.choice(TENANTS)
        await world.count(counter, chance.randrange(1, 9), tenant=tenant)
        if chance.random() < 0.2:
            await world.drain()


async def check_every_tenant_is_applied_whole_and_in_order(place: Place) -> None:
    for seed, mangle in enumerate((as_it_is, repeats, drops, reorders, everything, everything)):
        broken = mangled(Place(place.folder / str(seed), place.parts), mangle, seed=seed, page=(500, 7, 1)[seed % 3])
        async with broken.open() as world:
            await _work(world, seed)
            await world.drain()
            assert isinstance(world.log, MangledLog)
            world.log.mangle = as_it_is  # who was dropped last is noticed by who comes next
            for tenant in TENANTS:
                await world.count("c-0", tenant=tenant)
            await world.drain()
            for tenant in TENANTS:
                head = (await world.store.tenant_head(tenant)).sequence
                assert await journal(world, tenant) == list(range(1, head + 1))
                for counter, row in (await world.rows("c-0", "c-1", "c-2", tenant=tenant)).items():
                    assert row.total == (await world.state(counter, tenant=tenant)).total
            assert [runner.stopped for runner in world.runners] == [None] * 3


def _cut(*sequences: int) -> Mangle:
    return lambda records, _: [record for record in records if record.sequence in sequences]


async def check_lower_is_dropped(place: Place) -> None:
    async with mangled(place, lambda records, _: [*records, *records, *records[:1]]).open() as world:
        for by in (1, 2, 3):
            await world.count("c", by)
        await world.drain()
        assert await journal(world, "acme") == [1, 2, 3]
        assert (await world.row("c")).total == 6


async def check_higher_is_filled_first(place: Place) -> None:
    async with mangled(place, _cut(1, 5), page=2).open() as world:
        for by in (1, 2, 3, 4, 5):
            await world.count("c", by)
        await world.drain()
        assert await journal(world, "acme") == [1, 2, 3, 4, 5]
        assert (await world.row("c")).total == 15


async def check_a_gap_that_stays_stops_the_consumer(place: Place) -> None:
    place = mangled(place, _cut(1, 2, 5), page=2)
    async with place.open() as world:
        assert isinstance(world.log, MangledLog)
        world.log.lost = {"acme": {4}}
        for by in (1, 2, 3, 4, 5):
            await world.count("c", by)
        await world.drain()
        for name in ("counters", "kept_journal"):
            stopped = world.runner(name).stopped
            assert stopped is not None
            assert stopped.startswith("sequence_gap: ")
            assert (await world.reads.checkpoints(name, TOPIC, ["acme"]))["acme"].sequence == 2
        assert await journal(world, "acme") == [1, 2]
        assert world.runner("counters", "tags.events").stopped is None
    async with place.open() as world:
        await world.drain()
        assert await journal(world, "acme") == [1, 2, 3, 4, 5], "found again, it goes on from where it stood"


CHECKS: list[Check] = [
    check_every_tenant_is_applied_whole_and_in_order,
    check_lower_is_dropped,
    check_higher_is_filled_first,
    check_a_gap_that_stays_stops_the_consumer,
]


@pytest.mark.parametrize("check", CHECKS)
async def test_consumers_keep_order(tmp_path: Path, check: Check) -> None:
    await check(Place(tmp_path))


# --- planted faults -----------------------------------------------------------------------------------------------


class TrustsTheLog(Runner):
    """Planted: what comes is applied as it comes."""

    async def _judge(self, records: Sequence[Record]) -> tuple[list[Record], dict[str, Checkpoint]]:
        return list(records), {one.tenant: Checkpoint(one.store_id, one.sequence) for one in records}


class NeverFills(Runner):
    """Planted: a gap is jumped."""

    async def _fill(self, record: Record, last: int) -> list[Record]:
        return []


class FillsWhatThereIs(Runner):
    """Planted: what the store lacks is not missed."""

    async def _fill(self, record: Record, last: int) -> list[Record]:
        found = await self.log.read_tenant(self.topic, record.tenant, last, self.page)
        return [one for one in found if one.sequence < record.sequence]


class FillsAfterwards(Runner):
    """Planted: what was missing is applied behind the one that showed it."""

    async def _judge(self, records: Sequence[Record]) -> tuple[list[Record], dict[str, Checkpoint]]:
        due, reached = await super()._judge(records)
        known = {(one.tenant, one.sequence) for one in records}
        return sorted(due, key=lambda one: (one.tenant, one.sequence) not in known), reached


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (TrustsTheLog, check_every_tenant_is_applied_whole_and_in_order),
        (TrustsTheLog, check_lower_is_dropped),
        (NeverFills, check_every_tenant_is_applied_whole_and_in_order),
        (NeverFills, check_higher_is_filled_first),
        (NeverFills, check_a_gap_that_stays_stops_the_consumer),
        (FillsWhatThereIs, check_a_gap_that_stays_stops_the_consumer),
        (FillsAfterwards, check_higher_is_filled_first),
    ],
)
async def test_a_planted_fault_is_noticed(tmp_path: Path, fault: type[Runner], check: Check) -> None:
    with pytest.raises(NOTICED):
        await check(Place(tmp_path).but(runner=fault))
