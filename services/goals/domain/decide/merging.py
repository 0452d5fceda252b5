"""How a goal is changed: absent keeps, null clears, objects merge (RFC 7386); then the rules hold as for a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from libs.events.catalog.goals import ExternalRef, GoalChanged, Metric, Period
from services.goals.domain.commands import ChangeGoal
from services.goals.domain.decide.defining import contributors, definition_of, held_visibility, metric_of, period_of
from services.goals.domain.decide.states import refuse_absent, refuse_as_parent, refuse_unless
from services.goals.domain.errors import (
    CannotBeCleared,
    DriverWithoutMetric,
    MetricIncomplete,
    NotByReference,
    PeriodIncomplete,
    ReferenceIncomplete,
    SmartGoalIncomplete,
    VisibilityOfParent,
    WeightIsTheParents,
    WellbeingHasNoParent,
)
from services.goals.domain.state import Goal


def change_goal(
    goal: Goal, command: ChangeGoal, *, parent: Goal | None = None, may_weigh: bool = False
) -> tuple[GoalChanged, ...]:
    """The whole definition anew; nothing where nothing differs.

    `parent` is the goal's own, `may_weigh` whether the asker edits it. Raises the state's conflict (the parent's too,
    when it counts there with another weight), WeightIsTheParents, or one of the rules on what a goal may be.
    """
    refuse_unless(goal, "draft", "open")
    before = definition_of(goal)
    after = before | {name: _MERGES[name](goal, given) for name, given in command.changes.items()}
    held = held_visibility(goal.kind, parent)
    if held is not None and command.changes.get("visibility", held) != held:
        raise VisibilityOfParent
    changed = [name for name, value in after.items() if value != before[name]]
    if not changed:
        return ()
    if "weight" in changed and goal.alignment == "accepted":
        if not may_weigh:
            raise WeightIsTheParents
        # As for a move in place: what has ended is not weighed anew.
        refuse_as_parent(parent)
    _refuse_nonsense(goal, after)
    return (GoalChanged(**after, changed=changed),)


def refuse_by_reference(goal: Goal, fixed: Mapping[str, Any]) -> None:
    """Raises NotByReference for a kind, owner, parent or draft that is not what the goal has; else nothing happens."""
    refuse_absent(goal)
    standing = {
        "kind": goal.kind,
        "owner_id": goal.owner_id,
        "parent_id": goal.parent_id,
        "draft": goal.state == "draft",
    }
    for name, route in _ROUTES.items():
        if name in fixed and fixed[name] != standing[name]:
            raise NotByReference(f"This goal exists with another {name}. {route}", field=name, goal_id=goal.id)


_ROUTES = {
    "kind": "It keeps the kind that it was created with: create another goal under another reference.",
    "owner_id": "Give it to another owner with POST /goals/{id}/transfer.",
    "parent_id": "Hang it under another parent with POST /goals/{id}/move.",
    "draft": "Publish a draft with POST /goals/{id}/publish; what was published is no draft again.",
}


def _refuse_nonsense(goal: Goal, after: Mapping[str, Any]) -> None:
    if goal.kind == "smart" and (after["metric"] is None or after["period"] is None):
        raise SmartGoalIncomplete
    if after["progress_driver"] == "metric" and after["metric"] is None:
        raise DriverWithoutMetric
    if after["focus"] == "wellbeing" and goal.parent_id is not None:
        raise WellbeingHasNoParent


def _whole(standing: Any, given: Mapping[str, Any], needed: tuple[str, ...]) -> dict[str, Any] | None:
    """The merged members, None where one of the needed is missing. One that was erased is null and not missing."""
    if any(given[name] is None if name in given else standing is None for name in needed):
        return None
    kept = {name: getattr(standing, name) for name in standing.__struct_fields__} if standing is not None else {}
    return kept | dict(given)


def _metric(goal: Goal, given: Mapping[str, Any] | None) -> Metric | None:
    if given is None:
        return None
    whole = _whole(goal.metric, given, ("start", "target", "unit"))
    if whole is None:
        raise MetricIncomplete
    current = whole.get("current")
    return metric_of(Metric(**whole | {"current": whole["start"] if current is None else current}))


def _period(goal: Goal, given: Mapping[str, Any] | None) -> Period | None:
    if given is None:
        return None
    whole = _whole(goal.period, given, ("start", "end"))
    if whole is None:
        raise PeriodIncomplete
    return period_of(**whole)


def _reference(goal: Goal, given: Mapping[str, Any] | None) -> ExternalRef | None:
    if given is None:
        return None
    whole = _whole(goal.external_ref, given, ("system", "id"))
    if whole is None:
        raise ReferenceIncomplete
    return ExternalRef(**whole)


def _needed(name: str) -> Callable[[Goal, Any], Any]:
    def merge(goal: Goal, given: Any) -> Any:
        if given is None:
            raise CannotBeCleared(f"{name} cannot be null. Give it a value, or leave it out to keep what it is.")
        return given

    return merge


def _as_given(goal: Goal, given: Any) -> Any:
    return given


_MERGES: Mapping[str, Callable[[Goal, Any], Any]] = {
    **{
        name: _needed(name)
        for name in ("title", "weight", "progress_driver", "clamp", "commitment", "focus", "visibility")
    },
    **dict.fromkeys(("description", "unit_id", "check_in_every"), _as_given),
    "contributor_ids": lambda goal, given: contributors(given or (), goal.owner_id),
    "labels": lambda goal, given: list(dict.fromkeys(given or ())),
    "metric": _metric,
    "period": _period,
    "external_ref": _reference,
}
"""What becomes of each field that a change may name."""
