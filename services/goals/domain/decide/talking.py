"""What is said around a goal in any of its states: comments, followers, which outside record stands for what."""

from __future__ import annotations

from libs.events.catalog.goals import (
    CommentAdded,
    CommentChanged,
    CommentRemoved,
    GoalFollowed,
    GoalUnfollowed,
    ReferenceClaimed,
    ReferenceReleased,
)
from services.goals.domain import commands
from services.goals.domain.decide.states import refuse_absent
from services.goals.domain.errors import CommentNotFound, NotYourComment, ReferenceTaken
from services.goals.domain.state import Comment, Follow, Goal, Reference


def add_comment(goal: Goal, command: commands.Comment, author_id: str) -> tuple[CommentAdded]:
    """Something said, on a stream of its own. Raises GoalNotFound."""
    refuse_absent(goal)
    fact = CommentAdded(
        goal_id=command.goal_id, author_id=author_id, text=command.text, check_in_id=command.check_in_id
    )
    return (fact,)


def change_comment(comment: Comment, text: str, author_id: str) -> tuple[CommentChanged, ...]:
    """Said differently by its author. Raises CommentNotFound, NotYourComment."""
    if comment.version == 0 or comment.removed:
        raise CommentNotFound
    if comment.author_id != author_id:
        raise NotYourComment
    return (CommentChanged(author_id=author_id, text=text),) if text != comment.text else ()


def remove_comment(comment: Comment, author_id: str) -> tuple[CommentRemoved, ...]:
    """Taken back by its author; a second time nothing happens. Raises CommentNotFound, NotYourComment."""
    if comment.version == 0:
        raise CommentNotFound
    if comment.author_id != author_id:
        raise NotYourComment
    return () if comment.removed else (CommentRemoved(),)


def follow_goal(follow: Follow, goal: Goal, person_id: str) -> tuple[GoalFollowed, ...]:
    """Wants to hear of the goal; said once. Raises GoalNotFound."""
    refuse_absent(goal)
    return (GoalFollowed(goal_id=goal.id, person_id=person_id),) if follow.since is None else ()


def unfollow_goal(follow: Follow, goal: Goal, person_id: str) -> tuple[GoalUnfollowed, ...]:
    """No longer wants to hear of the goal. Raises GoalNotFound."""
    refuse_absent(goal)
    return (GoalUnfollowed(goal_id=goal.id, person_id=person_id),) if follow.since is not None else ()


def claim_reference(reference: Reference, goal_id: str, check_in_id: str | None) -> tuple[ReferenceClaimed, ...]:
    """A goal, or a check-in of it, stands for an outside record from now on. Raises ReferenceTaken."""
    if (reference.goal_id, reference.check_in_id) == (goal_id, check_in_id):
        return ()
    if reference.goal_id is not None:
        raise ReferenceTaken
    return (ReferenceClaimed(goal_id=goal_id, check_in_id=check_in_id),)


def release_reference(reference: Reference, goal_id: str, check_in_id: str | None) -> tuple[ReferenceReleased, ...]:
    """It stands for the outside record no longer; where it never did, nothing happens."""
    if (reference.goal_id, reference.check_in_id) != (goal_id, check_in_id):
        return ()
    return (ReferenceReleased(target_id=check_in_id or goal_id),)
