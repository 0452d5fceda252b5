"""How goals live: published, closed with an outcome, cancelled, archived, restored, reopened; a repeat does nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from libs.events.catalog.goals import (
    GoalArchived,
    GoalCancelled,
    GoalClosed,
    GoalPublished,
    GoalReopened,
    GoalRestored,
)
from libs.events.errors import DomainError
from services.goals.domain import decide
from services.goals.domain.commands import CancelGoal, CloseGoal, ReopenGoal
from services.goals.domain.errors import GoalIsArchived, GoalIsCancelled, GoalIsClosed, GoalIsDraft, GoalNotFound
from services.goals.domain.state import Goal
from tests.goals.facts import ARCHIVED, CANCELLED, DRAFT, NEW, closed, created, goal

Decider = Callable[[Goal], Sequence[Any]]
SCORED = closed(score=Decimal("0.8"))
HISTORIES: dict[str, tuple[Any, ...]] = {
    "draft": (DRAFT,),
    "open": (created(),),
    "closed": (created(), closed()),
    "scored": (created(), SCORED),
    "cancelled": (created(), CANCELLED),
    "archived": (created(), ARCHIVED),
}


def closing(score: str | None = None, *, progress: float | None = 0.8, reflection: str | None = None) -> Decider:
    """The decider of Ada's command to close the goal, which shows a progress of 0.8 unless told otherwise."""
    given = Decimal(score) if score is not None else None
    command = CloseGoal(goal_id="g-1", score=given, reflection=reflection)
    return lambda goal: decide.close_goal(goal, command, "ada", progress)


def cancelling(goal: Goal) -> Sequence[Any]:
    return decide.cancel_goal(goal, CancelGoal(goal_id="g-1", reason="Sold."), "ada")


def reopening(goal: Goal) -> Sequence[Any]:
    return decide.reopen_goal(goal, ReopenGoal(goal_id="g-1", reason="Two weeks are left."), "ada")


COMMANDS: dict[str, Decider] = {
    "publish": decide.publish_goal,
    "close": closing(),
    "close with 0.8": closing("0.8"),
    "close with 0.9": closing("0.9"),
    "cancel": cancelling,
    "archive": decide.archive_goal,
    "restore": decide.restore_goal,
    "reopen": reopening,
}
PUBLISHED, RESTORED = GoalPublished(), GoalRestored()
REOPENED = GoalReopened(author_id="ada", reason="Two weeks are left.")
BEST = closed(score=Decimal("0.9"), judged=Decimal("0.9"))

