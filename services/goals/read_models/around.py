"""The rows around goals: their days and former places, check-ins, support, comments, followers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec

from libs.events.declare import Collection, Index
from services.goals.read_models.nodes import Cause, Counts


class Day(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """How a goal's node stood at the end of a day on which it changed. No personal text."""

    goal_id: str
    day: date
    parent_id: str | None
    alignment: str
    state: str
    left: str | None
    weight: Decimal
    progress_driver: str
    status: str
    own_progress: float | None
    progress: float
    counts: Counts
    leaf_count: int
    child_count: int
    contributing: int
    last_check_in_at: datetime | None
    period_start: date | None
    period_end: date | None
    commitment: str
    created_at: datetime
    caused_by: Cause | None


DAYS = Collection("days", Day, (Index("goal_id", "day"),))
"""A row a goal and day, `<goal id>.<day>`, so that the past is looked up and not replayed."""


class Edge(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """That a goal once hung under a parent, or was a root (`parent_id` is then `root`). It stays for ever."""

    parent_id: str
    goal_id: str


ROOT = "root"
EDGES = Collection("edges", Edge, (Index("parent_id"),))
"""A row a parent and goal, `<parent id>.<goal id>`: whom to look at for the children of a day."""


class CheckInRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A check-in as it counts, corrected or not. What it says in words is in the stream alone.

    `version` recorded it, `corrected_by` is the version of its last correction, `corrections` those of the newest ones
    up to it. `place` orders the check-ins of a goal by what counts more, `measured_place` those that carry a number
    (None: it does not), `changed` by when something was last said about them.
    """

    id: str
    goal_id: str
    version: int
    corrected_by: int | None
    author_id: str
    observed_on: date
    status: str
    value: Decimal | None
    progress: Decimal | None
    recorded: tuple[date, str, Decimal | None, Decimal | None]
    place: str
    measured_place: str | None
    corrections: tuple[int, ...] = ()

    @property
    def changed(self) -> int:
        """The version that last said something about it; one version speaks of one check-in."""
        return self.version if self.corrected_by is None else self.corrected_by


CHECK_INS = Collection(
    "check_ins",
    CheckInRow,
    (
        Index("goal_id", "place"),
        Index("goal_id", "measured_place"),
        Index("goal_id", "version"),
        Index("goal_id", "changed"),
    ),
)
"""A row a check-in: where it stands in its goal's stream, and what of it counts."""


class SupportRow(msgspec.Struct, frozen=True, kw_only=True):
    """A request for support and its answer. Texts are None where they were erased."""

    id: str
    version: int
    goal_id: str
    check_in_id: str
    author_id: str
    text: str | None
    state: str
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None
    erased: list[str]
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


class CommentRow(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said about a goal. The text is None where it was erased."""

    id: str
    version: int
    goal_id: str
    check_in_id: str | None
    author_id: str
    text: str | None
    erased: list[str]
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    """That a person follows a goal: `<goal id>.<person id>`."""

    version: int
    goal_id: str
    person_id: str
    since: datetime


SUPPORT = Collection(
    "support",
    SupportRow,
    (
        Index("created_at"),
        Index("updated_at"),
        Index("goal_id", "created_at"),
        Index("goal_id", "updated_at"),
        Index("state", "created_at"),
        Index("state", "updated_at"),
    ),
)
COMMENTS = Collection("comments", CommentRow, (Index("goal_id", "created_at"), Index("goal_id", "updated_at")))
FOLLOWS = Collection("follows", Follow, (Index("goal_id"), Index("goal_id", "since")))
