"""A row a goal: its state, and its node as the tree and lists see it; written by projections, read by queries."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec

from libs.events.declare import Collection, Index, Many, Words
from services.goals.domain.state import Goal

GOALS = Collection("goals", Goal)
"""A row a goal: its folded state, found by id. Lists and trees are found by the nodes below."""


# Rows are loaded by the ten thousand and cannot be part of a circle: the collector need not look at them (`gc=False`).
class Counts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Goals by status: a goal and its contributing descendants."""

    not_started: int = 0
    on_track: int = 0
    delayed: int = 0
    off_track: int = 0
    done: int = 0


WORST_FIRST = ("off_track", "delayed", "on_track", "not_started", "done")
"""Statuses from the worst to the best."""


def worst(counts: Counts) -> str:
    """The worst status that any goal has: a goal's own stands among its counts, so there is one."""
    return next((status for status in WORST_FIRST if getattr(counts, status)), "not_started")


class Cause(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The last event, on a goal or under it, that changes its row."""

    goal_id: str
    event_type: str
    time: datetime


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The check-in that counts, by the day it was observed and the version that recorded it."""

    check_in_id: str
    observed_on: date
    version: int
    status: str


class Measured(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The number that counts, of the latest check-in that has one: a metric's value, or an estimated progress."""

    check_in_id: str
    observed_on: date
    version: int
    value: Decimal | None
    progress: Decimal | None


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a metric measures: start, target, and where it stood when nobody had measured."""

    start: Decimal
    target: Decimal
    current: Decimal


MOST_MONTHS = 24
LONG = "during=long"


def during(first: date, last: date) -> list[str]:
    """The facets of a period: `during=2026-04` for each month that it touches, `LONG` alone where these are too many.

    Whatever overlaps a period shares one with it, or is long, or that period is: so an overlap is found by walks in
    order of id that meet little else.
    """
    start, end = (day.year * 12 + day.month - 1 for day in (first, last))
    if end - start >= MOST_MONTHS:
        return [LONG]
    return [f"during={month // 12:04}-{month % 12 + 1:02}" for month in range(start, end + 1)]


class Node(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A goal in the tree and in lists: what it is found by, what it hands up, what comes up to it.

    `seen_by` is the visibility that holds: the parent's for a key result that hangs under one. `left` is the state
    that archiving or cancelling left. `kids` counts all goals attached in any state, `child_count` those that the tree
    shows (accepted, not archived), `contributing` those that count, `key_results` those of them that are key results.
    `progress` is what the goal shows and hands up, `frozen` what it showed when it was closed without a score.
    Progress is an IEEE double; everything else that is a number is exact.
    """

    id: str
    title: str | None
    labels: tuple[str, ...]
    kind: str
    focus: str
    owner_id: str
    unit_id: str | None
    contributor_ids: tuple[str, ...]
    visibility: str
    seen_by: str
    period_start: date | None
    period_end: date | None
    parent_id: str | None
    alignment: str
    weight: Decimal
    progress_driver: str
    clamp: bool
    commitment: str
    check_in_every: str | None
    state: str
    left: str | None = None
    span: Span | None = None
    seen: Seen | None = None
    measured: Measured | None = None
    last_check_in_at: datetime | None = None
    score: Decimal | None = None
    outcome: str | None = None
    frozen: float | None = None
    own_progress: float | None = None
    progress: float = 0.0
    counts: Counts = Counts()
    leaf_count: int = 1
    kids: int = 0
    child_count: int = 0
    contributing: int = 0
    key_results: int = 0
    caused_by: Cause | None = None
    created_at: datetime
    updated_at: datetime
    changed_on: date

    @property
    def status(self) -> str:
        """`done` when closed, else the status of the check-in that counts, `not_started` before the first."""
        if "closed" in (self.state, self.left):
            return "done"
        return self.seen.status if self.seen is not None else "not_started"

    @property
    def worst_status(self) -> str:
        """The worst status among the goal and its contributing descendants."""
        return worst(self.counts)

    @property
    def shelf(self) -> str:
        """Where lists look for it: `public`, or its owner's id when not everybody may see it."""
        return "public" if self.seen_by == "public" else self.owner_id

    @property
    def facets(self) -> list[str]:
        """`name=value` of every exact filter; with `public ` before it once more when everybody may see the goal.

        `public` alone then too; and `root`, without prefix, of what the tree shows as a root.
        """
        found = [f"state={self.state}", f"status={self.status}", f"kind={self.kind}", f"focus={self.focus}"]
        found.append(f"owner={self.owner_id}")
        if self.unit_id is not None:
            found.append(f"unit={self.unit_id}")
        if self.parent_id is not None:
            found.append(f"parent={self.parent_id}")
        found += [f"contributor={person}" for person in self.contributor_ids]
        found += [f"label={label.casefold()}" for label in self.labels]
        if self.period_start is not None and self.period_end is not None:
            found += during(self.period_start, self.period_end)
        if self.seen_by == "public":
            found += [f"public {facet}" for facet in found]
            found.append("public")
        if self.is_root:
            found.append("root")
        return list(dict.fromkeys(found))

    @property
    def is_root(self) -> bool:
        """Whether the tree shows it as a root: not archived, and under no parent that has accepted it."""
        return self.state != "archived" and (self.parent_id is None or self.alignment != "accepted")

    @property
    def quiet_since(self) -> datetime | None:
        """Since when nobody has checked in, where somebody should; None where staleness cannot be.

        It cannot where the goal is not open, or follows other goals that count.
        """
        if self.state != "open" or (self.contributing > 0 and self.progress_driver not in ("manual", "metric")):
            return None
        return self.last_check_in_at or self.created_at


NODES = Collection(
    "nodes",
    Node,
    (
        Index("parent_id"),
        Index("parent_id", "seen_by"),
        Index("owner_id"),
        Index("owner_id", "kids"),
        Index("updated_at"),
        Index("state", "period_end"),
        Index("shelf", "updated_at"),
        Index("shelf", "state", "period_end"),
        Index("shelf", "quiet_since"),
        Many("facets"),
        Words("title"),
    ),
)
"""A row a goal, as the tree and lists see it."""
