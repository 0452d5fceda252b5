"""Check-ins and their corrections → rows, and which of them counts: the latest observed, then the latest recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain

from msgspec.structs import replace

from libs.events.catalog.goals import CheckInCorrected, CheckInRecorded
from libs.events.declare import Group, Held
from libs.events.envelope import Fact
from services.goals.projections.over import Over
from services.goals.projections.steps import own_progress
from services.goals.read_models import CHECK_INS, CheckInRow, Measured, Node, Seen

CORRECTIONS_KEPT = 50
"""Corrections of one check-in that its row leads to."""


def place(observed_on: date, version: int) -> str:
    """A text that orders check-ins of a goal by what counts more."""
    return f"{observed_on.isoformat()}.{version:012d}"


def best_of(goal_id: str, most: int) -> tuple[Group, Group]:
    """The check-ins of a goal that count most, and those of them that carry a number."""
    return (
        Group(CHECK_INS, "goal_id", goal_id, "place", most),
        Group(CHECK_INS, "goal_id", goal_id, "measured_place", most),
    )


class CheckIns:
    """The check-ins that a batch looks at."""

    def __init__(self, held: Held) -> None:
        self.rows = Over[CheckInRow](held, CHECK_INS)
        self._held = held
        self._new: dict[str, list[str]] = {}
        self._best: dict[str, list[str]] | None = None

    def record(self, node: Node, fact: Fact[CheckInRecorded]) -> Node:
        """The node after one more check-in; it counts unless a later day was observed already."""
        data = fact.data
        row = _row(fact)
        self._put(row)
        seen = node.seen
        if seen is None or data.observed_on >= seen.observed_on:
            seen = _seen(row)
        measured = node.measured
        if row.measured_place is not None and (measured is None or data.observed_on >= measured.observed_on):
            measured = _measured(row)
        own = node.own_progress if measured is node.measured else own_progress(node.span, measured)
        return replace(
            node,
            seen=seen,
            measured=measured,
            own_progress=own,
            last_check_in_at=fact.time,
            updated_at=fact.time,
        )

    def correct(self, node: Node, fact: Fact[CheckInCorrected]) -> Node:
        """The node after a correction. Raises LookupError when the goal has no such check-in."""
        row = self.rows.get(fact.data.check_in_id)
        if row is None or row.goal_id != node.id:
            raise LookupError(f"a correction of a check-in that is not there: {fact.data.check_in_id}")
        self._put(_corrected(row, fact))
        rows = [self.rows[id] for id in self._ranked(node.id)]
        seen = _seen(max(rows, key=_by_place))
        numbers = [row for row in rows if row.measured_place is not None]
        measured = _measured(max(numbers, key=_by_place)) if numbers else None
        own = own_progress(node.span, measured)
        return replace(node, seen=seen, measured=measured, own_progress=own, updated_at=fact.time)

    def _put(self, row: CheckInRow) -> None:
        if not self.rows.is_put(row.id):
            self._new.setdefault(row.goal_id, []).append(row.id)
        self.rows.put(row.id, row)

    def _ranked(self, goal_id: str) -> Iterable[str]:
        """The check-ins of a goal that may come to count by a correction."""
        if self._best is None:
            self._best = {}
            for group, ids in self._held.groups.items():
                if group.collection is CHECK_INS:
                    self._best.setdefault(group.value, []).extend(ids)
        return chain(self._best.get(goal_id, ()), self._new[goal_id])


def _by_place(row: CheckInRow) -> str:
    return row.place


def _row(fact: Fact[CheckInRecorded]) -> CheckInRow:
    data = fact.data
    at = place(data.observed_on, fact.version)
    return CheckInRow(
        id=data.check_in_id,
        goal_id=fact.entity_id,
        version=fact.version,
        corrected_by=None,
        author_id=data.author_id,
        observed_on=data.observed_on,
        status=data.status,
        value=data.value,
        progress=data.progress,
        recorded=(data.observed_on, data.status, data.value, data.progress),
        place=at,
        measured_place=_number_place(at, data.value, data.progress),
    )


def _corrected(row: CheckInRow, fact: Fact[CheckInCorrected]) -> CheckInRow:
    """What was recorded, under this correction alone: an earlier one no longer says anything."""
    data = fact.data
    observed_on, status, value, progress = row.recorded
    observed_on = observed_on if data.observed_on is None else data.observed_on
    value = _overlaid("value", value, data.value, data.cleared)
    progress = _overlaid("progress", progress, data.progress, data.cleared)
    at = place(observed_on, row.version)
    return replace(
        row,
        corrected_by=fact.version,
        corrections=(*row.corrections, fact.version)[-CORRECTIONS_KEPT:],
        observed_on=observed_on,
        status=status if data.status is None else data.status,
        value=value,
        progress=progress,
        place=at,
        measured_place=_number_place(at, value, progress),
    )


def _overlaid(name: str, recorded: Decimal | None, said: Decimal | None, cleared: Sequence[str]) -> Decimal | None:
    if said is not None:
        return said
    return None if name in cleared else recorded


def _number_place(at: str, value: Decimal | None, progress: Decimal | None) -> str | None:
    return None if value is None and progress is None else at


def _seen(row: CheckInRow) -> Seen:
    return Seen(row.id, row.observed_on, row.version, row.status)


def _measured(row: CheckInRow) -> Measured:
    return Measured(row.id, row.observed_on, row.version, row.value, row.progress)
