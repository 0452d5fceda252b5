"""A goal's history in words: what each fact did to it, from what to what, for who reads the stream back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

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
from libs.events.envelope import Fact
from services.goals.domain.state import GOAL, Goal

Change = tuple[str, Any, Any]
"""A field, what it was, what it is; as JSON, but numbers stay decimals."""

_MOVING = ("parent_id", "alignment", "visibility", "weight", "state", "score", "judged", "outcome")
_ALL = ("kind", *Definition.__struct_fields__, "parent_id", "alignment", "state")
_SEEN = ("status", "observed_on", "value", "progress")
_SAID = ("confidence", "note", "adjustments", "support_needed", "blockers", "source")
_WORDS = ("reason", "reflection", "note")


def describe(
    before: Goal,
    fact: Fact[Any],
    *,
    words: bool = False,
    recorded: CheckInRecorded | None = None,
    stood: CheckInCorrected | None = None,
) -> tuple[str, list[Change]]:
    """What a fact of a goal's stream did to the goal as it stood `before`: a phrase, and every field that changed.

    The phrase follows the actor's name; people and goals stand in it as ids only. Without `words` it says nothing of
    what the author wrote or how sure they were. `recorded` is the check-in that a correction is about, if known, and
    `stood` the correction that counted until then, if there was one.
    """
    data, after = fact.data, GOAL.fold(before, fact)
    if isinstance(data, CheckInCorrected) and recorded is not None:
        changes = _corrected(recorded, stood, data, words)
    elif isinstance(data, CheckInRecorded | CheckInCorrected):
        changes = _check_in(data, words)
    else:
        changes = [*_goal(before, after, data), *_milestones(before, after)]
        changes += [(name, None, _plain(text)) for name in _WORDS if words and (text := getattr(data, name, None))]
    return _PHRASES[type(data)](before, data), changes


def _goal(before: Goal, after: Goal, data: Any) -> Iterable[Change]:
    if isinstance(data, GoalCreated):
        filled = ((name, _plain(getattr(after, name))) for name in _ALL)
        return [(name, None, value) for name, value in filled if value not in (None, [], "none")]
    # A restated text may be readable where the former was destroyed: only what was changed is told.
    names = data.changed if isinstance(data, GoalChanged) else ("owner_id", "contributor_ids", *_MOVING)
    told = [(name, _plain(getattr(before, name)), _plain(getattr(after, name))) for name in names]
    told.append(("agreement", before.agreement.state, after.agreement.state))
    always = names if isinstance(data, GoalChanged) else ()
    return [change for change in told if change[1] != change[2] or change[0] in always]


def _milestones(before: Goal, after: Goal) -> Iterable[Change]:
    was, now = ({one.id: _step(one) for one in goal.milestones} for goal in (before, after))
    return [("milestone", was.get(id), now.get(id)) for id in {**was, **now} if was.get(id) != now.get(id)]


def _step(milestone: msgspec.Struct) -> dict[str, Any]:
    return {name: _plain(getattr(milestone, name)) for name in ("id", "title", "due_on", "reached_on")}


def says(name: str, recorded: CheckInRecorded, correction: CheckInCorrected | None) -> Any:
    """What a check-in says in one field: as it was recorded, under its last correction alone."""
    said = getattr(correction, name, None)
    cleared = correction.cleared if correction is not None else ()
    return said if said is not None or name in cleared else getattr(recorded, name)


def _check_in(data: CheckInRecorded | CheckInCorrected, words: bool) -> list[Change]:
    names = (*_SEEN, *_SAID, "reason") if words else _SEEN
    cleared = data.cleared if isinstance(data, CheckInCorrected) else ()
    now = {name: _plain(getattr(data, name, None)) for name in names}
    return [(name, None, now[name]) for name in names if now[name] is not None or name in cleared]


def _corrected(
    recorded: CheckInRecorded, stood: CheckInCorrected | None, data: CheckInCorrected, words: bool
) -> list[Change]:
    """From what counted until then: a correction takes back what the one before it said, where it says nothing."""
    names = (*_SEEN, *_SAID) if words else _SEEN
    told = [(name, *(_plain(says(name, recorded, one)) for one in (stood, data))) for name in names]
    changes: list[Change] = [(name, was, now) for name, was, now in told if was != now]
    return [*changes, ("reason", None, data.reason)] if words and data.reason is not None else changes


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value, builtin_types=(Decimal,))


# --- phrases ----------------------------------------------------------------------------------------------------


def _always(phrase: str) -> Callable[[Goal, Any], str]:
    return lambda before, data: phrase


def _created(before: Goal, data: GoalCreated) -> str:
    return "drafted the goal" if data.draft else "set the goal"


def _changed(before: Goal, data: GoalChanged) -> str:
    *others, last = [_NAMES.get(name, name) for name in data.changed]
    return f"changed {', '.join(others)} and {last}" if others else f"changed {last}"


def _moved(before: Goal, data: GoalMoved) -> str:
    if data.parent_id is None:
        return "made it a goal of its own"
    if data.parent_id != data.previous_parent_id:
        return "moved it under a parent" if data.alignment == "accepted" else "proposed it under a parent"
    return "changed its weight" if data.alignment == before.alignment else "accepted it under its parent"


def _aligned(before: Goal, data: AlignmentAccepted) -> str:
    return "changed its weight" if before.alignment == "accepted" else "accepted it under its parent"


def _proposed(before: Goal, data: AgreementProposed) -> str:
    return f"{'agreed to it' if data.complete else 'proposed it for agreement'} as {_PARTS[data.part]}"


def _agreed(before: Goal, data: AgreementGiven) -> str:
    return f"agreed to it as {_PARTS[data.part]}"


def _objected(before: Goal, data: ChangesRequested) -> str:
    return f"asked for changes as {_PARTS[data.part]}"


def _closed(before: Goal, data: GoalClosed) -> str:
    return f"closed it as {data.outcome}"


def _checked_in(before: Goal, data: CheckInRecorded) -> str:
    return f"checked in as {data.status.replace('_', ' ')}"


_NAMES = {
    "unit_id": "unit",
    "contributor_ids": "contributors",
    "progress_driver": "progress driver",
    "check_in_every": "rhythm of check-ins",
    "external_ref": "external reference",
}
_PARTS = {"owner": "the owner", "manager": "the manager", "editor": "an editor"}
_PHRASES: Mapping[type, Callable[[Goal, Any], str]] = {
    GoalCreated: _created,
    GoalChanged: _changed,
    GoalTransferred: _always("gave it to another owner"),
    GoalPublished: _always("published it"),
    GoalMoved: _moved,
    AlignmentAccepted: _aligned,
    AlignmentDeclined: _always("declined it under the parent"),
    AlignmentDetached: _always("took it out of its parent"),
    AgreementProposed: _proposed,
    AgreementGiven: _agreed,
    ChangesRequested: _objected,
    GoalClosed: _closed,
    GoalCancelled: _always("cancelled it"),
    GoalArchived: _always("archived it"),
    GoalRestored: _always("restored it"),
    GoalReopened: _always("reopened it"),
    MilestoneAdded: _always("added a milestone"),
    MilestoneChanged: _always("changed a milestone"),
    MilestoneReached: _always("reached a milestone"),
    MilestoneRemoved: _always("removed a milestone"),
    CheckInRecorded: _checked_in,
    CheckInCorrected: _always("corrected a check-in"),
}
