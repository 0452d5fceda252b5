"""What check-ins and their corrections are answered with."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from libs.web.references import ExternalRefAnswer


class SourceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Where a check-in was read off, when not by a person."""

    system: str
    url: str | None


class SaidAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a check-in says. The author's words and confidence are absent for who may see value and status only."""

    status: str
    observed_on: date
    value: Decimal | None
    progress: Decimal | None
    source: SourceAnswer | None
    confidence: Decimal | UnsetType | None = UNSET
    note: str | UnsetType | None = UNSET
    adjustments: str | UnsetType | None = UNSET
    support_needed: str | UnsetType | None = UNSET
    blockers: str | UnsetType | None = UNSET


class CorrectionAnswer(SaidAnswer, frozen=True, kw_only=True):
    """What a check-in should have said, by this correction; the last one counts."""

    version: int
    author_id: str
    reason: str | UnsetType | None = UNSET
    erased: list[str]
    created_at: datetime
    created_by: str


class CheckInAnswer(SaidAnswer, frozen=True, kw_only=True):
    """A check-in as it counts; `recorded` is what it said before it was corrected, None when it never was.

    `corrections` are the newest 50, the oldest of them first. `version` is that of the goal's stream, which it stands
    in. `erased` lists texts that were destroyed, of `recorded` too (`recorded.note`); each correction has its own.
    """

    id: str
    goal_id: str
    version: int
    author_id: str
    corrected: bool
    recorded: SaidAnswer | None
    corrections: list[CorrectionAnswer]
    external_ref: ExternalRefAnswer | UnsetType | None = UNSET
    erased: list[str]
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    allowed_actions: list[str]
