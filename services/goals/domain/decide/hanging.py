"""Where a goal hangs: moved, proposed, accepted, declined, taken out; never under itself."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from libs.events.catalog.goals import AlignmentAccepted, AlignmentDeclined, AlignmentDetached, GoalMoved, TreeChanged
from services.goals.domain.commands import Align, MoveGoal
from services.goals.domain.decide.states import refuse_as_parent, refuse_unless
from services.goals.domain.errors import (
    AlignmentStands,
    GoalCycle,
    NoAlignmentProposed,
    UnknownParent,
    WeightIsTheParents,
    WellbeingHasNoParent,
)
from services.goals.domain.state import Goal

Attaches = Literal["accepted", "proposed"]
"""How a goal comes under a parent: `accepted` by an editor of the parent, `proposed` by anybody else."""


def move_goal(
    goal: Goal,
    command: MoveGoal,
    *,
    parent: Goal | None = None,
    ancestors: Iterable[str] = (),
    attaches: Attaches | None = None,
) -> tuple[GoalMoved, ...]:
    """Another parent, or none; nothing where it hangs already.

    `parent` is the one it names, None where there is none that the asker sees; for a move to nowhere the one that the
    goal leaves. `ancestors` are the ids above it.
    Raises the state's conflict (the parent's too, unless nothing changes), GoalCycle, WeightIsTheParents, or what a
    parent has to be.
    """
    refuse_unless(goal, "draft", "open")
    weight = goal.weight if command.weight is None else command.weight
    if command.parent_id is None:
        return _moved(goal, None, "none", weight, _left_with(goal, parent))
    if command.parent_id == goal.parent_id:
        return _stays(goal, parent, weight, attaches)
    if goal.focus == "wellbeing":
        raise WellbeingHasNoParent
    if parent is None or parent.version == 0:
        raise UnknownParent
    if goal.id in (parent.id, *ancestors):
        raise GoalCycle
    above = refuse_as_parent(parent)
    # It is seen as the parent is, however that changes; what is stated tells the goal's history how it was then.
    visibility = above.visibility if goal.kind == "key_result" else None
    return _moved(goal, above.id, attaches or "proposed", weight, visibility)


def change_tree(goal: Goal, command: MoveGoal) -> tuple[TreeChanged, ...]:
    """What a move means to the guard of the tenant's tree: an edge that was not there, or nothing."""
    if command.parent_id in (None, goal.parent_id):
        return ()
    return (TreeChanged(goal_id=goal.id, parent_id=command.parent_id),)


def align(
    goal: Goal, command: Align, parent: Goal | None = None
) -> tuple[AlignmentAccepted | AlignmentDeclined | AlignmentDetached, ...]:
    """What becomes of a goal under its `parent`, by word of the parent's editors, or of its own when detaching.

    `parent` may be left out of what leaves it, unless that is a key result. Raises the state's conflict (the parent's
    too, when accepting), NoAlignmentProposed, AlignmentStands.
    """
    refuse_unless(goal, "draft", "open")
    if goal.parent_id is None:
        if command.action == "detach":
            return ()
        raise NoAlignmentProposed
    if command.action == "detach":
        return (AlignmentDetached(parent_id=goal.parent_id, visibility=_left_with(goal, parent)),)
    if command.action == "decline":
        if goal.alignment == "accepted":
            raise AlignmentStands
        return (AlignmentDeclined(parent_id=goal.parent_id, visibility=_left_with(goal, parent)),)
    weight = goal.weight if command.weight is None else command.weight
    if goal.alignment == "accepted" and weight == goal.weight:
        return ()
    refuse_as_parent(parent)
    return (AlignmentAccepted(parent_id=goal.parent_id, weight=weight),)


def _stays(goal: Goal, parent: Goal | None, weight: Decimal, attaches: Attaches | None) -> tuple[GoalMoved, ...]:
    # Where it hangs already an editor of the parent may still let it count, or weigh it; nobody proposes it anew.
    if goal.alignment == "accepted" and weight != goal.weight and attaches != "accepted":
        raise WeightIsTheParents
    facts = _moved(goal, goal.parent_id, "accepted" if attaches == "accepted" else goal.alignment, weight)
    if facts:
        refuse_as_parent(parent)
    return facts


def _left_with(goal: Goal, parent: Goal | None) -> str | None:
    """Who may see a goal that is a root from now on, None: whoever its own visibility lets.

    A key result was seen as its parent was at that moment, whatever it says itself. Leaving shows it to nobody new:
    under what is private, or what is not known, it was its owner's and their manager's.
    """
    if goal.kind != "key_result":
        return None
    if goal.parent_id is None:
        return goal.visibility
    return "private" if parent is None or parent.visibility == "private" else "team"


def _moved(
    goal: Goal, parent_id: str | None, alignment: str, weight: Decimal, visibility: str | None = None
) -> tuple[GoalMoved, ...]:
    if (parent_id, alignment, weight) == (goal.parent_id, goal.alignment, goal.weight):
        return ()
    fact = GoalMoved(
        parent_id=parent_id,
        previous_parent_id=goal.parent_id,
        alignment=alignment,
        weight=weight,
        visibility=visibility,
    )
    return (fact,)
