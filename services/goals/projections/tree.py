"""Facts of goals → the live tree: what a batch has to look at, and the rows that it changes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from libs.events.catalog.goals import (
    AlignmentAccepted,
    AlignmentDeclined,
    AlignmentDetached,
    CheckInCorrected,
    CheckInRecorded,
    GoalChanged,
    GoalCreated,
    GoalMoved,
    GoalTransferred,
)
from libs.events.declare import Fold, Group, Held, Row, RowKey, Wanted
from libs.events.envelope import Fact
from services.goals.domain.state import GOAL_EVENTS
from services.goals.projections.growing import Growth
from services.goals.projections.observed import best_of
from services.goals.projections.steps import STEPS, words
from services.goals.read_models import CHECK_INS, DAYS, EDGES, NODES, ROOT

WORDY = (GoalCreated, GoalChanged, GoalTransferred)
"""Facts that state what a goal is in words."""
_ON_GOALS = frozenset(GOAL_EVENTS)
_QUIET = _ON_GOALS - STEPS.keys() - {GoalCreated, CheckInRecorded, CheckInCorrected}
"""Facts that change no number: of these the goal alone is looked at, and its time of change moves."""
_PLACING = frozenset((GoalCreated, GoalMoved))
_HANGING = frozenset((GoalMoved, AlignmentAccepted, AlignmentDeclined, AlignmentDetached))
_UNKNOWN = object()


@dataclass
class _Named:
    """What the facts of a batch name: goals that they make, goals whose numbers they move, and single rows."""

    made: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    rows: set[RowKey] = field(default_factory=set)
    recorded: set[str] = field(default_factory=set)
    corrected: dict[str, set[str]] = field(default_factory=dict)

    def add(self, fact: Fact[Any]) -> None:
        data, id = fact.data, fact.entity_id
        kind = type(data)
        if kind in _QUIET:
            self.rows.add(RowKey(NODES, id))
            return
        (self.made if kind is GoalCreated else self.moved).add(id)
        if kind is CheckInRecorded:
            self.recorded.add(data.check_in_id)
        elif kind is CheckInCorrected:
            self.corrected.setdefault(id, set()).add(data.check_in_id)
        elif kind in _PLACING and data.parent_id is not None:
            self.moved.add(data.parent_id)
        if kind in _HANGING:
            self.rows.update(RowKey(EDGES, f"{parent}.{id}") for parent in (ROOT, data.parent_id) if parent is not None)


def needs(facts: Sequence[Fact[Any]], held: Held) -> Wanted:
    """The goals that facts are about, their new and old ancestors, and the direct children of each of them.

    Of a goal with corrections also its best check-ins: each correction displaces one at most, so one more than there
    are corrections is enough to know which counts, however many there are.
    """
    named = _Named()
    for fact in facts:
        if type(fact.data) in _ON_GOALS:
            named.add(fact)
    groups = {
        group
        for goal_id, ids in named.corrected.items()
        if goal_id not in named.made
        for group in best_of(goal_id, len(ids) + 1)
    }
    corrected = {id for ids in named.corrected.values() for id in ids}
    rows = {key for key in named.rows if key.collection is not NODES or key.id not in named.made}
    rows.update(RowKey(CHECK_INS, id) for id in corrected - named.recorded)
    _climb(named, held, rows, groups)
    return Wanted(frozenset(rows), frozenset(groups))


def _climb(named: _Named, held: Held, rows: set[RowKey], groups: set[Group]) -> None:
    """Adds what is not loaded yet of nodes, their children and their ancestors; what the batch makes is not stored."""
    ahead, passed = list(named.moved), set(named.made)
    while ahead:
        id = ahead.pop()
        if id in passed:
            continue
        passed.add(id)
        key = RowKey(NODES, id)
        node = held.rows.get(key, _UNKNOWN)
        if node is _UNKNOWN:
            rows.add(key)
        elif node is not None:
            if node.kids:
                groups.add(Group(NODES, "parent_id", id))
            if node.parent_id is not None:
                # It has at least this child: what hangs under it can be asked for together with it.
                groups.add(Group(NODES, "parent_id", node.parent_id))
                ahead.append(node.parent_id)


def fold(facts: Sequence[Fact[Any]], held: Held) -> Mapping[RowKey, Row | None]:
    """The rows that change. Raises LookupError for a fact about a goal or check-in that never was."""
    growth = Growth(held)
    for fact in facts:
        if type(fact.data) in _ON_GOALS:
            growth.grow(fact)
    return growth.changed()


def retell(facts: Sequence[Fact[Any]]) -> tuple[RowKey, Mapping[str, Any]] | None:
    """How a goal's node reads now: title and labels are all that it keeps in words."""
    stated = next((fact for fact in reversed(facts) if type(fact.data) in WORDY), None)
    return None if stated is None else (RowKey(NODES, stated.entity_id), words(stated.data))


def _tenant(fact: Fact[Any]) -> str:
    return fact.tenant


TREE = Fold(
    name="goals.tree",
    version=2,
    topics=("goals.events",),
    words=WORDY,
    heeds=_ON_GOALS,
    retell=retell,
    writes=(NODES, DAYS, EDGES, CHECK_INS),
    needs=needs,
    fold=fold,
    key=_tenant,
)
