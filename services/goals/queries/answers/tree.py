"""What the goal tree, and what moves in it, is answered with."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from services.goals.read_models import Counts


class CauseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The last event on a goal, or under it, that changed its node."""

    goal_id: str
    event_type: str
    time: datetime


class NodeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A goal in the tree: what it is, what comes up to it, and how many of its children the asker may not see.

    `leaf_count`, `child_count` and `status_counts` are the same for every asker. `pace` and `expected_progress` are
    None for a goal that is not open or has no period, `hidden_count` where too many goals hang below to count them.
    `erased` lists texts that were destroyed.
    """

    id: str
    parent_id: str | None
    title: str | None
    kind: str
    owner_id: str
    unit_id: str | None
    weight: Decimal
    progress_driver: str
    own_progress: float | None
    progress: float
    expected_progress: float | None
    pace: str | None
    state: str
    status: str
    worst_status: str
    status_counts: dict[str, int]
    leaf_count: int
    child_count: int
    hidden_count: int | None
    last_check_in_at: datetime | None
    stale: bool
    caused_by: CauseAnswer | None
    erased: list[str]


class RestrictedNodeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A goal that the asker may not see, over one that they may."""

    id: str
    parent_id: str | None
    restricted: bool = True


_EITHER = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("NodeAnswer", "RestrictedNodeAnswer")]}
ShownNode = NodeAnswer | RestrictedNodeAnswer


class TreeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the tree, parents before children; every element of `nodes` is a `ShownNode`."""

    nodes: list[Annotated[Any, Meta(extra_json_schema=_EITHER)]]
    position: str


class AncestorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a goal means to one above it.

    `weight` is the goal's own share, 0 to 1, of all that the ancestor takes; `raw_weight` its weight in its direct
    parent, None further up: what stands between is nobody's business who may not see it. `points` is how much of the
    ancestor's progress comes from the goal; `counts` whether it does; `erased` lists texts that were destroyed.
    """

    goal_id: str
    title: str | None
    weight: float
    raw_weight: Decimal | None
    points: float
    counts: bool
    erased: list[str]


class ImpactAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How a goal moves the goals above it, from its parent upwards; those that the asker may not see are left out."""

    goal_id: str
    items: list[AncestorAnswer]


class TrendPointAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A goal's progress at the end of a day."""

    day: date
    progress: float


class TrendAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A goal's progress by day: the days on which something changed, oldest first."""

    goal_id: str
    items: list[TrendPointAnswer]


def erased_title(title: str | None) -> list[str]:
    """What `erased` says of something that is never without a title."""
    return ["title"] if title is None else []


def counted(counts: Counts) -> dict[str, int]:
    """Goals by status, under their names."""
    return {
        "not_started": counts.not_started,
        "on_track": counts.on_track,
        "delayed": counts.delayed,
        "off_track": counts.off_track,
        "done": counts.done,
    }
