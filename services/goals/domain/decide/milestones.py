"""The steps on a goal's way: set, changed, reached, given up."""

from __future__ import annotations

from datetime import date

from libs.events.catalog.goals import MilestoneAdded, MilestoneChanged, MilestoneReached, MilestoneRemoved
from services.goals.domain.commands import AddMilestone, ChangeMilestone
from services.goals.domain.decide.states import refuse_unless
from services.goals.domain.errors import MilestoneNotFound, TooManyMilestones
from services.goals.domain.state import Goal, Milestone

MOST = 100
"""Milestones a goal."""


def add_milestone(goal: Goal, command: AddMilestone, milestone_id: str, author_id: str) -> tuple[MilestoneAdded]:
    """One more step. Raises the state's conflict, TooManyMilestones."""
    refuse_unless(goal, "draft", "open")
    if len(goal.milestones) >= MOST:
        raise TooManyMilestones
    return (MilestoneAdded(milestone_id=milestone_id, author_id=author_id, title=command.title, due_on=command.due_on),)


def change_milestone(goal: Goal, command: ChangeMilestone, author_id: str) -> tuple[MilestoneChanged, ...]:
    """Another title or date. Raises the state's conflict, MilestoneNotFound."""
    standing = _milestone(goal, command.milestone_id)
    title = standing.title if command.title is None else command.title
    due_on = command.due_on or standing.due_on
    if (title, due_on) == (standing.title, standing.due_on):
        return ()
    # A title that stays is still its author's own, whoever moves the date.
    author = standing.author_id if title == standing.title else author_id
    return (MilestoneChanged(milestone_id=standing.id, author_id=author, title=title, due_on=due_on),)


def reach_milestone(goal: Goal, milestone_id: str, today: date) -> tuple[MilestoneReached, ...]:
    """Behind us since `today`, the UTC date; once. Raises the state's conflict, MilestoneNotFound."""
    if _milestone(goal, milestone_id).reached_on is not None:
        return ()
    return (MilestoneReached(milestone_id=milestone_id, reached_on=today),)


def remove_milestone(goal: Goal, milestone_id: str) -> tuple[MilestoneRemoved]:
    """No longer meant. Raises the state's conflict, MilestoneNotFound."""
    return (MilestoneRemoved(milestone_id=_milestone(goal, milestone_id).id),)


def _milestone(goal: Goal, milestone_id: str) -> Milestone:
    refuse_unless(goal, "draft", "open")
    found = next((one for one in goal.milestones if one.id == milestone_id), None)
    if found is None:
        raise MilestoneNotFound
    return found
