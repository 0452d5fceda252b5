"""Promise 11: a consumer whose store was restored, or is another one, stops before it applies anything wrong."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.event_log import SQLiteEventLog
from libs.events.consume import Runner
from libs.events.ports import Checkpoint, Record, TenantHead
from libs.events.testing import eventually
from tests.events import toy
from tests.events.world import NOTICED, Check, Place, World

TOPIC = "toys.events"
TENANTS = ("acme", "other")


def _file(place: Place) -> Path:
    return place.folder / "events" / "toys.db"


def _back_up(place: Place) -> Path:
    """A copy of a closed store's file."""
    copy = place.folder / "backup.db"
    shutil.copyfile(_file(place), copy)
    return copy


def _restore(place: Place, copy: Path) -> None:
    """The copy in the place of the file, as an operator would do it."""
    for old in _file(place).parent.glob("toys.db*"):
        old.unlink()
    shutil.copyfile(copy, _file(place))


def _renew_id(place: Place) -> None:
    file = sqlite3.connect(_file(place), isolation_level=None)
    file.execute("UPDATE store SET store_id='renewed'")
    file.close()


async def _applied(world: World) -> tuple[Any, Mapping[str, Checkpoint]]:
    """Rows and checkpoints: what a stopped consumer leaves as it is."""
    rows = {tenant: await world.rows("c", "d", tenant=tenant) for tenant in TENANTS}
    return rows, await world.reads.checkpoints("counters", TOPIC, TENANTS)


async def _work(place: Place, *counts: str) -> None:
    """One count for each tenant named, all applied."""
    async with place.open() as world:
        for tenant in counts:
            await world.count("c", 5, tenant=tenant)
        await world.drain()
        assert [runner.stopped for runner in world.runners] == [None] * len(world.runners)


async def _assert_stopped(place: Place, *, and_then: Sequence[str] = TENANTS) -> None:
    """The consumer applies nothing, neither now nor after more has happened, and says why."""
    async with place.open() as world:
        before = await _applied(world)
        await world.drain()
        for tenant in and_then:
            for _ in range(8):
                await world.count("d", 1, tenant=tenant)
        await world.drain()
        stopped = world.runner().stopped
        assert stopped is not None, "it was not noticed"
        assert stopped.startswith("store_restored: ")
        assert await _applied(world) == before


async def check_a_restored_copy_stops_the_consumer(place: Place) -> None:
    await _work(place, "acme", "acme", "other")
    copy = _back_up(place)
    await _work(place, "acme", "other")
    _restore(place, copy)
    await _assert_stopped(place, and_then=())
    await _assert_stopped(place)


async def check_one_tenant_behind_is_enough(place: Place) -> None:
    await _work(place, "acme", "other")
    copy = _back_up(place)
    await _work(place, "acme")
    _restore(place, copy)
    async with place.open() as world:
        for _ in range(5):
            await world.count("c", tenant="other")  # nobody consumes meanwhile
        heads = [(await world.log.tenant_head(TOPIC, tenant)).sequence for tenant in TENANTS]
        points = await world.reads.checkpoints("counters", TOPIC, TENANTS)
        assert heads == [1, 6]
        assert [points[tenant].sequence for tenant in TENANTS] == [2, 1]
    await _assert_stopped(place, and_then=("other",))


async def check_a_renewed_id_stops_the_consumer(place: Place) -> None:
    await _work(place, "acme", "other")
    _renew_id(place)
    await _assert_stopped(place)


async def check_another_store_in_its_place_stops_the_consumer(place: Place) -> None:
    await _work(place, "acme", "other")
    for old in _file(place).parent.glob("toys.db*"):
        old.unlink()
    async with place.open() as world:
        for _ in range(5):
            for tenant in TENANTS:
                await world.count("d", 7, tenant=tenant)
    await _assert_stopped(place)


async def check_it_is_noticed_while_it_runs(place: Place, within: float = 30) -> None:
    async with place.open() as world:

        async def stopped() -> bool:
            return world.runner().stopped is not None

        await world.count("c", 5)
        running = asyncio.create_task(world.runner().run())
        await world.positions.wait("acme", {"toys": 1}, [toy.COUNTERS], within=10)
        before = await _applied(world)
        _renew_id(place)
        await world.count("c", 5)
        await eventually(stopped, within=within)
        running.cancel()
        assert str(world.runner().stopped).startswith("store_restored: ")
        assert await _applied(world) == before


async def check_another_topic_goes_on(place: Place) -> None:
    await _work(place, "acme", "other")
    _renew_id(place)
    async with place.open() as world:
        await world.drain()
        await world.tag("c", "seen")
        await world.drain()
        assert str(world.runner().stopped).startswith("store_restored: ")
        assert world.runner(topic="tags.events").stopped is None
        row = await world.row("c")
        assert (row.tag, row.total) == ("seen", 5)


