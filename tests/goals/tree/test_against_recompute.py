"""The roll-up equals a naive recompute of everything, after every fact and however facts are cut into batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.declare import RowKey
from libs.events.envelope import Fact
from libs.events.testing import Rows
from services.goals.projections import TREE
from services.goals.read_models import CHECK_INS, DAYS, EDGES, NODES
from tests.goals.tree.oracle import Oracle
from tests.goals.tree.story import Story, stories
from tests.goals.tree.world import fields_of


def expected(oracle: Oracle) -> dict[tuple[str, str], dict[str, Any]]:
    """Every row that there must be, by collection and id."""
    goals = oracle.goals.values()
    rows = {("nodes", goal.id): oracle.node(goal) for goal in goals}
    rows |= {("days", f"{id}.{day}"): row for (id, day), row in oracle.days.items()}
    rows |= {("edges", f"{parent}.{id}"): {"parent_id": parent, "goal_id": id} for parent, id in oracle.edges}
    rows |= {("check_ins", one.id): oracle.check_in(goal, one) for goal in goals for one in goal.check_ins.values()}
    return rows


def found(rows: Rows) -> dict[tuple[str, str], dict[str, Any]]:
    """Every row that there is, by collection and id."""
    return {(key.collection.name, key.id): fields_of(row) for key, row in rows.rows.items()}


def batches(facts: Sequence[Fact[Any]], cuts: Sequence[int]) -> Iterator[Sequence[Fact[Any]]]:
    """The facts, cut before each of these places."""
    edges = sorted({0, len(facts), *(cut % len(facts) for cut in cuts)})
    return (facts[start:end] for start, end in pairwise(edges))


@settings(max_examples=60)
@given(stories(most=60))
def test_after_every_fact(story: Story) -> None:
    rows, oracle = Rows(TREE), Oracle()
    for fact in story.facts:
        before = dict(rows.rows)
        changed = rows.apply([fact])
        assert all(before.get(key) != row for key, row in changed.items() if key.collection is not DAYS)
        oracle.apply(fact)
        assert found(rows) == expected(oracle)


@settings(max_examples=100)
@given(stories())
def test_every_batch_size(story: Story) -> None:
    must = expected(story.oracle)
    for size in range(1, len(story.facts) + 1):
        rows = Rows(TREE)
        for start in range(0, len(story.facts), size):
            rows.apply(story.facts[start : start + size])
        assert found(rows) == must, f"in batches of {size}"


@settings(max_examples=120)
@given(stories(most=50), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_batches(story: Story, cuts: Sequence[int]) -> None:
    rows = Rows(TREE)
    for batch in batches(story.facts, cuts):
        rows.apply(batch)
    assert found(rows) == expected(story.oracle)


@settings(max_examples=100)
@given(stories())
def test_the_batch_changes_nothing_that_it_was_given(story: Story) -> None:
    """Rows are loaded once and may be folded again, when a later fact of the batch has to be parked."""
    half = len(story.facts) // 2
    rows = Rows(TREE)
    rows.apply(story.facts[:half])
    before: dict[RowKey, Any] = dict(rows.rows)
    once = rows.apply(story.facts[half:])
    rows.rows.clear()
    other = Rows(TREE)
    for key, row in before.items():
        other.rows[key] = row
    assert other.apply(story.facts[half:]) == once


def test_every_collection_is_written() -> None:
    assert TREE.collections == (NODES, DAYS, EDGES, CHECK_INS)
