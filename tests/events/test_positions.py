"""Many who wait for what another process folds look at the store together, not each for itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from time import monotonic

import pytest

from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.errors import NotCaughtUp, StoreUnavailable
from libs.events.ports import Checkpoint
from libs.events.positions import POLL_SECONDS, Positions
from libs.events.testing import eventually
from tests.events import toy
from tests.events.world import Place

CROWD = 50


class Looks(SQLiteReadStore):
    """Counts the looks at checkpoints, by tenant."""

    fails = False

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.seen: Counter[str] = Counter()

    async def checkpoints(
        self, projection: str, topic: str, tenants: Iterable[str] | None = None
    ) -> Mapping[str, Checkpoint]:
        names = list(tenants or ())
        self.seen.update(names)
        if self.fails:
            raise StoreUnavailable("told to")
        return await super().checkpoints(projection, topic, names)


class EachForItself(Positions):
    """Planted: nobody's look is good enough for another."""

    async def _stored(self, place: tuple[str, str, str], age: float) -> int:
        return await self._look(place)


async def check_a_crowd_looks_once(place: Place) -> None:
    """One look at the beginning and one a period, by tenant; and all of them end when it is reached."""
    async with place.but(reads=Looks).open() as asking, place.open() as running:
        assert isinstance(asking.reads, Looks)
        for tenant in ("acme", "beta"):
            await asking.count("c-1", tenant=tenant)
        waiting = [
            asyncio.create_task(asking.positions.wait(tenant, {"toys": 1}, [toy.COUNTERS], within=5))
            for tenant in ("acme", "beta")
            for _ in range(CROWD)
        ]
        try:
            started, seen = monotonic(), asking.reads.seen

            async def several() -> bool:
                return min(seen["acme"], seen["beta"]) >= 4

            await eventually(several)
            most = 2 + (monotonic() - started) / POLL_SECONDS
            assert max(seen.values()) <= most, seen
            assert not any(one.done() for one in waiting)
            await running.drain()
            await asyncio.wait_for(asyncio.gather(*waiting), 5)
        finally:
            for one in waiting:
                one.cancel()
            await asyncio.wait(waiting)


async def test_a_crowd_looks_once(tmp_path: Path) -> None:
    await check_a_crowd_looks_once(Place(tmp_path))


async def test_a_crowd_that_looks_each_for_itself_is_found_out(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        await check_a_crowd_looks_once(Place(tmp_path).but(positions=EachForItself))


async def test_who_comes_later_looks_anew(tmp_path: Path) -> None:
    """Somebody else's look of a moment ago may be older than what is asked for, so the first look is an own one."""
    async with Place(tmp_path).open() as asking, Place(tmp_path).open() as running:
        await asking.count("c-1")
        with pytest.raises(NotCaughtUp):
            await asking.positions.wait("acme", {"toys": 1}, [toy.COUNTERS], within=0)
        await running.drain()
        await asking.positions.wait("acme", {"toys": 1}, [toy.COUNTERS], within=0)


async def test_one_who_gives_up_takes_nobody_along(tmp_path: Path) -> None:
    async with Place(tmp_path).open() as asking, Place(tmp_path).open() as running:
        await asking.count("c-1")
        waiting = [
            asyncio.create_task(asking.positions.wait("acme", {"toys": 1}, [toy.COUNTERS], within=5)) for _ in range(2)
        ]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await running.drain()
        await asyncio.wait_for(waiting[1], 5)
        assert waiting[0].cancelled()


async def test_a_store_in_trouble_is_told_to_all(tmp_path: Path) -> None:
    """And who asks after it has recovered is answered."""
    async with Place(tmp_path).but(reads=Looks).open() as world:
        assert isinstance(world.reads, Looks)
        await world.count("c-1")
        world.reads.fails = True
        waits = [world.positions.wait("acme", {"toys": 1}, [toy.COUNTERS], within=1) for _ in range(3)]
        told = await asyncio.gather(*waits, return_exceptions=True)
        assert [type(one) for one in told] == [StoreUnavailable] * 3
        world.reads.fails = False
        with pytest.raises(NotCaughtUp):
            await world.positions.wait("acme", {"toys": 1}, [toy.COUNTERS], within=0)
