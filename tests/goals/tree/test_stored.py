"""The same fold by the runner's consumer, on rows in a real store: what is read back is what was written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.declare import RowKey
from libs.events.envelope import Fact
from libs.events.folder import Folder
from libs.events.ports import Commit
from services.goals.projections import TREE
from services.goals.read_models import NODES
from tests.goals.tree.oracle import Oracle
from tests.goals.tree.story import story_of
from tests.goals.tree.telling import Teller
from tests.goals.tree.test_against_recompute import expected
from tests.goals.tree.world import fields_of

BY_NAME = {collection.name: collection for collection in TREE.collections}


async def fold(reads: SQLiteReadStore, folder: Folder, facts: Sequence[Fact[Any]]) -> None:
    effects = await folder.apply(facts)
    assert not effects.refused
    owner = await reads.own(TREE.name, "goals.events", 0)
    await reads.commit(Commit(owner, 0, (), effects.puts))


async def stored(reads: SQLiteReadStore, oracle: Oracle) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows that there are of those that there must be."""
    keys = [RowKey(BY_NAME[name], id) for name, id in expected(oracle)]
    rows = await reads.get_many("acme", keys)
    return {(key.collection.name, key.id): fields_of(row) for key, row in rows.items()}


@pytest.mark.parametrize("size", [1, 9, 100])
async def test_rows_in_a_store_are_those_of_the_recompute(tmp_path: Path, size: int) -> None:
    for seed in (1, 2, 3):
        story = story_of(Random(seed), 60)
        reads = SQLiteReadStore(tmp_path / f"{seed}.db")
        await reads.prepare(TREE.collections)
        folder = Folder(TREE, reads, page=3)
        for start in range(0, len(story.facts), size):
            await fold(reads, folder, story.facts[start : start + size])
        assert await stored(reads, story.oracle) == expected(story.oracle)
        await reads.close()


async def test_a_fact_that_breaks_parks_and_what_came_before_stands(tmp_path: Path) -> None:
    told = Teller()
    told.create("goal")
    told.check_in("goal", progress="0.5")
    told.correct("goal", told.check_in("goal", progress="0.7"), status="delayed")
    told.check_in("goal", progress="0.9")
    good, _, broken, after = told.facts[:2], told.facts[2], told.facts[3], told.facts[4]
    reads = SQLiteReadStore(tmp_path / "rows.db")
    await reads.prepare(TREE.collections)
    # Its check-in was never told here.
    effects = await Folder(TREE, reads).apply([*good, broken, after])
    assert [one.fact for one in effects.refused] == [broken]
    rows = {put.key: put.row for put in effects.puts}
    assert rows[RowKey(NODES, "goal")].progress == 0.5
    await reads.close()