async def check_a_reaction_stops_too(place: Place) -> None:
    place = place.but(reactions=(toy.TAG_NEW_COUNTERS,))
    async with place.open() as world:
        await world.make("c")
        await world.drain()
    _renew_id(place)
    async with place.open() as world:
        await world.make("d")
        await world.drain()
        assert str(world.runner("tag_new_counters").stopped).startswith("store_restored: ")
        assert len(await world.history(service="tags")) == 1, "nothing is commanded on a doubtful history"


async def check_nothing_is_noticed_where_nothing_happened(place: Place) -> None:
    await _work(place, "acme", "other")
    await _work(place, "acme")
    copy = _back_up(place)
    _restore(place, copy)
    await _work(place, "acme", "other", "third")
    async with place.open() as world:
        await world.drain()
        assert (await world.row("c")).total == 15


CHECKS: list[Check] = [
    check_a_restored_copy_stops_the_consumer,
    check_one_tenant_behind_is_enough,
    check_a_renewed_id_stops_the_consumer,
    check_another_store_in_its_place_stops_the_consumer,
    check_it_is_noticed_while_it_runs,
    check_another_topic_goes_on,
    check_a_reaction_stops_too,
    check_nothing_is_noticed_where_nothing_happened,
]


@pytest.mark.parametrize("check", CHECKS)
async def test_a_restore_is_noticed(tmp_path: Path, check: Check) -> None:
    await check(Place(tmp_path))


# --- planted faults -----------------------------------------------------------------------------------------------


class NeverBehind(SQLiteEventLog):
    """Planted: the head is wherever somebody believes it to be."""

    async def tenant_head(self, topic: str, tenant: str) -> TenantHead:
        return replace(await super().tenant_head(topic, tenant), sequence=2**31)


class OneHeadForAll(SQLiteEventLog):
    """Planted: the head is the store's and not the tenant's."""

    async def tenant_head(self, topic: str, tenant: str) -> TenantHead:
        return replace(await super().tenant_head(topic, tenant), sequence=await self.end(topic, 0))


class HasNoId(SQLiteEventLog):
    """Planted: every store is the same store."""

    async def tenant_head(self, topic: str, tenant: str) -> TenantHead:
        return replace(await super().tenant_head(topic, tenant), store_id="the store")

    async def read(self, topic: str, partition: int, after: int, limit: int) -> Sequence[Record]:
        return [replace(one, store_id="the store") for one in await super().read(topic, partition, after, limit)]


class LooksAtTheStartOnly(Runner):
    """Planted: once it runs, records may come from anywhere."""

    async def _judge(self, records: Sequence[Record]) -> tuple[list[Record], dict[str, Checkpoint]]:
        known = {tenant: point.store_id for tenant, point in self._checkpoints.items()}
        return await super()._judge([replace(one, store_id=known.get(one.tenant, one.store_id)) for one in records])


class StopsAllTopics(Runner):
    """Planted: one topic's trouble stops the whole projection."""

    async def step(self) -> bool:
        busy = await super().step()
        points = await self.reads.checkpoints(self.consumer.name, TOPIC)
        for tenant, point in points.items():
            if (await self.log.tenant_head(TOPIC, tenant)).store_id != point.store_id:
                self.stopped = "store_restored: as another of this projection's topics"
        return busy


class AlwaysSuspects(Runner):
    """Planted: a restart counts as a restore."""

    async def _own(self) -> Any:
        points = await self.reads.checkpoints(self.consumer.name, self.topic)
        owner = await super()._own()
        if points:
            self.stopped = "store_restored: somebody was here before"
        return owner


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ({"log": NeverBehind}, check_a_restored_copy_stops_the_consumer),
        ({"log": NeverBehind}, check_one_tenant_behind_is_enough),
        ({"log": OneHeadForAll}, check_one_tenant_behind_is_enough),
        ({"log": HasNoId}, check_a_renewed_id_stops_the_consumer),
        ({"log": HasNoId}, check_another_store_in_its_place_stops_the_consumer),
        ({"log": HasNoId}, check_a_reaction_stops_too),
        ({"runner": StopsAllTopics}, check_another_topic_goes_on),
        ({"runner": AlwaysSuspects}, check_nothing_is_noticed_where_nothing_happened),
    ],
)
async def test_a_planted_fault_is_noticed(tmp_path: Path, fault: dict[str, Any], check: Check) -> None:
    with pytest.raises(NOTICED):
        await check(Place(tmp_path).but(**fault))


async def test_a_runner_that_looks_at_the_start_only_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        await check_it_is_noticed_while_it_runs(Place(tmp_path).but(runner=LooksAtTheStartOnly), within=0.5)
