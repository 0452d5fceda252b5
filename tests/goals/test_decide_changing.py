"""Changing goals: what is absent stays, null clears, objects merge; then every rule of a new goal still holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from libs.events.catalog.goals import ExternalRef, Metric, Period
from libs.events.errors import Conflict, DomainError
from services.goals.domain import decide
from services.goals.domain.commands import ChangeGoal
from services.goals.domain.errors import (
    CannotBeCleared,
    DriverWithoutMetric,
    GoalIsArchived,
    GoalIsCancelled,
    GoalIsClosed,
    GoalNotFound,
    MetricIncomplete,
    MetricWithoutSpan,
    PeriodEndsBeforeItBegins,
    PeriodIncomplete,
    ReferenceIncomplete,
    SmartGoalIncomplete,
    VisibilityOfParent,
    WeightIsTheParents,
    WellbeingHasNoParent,
)
from services.goals.domain.state import Goal
from tests.goals.facts import (
    ARCHIVED,
    CANCELLED,
    DRAFT,
    FINISHED,
    NEW,
    QUARTER,
    changed,
    closed,
    created,
    goal,
    parent,
)

SPAN = Metric(start=Decimal(50), target=Decimal(40), current=Decimal(48), unit="tickets")
FOLLOWS = created(metric=SPAN, progress_driver="metric")
SMART = created(kind="smart", metric=SPAN, period=QUARTER, progress_driver="manual")
UNDER = created(kind="key_result", parent_id="g-p", alignment="accepted", visibility="team")
Decider = Callable[[Goal], Sequence[Any]]


def changing(*, above: Goal | None = None, may_weigh: bool = False, **changes: Any) -> Decider:
    """The decider of a command to change the goal, whose parent is `above`."""
    command = ChangeGoal(goal_id="g-1", changes=changes)
    return lambda goal: decide.change_goal(goal, command, parent=above, may_weigh=may_weigh)


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [changing(title="x"), changing()])
def test_nobody_changes_a_goal_that_does_not_exist(asked: Decider) -> None:
    NEW.when(asked).then_refused(GoalNotFound)


@pytest.mark.parametrize("asked", [changing(title="x"), changing()])
@pytest.mark.parametrize("ended", FINISHED)
def test_what_has_ended_stays_as_it_is(ended: str, asked: Decider) -> None:
    history, refusal = FINISHED[ended]
    refused = NEW.given(*history).when(asked).then_refused(refusal)
    assert isinstance(refused, Conflict)


@pytest.mark.parametrize("name", ["title", "weight", "progress_driver", "clamp", "commitment", "focus", "visibility"])
def test_what_a_goal_must_have_is_not_cleared(name: str) -> None:
    refused = NEW.given(created()).when(changing(**{name: None})).then_refused(CannotBeCleared)
    assert name in refused.message


@pytest.mark.parametrize(
    ("before", "changes", "rule"),
    [
        (created(), {"metric": {"target": Decimal(3)}}, MetricIncomplete),
        (created(), {"metric": {}}, MetricIncomplete),
        (FOLLOWS, {"metric": {"start": None}}, MetricIncomplete),
        (FOLLOWS, {"metric": {"unit": None}}, MetricIncomplete),
        (FOLLOWS, {"metric": {"target": Decimal(50)}}, MetricWithoutSpan),
        (FOLLOWS, {"metric": None}, DriverWithoutMetric),
        (created(), {"progress_driver": "metric"}, DriverWithoutMetric),
        (SMART, {"metric": None}, SmartGoalIncomplete),
        (SMART, {"period": None}, SmartGoalIncomplete),
        (created(), {"period": {"end": date(2026, 3, 31)}}, PeriodIncomplete),
        (SMART, {"period": {"start": None}}, PeriodIncomplete),
        (SMART, {"period": {"start": date(2026, 4, 1)}}, PeriodEndsBeforeItBegins),
        (created(), {"external_ref": {"id": "7"}}, ReferenceIncomplete),
        (created(), {"external_ref": {"system": "tracker", "id": None}}, ReferenceIncomplete),
    ],
)
def test_a_changed_goal_keeps_the_rules_of_a_new_one(before: Any, changes: Any, rule: type[DomainError]) -> None:
    NEW.given(before).when(changing(**changes)).then_refused(rule)


def test_a_goal_under_a_parent_does_not_become_one_of_wellbeing() -> None:
    asked = changing(above=parent(), focus="wellbeing")
    NEW.given(created(parent_id="g-p", alignment="proposed")).when(asked).then_refused(WellbeingHasNoParent)
    NEW.given(created()).when(changing(focus="wellbeing")).then(changed("focus", focus="wellbeing"))


@pytest.mark.parametrize("alignment", ["accepted", "proposed"])
@pytest.mark.parametrize("asked", ["public", "team"])
def test_under_a_parent_a_key_result_is_seen_by_no_others(asked: str, alignment: str) -> None:
    """`team` is its own visibility, which waits until it hangs there no longer."""
    under = created(kind="key_result", parent_id="g-p", alignment=alignment, visibility="team")
    above = parent(visibility="private")
    NEW.given(under).when(changing(above=above, visibility=asked)).then_refused(VisibilityOfParent)


@pytest.mark.parametrize("weight", [Decimal(0), Decimal(2)])
def test_only_who_edits_the_parent_weighs_what_counts_there(weight: Decimal) -> None:
    refused = NEW.given(UNDER).when(changing(above=parent(visibility="team"), weight=weight))
    assert refused.then_refused(WeightIsTheParents).kind == "forbidden"


# --- what follows -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"title": "Fewer escalations", "weight": Decimal("1.0"), "clamp": True},
        {"description": None, "unit_id": None, "labels": None, "contributor_ids": None, "metric": None},
        {"metric": None, "period": None, "external_ref": None, "check_in_every": None},
        {"contributor_ids": ("ada",), "labels": ()},
    ],
)
def test_nothing_follows_where_nothing_differs(changes: dict[str, Any]) -> None:
    NEW.given(created()).when(changing(**changes)).then()


@pytest.mark.parametrize("part", [{"metric": {}}, {"period": {}}, {"period": {"end": QUARTER.end}}])
def test_an_empty_object_merges_into_the_same(part: dict[str, Any]) -> None:
    NEW.given(SMART).when(changing(**part)).then()


def test_what_is_changed_is_named_and_the_rest_restated() -> None:
    before = created(description="By March", labels=["a"], contributor_ids=["bob"], unit_id="u-1", metric=SPAN)
    asked = changing(title="Far fewer", labels=("b", "a", "b"), contributor_ids=("cy", "ada", "cy"), weight=Decimal(1))
    NEW.given(before).when(asked).then(
        changed(
            "title",
            "contributor_ids",
            "labels",
            title="Far fewer",
            description="By March",
            labels=["b", "a"],
            contributor_ids=["cy"],
            unit_id="u-1",
            metric=SPAN,
        )
    )


def test_every_field_is_changed_as_it_is_asked_for() -> None:
    fields: dict[str, Any] = {
        "description": "By March",
        "unit_id": "u-1",
        "weight": Decimal("2.5"),
        "clamp": False,
        "commitment": "committed",
        "focus": "development",
        "visibility": "private",
        "check_in_every": "month",
        "progress_driver": "children",
    }
    [fact] = changing(**fields)(goal(DRAFT))
    assert {name: getattr(fact, name) for name in fields} == fields
    assert set(fact.changed) == fields.keys()
    cleared = changing(description=None, unit_id=None, check_in_every=None)(goal(created(), fact))
    assert [cleared[0].changed, cleared[0].unit_id] == [["description", "unit_id", "check_in_every"], None]


@pytest.mark.parametrize(
    ("given", "metric"),
    [
        ({"target": Decimal(30)}, Metric(start=Decimal(50), target=Decimal(30), current=Decimal(48), unit="tickets")),
        ({"current": Decimal(45)}, Metric(start=Decimal(50), target=Decimal(40), current=Decimal(45), unit="tickets")),
        ({"current": None}, Metric(start=Decimal(50), target=Decimal(40), current=Decimal(50), unit="tickets")),
        ({"start": Decimal(60)}, Metric(start=Decimal(60), target=Decimal(40), current=Decimal(48), unit="tickets")),
        ({"unit": "calls"}, Metric(start=Decimal(50), target=Decimal(40), current=Decimal(48), unit="calls")),
    ],
)
def test_a_metric_merges_and_a_changed_target_keeps_where_it_stands(given: dict[str, Any], metric: Metric) -> None:
    NEW.given(FOLLOWS).when(changing(metric=given)).then(_followed(metric))


def _followed(metric: Metric | None, driver: str = "metric", *names: str) -> Any:
    return changed(*(names or ("metric",)), metric=metric, progress_driver=driver)


def test_a_metric_is_taken_away_with_the_driver_that_followed_it() -> None:
    asked = changing(metric=None, progress_driver="manual")
    NEW.given(FOLLOWS).when(asked).then(_followed(None, "manual", "metric", "progress_driver"))
    manual = created(metric=SPAN, progress_driver="manual")
    NEW.given(manual).when(changing(metric=None)).then(_followed(None, "manual"))


def test_a_new_metric_stands_at_its_start_and_drives_only_when_told() -> None:
    spec = {"start": Decimal(1), "target": Decimal(5), "unit": "points"}
    metric = Metric(start=Decimal(1), target=Decimal(5), current=Decimal(1), unit="points")
    NEW.given(created()).when(changing(metric=spec)).then(changed(metric=metric))
    asked = changing(metric=spec, progress_driver="metric")
    NEW.given(created()).when(asked).then(_followed(metric, "metric", "metric", "progress_driver"))


def test_a_period_merges() -> None:
    later = Period(start=QUARTER.start, end=date(2026, 6, 30))
    [fact] = changing(period={"end": later.end})(goal(SMART))
    assert (fact.period, fact.changed) == (later, ["period"])
    day = {"start": QUARTER.end, "end": QUARTER.end}
    NEW.given(created()).when(changing(period=day)).then(changed(period=Period(**day)))


def test_an_external_reference_merges() -> None:
    before = created(external_ref=ExternalRef(system="tracker", id="7", url="https://tracker.example.org/7"))
    bare = ExternalRef(system="tracker", id="7")
    NEW.given(before).when(changing(external_ref={"url": None})).then(changed(external_ref=bare))
    NEW.given(before).when(changing(external_ref=None)).then(changed("external_ref"))


def test_what_was_erased_is_restated_as_it_is_and_not_missed() -> None:
    erased = Metric(start=Decimal(50), target=Decimal(40), current=Decimal(50), unit=None)
    [fact] = changing(metric={"target": Decimal(30)})(goal(created(title=None, metric=erased)))
    assert (fact.title, fact.metric.unit, fact.metric.target) == (None, None, Decimal(30))


def test_a_key_result_may_be_told_the_visibility_that_holds() -> None:
    asked = changing(above=parent(visibility="private"), visibility="private")
    [fact] = asked(goal(UNDER))
    assert (fact.visibility, fact.changed) == ("private", ["visibility"])
    free = created(kind="key_result", visibility="team")
    assert changing(visibility="public")(goal(free))[0].visibility == "public"
    objective = created(parent_id="g-p", alignment="accepted")
    assert changing(above=parent(visibility="private"), visibility="team")(goal(objective))[0].visibility == "team"


def test_who_edits_the_parent_weighs_and_a_proposal_anybody_who_edits_the_goal() -> None:
    asked = changing(above=parent(visibility="team"), may_weigh=True, weight=Decimal(3))
    assert asked(goal(UNDER))[0].weight == 3
    proposed = created(parent_id="g-p", alignment="proposed")
    NEW.given(proposed).when(changing(above=parent(), weight=Decimal(3))).then(changed(weight=Decimal(3)))
    same = changing(above=parent(visibility="team"), weight=Decimal(1))
    NEW.given(UNDER).when(same).then()


@pytest.mark.parametrize(
    ("ended", "refusal"),
    [(closed(), GoalIsClosed), (CANCELLED, GoalIsCancelled), (ARCHIVED, GoalIsArchived)],
)
def test_what_counts_in_a_parent_that_ended_is_not_weighed_anew(ended: Any, refusal: type[DomainError]) -> None:
    above = parent(ended, visibility="team")
    NEW.given(UNDER).when(changing(above=above, may_weigh=True, weight=Decimal(3))).then_refused(refusal)
    NEW.given(UNDER).when(changing(above=above, weight=Decimal(3))).then_refused(WeightIsTheParents)
    # Nothing changes in the parent by these.
    NEW.given(UNDER).when(changing(above=above, may_weigh=True, weight=Decimal(1))).then()
    assert changing(above=above, title="Fewer")(goal(UNDER))[0].changed == ["title"]
    proposed = created(parent_id="g-p", alignment="proposed")
    NEW.given(proposed).when(changing(above=above, weight=Decimal(3))).then(changed(weight=Decimal(3)))
