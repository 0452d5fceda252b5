"""Facts that say what a goal is: set, changed, handed to somebody else; and which outside record it stands for."""

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
    """Progress is the way from `start` to `target`, in `unit`; `current` is where it stood when nobody had measured."""

    start: Decimal
    target: Decimal
    current: Decimal
    unit: Annotated[str | None, Personal("unit_id", "owner_id")]


class ExternalRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The record of another system that this goal stands for; unique per tenant by `system` and `id`."""

    system: str
    id: Annotated[str | None, Personal("unit_id", "owner_id")]
    url: Annotated[str | None, Personal("unit_id", "owner_id")] = None


class Definition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a goal is by somebody's word. Its text is the unit's where there is a unit, else the owner's.

    Always whole: whoever changes one field, or the holder of the text, restates all of it under the holder's key.
    """

    title: Annotated[str | None, Personal("unit_id", "owner_id")]
    description: Annotated[str | None, Personal("unit_id", "owner_id")] = None
    owner_id: str
    unit_id: str | None = None
    contributor_ids: list[str] = []
    weight: Decimal
    period: Period | None = None
    metric: Metric | None = None
    progress_driver: str
    clamp: bool
    commitment: str
    focus: str
    visibility: str
    labels: Annotated[list[str | None], Personal("unit_id", "owner_id")] = []
    check_in_every: str | None = None
    external_ref: ExternalRef | None = None


class GoalCreated(Definition, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A goal was set. Driver and visibility stand resolved, so that no later default changes what was meant.

    `alignment` to the parent is `none` (no parent), `proposed` or `accepted`.
    """

    kind: str
    parent_id: str | None = None
    alignment: str = "none"
    draft: bool = False


class GoalChanged(Definition, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A goal is now defined like this; `changed` names the fields that differ from before."""

    changed: list[str]


class GoalTransferred(Definition, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A goal has another owner, and its text is restated under the new holder's key."""

    previous_owner_id: str
    author_id: str
    reason: Annotated[str | None, Personal("author_id")]


class ReferenceClaimed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outside record belongs to a goal, or to one check-in of it; on the stream named by the record's keyed hash."""

    goal_id: str
    check_in_id: str | None = None


class ReferenceClaimedV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outside record belongs to `target_id`, which was the goal itself or a check-in of it. No longer written."""

    target_id: str
    goal_id: str


class ReferenceReleased(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The outside record belongs to nothing any more, and may be claimed anew."""

    target_id: str


class MetricV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A metric as `goals.goal-created.v1` held it: always the owner's text."""

    start: Decimal
    target: Decimal
    current: Decimal
    unit: Annotated[str | None, Personal("owner_id")]


class GoalCreatedV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A goal was set, when goals had neither parents nor units nor drafts. No longer written."""

    title: Annotated[str | None, Personal("owner_id")]
    description: Annotated[str | None, Personal("owner_id")] = None
    kind: str
    owner_id: str
    contributor_ids: list[str] = []
    weight: Decimal
    period: Period | None = None
    metric: MetricV1 | None = None
    progress_driver: str
    clamp: bool
    commitment: str
    focus: str
    visibility: str
    labels: Annotated[list[str | None], Personal("owner_id")] = []
    check_in_every: str | None = None
