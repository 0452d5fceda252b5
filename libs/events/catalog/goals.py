"""What the goals service states: which goals exist and how they were seen to move."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec

from libs.events.personal import Personal


class Period(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """First and last day, both included."""

    start: date
    end: date


class Metric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Progress is the way from `start` to `target`, in `unit`; `current` is where it stood at creation."""

    start: Decimal
    target: Decimal
    current: Decimal
    unit: Annotated[str | None, Personal("owner_id")]


class GoalCreated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A goal was set. Driver and visibility stand resolved, so that no later default changes what was meant."""

    title: Annotated[str | None, Personal("owner_id")]
    description: Annotated[str | None, Personal("owner_id")] = None
    kind: str
    owner_id: str
    contributor_ids: list[str] = []
    weight: Decimal
    period: Period | None = None
    metric: Metric | None = None
    progress_driver: str
    clamp: bool
    commitment: str
    focus: str
    visibility: str
    labels: Annotated[list[str | None], Personal("owner_id")] = []
    check_in_every: str | None = None


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a check-in was read off, when not by a person."""

    system: str
    url: Annotated[str | None, Personal("author_id")] = None


class CheckInRecorded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a goal was seen to stand on a day: a `value` of its metric, or a `progress` where it has none.

    The words are the author's own.
    """

    check_in_id: str
    author_id: str
    status: str
    observed_on: date
    value: Decimal | None = None
    progress: Decimal | None = None
    confidence: Decimal | None = None
    note: Annotated[str | None, Personal("author_id")] = None
    adjustments: Annotated[str | None, Personal("author_id")] = None
    support_needed: Annotated[str | None, Personal("author_id")] = None
    blockers: Annotated[str | None, Personal("author_id")] = None
    source: Source | None = None
