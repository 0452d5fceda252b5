"""Promise 5, at once: replay, skip and rebuild of the same key lose nothing and double nothing, however they meet."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.read_models import SQLiteReadModels
from libs.events.errors import StoreUnavailable
from libs.events.parking import UNFINISHED, Parking
from libs.events.ports import Commit, Parked
from tests.events.getting_past import Cut, in_generations, parking, rebuilt, skip_the_parked, the_parked
from tests.events.test_promise_5_poison_parks import totals
from tests.events.test_promise_5_replay import HALF_MENDED, MENDED, HoldsNothing, KeepsItsPlace, poisoned
from tests.events.world import NOTICED, Place, World

ALL = 1 + 13 + 4 + 14 + 16 + 32 + 64
EACH = [1, 2, 4, 5, 7, 8, 9, 10]


async def right(world: World) -> None:
    """Each event once, nothing waits, what follows goes on, and a rebuild comes to the same rows."""
    assert await world.reads.parked("counters") == []
    row = await world.row("c-1")
    assert (row.total, row.seen) == (ALL, EACH)
    await world.count("c-1", 100)
    await world.drain()
    assert (await totals(world, "c-1"))["c-1"] == ALL + 100
    report = await rebuilt(world, MENDED)
    assert (report.compared, report.differences.count, report.switched) == (True, 0, True)


async def check_who_comes_while_a_replay_is_under_way_has_to_wait(place: Place, models: type[SQLiteReadModels]) -> None:
    await poisoned(place)
    async with in_generations(place, MENDED, kind=models).open() as world:
        operator, waits = parking(world, MENDED, page=2), await the_parked(world)
        store: Any = (await operator.generations.live(MENDED)).store
        commit, refused = store.commit, []

        async def meanwhile(one: Commit) -> None:
            await commit(one)
            for other in (_skips, _replays):
                with pytest.raises(StoreUnavailable, match="held by a rebuild or a replay: try again"):
                    await other(operator, waits)
                refused.append(other)

        store.commit = meanwhile
        assert await operator.replay(waits) is None
        store.commit = commit
        assert len(refused) >= 4
        async with operator.still(waits) as now:
            assert now is None, "it waits no more"
        assert await operator.replay(waits) is None
        await right(world)


async def _skips(operator: Parking, waits: Parked) -> None:
    async with operator.still(waits):
        raise AssertionError("somebody else has it")


async def _replays(operator: Parking, waits: Parked) -> None:
    await operator.replay(waits)


async def test_nobody_replays_while_a_skip_is_stated(tmp_path: Path) -> None:
    await poisoned(Place(tmp_path))
    async with in_generations(Place(tmp_path), MENDED).open() as world:
        operator, waits = parking(world, MENDED), await the_parked(world)
        async with operator.still(waits) as now:
            assert now == waits
            with pytest.raises(StoreUnavailable, match="try again"):
                await operator.replay(waits)
        assert await operator.replay(waits) is None
        await right(world)


async def test_a_skip_that_is_met_after_a_replay_changes_nothing(tmp_path: Path) -> None:
    await poisoned(Place(tmp_path))
    async with in_generations(Place(tmp_path), MENDED).open() as world:
        waits = await the_parked(world)
        await skip_the_parked(world)
        assert await parking(world, MENDED).replay(waits) is None
        await world.drain()
        await right(world)


async def test_a_skip_that_is_met_when_its_key_waits_further_on_frees_nothing_that_fails(tmp_path: Path) -> None:
    await poisoned(Place(tmp_path))
    async with in_generations(Place(tmp_path), HALF_MENDED).open() as world:
        waits = await the_parked(world)
        await skip_the_parked(world)
        left = await parking(world, HALF_MENDED).replay(waits)
        assert left is not None
        assert left.sequence == 7
        await world.drain()
        assert (await the_parked(world)).sequence == 7
    async with in_generations(Place(tmp_path), MENDED).open() as world:
        assert await parking(world, MENDED).replay(await the_parked(world)) is None
        await right(world)


async def check_a_skip_that_is_met_half_way_through_a_replay(place: Place, models: type[SQLiteReadModels]) -> None:
    """The runner goes on from there."""
    await poisoned(place)
    async with in_generations(place, MENDED, kind=models).open() as world:
        waits = await the_parked(world)
        await skip_the_parked(world)
        with suppress(Cut):
            await _cut_after_the_first_commit(parking(world, MENDED, page=2), waits)
        half = await the_parked(world)
        assert (half.sequence > waits.sequence, half.error) == (True, UNFINISHED)
    async with in_generations(place, MENDED, kind=models).open() as world:
        await world.drain()
        await right(world)


async def _cut_after_the_first_commit(operator: Parking, waits: Parked) -> None:
    live = await operator.generations.live(MENDED)
    commit = live.store.commit

    async def cutting(one: Commit) -> None:
        await commit(one)
        raise Cut

    live.store.commit = cutting  # type: ignore[method-assign]
    await operator.replay(waits)


CHECKS = [
    check_who_comes_while_a_replay_is_under_way_has_to_wait,
    check_a_skip_that_is_met_half_way_through_a_replay,
]
FAULTS = [(CHECKS[0], HoldsNothing), (CHECKS[1], KeepsItsPlace)]


@pytest.mark.parametrize("check", CHECKS)
async def test_the_promise(check: Any, tmp_path: Path) -> None:
    await check(Place(tmp_path), SQLiteReadModels)


@pytest.mark.parametrize(("check", "planted"), FAULTS)
async def test_a_planted_fault_is_found_out(check: Any, planted: Any, tmp_path: Path) -> None:
    with pytest.raises(NOTICED):
        await check(Place(tmp_path), planted)


# --- a rebuild ----------------------------------------------------------------------------------------------------


class Meets(SQLiteReadModels):
    """A rebuild that something happens beside: once its rows are loaded, or when it finds its model held."""

    loaded: Any = None
    holds: Any = None

    async def complete(self, loaded: Any) -> Any:
        if self.loaded is not None:
            await self.loaded()
        return await super().complete(loaded)

    async def hold(self, generation: Any, topics: Any, seconds: float) -> Any:
        try:
            return await super().hold(generation, topics, seconds)
        except StoreUnavailable:
            if self.holds is not None:
                self.holds()
            raise


async def test_a_replay_while_a_rebuild_loads(tmp_path: Path) -> None:
    await poisoned(Place(tmp_path))
    async with in_generations(Place(tmp_path), MENDED, kind=Meets).open() as world:
        reads: Any = world.reads
        waits, ended = await the_parked(world), []

        async def replay() -> None:
            reads.loaded = None
            ended.append(await parking(world, MENDED).replay(waits))

        reads.loaded = replay
        report = await rebuilt(world, MENDED)
        assert (ended, report.switched, report.differences.count) == ([None], True, 0)
        assert await parking(world, MENDED).replay(waits) is None, "in the generation that serves now it never waited"
        await world.drain()
        await right(world)


async def test_a_rebuild_waits_for_who_holds_its_model(tmp_path: Path) -> None:
    await poisoned(Place(tmp_path))
    async with in_generations(Place(tmp_path), MENDED, kind=Meets).open() as world:
        reads: Any = world.reads
        waits, met = await the_parked(world), asyncio.Event()
        reads.holds = met.set
        async with parking(world, MENDED).still(waits):
            rebuild = asyncio.create_task(rebuilt(world, MENDED))
            await asyncio.wait_for(met.wait(), 20)
            assert not rebuild.done()
        report = await asyncio.wait_for(rebuild, 20)
        assert report.switched
        await world.drain()
        await right(world)
