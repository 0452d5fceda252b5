"""The rules of goals as sentences: given facts, when a command, then facts or the rule that it breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from libs.events.catalog.goals import CheckInRecorded, GoalCreated, Metric, Period, Source
from libs.events.errors import NotFound, Rejected
from libs.events.testing import Scenario
from services.goals.domain import decide
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
from services.goals.domain.state import GOAL, Goal

TODAY = date(2026, 3, 10)
SPAN = MetricSpec(Decimal(50), Decimal(40), "tickets")
QUARTER = (date(2026, 1, 1), date(2026, 3, 31))
NEW: Scenario[Goal] = Scenario(GOAL, stream="acme/goal/g-1")
Decider = Callable[[Goal], Sequence[Any]]


def creating(**fields: Any) -> Decider:
    """The decider of a command to create a goal; an objective of Ada's unless told otherwise."""
    command = CreateGoal(**{"title": "Fewer escalations", "kind": "objective", "owner_id": "ada", **fields})
    return lambda _: decide.create_goal(command)


def checking_in(author: str = "ada", **fields: Any) -> Decider:
    """The decider of a command to check in to the goal."""
    command = RecordCheckIn(**{"goal_id": "g-1", "status": "on_track", **fields})
    return lambda goal: decide.record_check_in(goal, command, "c-1", author, TODAY)


def created(**fields: Any) -> GoalCreated:
    """The fact that the plainest command leads to, with what differs."""
    plain: dict[str, Any] = {
        "title": "Fewer escalations",
        "kind": "objective",
        "owner_id": "ada",
        "weight": Decimal(1),
        "progress_driver": "all",
        "clamp": True,
        "commitment": "aspirational",
        "focus": "business",
        "visibility": "public",
    }
    return GoalCreated(**{**plain, **fields})


def checked_in(**fields: Any) -> CheckInRecorded:
    """The fact that the plainest check-in leads to, with what differs."""
    plain = {"check_in_id": "c-1", "author_id": "ada", "status": "on_track", "observed_on": TODAY}
    return CheckInRecorded(**{**plain, **fields})


MEASURED = created(
    kind="key_result",
    progress_driver="metric",
    visibility="team",
    metric=Metric(start=Decimal(50), target=Decimal(40), current=Decimal(50), unit="tickets"),
)


# --- creating: what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{}, {"metric": SPAN}, {"period": QUARTER}])
def test_a_smart_goal_needs_metric_and_period(given: dict[str, Any]) -> None:
    NEW.when(creating(kind="smart", **given)).then_refused(SmartGoalIncomplete)


def test_a_metric_that_leads_nowhere_is_refused() -> None:
    nowhere = MetricSpec(Decimal("7.0"), Decimal(7), "points")
    NEW.when(creating(metric=nowhere)).then_refused(MetricWithoutSpan)
    NEW.when(creating(kind="smart", metric=nowhere, period=QUARTER)).then_refused(MetricWithoutSpan)


@pytest.mark.parametrize("kind", ["objective", "key_result"])
def test_nothing_follows_a_metric_that_is_not_there(kind: str) -> None:
    NEW.when(creating(kind=kind, progress_driver="metric")).then_refused(DriverWithoutMetric)


def test_a_period_does_not_end_before_it_begins() -> None:
    NEW.when(creating(period=(QUARTER[1], QUARTER[0]))).then_refused(PeriodEndsBeforeItBegins)


def test_refusals_are_of_the_kind_and_code_that_the_contract_names() -> None:
    refused = NEW.when(creating(metric=MetricSpec(Decimal(1), Decimal(1), "x"))).then_refused(MetricWithoutSpan)
    assert (refused.kind, refused.code) == ("rejected", "metric_without_span")
    assert DriverWithoutMetric.code == "driver_without_metric"
    rules = (SmartGoalIncomplete, MetricWithoutSpan, DriverWithoutMetric, PeriodEndsBeforeItBegins)
    assert all(issubclass(rule, Rejected) for rule in (*rules, ValueWithoutMetric, ProgressWithMetric))
    assert issubclass(GoalNotFound, NotFound)


# --- creating: what follows -------------------------------------------------------------------------------------


def test_the_plainest_goal_has_every_default_written_down() -> None:
    NEW.when(creating()).then(created())


def test_a_goal_is_stated_as_it_was_asked_for() -> None:
    asked = creating(
        kind="smart",
        description="By the end of the quarter",
        contributor_ids=("bob", "cy"),
        weight=Decimal("2.5"),
        period=QUARTER,
        metric=MetricSpec(Decimal(50), Decimal(40), "tickets", Decimal(48)),
        clamp=False,
        commitment="committed",
        focus="development",
        labels=("support", "q1"),
        check_in_every="two_weeks",
    )
    NEW.when(asked).then(
        created(
            kind="smart",
            description="By the end of the quarter",
            contributor_ids=["bob", "cy"],
            weight=Decimal("2.5"),
            period=Period(start=QUARTER[0], end=QUARTER[1]),
            metric=Metric(start=Decimal(50), target=Decimal(40), current=Decimal(48), unit="tickets"),
            progress_driver="metric",
            clamp=False,
            commitment="committed",
            focus="development",
            visibility="team",
            labels=["support", "q1"],
            check_in_every="two_weeks",
        )
    )


