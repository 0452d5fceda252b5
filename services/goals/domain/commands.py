"""What one may ask of goals, already parsed and typed: from the API or a reaction to the handlers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Kind = Literal["objective", "key_result", "smart"]
Driver = Literal["manual", "metric", "key_results", "children", "all"]
Commitment = Literal["aspirational", "committed"]
Focus = Literal["business", "development", "wellbeing"]
Visibility = Literal["public", "team", "private"]
Cadence = Literal["week", "two_weeks", "month"]
CheckInStatus = Literal["on_track", "delayed", "off_track"]


@dataclass(frozen=True)
class MetricSpec:
    """From `start` to `target`, in `unit`; `current` where it stands already, else at the start."""

    start: Decimal
    target: Decimal
    unit: str
    current: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class CreateGoal:
    """Set a goal. `None` for driver and visibility asks for the default of the goal's kind and focus."""

    title: str
    kind: Kind
    owner_id: str
    description: str | None = None
    contributor_ids: tuple[str, ...] = ()
    weight: Decimal = Decimal(1)
    period: tuple[date, date] | None = None
    metric: MetricSpec | None = None
    progress_driver: Driver | None = None
    clamp: bool = True
    commitment: Commitment = "aspirational"
    focus: Focus = "business"
    visibility: Visibility | None = None
    labels: tuple[str, ...] = ()
    check_in_every: Cadence | None = None


@dataclass(frozen=True, kw_only=True)
class RecordCheckIn:
    """Say how a goal stands: `value` for a goal with a metric, `progress` (0 to 1) for any other, both optional."""

    goal_id: str
    status: CheckInStatus
    value: Decimal | None = None
    progress: Decimal | None = None
    confidence: Decimal | None = None
    note: str | None = None
    adjustments: str | None = None
    support_needed: str | None = None
    blockers: str | None = None
    observed_on: date | None = None
    source: tuple[str, str | None] | None = None
