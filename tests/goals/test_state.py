"""What facts leave of a goal: its definition, who and when, what was erased; and nothing of its check-ins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from libs.events.catalog import goals as catalog
from libs.events.catalog.goals import (
    AlignmentAccepted,
    AlignmentDeclined,
    AlignmentDetached,
    CheckInCorrected,
    CommentAdded,
    CommentChanged,
    CommentRemoved,
    Definition,
    ExternalRef,
    GoalCreated,
    GoalFollowed,
    GoalMoved,
    GoalUnfollowed,
    Metric,
    MilestoneAdded,
    MilestoneChanged,
    MilestoneReached,
    MilestoneRemoved,
    SupportAnswered,
    SupportRequested,
    TreeChanged,
)
from libs.events.declare import Aggregate
from libs.events.personal import personal_paths
from libs.events.testing import EPOCH, fact_of
from services.goals.domain.state import COMMENT, FOLLOW, GOAL, GOAL_EVENTS, SUPPORT, TREE_GUARD
from tests.goals.facts import CANCELLED, MEASURED, QUARTER, changed, checked_in, closed, created, goal, transferred

FULL: dict[str, Any] = {
    "title": "Far fewer",
    "description": "By March",
    "owner_id": "ada",
    "unit_id": "u-1",
    "contributor_ids": ["bob"],
    "weight": Decimal(2),
    "period": QUARTER,
    "metric": Metric(start=Decimal(50), target=Decimal(40), current=Decimal(48), unit="tickets"),
    "progress_driver": "metric",
    "clamp": False,
    "commitment": "committed",
    "focus": "development",
    "visibility": "private",
    "labels": ["a"],
    "check_in_every": "month",
    "external_ref": ExternalRef(system="tracker", id="7", url="https://tracker.example.org/7"),
}


def after(aggregate: Aggregate[Any], *events: Any, stream: str = "acme/thing/t-1", hours: int = 1) -> Any:
    """The state that these facts leave, the first at the epoch and each some hours after the one before."""
    state = aggregate.initial
    for version, event in enumerate(events, start=1):
        time = EPOCH + timedelta(hours=hours * (version - 1))
        state = aggregate.fold(state, fact_of(event, stream=stream, version=version, time=time))
    return state


def with_erased(erased: tuple[str, ...], *events: Any) -> Any:
    """The goal that these facts make, the first of which lost some of its text."""
    first = replace(fact_of(events[0], stream="acme/goal/g-1"), erased=erased)
    state = GOAL.fold(GOAL.initial, first)
    for version, event in enumerate(events[1:], start=2):
        state = GOAL.fold(state, fact_of(event, stream="acme/goal/g-1", version=version))
    return state


# --- what it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts", [[created(**FULL)], [created(), changed(**FULL)], [created(), transferred("ada", **FULL)]]
)
def test_a_goal_is_what_was_last_said_of_it(facts: Sequence[Any]) -> None:
    state = goal(*facts)
    assert {name: getattr(state, name) for name in Definition.__struct_fields__} == FULL
    assert (state.id, state.kind, state.state, state.created_by) == ("g-1", "objective", "open", "tester")


def test_nothing_that_comes_from_check_ins_or_other_goals_is_kept() -> None:
    correction = CheckInCorrected(check_in_id="c-1", recorded_version=2, author_id="ada", reason="x", status="delayed")
    for fact in (checked_in(value=Decimal(45)), correction):
        before, now = goal(MEASURED), after(GOAL, MEASURED, fact, stream="acme/goal/g-1")
        moved = {"version": 2, "updated_at": EPOCH + timedelta(hours=1), "updated_by": "tester"}
        assert now == msgspec.structs.replace(before, **moved)


def test_a_goal_hangs_where_it_was_last_put() -> None:
    under = created(parent_id="g-0", alignment="proposed", weight=Decimal(2))
    assert goal(under).alignment == "proposed"
    accepted = goal(under, AlignmentAccepted(parent_id="g-0", weight=Decimal(3)))
    assert (accepted.parent_id, accepted.alignment, accepted.weight) == ("g-0", "accepted", Decimal(3))
    for fact in (AlignmentDeclined(parent_id="g-0"), AlignmentDetached(parent_id="g-0")):
        alone = goal(under, fact)
        assert (alone.parent_id, alone.alignment, alone.weight) == (None, "none", Decimal(2))
    fields = {"previous_parent_id": "g-0", "alignment": "accepted", "weight": Decimal(5)}
    moved = goal(under, GoalMoved(parent_id="g-p", **fields))
    assert (moved.parent_id, moved.alignment, moved.weight) == ("g-p", "accepted", Decimal(5))


@pytest.mark.parametrize("stated", ["private", "team", None])
def test_who_sees_a_goal_that_hangs_elsewhere_is_what_was_stated(stated: str | None) -> None:
    away: dict[str, Any] = {"previous_parent_id": "g-0", "weight": Decimal(1), "visibility": stated}
    leaving = (
        AlignmentDeclined(parent_id="g-0", visibility=stated),
        AlignmentDetached(parent_id="g-0", visibility=stated),
        GoalMoved(parent_id=None, alignment="none", **away),
    )
    under = {"parent_id": "g-0", "alignment": "proposed"}
    for fact in leaving:
        key_result = goal(created(**under, kind="key_result"), fact)
        assert key_result.visibility == stated or (stated is None and key_result.visibility == "team")
        assert goal(created(**under), fact).visibility == (stated or "public")
    elsewhere = GoalMoved(parent_id="g-p", alignment="accepted", **away)
    assert goal(created(**under, kind="key_result"), elsewhere).visibility == (stated or "public")


def test_who_and_when() -> None:
    first = fact_of(created(), stream="acme/goal/g-1")
    later = fact_of(checked_in(), stream="acme/goal/g-1", version=2, time=EPOCH + timedelta(days=1))
    state = GOAL.fold(GOAL.fold(GOAL.initial, first), replace(later, actor="bob"))
    assert (state.id, state.version) == ("g-1", 2)
    assert (state.created_at, state.created_by) == (EPOCH, "tester")
    assert (state.updated_at, state.updated_by) == (EPOCH + timedelta(days=1), "bob")


def test_a_fact_that_means_nothing_here_still_counts_as_a_version() -> None:
    class Else(GoalCreated, frozen=True, kw_only=True):
        """A fact of the stream that this fold does not know."""

    same = {name: getattr(created(), name) for name in GoalCreated.__struct_fields__}
    other = goal(created(), Else(**same))
    assert (other.version, other.title) == (2, "Fewer escalations")


# --- what was erased --------------------------------------------------------------------------------------------

ERASED = created(
    title=None, labels=[None, "kept"], metric=msgspec.structs.replace(FULL["metric"], unit=None), description=None
)
PATHS = ("title", "description", "labels.0", "metric.unit")
RESTATED: dict[str, Any] = {"title": None, "labels": [None, "kept"], "metric": ERASED.metric}


def test_erased_texts_leave_a_goal_standing() -> None:
    state = with_erased(PATHS, ERASED)
    assert (state.title, state.labels, state.metric) == (None, [None, "kept"], ERASED.metric)
    assert state.erased == list(PATHS)


@pytest.mark.parametrize("fact", [changed("weight", **RESTATED, weight=Decimal(2)), transferred("bob", **RESTATED)])
def test_what_was_erased_stays_erased_when_the_rest_is_restated(fact: Any) -> None:
    state = with_erased(PATHS, ERASED, fact)
    assert (state.erased, state.labels) == (list(PATHS), [None, "kept"])


@pytest.mark.parametrize(("labels", "named"), [(["kept"], False), ([], False), ([None, "kept"], True)])
def test_an_erased_label_is_named_as_long_as_it_has_a_place(labels: list[str | None], named: bool) -> None:
    # Those who restated it once left it out.
    restated = changed("weight", **(RESTATED | {"labels": labels}), weight=Decimal(2))
    assert ("labels.0" in with_erased(PATHS, ERASED, restated).erased) == named
    assert "labels.0" not in with_erased(PATHS, ERASED, changed("labels", **(RESTATED | {"labels": []}))).erased


def test_what_is_said_anew_or_cleared_is_erased_no_more() -> None:
    anew = changed("title", **(RESTATED | {"title": "Anew"}))
    assert with_erased(PATHS, ERASED, anew).erased == ["description", "labels.0", "metric.unit"]
    farther = msgspec.structs.replace(ERASED.metric, target=Decimal(30))
    remeasured = changed("metric", **(RESTATED | {"metric": farther}))
    assert with_erased(PATHS, ERASED, remeasured).erased == list(PATHS)
    cleared = changed("description", "metric", **(RESTATED | {"metric": None}))
    assert with_erased(PATHS, ERASED, cleared).erased == ["title", "labels.0"]


def test_a_lost_reason_is_no_lost_field_of_the_goal() -> None:
    state = goal(created())
    fact = replace(fact_of(transferred("bob", reason=None, title=None), version=2), erased=("title", "reason"))
    assert GOAL.fold(state, fact).erased == ["title"]


# --- milestones -------------------------------------------------------------------------------------------------

STEP = MilestoneAdded(milestone_id="m-1", author_id="bob", title="Rota", due_on=date(2026, 4, 1))
OTHER = MilestoneAdded(milestone_id="m-2", author_id="bob", title="Tool", due_on=date(2026, 5, 1))


def test_milestones_are_kept_in_the_order_they_were_set() -> None:
    state = after(GOAL, created(), STEP, OTHER)
    assert [(one.id, one.title, one.version, one.reached_on) for one in state.milestones] == [
        ("m-1", "Rota", 2, None),
        ("m-2", "Tool", 3, None),
    ]
    assert goal(created(), STEP, OTHER, MilestoneRemoved(milestone_id="m-1")).milestones[0].id == "m-2"


def test_a_milestone_is_what_was_last_said_of_it() -> None:
    changing = MilestoneChanged(milestone_id="m-1", author_id="cy", title="Rotas", due_on=date(2026, 4, 2))
    reaching = MilestoneReached(milestone_id="m-1", reached_on=date(2026, 3, 30))
    first, second = after(GOAL, created(), STEP, OTHER, changing, reaching).milestones
    assert (first.title, first.author_id, first.due_on, first.reached_on) == (
        "Rotas",
        "cy",
        date(2026, 4, 2),
        date(2026, 3, 30),
    )
    assert (first.version, first.created_at, first.updated_at) == (
        5,
        EPOCH + timedelta(hours=1),
        EPOCH + timedelta(hours=4),
    )
    assert (second.version, second.title) == (3, "Tool")


# --- which facts, and which text --------------------------------------------------------------------------------

BESIDE = {
    "TreeChanged",
    *("SupportRequested", "SupportAnswered"),
    *("CommentAdded", "CommentChanged", "CommentRemoved"),
    *("GoalFollowed", "GoalUnfollowed"),
    *("ReferenceClaimed", "ReferenceReleased"),
    "EventSkipped",
}
PARTS = {"Definition", "Metric", "MetricV1", "Period", "ExternalRef", "Source", "CheckInRef"}


def test_every_fact_stands_on_a_goals_stream_or_beside_it() -> None:
    stated = {name for name in catalog.__all__ if not name.endswith("V1")} - PARTS
    assert {event.__name__ for event in GOAL_EVENTS} == stated - BESIDE
    assert len(set(GOAL_EVENTS)) == len(GOAL_EVENTS)


def test_only_text_that_the_state_keeps_is_opened() -> None:
    assert GOAL.words is not None
    kept = {name for name in GOAL_EVENTS if name in GOAL.words}
    assert kept == set(GOAL.words)
    assert all(personal_paths(event) for event in kept)
    bare = goal(created(), CANCELLED)
    silent = goal(created(), msgspec.structs.replace(CANCELLED, reason=None))
    assert bare == silent
    assert goal(created(), closed(reflection="Well.")) == goal(created(), closed())


# --- beside a goal ----------------------------------------------------------------------------------------------


def test_a_request_for_support_and_its_answer() -> None:
    asked = SupportRequested(goal_id="g-1", check_in_id="c-1", author_id="ada", text="A tester.")
    state = after(SUPPORT, asked, SupportAnswered(state="promised", author_id="mia", answer="May."), stream="a/b/c-1")
    assert (state.id, state.goal_id, state.check_in_id, state.author_id) == ("c-1", "g-1", "c-1", "ada")
    assert (state.text, state.state, state.answer, state.answered_by) == ("A tester.", "promised", "May.", "mia")
    assert (state.created_at, state.answered_at, state.version) == (EPOCH, EPOCH + timedelta(hours=1), 2)
    lost = replace(fact_of(SupportAnswered(state="given", author_id="mia", answer=None), version=3), erased=("answer",))
    assert SUPPORT.fold(state, lost).erased == ["answer"]


def test_a_comment_is_what_its_author_last_said() -> None:
    said = CommentAdded(goal_id="g-1", author_id="bob", text="Which week?", check_in_id="c-1")
    state = after(COMMENT, said, CommentChanged(author_id="bob", text="Which month?"), stream="a/b/k-1")
    assert (state.id, state.goal_id, state.check_in_id, state.text) == ("k-1", "g-1", "c-1", "Which month?")
    gone = after(COMMENT, said, CommentRemoved())
    assert (gone.removed, gone.text, gone.author_id, gone.version) == (True, None, "bob", 2)


def test_a_follower_and_the_edges_of_the_tree() -> None:
    fields = {"goal_id": "g-1", "person_id": "bob"}
    assert after(FOLLOW, GoalFollowed(**fields)).since == EPOCH
    assert after(FOLLOW, GoalFollowed(**fields), GoalUnfollowed(**fields)).since is None
    edge = TreeChanged(goal_id="g-1", parent_id="g-p")
    assert [after(TREE_GUARD, *[edge] * count).version for count in range(3)] == [0, 1, 2]
