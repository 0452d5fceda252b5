"""Facts of a goal's stream → the goal: a fold for each, and the list of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from libs.events.catalog.goals import (
    AgreementGiven,
    AgreementProposed,
    AlignmentAccepted,
    AlignmentDeclined,
    AlignmentDetached,
    ChangesRequested,
    CheckInCorrected,
    CheckInRecorded,
    Definition,
    GoalArchived,
    GoalCancelled,
    GoalChanged,
    GoalClosed,
    GoalCreated,
    GoalMoved,
    GoalPublished,
    GoalReopened,
    GoalRestored,
    GoalTransferred,
    MilestoneAdded,
    MilestoneChanged,
    MilestoneReached,
    MilestoneRemoved,
)
from libs.events.declare import Aggregate, fold_by_type
from libs.events.envelope import Fact
from services.goals.domain.state.goal import Agreement, Goal, Milestone

GOAL_EVENTS: tuple[type[msgspec.Struct], ...] = (
    GoalCreated,
    GoalChanged,
    GoalTransferred,
    GoalPublished,
    GoalMoved,
    AlignmentAccepted,
    AlignmentDeclined,
    AlignmentDetached,
    AgreementProposed,
    AgreementGiven,
    ChangesRequested,
    GoalClosed,
    GoalCancelled,
    GoalArchived,
    GoalRestored,
    GoalReopened,
    MilestoneAdded,
    MilestoneChanged,
    MilestoneReached,
    MilestoneRemoved,
    CheckInRecorded,
    CheckInCorrected,
)
"""Every fact that stands on a goal's own stream."""

REOPENING = frozenset({"title", "metric", "period", "weight"})
"""What owner and manager have to agree on anew when it changes; another owner likewise."""

_NEVER_CLEARED = frozenset({"title", "metric.unit", "external_ref.id"})
"""Texts that are null only where they were destroyed."""


# --- what it is -------------------------------------------------------------------------------------------------


def _created(goal: Goal, fact: Fact[GoalCreated]) -> Goal:
    data = fact.data
    return Goal(
        **_defined(data),
        id=fact.entity_id,
        kind=data.kind,
        parent_id=data.parent_id,
        alignment=data.alignment,
        state="draft" if data.draft else "open",
        erased=list(fact.erased),
        created_at=fact.time,
        created_by=fact.actor,
    )


def _changed(goal: Goal, fact: Fact[GoalChanged]) -> Goal:
    changed = fact.data.changed
    defined = replace(goal, **_defined(fact.data), erased=_erased(goal, fact, changed))
    return defined if REOPENING.isdisjoint(changed) else _agree_anew(defined)


def _transferred(goal: Goal, fact: Fact[GoalTransferred]) -> Goal:
    return _agree_anew(replace(goal, **_defined(fact.data), erased=_erased(goal, fact, ())))


def _defined(data: Definition) -> dict[str, Any]:
    return {name: getattr(data, name) for name in Definition.__struct_fields__}


def _erased(goal: Goal, fact: Fact[Any], changed: tuple[str, ...] | list[str]) -> list[str]:
    # A definition is restated whole: what was destroyed before is stated as null, and nobody cleared it.
    standing = [
        path
        for path in goal.erased
        if _stands_empty(fact.data, path) and (path in _NEVER_CLEARED or path.partition(".")[0] not in changed)
    ]
    found = [path for path in fact.erased if path != "reason"]
    return list(dict.fromkeys([*standing, *found]))


def _stands_empty(data: Any, path: str) -> bool:
    for step in path.split("."):
        data = _at(data, int(step)) if isinstance(data, list) else getattr(data, step, "")
    return data is None


def _at(items: list[Any], place: int) -> Any:
    # Restated by somebody, it may have become shorter.
    return items[place] if place < len(items) else ""


# --- where it hangs ---------------------------------------------------------------------------------------------


def _moved(goal: Goal, fact: Fact[GoalMoved]) -> Goal:
    data = fact.data
    moved = replace(
        goal,
        parent_id=data.parent_id,
        alignment=data.alignment,
        weight=data.weight,
        visibility=visibility_under(data.parent_id, goal.kind, goal.visibility, data.visibility),
    )
    return moved if data.weight == goal.weight else _agree_anew(moved)


def _accepted(goal: Goal, fact: Fact[AlignmentAccepted]) -> Goal:
    weight = fact.data.weight
    accepted = replace(goal, alignment="accepted", weight=weight)
    return accepted if weight == goal.weight else _agree_anew(accepted)


def _root(goal: Goal, fact: Fact[AlignmentDeclined | AlignmentDetached]) -> Goal:
    visibility = visibility_under(None, goal.kind, goal.visibility, fact.data.visibility)
    return replace(goal, parent_id=None, alignment="none", visibility=visibility)


