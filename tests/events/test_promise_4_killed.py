"""Promise 4: a rebuild killed anywhere leaves rows that serve and move on, and the next one comes to its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.read_models import SQLiteReadModels
from libs.events.errors import OwnershipLost, StoreUnavailable
from libs.events.ports import Generation, Ownership
from tests.events.rebuilding import dies_at, filled, held, place_at, rebuilt, serving, settled
from tests.events.test_promise_4_rebuilt import check_a_late_write_of_the_old_owner_fails
from tests.events.world import NOTICED, Place

CALLS = 40
"""More than a rebuild asks of the generations: the last of them come to their end."""


async def check_killed_anywhere(place: Place, calls: int) -> bool:
    """Whether it was killed at all at its n-th call."""
    async with place.open() as world:
        await filled(world)
        before = await held(world)
        died = await dies_at(world, calls)
    # The process is gone: another one finds the files as they are.
    async with place.open() as world:
        assert await held(world) == before, "rows are lost"
        await world.count("c-4", 7)
        await settled(world)
        rows = await held(world)
        assert rows == before | {"acme/c-4": rows["acme/c-4"]}
        assert rows["acme/c-4"].total == 7, "nobody moves the rows on"
    async with place.open() as world:
        number = await serving(world)
        report = await rebuilt(world, alone=True)
        assert (report.switched, report.differences.count, report.generation > number) == (True, 0, True)
        assert await held(world) == rows
    left = {path.name.split(".")[1] for path in (place.folder / "read").glob("counters.*.db")}
    assert left == {str(number), str(report.generation)}, "what an attempt left behind stays for ever"
    return died


async def test_killed_anywhere_the_old_rows_serve_and_the_next_attempt_ends(tmp_path: Path) -> None:
    died = [await check_killed_anywhere(place_at(tmp_path / str(calls)), calls) for calls in range(CALLS)]
    assert died == sorted(died, reverse=True)
    assert (died[0], died[-1]) == (True, False)


class HoldsForEver(SQLiteReadModels):
    """Holds a generation until it is let go, which a process that is killed never does."""

    async def hold(self, generation: Generation, topics: Any, seconds: float) -> Sequence[Ownership]:
        return await super().hold(generation, topics, 1e9)


class KeepsTheEpoch(SQLiteReadModels):
    """Lets the new rows serve while the old owner may still write to the old ones."""

    async def hold(self, generation: Generation, topics: Any, seconds: float) -> Sequence[Ownership]:
        return []


async def test_rows_that_nobody_may_move_on_are_noticed(tmp_path: Path) -> None:
    models = place_at(tmp_path).parts.models
    with pytest.raises((*NOTICED, StoreUnavailable)):
        for calls in range(CALLS):
            place = place_at(tmp_path / str(calls))
            await check_killed_anywhere(place.but(reads=lambda path: HoldsForEver(path, models)), calls)


async def test_an_old_owner_that_still_writes_is_noticed(tmp_path: Path) -> None:
    place = place_at(tmp_path)
    models = place.parts.models
    with pytest.raises(NOTICED):
        await check_a_late_write_of_the_old_owner_fails(place.but(reads=lambda path: KeepsTheEpoch(path, models)))


class TakenAtTheEnd(SQLiteReadModels):
    """Generations whose runner takes its partitions back just before the switch, as after a hold that was too short."""

    async def switch(self, held: Sequence[Ownership], live: Generation, to: Generation) -> None:
        await self.let_go(live, held)
        await self.own(live.model, held[0].topic, 0)
        await super().switch(held, live, to)


async def test_who_lost_the_model_is_told_what_happened_and_what_to_do(tmp_path: Path) -> None:
    place = place_at(tmp_path)
    async with place.but(reads=lambda path: TakenAtTheEnd(path, place.parts.models)).open() as world:
        await filled(world)
        before = await held(world)
        with pytest.raises(OwnershipLost) as lost:
            await rebuilt(world, alone=True)
        assert str(lost.value) == (
            "counters: somebody else has begun to write what it makes of toys.events; nothing is half-written, and a "
            "running cairn goes on by itself: give the command again"
        )
        assert (await held(world), await serving(world)) == (before, 1)
