"""Trees that are deep, wide or broken: what is looked at is the path and its children, and the work always ends."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from libs.events.catalog import goals as said
from libs.events.declare import Group, Held, RowKey
from libs.events.envelope import Fact
from libs.events.testing import Rows, fact_of
from services.goals.projections.tree import fold, needs
from services.goals.read_models import NODES, Counts
from tests.goals.tree.telling import Teller

DEEP = 300
WIDE = 10_000


@pytest.fixture(scope="module")
def deep() -> Teller:
    """A chain of goals: each has the next one, and none has another."""
    told = Teller()
    told.hold()
    for level in range(DEEP):
        told.create(f"g{level}", f"g{level - 1}" if level else None)
    told.release()
    return told


def test_a_deep_tree_carries_a_number_to_the_top(deep: Teller) -> None:
    deep.check_in(f"g{DEEP - 1}", progress="0.3", status="delayed")
    assert {deep.progress(f"g{level}") for level in range(DEEP)} == {0.3}
    top = deep.node("g0")
    assert (top.counts, top.leaf_count) == (Counts(not_started=DEEP - 1, delayed=1), 1)
    assert top.caused_by is not None
    assert top.caused_by.goal_id == f"g{DEEP - 1}"


def test_a_deep_tree_is_moved_in_one_piece(deep: Teller) -> None:
    deep.hold()
    deep.check_in(f"g{DEEP - 1}", progress="0.9")
    deep.tell(
        "g150",
        said.GoalMoved(parent_id="g10", previous_parent_id="g149", alignment="accepted", weight=Decimal(1)),
    )
    deep.release()
    assert deep.node("g149").leaf_count == 1
    assert deep.node("g10").leaf_count == 2
    assert deep.progress("g10") == deep.progress("g0") == 0.45
    assert deep.progress("g149") == 0.0


def test_a_wide_tree_counts_all_of_its_children() -> None:
    told = Teller()
    told.create("top")
    told.hold()
    for number in range(WIDE):
        told.create(f"g{number}", "top", weight=Decimal(number % 3))
    told.release()
    told.check_in("g2", progress="1")
    top = told.node("top")
    assert (top.leaf_count, top.child_count, top.kids) == (WIDE, WIDE, WIDE)
    # Of 10,000 every third weighs 0, 1, 2: 3,333 x 1 + 3,333 x 2.
    assert top.progress == 2 / 9_999


def forest(fan: int, levels: int) -> tuple[Teller, str]:
    """Everybody has `fan` children, down to so many levels; and one of the leaves."""
    told = Teller()
    told.hold()
    told.create("0")
    above = ["0"]
    for _ in range(levels):
        below = [f"{parent}-{number}" for parent in above for number in range(fan)]
        for id in below:
            told.create(id, id.rpartition("-")[0])
        above = below
    told.release()
    return told, above[-1]


def looked_at(rows: Rows, fact: Fact[Any]) -> tuple[set[str], int]:
    """The nodes that a fact needs, and how often was asked."""
    nodes: dict[RowKey, Any] = {}
    groups: dict[Group, list[str]] = {}
    asked = 0
    while True:
        wanted = needs([fact], Held(nodes, groups))
        asked += 1
        if not (wanted.rows - nodes.keys()) and not (wanted.groups - groups.keys()):
            return {key.id for key in nodes if key.collection is NODES}, asked
        for group in wanted.groups:
            groups[group] = [
                key.id for key, row in rows.rows.items() if key.collection is NODES and row.parent_id == group.value
            ]
            nodes |= {RowKey(NODES, id): rows.rows[RowKey(NODES, id)] for id in groups[group]}
        nodes |= {key: rows.rows.get(key) for key in wanted.rows}


@pytest.mark.parametrize(("fan", "levels"), [(4, 3), (4, 5), (20, 2)])
def test_an_update_looks_at_the_path_and_its_children_alone(fan: int, levels: int) -> None:
    told, leaf = forest(fan, levels)
    told.hold()
    told.check_in(leaf, progress="0.5")
    [fact] = told.held or []
    nodes, asked = looked_at(told.rows, fact)
    path = {leaf.rsplit("-", up)[0] for up in range(1, levels + 1)}
    assert nodes == {"0", leaf} | {f"{parent}-{number}" for parent in path for number in range(fan)}
    assert asked <= levels + 2


@pytest.mark.parametrize(
    "data",
    [
        said.AgreementProposed(author_id="ann", part="owner", complete=False),
        said.MilestoneReached(milestone_id="m", reached_on=fact_of(None).time.date()),
    ],
)
def test_what_moves_no_number_looks_at_its_goal_alone(data: Any) -> None:
    told, leaf = forest(3, 2)
    before = told.node(leaf)
    told.hold()
    told.tell(leaf, data)
    [fact] = told.held or []
    assert looked_at(told.rows, fact)[0] == {leaf}
    told.release()
    after = told.node(leaf)
    assert (after.caused_by, after.updated_at) == (before.caused_by, told.time)


def test_a_batch_of_siblings_rolls_their_parent_up_once() -> None:
    """Ten closes in one batch: each needs its own number only, and so does not make its parents' numbers before."""
    told, _ = forest(10, 1)
    told.hold()
    for number in range(10):
        told.close(f"0-{number}")
    told.release()
    assert told.node("0").counts == Counts(not_started=1, done=10)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_parents_in_a_circle_hold_nobody_up(length: int) -> None:
    """The tree's guard lets no circle come about. Should one stand in the log all the same, folding ends."""
    told = Teller()
    for number in range(length):
        told.create(f"g{number}", None)
    told.create("below", "g0")
    for number in range(length):
        told.move(f"g{number}", f"g{(number + 1) % length}")
    told.check_in("below", progress="0.5")
    told.close("g0")
    told.move("g0", None)
    assert told.node("g0").is_root


def test_facts_about_goals_that_never_were_are_refused() -> None:
    told = Teller()
    told.create("there")
    for data in (said.GoalPublished(), said.GoalClosed(author_id="ann", judged=Decimal(0), outcome="missed")):
        with pytest.raises(LookupError, match="not there"):
            told.rows.apply([fact_of(data, stream="acme/goal/nowhere")])


def test_facts_of_other_streams_pass_by() -> None:
    others = [
        fact_of(said.TreeChanged(goal_id="a", parent_id="b"), stream="acme/tree/all"),
        fact_of(said.GoalFollowed(goal_id="a", person_id="p"), stream="acme/follow/a.p"),
    ]
    assert needs(others, Held({}, {})).rows == frozenset()
    assert fold(others, Held({}, {})) == {}


def test_a_parent_that_was_not_loaded_is_no_empty_parent() -> None:
    told, leaf = forest(2, 1)
    told.hold()
    told.check_in(leaf, progress="1")
    [fact] = told.held or []
    rows = {RowKey(NODES, id): told.node(id) for id in ("0", leaf)}
    with pytest.raises(LookupError, match="not loaded"):
        fold([fact], Held(rows, {}))