def visibility_under(parent_id: str | None, kind: str, before: str, stated: str | None) -> str:
    """Who may see a goal of this kind once it hangs under a parent or (None) under none: what the fact `stated`.

    Facts stated nothing once. What they meant by it stays so for ever: a key result without a parent was the team's.
    """
    if stated is not None:
        return stated
    return "team" if parent_id is None and kind == "key_result" else before


# --- who agrees -------------------------------------------------------------------------------------------------


def _agreed(goal: Goal, fact: Fact[AgreementProposed | AgreementGiven]) -> Goal:
    given = {f"{fact.data.part}_at": fact.time} if fact.data.part in ("owner", "manager") else {}
    state, version = ("agreed", fact.version) if fact.data.complete else ("proposed", None)
    return replace(goal, agreement=replace(goal.agreement, state=state, agreed_version=version, **given))


def _changes_requested(goal: Goal, fact: Fact[ChangesRequested]) -> Goal:
    return replace(goal, agreement=Agreement(state="changes_requested"))


def _agree_anew(goal: Goal) -> Goal:
    if goal.agreement.state not in ("proposed", "agreed"):
        return goal
    return replace(goal, agreement=Agreement(state="proposed"))


# --- how it lives -----------------------------------------------------------------------------------------------


def _published(goal: Goal, fact: Fact[GoalPublished]) -> Goal:
    return replace(goal, state="open")


def _closed(goal: Goal, fact: Fact[GoalClosed]) -> Goal:
    data = fact.data
    return replace(goal, state="closed", score=data.score, judged=data.judged, outcome=data.outcome)


def _reopened(goal: Goal, fact: Fact[GoalReopened]) -> Goal:
    return replace(goal, state="open", score=None, judged=None, outcome=None)


def _cancelled(goal: Goal, fact: Fact[GoalCancelled]) -> Goal:
    return replace(goal, state="cancelled", left=goal.state)


def _archived(goal: Goal, fact: Fact[GoalArchived]) -> Goal:
    return replace(goal, state="archived", left=goal.state)


def _restored(goal: Goal, fact: Fact[GoalRestored]) -> Goal:
    return replace(goal, state=goal.left or goal.state, left=None)


# --- the steps on its way ---------------------------------------------------------------------------------------


def _milestone_added(goal: Goal, fact: Fact[MilestoneAdded]) -> Goal:
    data = fact.data
    milestone = Milestone(
        id=data.milestone_id,
        title=data.title,
        due_on=data.due_on,
        author_id=data.author_id,
        version=fact.version,
        created_at=fact.time,
        created_by=fact.actor,
        updated_at=fact.time,
        updated_by=fact.actor,
    )
    return replace(goal, milestones=[*goal.milestones, milestone])


def _milestone_changed(goal: Goal, fact: Fact[MilestoneChanged]) -> Goal:
    data = fact.data
    return _with_milestone(goal, fact, {"title": data.title, "due_on": data.due_on, "author_id": data.author_id})


def _milestone_reached(goal: Goal, fact: Fact[MilestoneReached]) -> Goal:
    return _with_milestone(goal, fact, {"reached_on": fact.data.reached_on})


def _with_milestone(goal: Goal, fact: Fact[MilestoneChanged | MilestoneReached], fields: Mapping[str, Any]) -> Goal:
    moved = {"version": fact.version, "updated_at": fact.time, "updated_by": fact.actor}
    return replace(
        goal,
        milestones=[
            replace(one, **fields, **moved) if one.id == fact.data.milestone_id else one for one in goal.milestones
        ],
    )


def _milestone_removed(goal: Goal, fact: Fact[MilestoneRemoved]) -> Goal:
    return replace(goal, milestones=[one for one in goal.milestones if one.id != fact.data.milestone_id])


fold = fold_by_type(
    {
        GoalCreated: _created,
        GoalChanged: _changed,
        GoalTransferred: _transferred,
        GoalPublished: _published,
        GoalMoved: _moved,
        AlignmentAccepted: _accepted,
        AlignmentDeclined: _root,
        AlignmentDetached: _root,
        AgreementProposed: _agreed,
        AgreementGiven: _agreed,
        ChangesRequested: _changes_requested,
        GoalClosed: _closed,
        GoalCancelled: _cancelled,
        GoalArchived: _archived,
        GoalRestored: _restored,
        GoalReopened: _reopened,
        MilestoneAdded: _milestone_added,
        MilestoneChanged: _milestone_changed,
        MilestoneReached: _milestone_reached,
        MilestoneRemoved: _milestone_removed,
    }
)
"""The goal after one more fact. Pure; facts that change nothing here still count as a version."""

GOAL: Aggregate[Goal] = Aggregate(
    "goal",
    Goal(),
    fold,
    words=(GoalCreated, GoalChanged, GoalTransferred, MilestoneAdded, MilestoneChanged),
    idle=(CheckInRecorded, CheckInCorrected),
)