@pytest.mark.parametrize(
    ("asked", "driver"),
    [
        ({"kind": "objective"}, "all"),
        ({"kind": "key_result"}, "manual"),
        ({"kind": "objective", "metric": SPAN}, "metric"),
        ({"kind": "key_result", "metric": SPAN}, "metric"),
        ({"kind": "objective", "metric": SPAN, "progress_driver": "children"}, "children"),
        ({"kind": "key_result", "progress_driver": "key_results"}, "key_results"),
        ({"kind": "objective", "progress_driver": "manual"}, "manual"),
    ],
)
def test_the_driver_is_resolved_at_creation(asked: dict[str, Any], driver: str) -> None:
    [fact] = creating(**asked)(GOAL.initial)
    assert fact.progress_driver == driver


@pytest.mark.parametrize(
    ("asked", "visibility"),
    [
        ({"kind": "objective"}, "public"),
        ({"kind": "key_result"}, "team"),
        ({"kind": "smart", "metric": SPAN, "period": QUARTER}, "team"),
        ({"kind": "objective", "focus": "development"}, "team"),
        ({"kind": "objective", "focus": "wellbeing"}, "private"),
        ({"kind": "key_result", "focus": "wellbeing"}, "private"),
        ({"kind": "objective", "focus": "wellbeing", "visibility": "team"}, "team"),
        ({"kind": "key_result", "visibility": "public"}, "public"),
        ({"kind": "objective", "visibility": "private"}, "private"),
    ],
)
def test_the_visibility_is_resolved_at_creation(asked: dict[str, Any], visibility: str) -> None:
    [fact] = creating(**asked)(GOAL.initial)
    assert fact.visibility == visibility


def test_a_metric_begins_at_its_start_unless_it_stands_elsewhere() -> None:
    [fact] = creating(metric=SPAN)(GOAL.initial)
    assert fact.metric.current == Decimal(50)
    [fact] = creating(metric=MetricSpec(Decimal(50), Decimal(40), "tickets", Decimal(0)))(GOAL.initial)
    assert fact.metric.current == 0, "zero is a value, not an absent one"


def test_a_period_may_be_one_day() -> None:
    NEW.when(creating(period=(TODAY, TODAY))).then(created(period=Period(start=TODAY, end=TODAY)))


def test_people_and_labels_are_named_once_and_the_owner_contributes_anyway() -> None:
    asked = creating(contributor_ids=("bob", "ada", "cy", "bob"), labels=("b", "a", "b"))
    NEW.when(asked).then(created(contributor_ids=["bob", "cy"], labels=["b", "a"]))


# --- checking in: what is refused -------------------------------------------------------------------------------


def test_nobody_checks_in_to_a_goal_that_does_not_exist() -> None:
    NEW.when(checking_in()).then_refused(GoalNotFound)
    NEW.when(checking_in(value=Decimal(1), observed_on=date(2027, 1, 1))).then_refused(GoalNotFound)


def test_a_value_needs_something_that_is_measured() -> None:
    NEW.given(created()).when(checking_in(value=Decimal(0))).then_refused(ValueWithoutMetric)


def test_nobody_estimates_what_is_measured() -> None:
    NEW.given(MEASURED).when(checking_in(progress=Decimal(0))).then_refused(ProgressWithMetric)
    NEW.given(MEASURED).when(checking_in(progress=Decimal("0.5"), value=Decimal(1))).then_refused(ProgressWithMetric)


def test_nobody_observes_the_future() -> None:
    NEW.given(created()).when(checking_in(observed_on=date(2026, 3, 11))).then_refused(ObservedInFuture)


# --- checking in: what follows ----------------------------------------------------------------------------------


def test_a_check_in_without_number_or_day_is_about_today() -> None:
    NEW.given(created()).when(checking_in()).then(checked_in())
    NEW.given(MEASURED).when(checking_in()).then(checked_in())


def test_a_measured_goal_takes_a_value_and_any_other_a_progress() -> None:
    NEW.given(MEASURED).when(checking_in(value=Decimal(0))).then(checked_in(value=Decimal(0)))
    NEW.given(created()).when(checking_in(progress=Decimal(0))).then(checked_in(progress=Decimal(0)))


@pytest.mark.parametrize("day", [TODAY, date(2026, 3, 9), date(2020, 1, 1)])
def test_a_check_in_is_about_today_or_a_day_before(day: date) -> None:
    NEW.given(created()).when(checking_in(observed_on=day)).then(checked_in(observed_on=day))


def test_a_check_in_is_stated_as_it_was_said_by_who_said_it() -> None:
    words = {
        "status": "off_track",
        "progress": Decimal("0.25"),
        "confidence": Decimal("0.4"),
        "note": "slow start",
        "adjustments": "fewer meetings",
        "support_needed": "a second tester",
        "blockers": "the old export",
    }
    asked = checking_in(author="bob", source=("tracker", "tracker:4711"), **words)
    source = Source(system="tracker", url="tracker:4711")
    NEW.given(created()).when(asked).then(checked_in(author_id="bob", source=source, **words))
    bare = checking_in(source=("tracker", None))
    NEW.given(created()).when(bare).then(checked_in(source=Source(system="tracker")))


def test_a_goal_takes_one_check_in_after_the_other() -> None:
    before = [checked_in(check_in_id=f"c-{number}", value=Decimal(50 - number)) for number in range(3)]
    NEW.given(MEASURED, *before).when(checking_in(value=Decimal(44))).then(checked_in(value=Decimal(44)))


def test_deciders_are_pure() -> None:
    goal = NEW.given(MEASURED).state
    assert goal is not None
    before = msgspec.json.encode(goal)
    decider = checking_in(value=Decimal(45))
    assert decider(goal) == decider(goal)
    assert msgspec.json.encode(goal) == before
