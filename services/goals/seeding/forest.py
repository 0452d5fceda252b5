"""A goal tree of any size, always of the same shape: ten roots, ten goals under every goal, until there are enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from libs.events.catalog.goals import (
    CheckInRecorded,
    GoalArchived,
    GoalCancelled,
    GoalClosed,
    GoalCreated,
    Metric,
    Period,
)
from libs.events.handle import NewStream
from libs.events.registry import Event
from services.goals.domain.measure import outcome
from services.goals.domain.state import GOAL

FAN_OUT = 10
ROUNDS = 2
"""How often people check in: all who do once, two thirds of them once more."""
WORKING_HOURS = timedelta(hours=8)
"""Over which a round is spread."""

_WHAT = ("Fewer escalations", "Shorter waits", "Better hand-overs", "Cleaner data", "More pilots", "Quicker restores")
_WHERE = ("in the north", "in the south", "for new customers", "on weekends", "in the back office", "for partners")
_LABELS = ("quality", "speed", "growth", "cost", "people", "safety", "service", "product")
_STATUSES = ("on_track", "on_track", "on_track", "delayed", "off_track")
_NOTE = "The numbers moved; what helped was to look at three cases together."
_REASON = "The customer went another way."
_SCORE = Decimal("0.8")


@dataclass(frozen=True)
class Forest:
    """The goals in order of rank: goal `n` hangs under goal `(n - 10) // 10`, the first ten are roots.

    Owners and units stand in the same order, so that who owns a goal is led by who owns the goal above, or close to
    it. People check in to one in `every` of the goals that nothing hangs under, whole teams' goals at a time.
    """

    ids: tuple[str, ...]
    owners: tuple[str, ...]
    units: tuple[str, ...]
    today: date
    every: int = 1

    def parent(self, number: int) -> int | None:
        """What a goal hangs under."""
        return (number - FAN_OUT) // FAN_OUT if number >= FAN_OUT else None

    def is_leaf(self, number: int) -> bool:
        """Whether nothing hangs under a goal."""
        return (number + 1) * FAN_OUT >= len(self.ids)

    def rank(self, number: int) -> int:
        """Whose goal it is, by place among the owners."""
        return number * len(self.owners) // len(self.ids)

    def owner(self, number: int) -> str:
        """Whose goal it is."""
        return self.owners[self.rank(number)]

    def contributors(self, number: int) -> list[str]:
        """Who takes part in every fourth goal: the owner's neighbour."""
        if number % 4 != 3 or len(self.owners) < 2:
            return []
        return [self.owners[(self.rank(number) + 1) % len(self.owners)]]

    def unit(self, number: int) -> str | None:
        """The unit that every tenth goal belongs to."""
        if number % 10 != 6 or not self.units:
            return None
        return self.units[number * len(self.units) // len(self.ids)]

    def is_draft(self, number: int) -> bool:
        """Whether a goal is not published yet."""
        return self.is_leaf(number) and number % 60 == 11

    def ending(self, number: int) -> str | None:
        """How a goal ended, if it did."""
        if not self.is_leaf(number) or self.is_draft(number):
            return None
        if number % 24 == 5:
            return "closed"
        return {25: "cancelled", 26: "archived"}.get(number % 72)

    def takes_part(self, number: int, turn: int) -> bool:
        """Whether somebody checks in to a goal in this round."""
        if not self.is_leaf(number) or self.is_draft(number) or number // FAN_OUT % self.every:
            return False
        return turn == 0 or number % 3 != 0


def goals(forest: Forest, at: datetime) -> Iterator[NewStream]:
    """Every goal's beginning, parents before what hangs under them."""
    for number, goal_id in enumerate(forest.ids):
        owner = forest.owner(number)
        yield NewStream(GOAL.kind, goal_id, 0, (_goal(forest, number, owner),), owner, _moment(forest, number, at))


def check_ins(forest: Forest, turn: int, at: datetime, ids: Iterator[str]) -> Iterator[NewStream]:
    """One round of check-ins; `ids` gives each a new id."""
    for number, goal_id in enumerate(forest.ids):
        if forest.takes_part(number, turn):
            owner, moment = forest.owner(number), _moment(forest, number, at)
            fact = CheckInRecorded(
                check_in_id=next(ids),
                author_id=owner,
                status=_STATUSES[(number // 3 + turn) % len(_STATUSES)],
                observed_on=moment.date(),
                value=Decimal(50 - (number + 3 * turn) % 14),
                confidence=Decimal("0.7"),
                note=_NOTE,
            )
            yield NewStream(GOAL.kind, goal_id, 1 + turn, (fact,), owner, moment)


def endings(forest: Forest, at: datetime) -> Iterator[NewStream]:
    """What became of the goals that are over, after all rounds of check-ins."""
    for number, goal_id in enumerate(forest.ids):
        ending, owner = forest.ending(number), forest.owner(number)
        if ending is not None:
            version = 1 + sum(forest.takes_part(number, turn) for turn in range(ROUNDS))
            fact = _ended(number, ending, owner)
            yield NewStream(GOAL.kind, goal_id, version, (fact,), owner, _moment(forest, number, at))


def _ended(number: int, ending: str, owner: str) -> Event:
    if ending == "archived":
        return GoalArchived()
    if ending == "cancelled":
        return GoalCancelled(author_id=owner, reason=_REASON)
    judged = outcome(_SCORE, _commitment(number))
    return GoalClosed(author_id=owner, score=_SCORE, judged=_SCORE, outcome=judged, reflection=_NOTE)


def _goal(forest: Forest, number: int, owner: str) -> GoalCreated:
    parent, leaf = forest.parent(number), forest.is_leaf(number)
    measured = leaf and number % 5 < 2
    kind = "objective" if not leaf else "key_result" if measured else "smart"
    start = forest.today - timedelta(days=30 + 60 * (number % 4))
    return GoalCreated(
        title=f"{_WHAT[number % len(_WHAT)]} {_WHERE[number // len(_WHAT) % len(_WHERE)]}",
        kind=kind,
        owner_id=owner,
        unit_id=forest.unit(number),
        contributor_ids=forest.contributors(number),
        parent_id=forest.ids[parent] if parent is not None else None,
        alignment="accepted" if parent is not None else "none",
        weight=Decimal(1 + number % 3),
        period=Period(start=start, end=start + timedelta(days=120)),
        metric=Metric(start=Decimal(50), target=Decimal(40), current=Decimal(50), unit="cases") if leaf else None,
        progress_driver="metric" if leaf else "all",
        clamp=True,
        commitment=_commitment(number),
        focus="development" if kind == "smart" and number % 10 == 9 else "business",
        visibility="public" if kind != "smart" else "private" if number % 50 == 13 else "team",
        labels=[_LABELS[number % len(_LABELS)]],
        check_in_every="two_weeks" if leaf else None,
        draft=forest.is_draft(number),
    )


def _commitment(number: int) -> str:
    return "committed" if number % 9 == 0 else "aspirational"


def _moment(forest: Forest, number: int, at: datetime) -> datetime:
    """When it is a goal's turn in a round that begins at `at`."""
    return at + WORKING_HOURS * (number / len(forest.ids))
