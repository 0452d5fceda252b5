"""Facts of how a goal moves: check-ins, corrections beside them, milestones."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec

from libs.events.personal import Personal


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a check-in was read off, when not by a person."""

    system: str
    url: Annotated[str | None, Personal("author_id")] = None


class CheckInRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The record of another system that a check-in stands for; unique per tenant by `system` and `id`."""

    system: str
    id: Annotated[str | None, Personal("author_id")]
    url: Annotated[str | None, Personal("author_id")] = None


class CheckInRecordedV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a goal was seen to stand, when check-ins stood for no outside record. No longer written."""

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
    external_ref: CheckInRef | None = None


class CheckInCorrectedV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a check-in should have said, when what recorded it was called `corrected_version`. No longer written."""

    check_in_id: str
    corrected_version: int
    author_id: str
    reason: Annotated[str | None, Personal("author_id")]
    status: str | None = None
    observed_on: date | None = None
    value: Decimal | None = None
    progress: Decimal | None = None
    confidence: Decimal | None = None
    note: Annotated[str | None, Personal("author_id")] = None
    adjustments: Annotated[str | None, Personal("author_id")] = None
    support_needed: Annotated[str | None, Personal("author_id")] = None
    blockers: Annotated[str | None, Personal("author_id")] = None
    source: Source | None = None
    cleared: list[str] = []


class CheckInCorrected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a check-in should have said; it replaces the recorded one, and any correction before, in its place.

    A field that is None stays as it was recorded, unless `cleared` names it: then the check-in has no such value.
    `recorded_version` is the version of the goal's stream that recorded the check-in, also for a second correction.
    """

    check_in_id: str
    recorded_version: int
    author_id: str
    reason: Annotated[str | None, Personal("author_id")]
    status: str | None = None
    observed_on: date | None = None
    value: Decimal | None = None
    progress: Decimal | None = None
    confidence: Decimal | None = None
    note: Annotated[str | None, Personal("author_id")] = None
    adjustments: Annotated[str | None, Personal("author_id")] = None
    support_needed: Annotated[str | None, Personal("author_id")] = None
    blockers: Annotated[str | None, Personal("author_id")] = None
    source: Source | None = None
    cleared: list[str] = []


class MilestoneAdded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step on the way. Its title is the author's own."""

    milestone_id: str
    author_id: str
    title: Annotated[str | None, Personal("author_id")]
    due_on: date


class MilestoneChanged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A milestone has another title or date; both are restated."""

    milestone_id: str
    author_id: str
    title: Annotated[str | None, Personal("author_id")]
    due_on: date


class MilestoneReached(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A milestone is behind us since this day."""

    milestone_id: str
    reached_on: date


class MilestoneRemoved(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A milestone is no longer meant."""

    milestone_id: str
