"""A goal as its facts leave it: the fold that commands decide on, that rows keep and that old answers are made of."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from libs.events.catalog.goals import CheckInRecorded, GoalCreated, Metric, Period
from libs.events.declare import Aggregate, fold_by_type
from libs.events.envelope import Fact
from services.goals.domain.measure import next_check_in, shown, way_gone


class LastCheckIn(msgspec.Struct, frozen=True, kw_only=True):
    """What the check-in that counts says: the latest observed, of those of one day the latest recorded."""

    check_in_id: str
    observed_on: date
    recorded_at: datetime
    status: str
    confidence: Decimal | None = None


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """One goal. Version 0: it does not exist. Texts are None where they were erased (`erased` says which).

    `value` and `reported` are the latest measured value and estimated progress; `latest` is the check-in that counts.
    """

    id: str = ""
    version: int = 0
    title: str | None = None
    description: str | None = None
    kind: str = ""
    owner_id: str = ""
    contributor_ids: list[str] = []
    weight: Decimal = Decimal(1)
    period: Period | None = None
    metric: Metric | None = None
    progress_driver: str = "manual"
    clamp: bool = True
    commitment: str = "aspirational"
    focus: str = "business"
    visibility: str = "private"
    labels: list[str] = []
    check_in_every: str | None = None
    state: str = "open"
    latest: LastCheckIn | None = None
    value: Decimal | None = None
    reported: Decimal | None = None
    measured_on: date | None = None
    erased: list[str] = []
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @property
    def status(self) -> str:
        """The status of the check-in that counts, `not_started` before the first."""
        return self.latest.status if self.latest is not None else "not_started"

    @property
    def own_progress(self) -> float | None:
        """The goal's own measure, unclamped; None when nothing was reported and nothing is measured."""
        if self.metric is not None:
            return way_gone(self.metric.start, self.metric.target, self.current)
        return float(self.reported) if self.reported is not None else None

    @property
    def progress(self) -> float:
        """What the goal shows. Without contributing children every driver falls back to its own measure."""
        return shown(self.own_progress, clamp=self.clamp)

    @property
    def current(self) -> Decimal:
        """Where the metric stands: the latest value, else where it stood at creation."""
        assert self.metric is not None
        return self.value if self.value is not None else self.metric.current

    @property
    def next_check_in_on(self) -> date | None:
        """When the cadence asks for the next check-in, None without a cadence."""
        if self.check_in_every is None or self.created_at is None:
            return None
        last = self.latest.observed_on if self.latest is not None else self.created_at.date()
        return next_check_in(last, self.check_in_every)


def _created(goal: Goal, fact: Fact[GoalCreated]) -> Goal:
    data = fact.data
    return Goal(
        id=fact.entity_id,
        title=data.title,
        description=data.description,
        kind=data.kind,
        owner_id=data.owner_id,
        contributor_ids=data.contributor_ids,
        weight=data.weight,
        period=data.period,
        metric=data.metric,
        progress_driver=data.progress_driver,
        clamp=data.clamp,
        commitment=data.commitment,
        focus=data.focus,
        visibility=data.visibility,
        labels=[label for label in data.labels if label is not None],
        check_in_every=data.check_in_every,
        erased=list(fact.erased),
        created_at=fact.time,
        created_by=fact.actor,
    )


def _checked_in(goal: Goal, fact: Fact[CheckInRecorded]) -> Goal:
    data = fact.data
    changes: dict[str, Any] = {}
    if goal.latest is None or data.observed_on >= goal.latest.observed_on:
        changes["latest"] = LastCheckIn(
            check_in_id=data.check_in_id,
            observed_on=data.observed_on,
            recorded_at=fact.time,
            status=data.status,
            confidence=data.confidence,
        )
    measures = data.value is not None or data.progress is not None
    if measures and (goal.measured_on is None or data.observed_on >= goal.measured_on):
        changes |= {"value": data.value, "reported": data.progress, "measured_on": data.observed_on}
    return msgspec.structs.replace(goal, **changes)


fold = fold_by_type({GoalCreated: _created, CheckInRecorded: _checked_in})
"""The goal after one more fact. Pure; facts that change nothing here still count as a version."""


GOAL: Aggregate[Goal] = Aggregate("goal", Goal(), fold, words=(GoalCreated,))
