"""What a goal is: a new one with every default resolved, or one that goes to another owner."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from libs.events.catalog.goals import Definition, ExternalRef, GoalCreated, GoalTransferred, Metric, Period
from services.goals.domain.commands import CreateGoal, MetricSpec, TransferGoal
from services.goals.domain.decide.hanging import Attaches
from services.goals.domain.decide.states import refuse_as_parent, refuse_unless
from services.goals.domain.errors import (
    DriverWithoutMetric,
    MetricWithoutSpan,
    PeriodEndsBeforeItBegins,
    SmartGoalIncomplete,
    VisibilityOfParent,
    WellbeingHasNoParent,
)
from services.goals.domain.state import Goal


def create_goal(
    command: CreateGoal, parent: Goal | None = None, attaches: Attaches | None = None
) -> tuple[GoalCreated]:
    """A new goal. `parent` is the one it names, None where there is none that the asker sees; `attaches` how it hangs.

    Raises one of the rules in `errors`.
    """
    if command.parent_id is not None:
        if command.focus == "wellbeing":
            raise WellbeingHasNoParent
        parent = refuse_as_parent(parent)
    if command.kind == "smart" and (command.metric is None or command.period is None):
        raise SmartGoalIncomplete
    if command.progress_driver == "metric" and command.metric is None:
        raise DriverWithoutMetric
    reference = command.external_ref
    fact = GoalCreated(
        title=command.title,
        description=command.description,
        kind=command.kind,
        owner_id=command.owner_id,
        unit_id=command.unit_id,
        parent_id=command.parent_id,
        alignment="none" if command.parent_id is None else attaches or "proposed",
        contributor_ids=contributors(command.contributor_ids, command.owner_id),
        weight=command.weight,
        period=None if command.period is None else period_of(*command.period),
        metric=_metric(command.metric),
        progress_driver=command.progress_driver or _default_driver(command),
        clamp=command.clamp,
        commitment=command.commitment,
        focus=command.focus,
        visibility=visibility_of(command, parent),
        labels=list(dict.fromkeys(command.labels)),
        check_in_every=command.check_in_every,
        draft=command.draft,
        external_ref=None
        if reference is None
        else ExternalRef(system=reference.system, id=reference.id, url=reference.url),
    )
    return (fact,)


def transfer_goal(goal: Goal, command: TransferGoal, author_id: str) -> tuple[GoalTransferred, ...]:
    """Another owner, with all that the goal is restated for the new holder of its text. Raises the state's conflict."""
    refuse_unless(goal, "draft", "open")
    if command.owner_id == goal.owner_id:
        return ()
    restated = definition_of(goal) | {
        "owner_id": command.owner_id,
        "contributor_ids": contributors(goal.contributor_ids, command.owner_id),
    }
    fact = GoalTransferred(**restated, previous_owner_id=goal.owner_id, author_id=author_id, reason=command.reason)
    return (fact,)


def visibility_of(command: CreateGoal, parent: Goal | None = None) -> str:
    """Who may see a new goal: what is asked for, else the parent's or the fewer the more personal its focus.

    Raises VisibilityOfParent for a key result that asks for another than its parent's.
    """
    held = held_visibility(command.kind, parent if command.parent_id is not None else None)
    if held is not None:
        if command.visibility not in (None, held):
            raise VisibilityOfParent
        return held
    if command.visibility is not None:
        return command.visibility
    if command.focus == "wellbeing":
        return "private"
    if command.focus == "development" or command.kind != "objective":
        return "team"
    return "public"


def held_visibility(kind: str, parent: Goal | None) -> str | None:
    """The visibility that a goal under this parent has whatever it says itself; None: its own."""
    return parent.visibility if kind == "key_result" and parent is not None else None


def definition_of(goal: Goal) -> dict[str, Any]:
    """All fields of a `Definition` as they stand, to be restated."""
    return {name: getattr(goal, name) for name in Definition.__struct_fields__}


def contributors(people: Iterable[str], owner_id: str) -> list[str]:
    """Each once; the owner contributes anyway."""
    return [person for person in dict.fromkeys(people) if person != owner_id]


def period_of(start: date, end: date) -> Period:
    """Raises PeriodEndsBeforeItBegins; one day is a period."""
    if end < start:
        raise PeriodEndsBeforeItBegins
    return Period(start=start, end=end)


def metric_of(metric: Metric) -> Metric:
    """Raises MetricWithoutSpan."""
    if metric.start == metric.target:
        raise MetricWithoutSpan
    return metric


def _metric(metric: MetricSpec | None) -> Metric | None:
    if metric is None:
        return None
    current = metric.current if metric.current is not None else metric.start
    return metric_of(Metric(start=metric.start, target=metric.target, current=current, unit=metric.unit))


def _default_driver(command: CreateGoal) -> str:
    if command.metric is not None:
        return "metric"
    return "all" if command.kind == "objective" else "manual"
