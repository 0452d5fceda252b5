"""Promise 4: a read model is rebuilt beside the one that serves, compared with it, and takes its place in one write."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from libs.events.declare import On, Projection, RowKey
from libs.events.errors import OwnershipLost, RebuildRunning
from libs.events.generations import picking
from libs.events.ports import Commit, Put
from libs.events.rebuild import Rebuild, RebuildFailed
from libs.events.testing import eventually
from tests.events import toy
from tests.events.rebuilding import (
    at_work,
    filled,
    generations,
    held,
    place_at,
    quiet,
    rebuild_of,
    rebuilt,
    serving,
    settled,
)
from tests.events.world import NOTICED, Place, World

MODEL = toy.COUNTERS


async def check_the_new_rows_are_the_same_and_serve(place: Place) -> None:
    async with place.open() as world:
        await filled(world)
        before = await held(world)
        report = await rebuilt(world, alone=True)
        assert (report.compared, report.differences.count, report.switched) == (True, 0, True)
        assert report.events == 37
        assert (await serving(world), await held(world)) == (2, before)
        await world.count("c-4", 7)
        await settled(world)
        assert (await world.row("c-4")).total == 7, "the new generation does not move on"


async def check_it_goes_on_beside_a_runner(place: Place) -> None:
    """Events come all the while; the runner that is stopped finds its way into the new generation."""
    async with place.open() as world, at_work(world):
        await filled(world, drained=False)
        done = asyncio.Event()

        async def busy() -> None:
            while not done.is_set():
                await world.count("c-1")
                await asyncio.sleep(0)

        counting = asyncio.create_task(busy())
        for generation in (2, 3):
            assert (await rebuilt(world)).switched
            assert await serving(world) == generation
        done.set()
        await counting
        end = (await world.history())[-1].sequence
        await eventually(lambda: _reached(world, end), within=10)
        async with place_at(place.folder / "anew").but(page=1).open() as anew:
            await _same_history(world, anew)
            assert await held(anew) == await held(world), "the rows are no fold of the log"


async def check_what_differs_does_not_serve(place: Place) -> None:
    async with place.open() as world:
        await filled(world)
        right = await held(world)
        await _spoil(world)
        wrong = await held(world)
        report = await rebuilt(world, alone=True)
        assert (report.differences.count, report.switched) == (3, False)
        told = {(one.id, one.what) for one in report.differences.shown}
        assert told == {("c-1", "other"), ("c-2", "missing"), ("c-9", "surplus")} or told == {
            ("c-1", "other"),
            ("c-2", "surplus"),
            ("c-9", "missing"),
        }
        assert (await serving(world), await held(world)) == (1, wrong)
        assert (await rebuilt(world, alone=True, accept=True)).switched
        assert await held(world) == right


async def check_a_fold_of_another_version_is_expected_to_differ(place: Place) -> None:
    async with place.open() as world:
        await filled(world)
    doubled = _doubling(MODEL)
    async with place_at(place.folder, (doubled,)).open() as world:
        old = await generations(world).live(doubled)
        assert (old.version, doubled.version) == (1, 2), "the old rows say which fold made them"
        assert (await world.row("c-1")).total == 22, "the old rows serve meanwhile"
        report = await rebuilt(world, doubled, alone=True)
        assert (report.switched, report.expected, report.differences.count) == (True, True, 6)
        assert (await world.row("c-1")).total == 44
        assert (await generations(world).live(doubled)).version == 2


async def check_a_late_write_of_the_old_owner_fails(place: Place) -> None:
    async with place.open() as world:
        await filled(world)
        owner = await world.reads.own("counters", "toys.events", 0)
        await rebuilt(world, alone=True)
        rows = await held(world)
        late = Commit(owner, 99, [], [Put("acme", RowKey(toy.COUNTER_ROWS, "c-1"), None)])
        with pytest.raises(OwnershipLost):
            await world.reads.commit(late)
        assert await held(world) == rows


async def check_a_request_sees_one_generation(place: Place) -> None:
    async with place.open() as world:
        await filled(world)
        await _spoil(world)
        with picking():
            before = await held(world)
            await rebuilt(world, alone=True, accept=True)
            assert await held(world) == before, "a request saw both"
        assert await held(world) != before


async def check_the_one_before_can_serve_again(place: Place) -> None:
    async with place.open() as world:
        await filled(world)
        await rebuilt(world, alone=True)
        await world.count("c-4", 7)
        await settled(world)
        rows = await held(world)
        found = await generations(world).roll_back(MODEL)
        assert (found.number, await serving(world)) == (1, 1)
        await settled(world)
        assert await held(world) == rows, "it does not catch up"
        with pytest.raises(LookupError, match="no generation to go back to"):
            await generations(world).roll_back(MODEL)
    async with place.open() as world:
        assert await serving(world) == 1
        assert (await rebuilt(world, alone=True)).generation == 3


CHECKS = (
    check_the_new_rows_are_the_same_and_serve,
    check_it_goes_on_beside_a_runner,
    check_what_differs_does_not_serve,
    check_a_fold_of_another_version_is_expected_to_differ,
    check_a_late_write_of_the_old_owner_fails,
    check_a_request_sees_one_generation,
    check_the_one_before_can_serve_again,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_it_holds(check: Any, tmp_path: Path) -> None:
    await check(place_at(tmp_path))


async def test_two_at_once_are_one_too_many(tmp_path: Path) -> None:
    async with place_at(tmp_path).open() as world, place_at(tmp_path).open() as other:
        await filled(world)
        async with generations(world).building(MODEL):
            with pytest.raises(RebuildRunning, match="counters"):
                await rebuilt(other, alone=True)
        assert (await rebuilt(other, alone=True)).switched


async def test_what_cannot_be_applied_ends_it_and_the_old_rows_serve(tmp_path: Path) -> None:
    """An event that is newer than the code: nothing was skipped to get past it."""
    async with place_at(tmp_path).open() as world:
        await filled(world)
    known = {name: shape for name, shape in toy.SHAPES.items() if "noted" not in name}
    registry = type(toy.TOYS)(known, {})
    async with place_at(tmp_path, registry=registry).open() as world:
        with pytest.raises(RebuildFailed, match="update the service"):
            await rebuilt(world, alone=True)
        assert (await serving(world), len(await held(world))) == (1, 6)


async def test_nothing_to_compare_with_is_no_difference(tmp_path: Path) -> None:
    async with place_at(tmp_path).open() as world:
        await filled(world, drained=False)
        report = await rebuilt(world, alone=True)
        assert (report.compared, report.switched) == (False, True)
        assert (await world.row("c-1")).total == 22


async def test_a_lost_register_begins_anew(tmp_path: Path) -> None:
    """Nobody knows of what age the files beside it are."""
    async with place_at(tmp_path).open() as world:
        await filled(world)
        await rebuilt(world, alone=True)
        rows = await held(world)
    for file in (tmp_path / "read").glob("toys.db*"):
        file.unlink()
    async with place_at(tmp_path).open() as world:
        assert await held(world) == {}
        await world.drain()
        assert (await serving(world), await held(world)) == (1, rows)


# --- planted faults ------------------------------------------------------------------------------------------------


class SwitchesAnyway(Rebuild):
    """Lets the new rows serve whatever they are."""

    async def run(self, told: Any, *, accept: bool = False) -> Any:
        return await super().run(told, accept=True)


async def test_rows_that_are_not_compared_are_noticed(tmp_path: Path) -> None:
    async with place_at(tmp_path).open() as world:
        await filled(world)
        await _spoil(world)
        sound = rebuild_of(world, alone=True)
        faulty = SwitchesAnyway(**{name: getattr(sound, name) for name in sound.__dataclass_fields__})
        report = await faulty.run(quiet)
        with pytest.raises(NOTICED):
            assert not report.switched


async def test_rows_that_do_not_follow_from_the_log_are_noticed(tmp_path: Path) -> None:
    """A fold that depends on how often it ran: live and rebuilt rows cannot be the same."""
    runs = 0

    def unsteady(row: toy.CounterRow | None, fact: Any) -> toy.CounterRow:
        nonlocal runs
        runs += 1
        return msgspec.structs.replace(toy.on_counted(row, fact), total=runs)

    on = tuple(On(one.event, one.collection, unsteady) if one.event is toy.Counted else one for one in MODEL.on)
    async with place_at(tmp_path, (replace(MODEL, on=on),)).open() as world:
        await filled(world)
        report = await rebuilt(world, replace(MODEL, on=on), alone=True)
        assert (report.switched, report.differences.count) == (False, 6)


# --- what they are made of ------------------------------------------------------------------------------------------


async def _spoil(world: World) -> None:
    """One row is wrong, one is lost, one is too many."""
    wrong = msgspec.structs.replace(await world.row("c-1"), total=-1)
    rows = {"c-1": wrong, "c-2": None, "c-9": toy.CounterRow(total=9)}
    owner = await world.reads.own("counters", "toys.events", 0)
    puts = [Put("acme", RowKey(toy.COUNTER_ROWS, id), row) for id, row in rows.items()]
    await world.reads.commit(Commit(owner, owner.offset, [], puts))


def _doubling(model: Projection) -> Projection:
    """The same model, that counts twice."""

    def doubled(row: toy.CounterRow | None, fact: Any) -> toy.CounterRow:
        before = row.total if row is not None else 0
        return msgspec.structs.replace(toy.on_counted(row, fact), total=before + 2 * fact.data.by)

    on = tuple(On(one.event, one.collection, doubled) if one.event is toy.Counted else one for one in model.on)
    return replace(model, version=2, on=on)


async def _reached(world: World, end: int) -> bool:
    points = await world.reads.checkpoints("counters", "toys.events", ["acme"])
    return "acme" in points and points["acme"].sequence >= end


async def _same_history(world: World, anew: World) -> None:
    """Folds the very log of another world."""
    for runner in anew.runners:
        runner.log, runner.reader = world.log, world.reader
    await anew.drain()
