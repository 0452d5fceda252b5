"""Roots among much that is none: looking for them ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.events.catalog.goals import GoalArchived
from services.goals.queries import TreeTooLarge
from services.goals.queries.bounds import Bounds
from tests.access.organisation import TODAY, asker
from tests.goals.queries.company import Company, company, created, node

ANA = asker("ana")
BOUNDS = Bounds(nodes=4, rows=10)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Company]:
    """Ana alone, where ten rows are much."""
    async with company(tmp_path, BOUNDS) as found:
        found.people.add("ana")
        await found.people.fold()
        yield found


async def test_a_unit_of_many_goals_under_few_is_not_read_to_its_end(here: Company) -> None:
    root = node("g000", "ana", unit_id="u-1")
    below = [node(f"g{number:03}", "ana", unit_id="u-1", parent_id="g000") for number in range(1, 300)]
    await here.plant([root, *below[:8]])
    assert [one.id for one in (await here.queries.tree(ANA, unit_id="u-1", depth=0)).nodes] == ["g000"]
    await here.plant(below)
    here.reads.rows = 0
    with pytest.raises(TreeTooLarge):
        await here.queries.tree(ANA, unit_id="u-1", depth=0)
    assert here.reads.rows < 100


async def test_a_day_on_which_few_of_many_were_roots_is_not_read_to_its_end(here: Company) -> None:
    for number in range(100):
        await here.state(f"g{number:03}", created("ana"), *([GoalArchived()] if number > 3 else []))
    await here.fold()
    here.later()
    here.reads.rows = 0
    with pytest.raises(TreeTooLarge):
        await here.queries.tree(ANA, depth=0, as_of=TODAY)
    assert here.reads.rows < 100
    assert [one.id for one in (await here.queries.tree(ANA, root_id="g000", as_of=TODAY)).nodes] == ["g000"]
