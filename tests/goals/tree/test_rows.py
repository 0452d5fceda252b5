"""Rows beside the tree: a goal's own, and what is said around goals; no fact is left without a row that minds it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from libs.events.catalog import goals as said
from libs.events.declare import Held, RowKey
from libs.events.registry import REGISTRY
from libs.events.testing import EPOCH, fact_of
from services.goals.domain.state import GOAL
from services.goals.projections import GOAL_ROWS, TALK
from services.goals.projections.tree import needs
from services.goals.read_models import FOLLOWS, GOALS, SUPPORT, CommentRow, Follow, SupportRow
from tests.goals.tree.story import definition

GUARDS = {said.TreeChanged, said.ReferenceClaimed, said.ReferenceReleased, said.EventSkipped}
"""Facts that only guard a rule, or speak to consumers: no row is made of them."""


def fold(stream: str, *events: Any) -> dict[RowKey, Any]:
    """The rows that facts of one stream leave, each fact a version."""
    rows: dict[RowKey, Any] = {}
    for version, event in enumerate(events, start=1):
        given = event if hasattr(event, "stream") else fact_of(event, stream=stream, version=version)
        for projection in (GOAL_ROWS, TALK):
            for on in projection.on:
                if on.event is type(given.data):
                    for id in on.rows(given):
                        key = RowKey(on.collection, id)
                        rows[key] = on.apply(rows.get(key), given)
    return {key: row for key, row in rows.items() if row is not None}


def test_every_fact_of_goals_has_a_row_or_guards() -> None:
    stated = {REGISTRY.today(name) for name in REGISTRY if name.startswith("goals.")}
    minded = {on.event for projection in (GOAL_ROWS, TALK) for on in projection.on}
    assert minded.isdisjoint(GUARDS)
    assert minded | GUARDS == stated


def test_the_tree_minds_the_facts_of_goals_alone() -> None:
    assert {on.collection for on in GOAL_ROWS.on} == {GOALS}
    assert needs([fact_of(said.CommentRemoved(), stream="acme/comment/c")], Held({}, {})).rows == frozenset()


def test_a_goals_row_is_the_fold_that_commands_decide_on() -> None:
    created = said.GoalCreated(**definition(), kind="objective")
    events = (created, said.GoalClosed(author_id="ann", judged=0, outcome="missed"))
    [row] = fold("acme/goal/g", *events).values()
    state = GOAL.initial
    for version, event in enumerate(events, start=1):
        state = GOAL.fold(state, fact_of(event, stream="acme/goal/g", version=version))
    assert row == state
    assert row.version == 2


def test_a_request_for_support_and_its_answers() -> None:
    asked = said.SupportRequested(goal_id="g", check_in_id="c", author_id="ann", text="a second pair of hands")
    promised = said.SupportAnswered(state="promised", author_id="bob", answer="from Monday")
    rows = fold("acme/support/c", asked, promised)
    assert rows == {
        RowKey(SUPPORT, "c"): SupportRow(
            id="c",
            version=2,
            goal_id="g",
            check_in_id="c",
            author_id="ann",
            text="a second pair of hands",
            state="promised",
            answer="from Monday",
            answered_by="bob",
            answered_at=EPOCH,
            erased=[],
            created_at=EPOCH,
            created_by="tester",
            updated_at=EPOCH,
            updated_by="tester",
        )
    }
    [waiting] = fold("acme/support/c", asked).values()
    assert (waiting.state, waiting.answer, waiting.version) == ("open", None, 1)


def test_erased_words_are_said_to_be_erased() -> None:
    asked = said.SupportRequested(goal_id="g", check_in_id="c", author_id="ann", text=None)
    first = replace(fact_of(asked, stream="acme/support/c"), erased=("text",))
    answer = said.SupportAnswered(state="given", author_id="bob", answer=None)
    second = replace(fact_of(answer, stream="acme/support/c", version=2), erased=("answer",))
    [row] = fold("acme/support/c", first, second).values()
    assert (row.text, row.answer, row.erased) == (None, None, ["text", "answer"])


def test_a_comment_said_otherwise_and_taken_back() -> None:
    added = said.CommentAdded(goal_id="g", author_id="ann", text="Well done", check_in_id="c-1")
    changed = said.CommentChanged(author_id="ann", text="Very well done")
    [row] = fold("acme/comment/c", added, changed).values()
    assert isinstance(row, CommentRow)
    assert (row.id, row.version, row.goal_id, row.check_in_id, row.text) == ("c", 2, "g", "c-1", "Very well done")
    assert fold("acme/comment/c", added, changed, said.CommentRemoved()) == {}


def test_following_and_no_longer() -> None:
    followed, left = (event(goal_id="g", person_id="p") for event in (said.GoalFollowed, said.GoalUnfollowed))
    rows = fold("acme/follow/g.p", followed)
    assert rows == {RowKey(FOLLOWS, "g.p"): Follow(version=1, goal_id="g", person_id="p", since=EPOCH)}
    assert fold("acme/follow/g.p", followed, left) == {}
    [again] = fold("acme/follow/g.p", followed, left, followed).values()
    assert again.since == EPOCH


@pytest.mark.parametrize(
    ("stream", "data"),
    [
        ("acme/comment/c", said.CommentChanged(author_id="ann", text="Hello")),
        ("acme/support/c", said.SupportAnswered(state="given", author_id="bob", answer="there")),
        ("acme/follow/g.p", said.GoalUnfollowed(goal_id="g", person_id="p")),
    ],
)
def test_facts_about_what_is_not_there_are_refused(stream: str, data: Any) -> None:
    with pytest.raises(LookupError, match="not there"):
        fold(stream, data)
