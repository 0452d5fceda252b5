"""A goal's own measure: how far it is, which check-in counts, and when the next one is due."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.catalog.goals import CheckInRecorded, GoalCreated, Metric
from libs.events.testing import EPOCH, fact_of
from services.goals.domain.measure import next_check_in, shown, way_gone
from services.goals.domain.state import GOAL, Goal, LastCheckIn
from tests.goals.test_decide import MEASURED, checked_in, created

LARGEST = Decimal("1e12")
numbers = st.decimals(min_value=-LARGEST, max_value=LARGEST, places=6)
DAY = date(2026, 3, 2)


def folded(*events: GoalCreated | CheckInRecorded) -> Goal:
    """The goal that these facts make, each an hour after the one before."""
    state = GOAL.initial
    for version, event in enumerate(events, start=1):
        time = EPOCH + timedelta(hours=version)
        state = GOAL.fold(state, fact_of(event, stream="acme/goal/g-1", version=version, time=time))
    return state


def seen(number: int, day: int, **fields: Any) -> CheckInRecorded:
    """A check-in about the day-th day after a Monday."""
    return checked_in(check_in_id=f"c-{number}", observed_on=DAY + timedelta(days=day), **fields)


# --- the way from start to target -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "target", "current", "gone"),
    [
        ("50", "40", "50", 0.0),
        ("50", "40", "45", 0.5),
        ("50", "40", "40", 1.0),
        ("50", "40", "38", 1.2),
        ("50", "40", "60", -1.0),
        ("0", "10", "2.5", 0.25),
        ("-5", "5", "0", 0.5),
        ("0", "0.000001", "0.000001", 1.0),
        ("1e12", "-1e12", "0", 0.5),
        ("999999999999.999999", "1000000000000", "1000000000000", 1.0),
    ],
)
def test_the_way_gone(start: str, target: str, current: str, gone: float) -> None:
    assert way_gone(Decimal(start), Decimal(target), Decimal(current)) == gone


@given(numbers, numbers, numbers)
def test_direction_does_not_matter(start: Decimal, target: Decimal, current: Decimal) -> None:
    if start == target:
        return
    assert way_gone(start, target, start) == 0.0
    assert way_gone(start, target, target) == 1.0
    assert way_gone(start, target, current) == way_gone(-start, -target, -current)


@given(numbers, st.integers(min_value=-100, max_value=200))
def test_moving_the_scale_moves_nothing(start: Decimal, percent: int) -> None:
    """Exact differences: however far from zero both ends lie, the same part of the way reads the same."""
    gone = way_gone(start, start + 100, start + percent)
    assert gone == way_gone(Decimal(0), Decimal(100), Decimal(percent)) == percent / 100


@pytest.mark.parametrize(
    ("progress", "clamped", "bare"),
    [(None, 0.0, 0.0), (-0.5, 0.0, -0.5), (0.0, 0.0, 0.0), (0.4, 0.4, 0.4), (1.0, 1.0, 1.0), (1.7, 1.0, 1.7)],
)
def test_what_a_goal_shows(progress: float | None, clamped: float, bare: float) -> None:
    assert shown(progress, clamp=True) == clamped
    assert shown(progress, clamp=False) == bare


# --- the rhythm -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "cadence", "due"),
    [
        (date(2026, 3, 2), "week", date(2026, 3, 9)),
        (date(2026, 12, 29), "week", date(2027, 1, 5)),
        (date(2026, 3, 2), "two_weeks", date(2026, 3, 16)),
        (date(2026, 3, 2), "month", date(2026, 4, 2)),
        (date(2026, 1, 31), "month", date(2026, 2, 28)),
        (date(2028, 1, 31), "month", date(2028, 2, 29)),
        (date(2026, 12, 31), "month", date(2027, 1, 31)),
        (date(2026, 5, 31), "month", date(2026, 6, 30)),
    ],
)
def test_when_the_next_check_in_is_due(last: date, cadence: str, due: date) -> None:
    assert next_check_in(last, cadence) == due


def test_the_rhythm_begins_at_creation_and_goes_on_from_the_check_in_that_counts() -> None:
    weekly = created(check_in_every="week")
    assert folded(created()).next_check_in_on is None
    assert folded(weekly).next_check_in_on == EPOCH.date() + timedelta(days=7)
    assert folded(weekly, seen(1, 3)).next_check_in_on == DAY + timedelta(days=10)
    assert folded(weekly, seen(1, 3), seen(2, 1)).next_check_in_on == DAY + timedelta(days=10)
    assert GOAL.initial.next_check_in_on is None


# --- which check-in counts --------------------------------------------------------------------------------------


def test_a_goal_begins_where_nobody_has_looked_yet() -> None:
    goal = folded(created())
    assert (goal.version, goal.status, goal.own_progress, goal.progress) == (1, "not_started", None, 0.0)
    measured = folded(MEASURED)
    assert (measured.own_progress, measured.progress, measured.current) == (0.0, 0.0, Decimal(50))


def test_a_metric_may_stand_somewhere_already() -> None:
    ahead = Metric(start=Decimal(50), target=Decimal(40), current=Decimal(48), unit="tickets")
    assert folded(created(metric=ahead, progress_driver="metric")).own_progress == 0.2


def test_the_latest_observed_counts_whenever_it_was_recorded() -> None:
    goal = folded(MEASURED, seen(1, 5, value=Decimal(42), status="delayed"), seen(2, 2, value=Decimal(49)))
    assert (goal.version, goal.status, goal.current) == (3, "delayed", Decimal(42))
    assert goal.latest == LastCheckIn(
        check_in_id="c-1",
        observed_on=DAY + timedelta(days=5),
        recorded_at=EPOCH + timedelta(hours=2),
        status="delayed",
    )


def test_of_one_day_the_latest_recorded_counts() -> None:
    goal = folded(MEASURED, seen(1, 0, value=Decimal(42)), seen(2, 0, value=Decimal(47), status="off_track"))
    assert (goal.current, goal.status) == (Decimal(47), "off_track")


def test_a_check_in_without_number_changes_the_status_and_no_number() -> None:
    goal = folded(MEASURED, seen(1, 0, value=Decimal(45)), seen(2, 1, status="off_track"))
    assert (goal.status, goal.current, goal.own_progress) == ("off_track", Decimal(45), 0.5)
    late = folded(MEASURED, seen(1, 3, status="off_track"), seen(2, 1, value=Decimal(45)))
    assert (late.status, late.current) == ("off_track", Decimal(45)), "the only number there is counts"


def test_an_estimate_is_the_progress_of_a_goal_that_measures_nothing() -> None:
    goal = folded(created(), seen(1, 0, progress=Decimal("0.3")), seen(2, 1, progress=Decimal("0.2")))
    assert (goal.own_progress, goal.progress) == (0.2, 0.2)


def test_a_goal_shows_at_most_all_of_it_unless_it_is_told_otherwise() -> None:
    beyond = seen(1, 0, value=Decimal(30))
    goal = folded(MEASURED, beyond)
    assert (goal.own_progress, goal.progress) == (2.0, 1.0)
    bare = Metric(start=Decimal(50), target=Decimal(40), current=Decimal(50), unit=None)
    assert folded(created(metric=bare, clamp=False), beyond).progress == 2.0


check_ins = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=4),
        st.one_of(st.none(), st.integers(min_value=30, max_value=60)),
        st.sampled_from(["on_track", "delayed", "off_track"]),
    ),
    max_size=7,
)


@given(check_ins)
def test_the_fold_agrees_with_looking_at_all_check_ins_at_once(drawn: Sequence[tuple[int, int | None, str]]) -> None:
    facts = [
        seen(number, day, status=status, value=None if value is None else Decimal(value))
        for number, (day, value, status) in enumerate(drawn)
    ]
    goal = folded(MEASURED, *facts)
    # A stable sort keeps the order of recording within a day.
    in_order = sorted(facts, key=lambda fact: fact.observed_on)
    values = [fact.value for fact in in_order if fact.value is not None]
    assert goal.status == (in_order[-1].status if in_order else "not_started")
    assert goal.current == (values[-1] if values else Decimal(50))
    assert goal.version == 1 + len(facts)


# --- what else the fold keeps -----------------------------------------------------------------------------------


def test_the_fold_keeps_who_and_when() -> None:
    first = fact_of(created(), stream="acme/goal/g-1", version=1)
    second = replace(
        fact_of(seen(1, 0), stream="acme/goal/g-1", version=2, time=EPOCH + timedelta(days=1)), actor="bob"
    )
    goal = GOAL.fold(GOAL.fold(GOAL.initial, first), second)
    assert (goal.id, goal.version) == ("g-1", 2)
    assert (goal.created_at, goal.created_by) == (EPOCH, "tester")
    assert (goal.updated_at, goal.updated_by) == (EPOCH + timedelta(days=1), "bob")


def test_a_fact_that_means_nothing_here_still_counts_as_a_version() -> None:
    class Else(GoalCreated, frozen=True, kw_only=True):
        """A fact of the stream that this fold does not know."""

    goal = folded(created())
    same = {name: getattr(created(), name) for name in GoalCreated.__struct_fields__}
    other = GOAL.fold(goal, fact_of(Else(**same), stream="acme/goal/g-1", version=2))
    assert (other.version, other.title) == (2, goal.title)


def test_erased_texts_leave_a_goal_standing() -> None:
    erased = created(
        title=None,
        labels=[None, "kept"],
        metric=Metric(start=Decimal(50), target=Decimal(40), current=Decimal(50), unit=None),
    )
    fact = replace(fact_of(erased, stream="acme/goal/g-1"), erased=("title", "labels.0", "metric.unit"))
    goal = GOAL.fold(GOAL.initial, fact)
    assert (goal.title, goal.labels, goal.own_progress) == (None, ["kept"], 0.0)
    assert goal.erased == ["title", "labels.0", "metric.unit"]


def test_the_order_in_which_equal_days_are_recorded_is_the_only_order_that_counts() -> None:
    facts = [seen(number, number % 2, value=Decimal(40 + number)) for number in range(4)]
    for order in itertools.permutations(facts):
        of_the_last_day = [fact for fact in order if fact.observed_on == DAY + timedelta(days=1)]
        assert folded(MEASURED, *order).current == of_the_last_day[-1].value
