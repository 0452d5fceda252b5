"""Promise 3, ownership: who lost a partition writes nothing any more, notices, and begins again from what is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.consume import Runner
from libs.events.errors import OwnershipLost
from libs.events.ports import Commit, Ownership
from libs.events.testing import eventually
from tests.events.test_promise_3_effects_once import HISTORY, WHOLE, fill, standing
from tests.events.world import Place, World


@asynccontextmanager
async def running(world: World) -> AsyncIterator[None]:
    """The world's runner of toys at work, as it is in a process."""
    task = asyncio.create_task(world.runner().run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def check_a_zombie_writes_nothing(place: Place) -> None:
    """Who lost the partition fails at its next write, even if its heir has not written yet; then it reloads."""
    async with place.but(page=1).open() as old, place.but(page=2).open() as heir:
        await fill(old)
        await old.runner().step()
        assert await standing(old) == (1, [1], 1)
        await heir.reads.own("counters", "toys.events", 0)
        with pytest.raises(OwnershipLost):
            await old.runner().step()
        assert await standing(old) == (1, [1], 1), "the late write left something"
        await heir.runner().step()
        assert await standing(old) == (3, [1, 2, 3], 3)
        async with running(old):
            await eventually(lambda: reached(old), within=2)
        assert await standing(heir) == WHOLE


async def check_two_that_fight_lose_nothing(place: Place) -> None:
    """Two at once on one partition hinder each other, and every event still counts once."""
    async with place.but(page=1).open() as one, place.but(page=2).open() as other:
        await fill(one)
        async with running(one), running(other):
            await eventually(lambda: reached(one), within=10)
            await one.count("c-1")
            await eventually(lambda: reached(one, HISTORY + 1), within=10)
        assert (await standing(one))[1] == [*WHOLE[1], HISTORY + 1]
        assert (one.runner().stopped, other.runner().stopped) == (None, None)


async def reached(world: World, last: int = HISTORY) -> bool:
    """Whether everything up to a sequence is applied."""
    return (await standing(world))[2] == last


async def test_a_zombie_writes_nothing(tmp_path: Path) -> None:
    await check_a_zombie_writes_nothing(Place(tmp_path))


async def test_two_that_fight_lose_nothing(tmp_path: Path) -> None:
    await check_two_that_fight_lose_nothing(Place(tmp_path))


async def test_every_owner_has_a_higher_epoch(tmp_path: Path) -> None:
    async with Place(tmp_path).open() as world, Place(tmp_path).open() as other:
        epochs = [(await one.reads.own("counters", "toys.events", 0)).epoch for one in (world, other, world, other)]
        assert epochs == sorted(set(epochs))
        assert (await world.reads.own("counters", "tags.events", 0)).epoch < epochs[-1], "each partition has its own"


# --- planted faults ---------------------------------------------------------------------------------------------


class IgnoresEpoch(SQLiteReadStore):
    """Planted: taking the partition raises nothing."""

    async def own(self, projection: str, topic: str, partition: int) -> Ownership:
        insert = "INSERT OR IGNORE INTO ownership VALUES (?,?,?,1,0)"
        await self._database.write(lambda connection: connection.execute(insert, (projection, topic, partition)))
        return Ownership(projection, topic, partition, 1, 0)


class WritesAnyway(SQLiteReadStore):
    """Planted: neither the epoch nor the checkpoint is looked at."""

    async def commit(self, commit: Commit) -> None:
        owner = await self.own(commit.owner.projection, commit.owner.topic, commit.owner.partition)
        stored = await self.checkpoints(owner.projection, owner.topic, [step.tenant for step in commit.advances])
        advances = [replace(step, previous=stored.get(step.tenant)) for step in commit.advances]
        await super().commit(replace(commit, owner=owner, advances=advances))


class SwallowsTheLoss(SQLiteReadStore):
    """Planted: a late write fails in silence."""

    async def commit(self, commit: Commit) -> None:
        with suppress(OwnershipLost):
            await super().commit(commit)


class NeverReloads(Runner):
    """Planted: takes the partition back and goes on from what it remembers."""

    async def _own(self) -> Ownership:
        before, offset = dict(self._checkpoints), self._offset
        owner = await super()._own()
        self._checkpoints, self._offset = before or self._checkpoints, offset or self._offset
        return owner


class GivesUp(Runner):
    """Planted: stands still for good when it loses the partition once."""

    async def step(self) -> bool:
        try:
            return await super().step()
        except OwnershipLost:
            self.stopped = "ownership_lost"
            return False


@pytest.mark.parametrize(
    ("check", "parts"),
    [
        (check_a_zombie_writes_nothing, {"reads": IgnoresEpoch}),
        (check_a_zombie_writes_nothing, {"reads": SwallowsTheLoss}),
        (check_a_zombie_writes_nothing, {"runner": NeverReloads}),
        (check_a_zombie_writes_nothing, {"reads": WritesAnyway}),
        (check_two_that_fight_lose_nothing, {"runner": GivesUp}),
    ],
)
async def test_a_planted_fault_is_found_out(check: Any, parts: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await check(Place(tmp_path).but(**parts))
