"""Examples of what the goals service states of a goal's life, where it hangs, and what is said around it."""

from __future__ import annotations

from decimal import Decimal

from libs.events.catalog import goals
from libs.events.registry import Event
from tests.events.samples.examples.ids import ADA, BOB, CHECK_IN, GOAL, OTHER_PARENT, PARENT

LIVING: dict[str, Event] = {
    "goals.goal-published.v1": goals.GoalPublished(),
    "goals.goal-moved.v1": goals.GoalMovedV1(
        parent_id=PARENT, previous_parent_id=OTHER_PARENT, alignment="accepted", weight=Decimal("1.5")
    ),
    "goals.goal-moved.v2": goals.GoalMoved(
        parent_id=PARENT,
        previous_parent_id=OTHER_PARENT,
        alignment="accepted",
        weight=Decimal("1.5"),
        visibility="private",
    ),
    "goals.goal-closed.v1": goals.GoalClosed(
        author_id=ADA,
        score=Decimal("0.75"),
        judged=Decimal("0.75"),
        outcome="achieved",
        reflection="The rota did more than the tool.",
    ),
    "goals.goal-cancelled.v1": goals.GoalCancelled(author_id=BOB, reason="The product was sold."),
    "goals.goal-archived.v1": goals.GoalArchived(),
    "goals.goal-restored.v1": goals.GoalRestored(),
    "goals.goal-reopened.v1": goals.GoalReopened(author_id=BOB, reason="Two weeks are left."),
    "goals.alignment-accepted.v1": goals.AlignmentAccepted(parent_id=PARENT, weight=Decimal(2)),
    "goals.alignment-declined.v1": goals.AlignmentDeclinedV1(parent_id=PARENT),
    "goals.alignment-declined.v2": goals.AlignmentDeclined(parent_id=PARENT, visibility="private"),
    "goals.alignment-detached.v1": goals.AlignmentDetachedV1(parent_id=PARENT),
    "goals.alignment-detached.v2": goals.AlignmentDetached(parent_id=PARENT, visibility="team"),
    "goals.tree-changed.v1": goals.TreeChanged(goal_id=GOAL, parent_id=PARENT),
    "goals.agreement-proposed.v1": goals.AgreementProposed(
        author_id=ADA, part="owner", complete=True, note="As we said on Monday."
    ),
    "goals.agreement-given.v1": goals.AgreementGiven(
        author_id=BOB, part="manager", complete=True, note="With pleasure."
    ),
    "goals.changes-requested.v1": goals.ChangesRequested(author_id=BOB, part="manager", note="Less by March, please."),
    "goals.support-requested.v1": goals.SupportRequested(
        goal_id=GOAL, check_in_id=CHECK_IN, author_id=ADA, text="A second tester."
    ),
    "goals.support-answered.v1": goals.SupportAnswered(state="promised", author_id=BOB, answer="From next week on."),
    "goals.comment-added.v1": goals.CommentAdded(
        goal_id=GOAL, author_id=BOB, text="Which week was it?", check_in_id=CHECK_IN
    ),
    "goals.comment-changed.v1": goals.CommentChanged(author_id=BOB, text="Which month was it?"),
    "goals.comment-removed.v1": goals.CommentRemoved(),
    "goals.goal-followed.v1": goals.GoalFollowed(goal_id=GOAL, person_id=BOB),
    "goals.goal-unfollowed.v1": goals.GoalUnfollowed(goal_id=GOAL, person_id=BOB),
    "goals.event-skipped.v1": goals.EventSkipped(
        projection="goals.tree",
        sequence=4712,
        key="acme",
        author_id=ADA,
        reason="A move that closed a circle, from before circles were refused.",
    ),
}
