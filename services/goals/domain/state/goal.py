"""A goal as its facts leave it. Nothing in it comes from check-ins or other goals: what moves is in the tree's rows."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec

from libs.events.catalog.goals import ExternalRef, Metric, Period


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """Where owner and manager stand: `none`, `proposed`, `changes_requested` or `agreed`.

    `agreed_version` is the goal's version that both agreed to, the times say when each did; None: not (any more).
    """

    state: str = "none"
    agreed_version: int | None = None
    owner_at: datetime | None = None
    manager_at: datetime | None = None


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """A step on the way. The title is None where it was erased."""

    id: str
    title: str | None
    due_on: date
    author_id: str
    reached_on: date | None = None
    version: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """One goal. Version 0: it does not exist. Texts are None where they were erased (`erased` says which), labels too.

    `left` is the state that archiving or cancelling left, None otherwise. `judged` is the number that closing judged.
    """

    id: str = ""
    version: int = 0
    title: str | None = None
    description: str | None = None
    kind: str = ""
    owner_id: str = ""
    unit_id: str | None = None
    contributor_ids: list[str] = []
    parent_id: str | None = None
    alignment: str = "none"
    weight: Decimal = Decimal(1)
    period: Period | None = None
    metric: Metric | None = None
    progress_driver: str = "manual"
    clamp: bool = True
    commitment: str = "aspirational"
    focus: str = "business"
    visibility: str = "private"
    labels: list[str | None] = []
    check_in_every: str | None = None
    external_ref: ExternalRef | None = None
    state: str = "open"
    left: str | None = None
    score: Decimal | None = None
    judged: Decimal | None = None
    outcome: str | None = None
    agreement: Agreement = Agreement()
    milestones: list[Milestone] = []
    erased: list[str] = []
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""
