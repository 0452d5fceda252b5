"""Creating goals, as sentences: given facts, when a command, then facts or the rule that it breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from libs.events.catalog.goals import ExternalRef, GoalCreated, Metric, Period
from libs.events.errors import Conflict, DomainError, Forbidden, NotFound, Rejected
from services.goals.domain import decide, errors
from services.goals.domain.commands import CreateGoal, MetricSpec, Reference
from services.goals.domain.errors import (
    DriverWithoutMetric,
    GoalIsArchived,
    GoalIsCancelled,
    GoalIsClosed,
    MetricWithoutSpan,
    ParentIsKeyResult,
    PeriodEndsBeforeItBegins,
    SmartGoalIncomplete,
    UnknownParent,
    VisibilityOfParent,
    WellbeingHasNoParent,
)
from services.goals.domain.state import GOAL, Goal
from tests.goals.facts import ARCHIVED, CANCELLED, NEW, TODAY, closed, created, parent

SPAN = MetricSpec(Decimal(50), Decimal(40), "tickets")
QUARTER = (date(2026, 1, 1), date(2026, 3, 31))
Decider = Callable[[Goal], Sequence[Any]]


def creating(**fields: Any) -> Decider:
    """The decider of a command to create a goal; an objective of Ada's unless told otherwise."""
    command = CreateGoal(**{"title": "Fewer escalations", "kind": "objective", "owner_id": "ada", **fields})
    return lambda _: decide.create_goal(command)


def creating_under(above: Goal | None, attaches: decide.Attaches = "accepted", **fields: Any) -> Decider:
    """The same under a parent, None being one that the asker may not know of; a key result unless told otherwise."""
    plain = {"title": "Fewer escalations", "kind": "key_result", "owner_id": "ada", "parent_id": "g-p"}
    command = CreateGoal(**{**plain, **fields})
    return lambda _: decide.create_goal(command, above, attaches)


# --- what is refused --------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("kind", ["objective", "key_result"])
def test_wellbeing_hangs_under_nothing(kind: str) -> None:
    NEW.when(creating_under(parent(), kind=kind, focus="wellbeing")).then_refused(WellbeingHasNoParent)


def test_nothing_hangs_under_what_the_asker_may_not_know_of() -> None:
    NEW.when(creating_under(None)).then_refused(UnknownParent)
    NEW.when(creating_under(GOAL.initial)).then_refused(UnknownParent)


@pytest.mark.parametrize("kind", ["objective", "key_result"])
def test_nothing_hangs_under_a_key_result(kind: str) -> None:
    NEW.when(creating_under(parent(kind="key_result"), kind=kind)).then_refused(ParentIsKeyResult)


@pytest.mark.parametrize(
    ("ended", "refusal"), [(closed(), GoalIsClosed), (CANCELLED, GoalIsCancelled), (ARCHIVED, GoalIsArchived)]
)
def test_nothing_is_created_under_a_goal_that_has_ended(ended: Any, refusal: type[Conflict]) -> None:
    refused = NEW.when(creating_under(parent(ended))).then_refused(refusal)
    assert "parent" in refused.message, "the goal itself is fine"


@pytest.mark.parametrize("attaches", ["accepted", "proposed"])
def test_a_key_result_is_seen_by_no_others_than_its_parent(attaches: decide.Attaches) -> None:
    asked = creating_under(parent(visibility="private"), attaches, visibility="team")
    NEW.when(asked).then_refused(VisibilityOfParent)


def rules() -> list[type[DomainError]]:
    """Every rule that has a name."""
    found = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, DomainError)]
    return [one for one in found if one.__module__.startswith(f"{errors.__name__}.")]


