"""A goal's history in words: what each fact did to it, from what to what, for who reads the stream back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final

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
from services.goals.domain.state import GOAL, Goal, Milestone


class Erased(Enum):
    """What stands where a text was destroyed, until it is answered: nothing is what nobody ever said."""

    TEXT = "erased"


ERASED: Final = Erased.TEXT
Change = tuple[str, Any, Any]
"""A field, what it was, what it is; as JSON, but numbers stay decimals and a destroyed text is `ERASED`."""

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
    recorded: Fact[CheckInRecorded] | None = None,
    stood: Fact[CheckInCorrected] | None = None,
) -> tuple[str, list[Change]]:
    """What a fact of a goal's stream did to the goal as it stood `before`: a phrase, and every field that changed.

    The phrase follows the actor's name; people and goals stand in it as ids only. Without `words` it says nothing of
    what the author wrote or how sure they were. `recorded` is the check-in that a correction is about, if known, and
    `stood` the correction that counted until then, if there was one.
    """
    data, after = fact.data, GOAL.fold(before, fact)
    if isinstance(data, CheckInCorrected) and recorded is not None:
        changes = _corrected(recorded, stood, fact, words)
    elif isinstance(data, CheckInRecorded | CheckInCorrected):
        changes = _check_in(fact, words)
    else:
        changes = [*_goal(before, after, data), *_milestones(before, after, fact)]
        said = ((name, _said(data, name, fact.erased)) for name in (_WORDS if words else ()))
        changes += [(name, None, text) for name, text in said if text]
    return _PHRASES[type(data)](before, data), changes


def _goal(before: Goal, after: Goal, data: Any) -> Iterable[Change]:
    if isinstance(data, GoalCreated):
        filled = ((name, _said(after, name, after.erased)) for name in _ALL)
        return [(name, None, value) for name, value in filled if value not in (None, [], "none")]
    # A restated text may be readable where the former was destroyed: only what was changed is told.
    names = data.changed if isinstance(data, GoalChanged) else ("owner_id", "contributor_ids", *_MOVING)
    told: list[Change] = [(name, *(_said(goal, name, goal.erased) for goal in (before, after))) for name in names]
    told.append(("agreement", before.agreement.state, after.agreement.state))
    always = names if isinstance(data, GoalChanged) else ()
    return [change for change in told if change[1] != change[2] or change[0] in always]


def _milestones(before: Goal, after: Goal, fact: Fact[Any]) -> Iterable[Change]:
    was, now = ({one.id: _step(one) for one in goal.milestones} for goal in (before, after))
    said = {fact.data.milestone_id} if isinstance(fact.data, MilestoneChanged) and fact.erased else set()
    told = (id for id in {**was, **now} if id in said or was.get(id) != now.get(id))
    return [("milestone", was.get(id), now.get(id)) for id in told]


def _step(milestone: Milestone) -> dict[str, Any]:
    # There is none without a title.
    erased = ("title",) if milestone.title is None else ()
    return {name: _said(milestone, name, erased) for name in ("id", "title", "due_on", "reached_on")}


def says(name: str, recorded: Fact[CheckInRecorded], correction: Fact[CheckInCorrected] | None) -> Fact[Any]:
    """Which fact says what a check-in has in one field: what recorded it, or its last correction alone."""
    if correction is None:
        return recorded
    data = correction.data
    said = getattr(data, name, None) is not None or name in data.cleared or name in correction.erased
    return correction if said else recorded


def _check_in(fact: Fact[CheckInRecorded] | Fact[CheckInCorrected], words: bool) -> list[Change]:
    names = (*_SEEN, *_SAID, "reason") if words else _SEEN
    cleared = fact.data.cleared if isinstance(fact.data, CheckInCorrected) else ()
    now = {name: _said(fact.data, name, fact.erased) for name in names}
    return [(name, None, now[name]) for name in names if now[name] is not None or name in cleared]


def _corrected(
    recorded: Fact[CheckInRecorded],
    stood: Fact[CheckInCorrected] | None,
    fact: Fact[CheckInCorrected],
    words: bool,
) -> list[Change]:
    """From what counted until then: a correction takes back what the one before it said, where it says nothing."""
    names = (*_SEEN, *_SAID) if words else _SEEN
    told: list[Change] = []
    for name in names:
        was, now = (says(name, recorded, one) for one in (stood, fact))
        told.append((name, _said(was.data, name, was.erased), _said(now.data, name, now.erased)))
    reason = _said(fact.data, "reason", fact.erased)
    # Of two texts that were destroyed nobody knows any more whether they differed: what was said is told.
    changes = [change for change in told if change[1] != change[2] or change[0] in fact.erased]
    return [*changes, ("reason", None, reason)] if words and reason is not None else changes


def _said(data: Any, name: str, erased: Collection[str]) -> Any:
    """A field as JSON, None where there is none; `erased` are the paths of the data whose text was destroyed."""
    value = msgspec.to_builtins(getattr(data, name, None), builtin_types=(Decimal,))
    return _marked(value, name, erased) if erased else value


def _marked(value: Any, path: str, erased: Collection[str]) -> Any:
    if path in erased:
        return ERASED
    if isinstance(value, dict):
        return {name: _marked(item, f"{path}.{name}", erased) for name, item in value.items()}
    if isinstance(value, list):
        return [_marked(item, f"{path}.{at}", erased) for at, item in enumerate(value)]
    return value


def erased_in(value: Any, path: str) -> Iterator[str]:
    """The paths at which a text was destroyed in something as it is told here, which stands at `path`."""
    if value is ERASED:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from erased_in(item, f"{path}.{name}")


def shown(value: Any) -> Any:
    """The same as it is answered: null where a text was destroyed."""
    if isinstance(value, dict):
        return {name: shown(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return None if value is ERASED else value


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
