"""Which states of a goal, or of its parent, allow a command, before anything else is judged."""

from __future__ import annotations

from collections.abc import Mapping

from libs.events.errors import Conflict
from services.goals.domain.errors import (
    GoalIsArchived,
    GoalIsCancelled,
    GoalIsClosed,
    GoalIsDraft,
    GoalNotFound,
    ParentIsKeyResult,
    UnknownParent,
)
from services.goals.domain.state import Goal

_REFUSALS: Mapping[str, type[Conflict]] = {
    "draft": GoalIsDraft,
    "closed": GoalIsClosed,
    "cancelled": GoalIsCancelled,
    "archived": GoalIsArchived,
}


def refuse_unless(goal: Goal, *states: str) -> None:
    """Raises GoalNotFound, or the conflict that the goal's state stands for. `states` include `open`."""
    if goal.version == 0:
        raise GoalNotFound
    if goal.state not in states:
        raise _REFUSALS[goal.state]


def refuse_absent(goal: Goal) -> None:
    """Raises GoalNotFound. In any state of the goal the rest is allowed."""
    if goal.version == 0:
        raise GoalNotFound


def refuse_as_parent(parent: Goal | None) -> Goal:
    """What a goal may be hung under: it exists, is no key result, and is open or a draft."""
    if parent is None or parent.version == 0:
        raise UnknownParent
    if parent.kind == "key_result":
        raise ParentIsKeyResult
    if parent.state not in ("draft", "open"):
        raise _REFUSALS[parent.state](f"The parent is {parent.state}. Choose another, or have it taken up again.")
    return parent