def test_every_rule_has_a_code_of_its_own_and_says_what_to_do() -> None:
    refusals = [rule for rule in rules() if rule.kind != "forbidden"]
    assert len({rule.code for rule in refusals}) == len(refusals)
    assert not {rule.code for rule in refusals} & {kind.code for kind in (Rejected, NotFound, Conflict, Forbidden)}
    assert {rule.code for rule in rules() if rule.kind == "forbidden"} == {"forbidden"}
    assert len({rule.detail for rule in rules()}) == len(rules())
    assert all(rule.detail.endswith(".") for rule in rules())


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("metric_without_span", "rejected"),
        ("driver_without_metric", "rejected"),
        ("wellbeing_has_no_parent", "rejected"),
        ("parent_is_key_result", "rejected"),
        ("visibility_of_parent", "rejected"),
        ("unknown_parent", "rejected"),
        ("not_by_reference", "rejected"),
        ("too_many_milestones", "rejected"),
        ("goal_cycle", "conflict"),
        ("goal_closed", "conflict"),
        ("goal_cancelled", "conflict"),
        ("goal_archived", "conflict"),
        ("goal_draft", "conflict"),
        ("nothing_proposed", "conflict"),
        ("goal_not_found", "not_found"),
        ("check_in_not_found", "not_found"),
    ],
)
def test_refusals_are_of_the_kind_and_code_that_the_contract_names(code: str, kind: str) -> None:
    assert [rule.kind for rule in rules() if rule.code == code] == [kind]


# --- what follows -----------------------------------------------------------------------------------------------


def test_the_plainest_goal_has_every_default_written_down() -> None:
    NEW.when(creating()).then(created())


def test_a_goal_is_stated_as_it_was_asked_for() -> None:
    asked = creating(
        kind="smart",
        description="By the end of the quarter",
        unit_id="u-1",
        contributor_ids=("bob", "cy"),
        weight=Decimal("2.5"),
        period=QUARTER,
        metric=MetricSpec(Decimal(50), Decimal(40), "tickets", Decimal(48)),
        clamp=False,
        commitment="committed",
        focus="development",
        labels=("support", "q1"),
        check_in_every="two_weeks",
        draft=True,
        external_ref=Reference("tracker", "EPIC-7", "https://tracker.example.org/EPIC-7"),
    )
    NEW.when(asked).then(
        created(
            kind="smart",
            description="By the end of the quarter",
            unit_id="u-1",
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
            draft=True,
            external_ref=ExternalRef(system="tracker", id="EPIC-7", url="https://tracker.example.org/EPIC-7"),
        )
    )


@pytest.mark.parametrize("attaches", ["accepted", "proposed"])
@pytest.mark.parametrize("above", [parent(), parent(draft=True)])
def test_a_goal_is_accepted_or_proposed_under_an_open_goal_or_a_draft(above: Goal, attaches: decide.Attaches) -> None:
    NEW.when(creating_under(above, attaches, kind="objective")).then(created(parent_id="g-p", alignment=attaches))


def test_without_a_word_on_it_a_goal_is_proposed() -> None:
    command = CreateGoal(title="Fewer escalations", kind="objective", owner_id="ada", parent_id="g-p")
    NEW.when(lambda _: decide.create_goal(command, parent())).then(created(parent_id="g-p", alignment="proposed"))


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


@pytest.mark.parametrize(
    ("asked", "visibility"),
    [
        ({"kind": "key_result"}, "private"),
        ({"kind": "key_result", "visibility": "private"}, "private"),
        ({"kind": "key_result", "focus": "development"}, "private"),
        ({"kind": "objective"}, "public"),
        ({"kind": "objective", "visibility": "team"}, "team"),
    ],
)
def test_under_a_parent_a_key_result_is_seen_as_the_parent_is(asked: dict[str, Any], visibility: str) -> None:
    [fact] = creating_under(parent(visibility="private"), **asked)(GOAL.initial)
    assert fact.visibility == visibility
    command = CreateGoal(**{"title": "t", "owner_id": "ada", "parent_id": "g-p", **asked})
    assert decide.visibility_of(command, parent(visibility="private")) == visibility


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


def test_deciders_are_pure() -> None:
    above = parent()
    before = msgspec.json.encode(above)
    asked = creating_under(above)
    first: Sequence[GoalCreated] = asked(GOAL.initial)
    assert first == asked(GOAL.initial)
    assert msgspec.json.encode(above) == before
