"""What one may ask of goals, already parsed and typed: from the API or a reaction to the handlers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

Kind = Literal["objective", "key_result", "smart"]
Driver = Literal["manual", "metric", "key_results", "children", "all"]
Commitment = Literal["aspirational", "committed"]
Focus = Literal["business", "development", "wellbeing"]
Visibility = Literal["public", "team", "private"]
Cadence = Literal["week", "two_weeks", "month"]
CheckInStatus = Literal["on_track", "delayed", "off_track"]
AgreementAction = Literal["propose", "agree", "request_changes"]
AlignmentAction = Literal["accept", "decline", "detach"]
SupportState = Literal["promised", "given", "declined"]


@dataclass(frozen=True)
class MetricSpec:
    """From `start` to `target`, in `unit`; `current` where it stands already, else at the start."""

    start: Decimal
    target: Decimal
    unit: str
    current: Decimal | None = None


@dataclass(frozen=True)
class Reference:
    """A record of another system."""

    system: str
    id: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class CreateGoal:
    """Set a goal. `None` for driver and visibility asks for the default of the goal's kind, focus and parent."""

    title: str
    kind: Kind
    owner_id: str
    unit_id: str | None = None
    parent_id: str | None = None
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
    draft: bool = False
    external_ref: Reference | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeGoal:
    """Define a goal anew (RFC 7386): a field that `changes` lacks stays, None clears it, objects merge.

    Keys are those of `CreateGoal` but kind, owner_id, parent_id and draft; `period` is a mapping of `start` and `end`,
    `metric` one of `start`, `target`, `current` and `unit`, `external_ref` one of `system`, `id` and `url`.
    """

    goal_id: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TransferGoal:
    """Give a goal to another owner."""

    goal_id: str
    owner_id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class MoveGoal:
    """Hang a goal under another parent, None: make it a root. Without a weight it keeps its own."""

    goal_id: str
    parent_id: str | None
    weight: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Agree:
    """Take part in agreeing on a goal."""

    goal_id: str
    action: AgreementAction
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Align:
    """Say whether a goal counts in its parent. `weight` goes with accepting."""

    goal_id: str
    action: AlignmentAction
    weight: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class CloseGoal:
    """End a goal: with a score of 0 to 1, or as it stands."""

    goal_id: str
    score: Decimal | None = None
    reflection: str | None = None


@dataclass(frozen=True, kw_only=True)
class CancelGoal:
    """Give a goal up."""

    goal_id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReopenGoal:
    """Take a closed goal up again."""

    goal_id: str
    reason: str


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
    external_ref: Reference | None = None


@dataclass(frozen=True, kw_only=True)
class CorrectCheckIn:
    """Say what a check-in should have said: a field that `changes` lacks stays as recorded, None clears it.

    Keys are those of `RecordCheckIn` but goal_id and external_ref; `source` is a pair as there.
    """

    goal_id: str
    check_in_id: str
    reason: str
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AnswerSupport:
    """Answer a request for support."""

    request_id: str
    state: SupportState
    answer: str


@dataclass(frozen=True, kw_only=True)
class AddMilestone:
    """Set a step on the way."""

    goal_id: str
    title: str
    due_on: date


@dataclass(frozen=True, kw_only=True)
class ChangeMilestone:
    """Give a milestone another title or date; None keeps."""

    goal_id: str
    milestone_id: str
    title: str | None = None
    due_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Comment:
    """Say something about a goal, or about one of its check-ins."""

    goal_id: str
    text: str
    check_in_id: str | None = None
