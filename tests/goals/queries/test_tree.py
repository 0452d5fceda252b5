"""The tree as one may see it: what is shown, what is only counted, how much of it there may be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from services.goals.domain.errors import GoalNotFound
from services.goals.queries import RestrictedNodeAnswer, TreeAnswer, TreeTooLarge
from services.goals.queries.bounds import Bounds
from tests.access.organisation import asker
from tests.goals.queries.company import Company, company, node
from tests.goals.queries.naive import Told, Trees
from tests.goals.queries.planting import populate

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def told(tree: TreeAnswer) -> list[Told]:
    """What a tree shows, by id, and that parents come before their children."""
    seen: set[str] = set()
    ids = {one.id for one in tree.nodes}
    for one in tree.nodes:
        assert one.parent_id not in ids or one.parent_id in seen
        seen.add(one.id)
    assert len(ids) == len(tree.nodes)
    found = [Told(one.id, one.parent_id, getattr(one, "hidden_count", None)) for one in tree.nodes]
    return sorted(found, key=lambda one: one.id)


# --- the unhappy path first -------------------------------------------------------------------------------------


async def test_a_root_that_is_not_there_or_not_visible_is_not_found(here: Company) -> None:
    await here.plant([node("g1", "ana", visibility="private"), node("g2", "oli", parent_id="g1")])
    for root in ("g1", "unknown"):
        with pytest.raises(GoalNotFound):
            await here.queries.tree(asker("oli"), root_id=root)
        with pytest.raises(GoalNotFound):
            await here.queries.rollup(asker("oli"), root)
    assert (await here.queries.tree(asker("oli"), unit_id="unknown")).nodes == []


async def test_more_than_an_answer_holds_is_refused_before_it_is_read(tmp_path: Path) -> None:
    async with company(tmp_path, Bounds(nodes=20)) as here:
        here.people.add("ana")
        await here.people.fold()
        await here.plant([node("g", "ana"), *(node(f"g{number:03}", "ana", parent_id="g") for number in range(300))])
        here.reads.rows = 0
        with pytest.raises(TreeTooLarge):
            await here.queries.tree(asker("ana"), root_id="g")
        assert here.reads.rows < 10
        assert len((await here.queries.tree(asker("ana"), root_id="g", depth=0)).nodes) == 1
        await here.plant([node(f"r{number:03}", "ana") for number in range(30)])
        with pytest.raises(TreeTooLarge):
            await here.queries.tree(asker("ana"), depth=0)


async def test_goals_that_are_not_shown_count_for_the_size_too(tmp_path: Path) -> None:
    async with company(tmp_path, Bounds(nodes=20)) as here:
        here.people.add("ana")
        here.people.add("oli")
        await here.people.fold()
        hidden = [node(f"g{number:03}", "ana", parent_id="g", visibility="private") for number in range(30)]
        await here.plant([node("g", "ana"), *hidden])
        with pytest.raises(TreeTooLarge):
            await here.queries.tree(asker("oli"), root_id="g")


# --- what is shown ----------------------------------------------------------------------------------------------


async def test_a_hidden_goal_is_restricted_over_a_visible_one_and_else_only_counted(here: Company) -> None:
    hidden = {"visibility": "private"}
    await here.plant(
        [
            node("root", "ana"),
            node("over", "ana", parent_id="root", **hidden),
            node("over-2", "ana", parent_id="over", **hidden),
            node("below", "oli", parent_id="over-2"),
            node("alone", "ana", parent_id="root", **hidden),
            node("alone-2", "ana", parent_id="alone", **hidden),
            node("put-away", "ana", parent_id="root", state="archived", **hidden),
        ]
    )
    for depth, ids in ((0, ["root"]), (1, ["over", "root"]), (3, ["below", "over", "over-2", "root"])):
        tree = await here.queries.tree(asker("oli"), root_id="root", depth=depth)
        assert [one.id for one in told(tree)] == ids
        [root] = [one for one in tree.nodes if one.id == "root"]
        assert (root.hidden_count, root.child_count) == (1, 2)
    restricted = [one for one in tree.nodes if isinstance(one, RestrictedNodeAnswer)]
    assert restricted == [
        RestrictedNodeAnswer(id="over", parent_id="root"),
        RestrictedNodeAnswer(id="over-2", parent_id="over"),
    ]


async def test_an_invisible_root_is_shown_only_over_something_visible(here: Company) -> None:
    await here.plant(
        [
            node("a", "ana", visibility="private"),
            node("b", "ana", visibility="private"),
            node("b-1", "oli", parent_id="b"),
            node("c", "ana", parent_id="a", alignment="proposed"),
        ]
    )
    tree = await here.queries.tree(asker("oli"))
    assert told(tree) == [Told("b", None, None), Told("b-1", "b", 0), Told("c", None, 0)]


@pytest.mark.parametrize("seed", range(3))
async def test_the_same_as_going_through_every_goal(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    async with company(tmp_path) as here:
        rules = await populate(here, random, people=14, goals=160)
        for person in random.sample(sorted(rules.managers), 5):
            trees = Trees(rules, person)
            roots = [one for one in rules.nodes.values() if one.is_root]
            for depth in (0, 1, 2, 6):
                assert told(await here.queries.tree(asker(person), depth=depth)) == trees.shown(roots, depth)
            for root in random.sample([one for one in rules.nodes.values() if rules.sees(person, one)], 15):
                tree = await here.queries.tree(asker(person), root_id=root.id)
                assert told(tree) == trees.shown([root], 2)
                rolled = await here.queries.rollup(asker(person), root.id)
                assert rolled == next(one for one in tree.nodes if one.id == root.id)


@pytest.mark.parametrize("seed", range(3))
async def test_units_too(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    async with company(tmp_path) as here:
        rules = await populate(here, random, people=8, goals=120)
        goals = rules.nodes
        for person in sorted(rules.managers):
            for unit in ("u-1", "u-2"):
                mine = [one for one in goals.values() if one.unit_id == unit and one.state != "archived"]
                above = {one.id: one.parent_id for one in mine if one.alignment == "accepted"}
                roots = [one for one in mine if above.get(one.id) is None or goals[above[one.id]].unit_id != unit]
                depth = random.randint(0, 4)
                tree = await here.queries.tree(asker(person), unit_id=unit, depth=depth)
                assert told(tree) == Trees(rules, person).shown(roots, depth)


async def test_a_units_tree_begins_where_the_unit_does(here: Company) -> None:
    await here.plant(
        [
            node("company", "lead", unit_id="u-0"),
            node("top", "ana", unit_id="u-1", parent_id="company"),
            node("in", "ana", unit_id="u-1", parent_id="top"),
            node("out", "bob", unit_id="u-2", parent_id="top"),
            node("back", "ana", unit_id="u-1", parent_id="out"),
            node("hidden", "ana", unit_id="u-1", visibility="private"),
            node("old", "ana", unit_id="u-1", state="archived"),
        ]
    )
    tree = await here.queries.tree(asker("oli"), unit_id="u-1", depth=1)
    assert told(tree) == [
        Told("back", "out", 0),
        Told("in", "top", 0),
        Told("out", "top", 0),
        Told("top", "company", 0),
    ]


async def test_too_many_below_are_not_counted_and_too_deep_is_hidden(tmp_path: Path) -> None:
    async with company(tmp_path, Bounds(below=10)) as here:
        for person in ("ana", "oli"):
            here.people.add(person)
        await here.people.fold()
        hidden = {"visibility": "private"}
        wide = [node(f"w{number:02}", "ana", parent_id="wide", **hidden) for number in range(12)]
        deep = [node(f"d{number:02}", "ana", parent_id=f"d{number - 1:02}", **hidden) for number in range(1, 30)]
        await here.plant(
            [
                node("root", "ana"),
                node("wide", "ana", parent_id="root"),
                *wide,
                node("d00", "ana", parent_id="root", **hidden),
                *deep,
                node("z", "oli", parent_id="d29"),
            ]
        )
        tree = await here.queries.tree(asker("oli"), root_id="root", depth=1)
        assert told(tree) == [Told("root", None, 1), Told("wide", "root", None)]
        assert (await here.queries.rollup(asker("oli"), "root")).hidden_count == 1
        assert len((await here.queries.tree(asker("oli"), root_id="root", depth=40)).nodes) == 33
