"""How a goal lives: published, closed with an outcome, given up, put away, taken up again; a repeat changes nothing."""

from __future__ import annotations

from decimal import Decimal

from libs.events.catalog.goals import (
    GoalArchived,
    GoalCancelled,
    GoalClosed,
    GoalPublished,
    GoalReopened,
    GoalRestored,
)
from services.goals.domain.commands import CancelGoal, CloseGoal, ReopenGoal
from services.goals.domain.decide.states import refuse_absent, refuse_unless
from services.goals.domain.measure import outcome, rounded
from services.goals.domain.state import Goal


def publish_goal(goal: Goal) -> tuple[GoalPublished, ...]:
    """A draft becomes open. Raises the state's conflict."""
    if goal.state == "open":
        refuse_absent(goal)
        return ()
    refuse_unless(goal, "open", "draft")
    return (GoalPublished(),)


def judges_progress(goal: Goal, command: CloseGoal) -> bool:
    """Whether closing will judge the goal's progress, which then has to be known; a score needs none."""
    return goal.state == "open" and command.score is None


def close_goal(goal: Goal, command: CloseGoal, author_id: str, progress: float | None) -> tuple[GoalClosed, ...]:
    """The end with its outcome. `progress` is what the goal shows, needed only where `judges_progress` says so.

    Raises the state's conflict; closed with the same score, or both times without, nothing happens.
    """
    if goal.state == "closed" and goal.score == command.score:
        return ()
    refuse_unless(goal, "open")
    judged = _judged(command.score, progress)
    fact = GoalClosed(
        author_id=author_id,
        score=command.score,
        judged=judged,
        outcome=outcome(judged, goal.commitment),
        reflection=command.reflection,
    )
    return (fact,)


def cancel_goal(goal: Goal, command: CancelGoal, author_id: str) -> tuple[GoalCancelled, ...]:
    """Given up. Raises the state's conflict."""
    if goal.state == "cancelled":
        return ()
    refuse_unless(goal, "open", "draft")
    return (GoalCancelled(author_id=author_id, reason=command.reason),)


def archive_goal(goal: Goal) -> tuple[GoalArchived, ...]:
    """Put away. Raises the state's conflict."""
    if goal.state == "archived":
        return ()
    refuse_unless(goal, "open", "draft", "closed")
    return (GoalArchived(),)


def restore_goal(goal: Goal) -> tuple[GoalRestored, ...]:
    """Back to the state that cancelling or archiving left. Raises GoalNotFound."""
    refuse_absent(goal)
    return (GoalRestored(),) if goal.left is not None else ()


def reopen_goal(goal: Goal, command: ReopenGoal, author_id: str) -> tuple[GoalReopened, ...]:
    """A closed goal is open again. Raises the state's conflict."""
    refuse_unless(goal, "open", "closed")
    return (GoalReopened(author_id=author_id, reason=command.reason),) if goal.state == "closed" else ()


def _judged(score: Decimal | None, progress: float | None) -> Decimal:
    if score is not None:
        return score
    assert progress is not None, "closing without a score judges the progress"
    return rounded(progress)