# What each command does to each state: a fact, nothing (a repeat), or a refusal.
TABLE: dict[str, dict[str, Any]] = {
    "publish": {
        "draft": PUBLISHED,
        "open": None,
        "closed": GoalIsClosed,
        "scored": GoalIsClosed,
        "cancelled": GoalIsCancelled,
        "archived": GoalIsArchived,
    },
    "close": {
        "draft": GoalIsDraft,
        "open": closed(),
        "closed": None,
        "scored": GoalIsClosed,
        "cancelled": GoalIsCancelled,
        "archived": GoalIsArchived,
    },
    "close with 0.8": {
        "draft": GoalIsDraft,
        "open": SCORED,
        "closed": GoalIsClosed,
        "scored": None,
        "cancelled": GoalIsCancelled,
        "archived": GoalIsArchived,
    },
    "close with 0.9": {
        "draft": GoalIsDraft,
        "open": BEST,
        "closed": GoalIsClosed,
        "scored": GoalIsClosed,
        "cancelled": GoalIsCancelled,
        "archived": GoalIsArchived,
    },
    "cancel": {
        "draft": CANCELLED,
        "open": CANCELLED,
        "closed": GoalIsClosed,
        "scored": GoalIsClosed,
        "cancelled": None,
        "archived": GoalIsArchived,
    },
    "archive": {
        "draft": ARCHIVED,
        "open": ARCHIVED,
        "closed": ARCHIVED,
        "scored": ARCHIVED,
        "cancelled": GoalIsCancelled,
        "archived": None,
    },
    "restore": {
        "draft": None,
        "open": None,
        "closed": None,
        "scored": None,
        "cancelled": RESTORED,
        "archived": RESTORED,
    },
    "reopen": {
        "draft": GoalIsDraft,
        "open": None,
        "closed": REOPENED,
        "scored": REOPENED,
        "cancelled": GoalIsCancelled,
        "archived": GoalIsArchived,
    },
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_goal_that_does_not_exist_does_not_live(command: str) -> None:
    NEW.when(COMMANDS[command]).then_refused(GoalNotFound)


@pytest.mark.parametrize("state", HISTORIES)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_in_every_state(command: str, state: str) -> None:
    asked, expected = NEW.given(*HISTORIES[state]).when(COMMANDS[command]), TABLE[command][state]
    if isinstance(expected, type):
        assert issubclass(expected, DomainError)
        asked.then_refused(expected)
    else:
        asked.then(*([] if expected is None else [expected]))


@pytest.mark.parametrize("last", [closed(), SCORED])
def test_a_repeat_of_closing_says_nothing_new(last: GoalClosed) -> None:
    command = CloseGoal(goal_id="g-1", score=last.score, reflection="Another thought.")
    NEW.given(created(), last).when(lambda goal: decide.close_goal(goal, command, "bob", None)).then()


# --- how the end is judged --------------------------------------------------------------------------------------

OUTCOMES = [
    ("committed", "1", "achieved"),
    ("committed", "0.999999", "partly"),
    ("committed", "0.5", "partly"),
    ("committed", "0.499999", "missed"),
    ("aspirational", "1", "achieved"),
    ("aspirational", "0.7", "achieved"),
    ("aspirational", "0.699999", "partly"),
    ("aspirational", "0.35", "partly"),
    ("aspirational", "0.349999", "missed"),
    ("aspirational", "0", "missed"),
]


@pytest.mark.parametrize(("commitment", "score", "outcome"), OUTCOMES)
def test_a_score_is_judged_by_what_was_committed_to(commitment: str, score: str, outcome: str) -> None:
    [fact] = closing(score, progress=None)(goal(created(commitment=commitment)))
    assert (fact.score, fact.judged, fact.outcome) == (Decimal(score), Decimal(score), outcome)


@pytest.mark.parametrize(("commitment", "progress", "outcome"), OUTCOMES)
def test_without_a_score_the_progress_is_judged(commitment: str, progress: str, outcome: str) -> None:
    [fact] = closing(progress=float(progress))(goal(created(commitment=commitment)))
    assert (fact.score, fact.judged, fact.outcome) == (None, Decimal(progress), outcome)


@pytest.mark.parametrize(
    ("progress", "judged", "outcome"),
    [
        (0.1 + 0.2 + 0.4, "0.7", "achieved"),
        (0.6999999999, "0.7", "achieved"),
        (0.6999999994, "0.699999999", "partly"),
        (0.35 - 1e-12, "0.35", "partly"),
        (1 / 3, "0.333333333", "missed"),
        (-0.0, "0", "missed"),
        (-1e-12, "0", "missed"),
        (-2.5, "-2.5", "missed"),
        (1e-7, "0.0000001", "missed"),
        (2e18, "2000000000000000000", "achieved"),
    ],
)
def test_nine_decimals_of_the_progress_are_judged(progress: float, judged: str, outcome: str) -> None:
    """A sum of doubles that should be 0.7 and is a hair less is 0.7."""
    [fact] = closing(progress=progress)(goal(created()))
    assert (fact.judged, fact.outcome) == (Decimal(judged), outcome)


def test_the_score_counts_and_not_the_progress() -> None:
    asked = closing("0.1", progress=1.0, reflection="Mostly luck.")
    judged = Decimal("0.1")
    NEW.given(created()).when(asked).then(
        closed(score=judged, judged=judged, outcome="missed", reflection="Mostly luck.")
    )


def test_only_an_open_goal_without_score_needs_its_progress_known() -> None:
    bare, scored = CloseGoal(goal_id="g-1"), CloseGoal(goal_id="g-1", score=Decimal(1))
    needs = {name: decide.judges_progress(goal(*facts), bare) for name, facts in HISTORIES.items()}
    assert [name for name, needed in needs.items() if needed] == ["open"]
    assert not any(decide.judges_progress(goal(*facts), scored) for facts in HISTORIES.values())


# --- back again -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("away", [CANCELLED, ARCHIVED])
@pytest.mark.parametrize("before", ["draft", "open"])
def test_restored_a_goal_is_in_the_state_it_left(before: str, away: GoalCancelled | GoalArchived) -> None:
    back = goal(*HISTORIES[before], away, RESTORED)
    assert (back.state, back.left) == (before, None)
    NEW.given(*HISTORIES[before], away, RESTORED).when(cancelling).then(CANCELLED)


def test_restored_a_closed_goal_ended_as_it_did() -> None:
    away = goal(created(), SCORED, ARCHIVED)
    assert (away.state, away.left) == ("archived", "closed")
    back = goal(created(), SCORED, ARCHIVED, RESTORED)
    assert (back.state, back.score, back.outcome, back.judged) == (
        "closed",
        Decimal("0.8"),
        "achieved",
        Decimal("0.8"),
    )
    NEW.given(created(), SCORED, ARCHIVED, RESTORED).when(closing("0.8")).then()


def test_reopened_a_goal_has_no_end_any_more() -> None:
    again = goal(created(), SCORED, REOPENED)
    assert (again.state, again.score, again.judged, again.outcome) == ("open", None, None, None)
    NEW.given(created(), SCORED, REOPENED).when(closing("0.9")).then(BEST)


def test_a_published_draft_is_open() -> None:
    assert goal(DRAFT).state == "draft"
    NEW.given(DRAFT, PUBLISHED).when(closing()).then(closed())
