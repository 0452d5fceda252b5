"""A goal's own measure: how far it is, and when the next check-in is due."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.goals.domain.measure import next_check_in, shown, way_gone

LARGEST = Decimal("1e12")
numbers = st.decimals(min_value=-LARGEST, max_value=LARGEST, places=6)


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
