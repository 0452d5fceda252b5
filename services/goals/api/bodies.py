"""What clients send to goals: request bodies, and their way into commands."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from libs.web.fields import Date, Fraction01, Id, Model, Number, Title, Weight, line, text
from services.goals.domain.commands import (
    Cadence,
    CheckInStatus,
    Commitment,
    CreateGoal,
    Driver,
    Focus,
    Kind,
    MetricSpec,
    RecordCheckIn,
    Visibility,
)

Words = Annotated[str, text(10_000)]


class PeriodBody(Model):
    """First and last day, both included."""

    start: Date
    end: Date


class MetricBody(Model):
    """What is measured: from `start` to `target`; `current` where it stands already."""

    start: Number
    target: Number
    current: Number | None = None
    unit: Annotated[str, line(40)]


class GoalBody(Model):
    """A new goal. Left out: the defaults that the goal's kind and focus give."""

    title: Title
    kind: Kind
    owner_id: Id
    description: Words | None = None
    contributor_ids: Annotated[list[Id], Field(max_length=100, default_factory=list)]
    weight: Weight = Decimal(1)
    period: PeriodBody | None = None
    metric: MetricBody | None = None
    progress_driver: Driver | None = None
    clamp: bool = True
    commitment: Commitment = "aspirational"
    focus: Focus = "business"
    visibility: Visibility | None = None
    labels: Annotated[list[Annotated[str, line(60)]], Field(max_length=20, default_factory=list)]
    check_in_every: Cadence | None = None

    def command(self) -> CreateGoal:
        """The body as a command."""
        metric, period = self.metric, self.period
        return CreateGoal(
            title=self.title,
            kind=self.kind,
            owner_id=self.owner_id,
            description=self.description,
            contributor_ids=tuple(self.contributor_ids),
            weight=self.weight,
            period=(period.start, period.end) if period is not None else None,
            metric=MetricSpec(metric.start, metric.target, metric.unit, metric.current) if metric is not None else None,
            progress_driver=self.progress_driver,
            clamp=self.clamp,
            commitment=self.commitment,
            focus=self.focus,
            visibility=self.visibility,
            labels=tuple(self.labels),
            check_in_every=self.check_in_every,
        )


class SourceBody(Model):
    """The system that a check-in was read off."""

    system: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    url: Annotated[str, Field(max_length=2000, pattern=r"^https?://[!-~]+$")] | None = None


class CheckInBody(Model):
    """How a goal stands: `value` for one with a metric, `progress` for any other, both optional."""

    status: CheckInStatus
    value: Number | None = None
    progress: Fraction01 | None = None
    confidence: Fraction01 | None = None
    note: Words | None = None
    adjustments: Words | None = None
    support_needed: Words | None = None
    blockers: Words | None = None
    observed_on: Date | None = None
    source: SourceBody | None = None

    def command(self, goal_id: str) -> RecordCheckIn:
        """The body as a command for one goal."""
        return RecordCheckIn(
            goal_id=goal_id,
            status=self.status,
            value=self.value,
            progress=self.progress,
            confidence=self.confidence,
            note=self.note,
            adjustments=self.adjustments,
            support_needed=self.support_needed,
            blockers=self.blockers,
            observed_on=self.observed_on,
            source=(self.source.system, self.source.url) if self.source is not None else None,
        )
