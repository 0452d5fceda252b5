"""What goals and their histories are answered with."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from libs.events.catalog.goals import Period
from libs.web.references import ExternalRefAnswer


class MetricAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a goal measures, and where it stands."""

    start: Decimal
    target: Decimal
    current: Decimal
    unit: str | None


class AgreementAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Where owner and manager stand: `none`, `proposed`, `changes_requested` or `agreed` (to `agreed_version`)."""

    state: str
    agreed_version: int | None
    owner_at: datetime | None
    manager_at: datetime | None


class HintAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What would make a goal a better one. It blocks nothing."""

    code: str
    detail: str


_HOLDS = "What holds: for a key result under a parent, also a proposed one, the parent's."


class GoalAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A goal as the contract shows it. `progress` is 0 to 1 with `clamp`; `erased` lists texts that were destroyed.

    Each is null in its place, in a list too: `labels.0` is the first of them.
    """

    id: str
    version: int
    title: str | None
    description: str | None
    kind: str
    owner_id: str
    unit_id: str | None
    parent_id: str | None
    alignment: str
    contributor_ids: list[str]
    weight: Decimal
    period: Period | None
    metric: MetricAnswer | None
    progress_driver: str
    clamp: bool
    commitment: str
    focus: str
    visibility: Annotated[str, Meta(description=_HOLDS)]
    labels: list[str | None]
    check_in_every: str | None
    state: str
    status: str
    progress: float
    own_progress: float | None
    agreement: AgreementAnswer
    outcome: str | None
    score: Decimal | None
    last_check_in_on: date | None
    next_check_in_on: date | None
    hints: list[HintAnswer]
    external_ref: ExternalRefAnswer | None
    erased: list[str]
    created_at: datetime | None
    created_by: str
    updated_at: datetime | None
    updated_by: str
    allowed_actions: list[str]


class ChangeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One field, from what to what."""

    field: str
    from_: Any = msgspec.field(name="from")
    to: Any


class HistoryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a goal, in words. `actor` is a person's id; `version` the goal's version that it made.

    `erased` lists what was destroyed and is null here, by its place in this entry: `changes.0.from`.
    """

    id: str
    type: str
    time: datetime
    actor: str
    version: int
    summary: str
    changes: list[ChangeAnswer]
    erased: list[str]
