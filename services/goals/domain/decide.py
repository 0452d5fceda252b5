"""What follows from a command, given a goal's state: the facts, or the rule that it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from libs.events.catalog.goals import CheckInRecorded, GoalCreated, Metric, Period, Source
from services.goals.domain.commands import CreateGoal, MetricSpec, RecordCheckIn
from services.goals.domain.errors import (
    DriverWithoutMetric,
    GoalNotFound,
    MetricWithoutSpan,
    ObservedInFuture,
    PeriodEndsBeforeItBegins,
    ProgressWithMetric,
    SmartGoalIncomplete,
    ValueWithoutMetric,
)
from services.goals.domain.state import Goal


def create_goal(command: CreateGoal) -> Sequence[GoalCreated]:
    """A new goal, with driver and visibility resolved. Raises one of the rules in `errors`."""
    if command.kind == "smart" and (command.metric is None or command.period is None):
        raise SmartGoalIncomplete
    if command.progress_driver == "metric" and command.metric is None:
        raise DriverWithoutMetric
    fact = GoalCreated(
        title=command.title,
        description=command.description,
        kind=command.kind,
        owner_id=command.owner_id,
        contributor_ids=[person for person in dict.fromkeys(command.contributor_ids) if person != command.owner_id],
        weight=command.weight,
        period=_period(command.period),
        metric=_metric(command.metric),
        progress_driver=command.progress_driver or _default_driver(command),
        clamp=command.clamp,
        commitment=command.commitment,
        focus=command.focus,
        visibility=visibility_of(command),
        labels=list(dict.fromkeys(command.labels)),
        check_in_every=command.check_in_every,
    )
    return (fact,)


def record_check_in(
    goal: Goal, command: RecordCheckIn, check_in_id: str, author_id: str, today: date
) -> Sequence[CheckInRecorded]:
    """One more observation of an existing goal; `today` is the UTC date. Raises one of the rules in `errors`."""
    if goal.version == 0:
        raise GoalNotFound
    if command.value is not None and goal.metric is None:
        raise ValueWithoutMetric
    if command.progress is not None and goal.metric is not None:
        raise ProgressWithMetric
    observed_on = command.observed_on or today
    if observed_on > today:
        raise ObservedInFuture
    fact = CheckInRecorded(
        check_in_id=check_in_id,
        author_id=author_id,
        status=command.status,
        observed_on=observed_on,
        value=command.value,
        progress=command.progress,
        confidence=command.confidence,
        note=command.note,
        adjustments=command.adjustments,
        support_needed=command.support_needed,
        blockers=command.blockers,
        source=Source(system=command.source[0], url=command.source[1]) if command.source is not None else None,
    )
    return (fact,)


def visibility_of(command: CreateGoal) -> str:
    """Who may see a new goal when nobody says: the more personal its focus, the fewer."""
    if command.visibility is not None:
        return command.visibility
    if command.focus == "wellbeing":
        return "private"
    if command.focus == "development" or command.kind != "objective":
        return "team"
    return "public"


def _default_driver(command: CreateGoal) -> str:
    if command.metric is not None:
        return "metric"
    return "all" if command.kind == "objective" else "manual"


def _period(period: tuple[date, date] | None) -> Period | None:
    if period is None:
        return None
    start, end = period
    if end < start:
        raise PeriodEndsBeforeItBegins
    return Period(start=start, end=end)


def _metric(metric: MetricSpec | None) -> Metric | None:
    if metric is None:
        return None
    if metric.start == metric.target:
        raise MetricWithoutSpan
    current = metric.current if metric.current is not None else metric.start
    return Metric(start=metric.start, target=metric.target, current=current, unit=metric.unit)
