"""Around a replay: what an operator is told of parked keys, and where a replay has to stop."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from libs.events.errors import EventFromTheFuture, StoreRestored
from libs.events.ports import Advance, Commit
from libs.events.testing import eventually
from tests.events.getting_past import all_rows, in_generations, parking, the_parked
from tests.events.test_promise_5_poison_parks import UNLUCKY, totals
from tests.events.test_promise_5_replay import FAULTY, MENDED, poisoned
from tests.events.test_promise_6_future_stops import append_as_is, future
from tests.events.world import Place


async def test_a_runner_that_is_idle_sees_that_a_key_is_free(tmp_path: Path) -> None:
    """What it says of itself is true before anything new comes."""
    await poisoned(Place(tmp_path))
    place = in_generations(Place(tmp_path), MENDED)
    async with place.open() as world, place.open() as beside:
        runner = world.runner()
        await world.drain()
        assert (runner.parked, runner.first_parked) == (1, 4)
        assert await parking(beside, MENDED).replay(await the_parked(beside)) is None
        running = asyncio.create_task(runner.run())

        async def free() -> bool:
            return (runner.parked, runner.first_parked) == (0, 0)

        await eventually(free)
        running.cancel()


async def test_a_long_replay_takes_turns_with_the_runner(tmp_path: Path) -> None:
    """Whoever may hold the model no longer loses it, and goes on from there; nothing is applied twice or left out."""
    await poisoned(Place(tmp_path))
    async with in_generations(Place(tmp_path), MENDED).open() as world:
        held = parking(world, MENDED, page=1, hold=0)
        store: Any = (await held.generations.live(MENDED)).store
        commit, turns = store.commit, []

        async def taking_turns(one: Commit) -> None:
            await commit(one)
            if one.released and one.parked and len(turns) < 3:
                turns.append(one)
                world.runner()._owner = None
                await world.count("c-1", 1)
                await world.runner().step()

        store.commit = taking_turns
        assert await held.replay(await the_parked(world)) is None
        assert len(turns) == 3
        world.runner()._owner = None
        await world.drain()
        row = await world.row("c-1")
        assert (row.seen, row.total) == ([1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13], 144 + 3)


async def test_what_is_free_already_is_left_alone(tmp_path: Path) -> None:
    await poisoned(Place(tmp_path))
    async with in_generations(Place(tmp_path), MENDED).open() as world:
        waits = await the_parked(world)
        before = await all_rows(world)
        other = replace(waits, key="acme/counter/c-2")
        assert await parking(world, MENDED).replay(other) is None
        assert await all_rows(world) == before
        assert await world.reads.parked("counters") == [waits]


async def test_what_waits_is_counted(tmp_path: Path) -> None:
    """The key's own events behind the one that failed, of that tenant."""
    await poisoned(Place(tmp_path))
    async with in_generations(Place(tmp_path), FAULTY).open() as world:
        held = parking(world, FAULTY)
        [waits] = await held.parked()
        found = await held.waiting(waits)
        assert (found.events, found.more) == (5, False)


async def test_what_stops_a_reader_stops_a_replay(tmp_path: Path) -> None:
    """Code that is older than the log mends nothing; what was applied stands, and the message says what to do."""
    place = in_generations(Place(tmp_path), FAULTY)
    async with place.open() as world:
        await world.count("c-1", UNLUCKY)
        await world.count("c-1", 1)
        await world.drain()
        await append_as_is(world, future("toys.counted.v9"))
        live = await world.reads.live(FAULTY)  # type: ignore[attr-defined]
        point = (await live.store.checkpoints("counters", "toys.events"))["acme"]
        owner = await live.store.own("counters", "toys.events", 0)
        parked = await the_parked(world)
        await live.store.commit(Commit(owner, 3, [Advance("acme", point, replace(point, sequence=3))]))
        with pytest.raises(EventFromTheFuture, match="update the service"):
            await parking(world, MENDED, page=1).replay(parked)
        assert (await the_parked(world)).sequence == 3
        assert await totals(world, "c-1") == {"c-1": 14}


async def test_another_store_is_not_replayed(tmp_path: Path) -> None:
    await poisoned(Place(tmp_path))
    for file in (tmp_path / "events").glob("toys.db*"):
        file.unlink()
    async with in_generations(Place(tmp_path), MENDED).open() as world:
        await world.count("c-1", 1)
        with pytest.raises(StoreRestored):
            await parking(world, MENDED).replay(await the_parked(world))
