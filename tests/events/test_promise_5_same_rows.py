"""Promise 5, skips and rebuilds: rows that serve and rows folded anew leave out the same events, at the same place."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from libs.events.consume import Runner
from libs.events.declare import Fold, Projection, RowKey
from libs.events.skipping import skip
from tests.events.getting_past import all_rows, anew, by_tenant, in_generations, rebuilt, skip_the_parked, the_parked
from tests.events.teams import BREAKS, TEAM_ROWS, TEAMS
from tests.events.test_promise_5_poison_parks import UNLUCKY, totals
from tests.events.test_promise_5_skip import FAULTY, get_past, story
from tests.events.world import NOTICED, Place


async def test_a_rebuild_finds_no_difference(tmp_path: Path) -> None:
    """Compared with the rows that serve at the same position; before the skip it parks what they park."""
    place = in_generations(Place(tmp_path), FAULTY)
    async with place.open() as world:
        await story(world)
        await world.drain()
        report = await rebuilt(world, FAULTY)
        assert (report.switched, report.differences.count, report.parked) == (True, 0, 1)
    async with place.open() as world:
        await get_past(world)
        report = await rebuilt(world, FAULTY)
        assert (report.switched, report.compared, report.differences.count, report.parked) == (True, True, 0, 0)
        assert (await world.row("c-1")).total == 117
        assert await world.reads.parked("counters") == []


async def test_a_whole_tenant_is_set_free(tmp_path: Path) -> None:
    """Where rows depend on each other all of a tenant waits, and all of it is applied where the log says so."""
    model: Fold = replace(TEAM_ROWS, key=lambda fact: fact.tenant)
    place = in_generations(Place(tmp_path), model).but(page=3)
    teams = [RowKey(TEAMS, name) for name in ("ann", "ben")]
    async with place.open() as world:
        for name, owner in (("c-1", "ann"), ("c-2", "ann"), ("c-3", "ben")):
            await world.make(name, actor=owner)
        for by in (1, BREAKS, 2):
            await world.count("c-1", by)
        await world.count("c-3", 5)
        await world.drain()
        assert (await the_parked(world, "teams")).key == "acme"
        await skip_the_parked(world, "teams")
        await world.count("c-2", 3)
        await world.drain()
        rows: Any = await world.reads.get_many("acme", teams)
        assert [rows[key].total for key in teams] == [6, 5]
        report = await rebuilt(world, model)
        assert (report.switched, report.differences.count, report.parked) == (True, 0, 0)


async def test_a_tenants_other_rows_wait_and_come_in_order(tmp_path: Path) -> None:
    place = Place(tmp_path).but(projections=(by_tenant(FAULTY),), page=2)
    async with place.open() as world:
        for counter, by in (("c-1", 1), ("c-1", UNLUCKY), ("c-2", 2), ("c-1", 4)):
            await world.count(counter, by)
        await world.drain()
        await skip_the_parked(world)
        await world.count("c-2", 8)
        await world.drain()
        assert await totals(world, "c-1", "c-2") == {"c-1": 5, "c-2": 10}


STEPS = st.one_of(
    st.tuples(st.sampled_from(("c-1", "c-2")), st.sampled_from((1, 2, UNLUCKY))),
    st.sampled_from(("drain", "skip")),
)
few = settings(max_examples=20, phases=[Phase.explicit, Phase.generate], report_multiple_bugs=False, database=None)


@few
@given(st.lists(STEPS, max_size=25), st.booleans(), st.tuples(st.integers(1, 5), st.integers(1, 30)))
def test_any_history_folds_the_same_way(history: list[Any], whole: bool, pages: tuple[int, int]) -> None:
    """Whenever what is skipped, and however it is read: rows and parked keys are those of the log alone."""
    with TemporaryDirectory() as folder:
        asyncio.run(_compare(Path(folder), history, by_tenant(FAULTY) if whole else FAULTY, pages))


async def _compare(
    folder: Path, history: list[Any], model: Projection, pages: tuple[int, int], runner: type[Runner] = Runner
) -> None:
    place = Place(folder).but(projections=(model,), page=pages[0], runner=runner)
    async with place.open() as world:
        for step in (*history, "drain", "skip", "drain"):
            if step == "drain":
                await world.drain()
            elif step == "skip":
                for parked in await world.reads.parked("counters"):
                    await skip(world.kernel, parked, "operator", "Chance.")
            else:
                await world.count(*step)
        expected = await all_rows(world), sorted(await world.reads.parked("counters"), key=lambda one: one.id)
    async with anew(place, 0, pages[1]).open() as world:
        await world.drain()
        found = await all_rows(world), sorted(await world.reads.parked("counters"), key=lambda one: one.id)
    assert found == expected


# --- planted faults ---------------------------------------------------------------------------------------------


class WholePages(Runner):
    """Planted: what a page holds is applied at once, so that it depends on the page whether a skip is seen."""

    def __post_init__(self) -> None:
        self._skips = frozenset()


async def test_a_planted_fault_is_found_out(tmp_path: Path) -> None:
    history = [("c-1", 1), ("c-1", UNLUCKY), "drain", "skip", ("c-1", 2)]
    await _compare(tmp_path / "whole", history, FAULTY, (1, 9))
    with pytest.raises(NOTICED):
        await _compare(tmp_path / "planted", history, FAULTY, (1, 9), WholePages)
