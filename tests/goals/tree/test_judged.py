"""How a goal's number is judged, what is expected of it by a day, and when it has gone quiet."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.goals.domain.measure import (
    expected_progress,
    outcome,
    pace,
    quiet_before,
    rounded,
    stale,
    success_mark,
)

START, END = date(2026, 4, 1), date(2026, 4, 10)


@pytest.mark.parametrize(
    ("number", "commitment", "judged"),
    [
        ("1", "committed", "achieved"),
        ("0.999999999", "committed", "partly"),
        ("0.5", "committed", "partly"),
        ("0.499999999", "committed", "missed"),
        ("0.7", "aspirational", "achieved"),
        ("0.699999999", "aspirational", "partly"),
        ("0.35", "aspirational", "partly"),
        ("0.349999999", "aspirational", "missed"),
        ("0", "aspirational", "missed"),
        ("-3", "committed", "missed"),
        ("1.2", "committed", "achieved"),
    ],
)
def test_how_it_ended(number: str, commitment: str, judged: str) -> None:
    assert outcome(Decimal(number), commitment) == judged


def test_sums_of_doubles_are_judged_at_nine_decimals() -> None:
    assert 0.1 * 7 != 0.7
    assert rounded(0.1 * 7) == success_mark("aspirational")
    assert outcome(rounded(0.1 * 7 - 1e-12), "aspirational") == "achieved"
    assert rounded(2 / 3) == Decimal("0.666666667")
    assert rounded(-1e15) == Decimal(-(10**15))


@pytest.mark.parametrize(
    ("day", "part"),
    [(-30, 0.0), (-1, 0.0), (0, 0.1), (4, 0.5), (8, 0.9), (9, 1.0), (10, 1.0), (400, 1.0)],
)
def test_what_is_expected_by_a_day(day: int, part: float) -> None:
    at = START + timedelta(days=day)
    assert expected_progress(START, END, "committed", at) == part
    assert expected_progress(START, END, "aspirational", at) == pytest.approx(part * 0.7, abs=1e-15)


def test_a_period_of_one_day_and_none_at_all() -> None:
    assert expected_progress(START, START, "committed", START - timedelta(days=1)) == 0.0
    assert expected_progress(START, START, "committed", START) == 1.0
    assert expected_progress(None, None, "committed", START) is None


@pytest.mark.parametrize(
    ("progress", "expected", "word"),
    [
        (0.4, 0.3, "on_pace"),  # 0.4 - 0.3 is more than 0.1 in doubles
        (0.400000002, 0.3, "ahead"),
        (0.2, 0.3, "on_pace"),
        (0.199999998, 0.3, "behind"),
        (0.3, 0.3, "on_pace"),
        (0.0, 0.0, "on_pace"),
        (-2.0, 0.0, "behind"),
        (1.0, 0.7, "ahead"),
        (0.5, None, None),
    ],
)
def test_pace(progress: float, expected: float | None, word: str | None) -> None:
    assert pace(progress, expected) == word


@given(st.floats(-5, 5), st.floats(0, 1))
def test_pace_looks_the_same_from_both_sides(progress: float, expected: float) -> None:
    opposite = {"ahead": "behind", "behind": "ahead", "on_pace": "on_pace"}
    assert pace(expected, progress) == opposite[str(pace(progress, expected))]


def test_quiet_for_more_than_so_many_days() -> None:
    day = date(2026, 5, 20)
    last = datetime(2026, 5, 6, 0, 0, tzinfo=UTC)
    assert quiet_before(day, 14) == last
    assert not stale(last, day, 14), "fourteen days ago is not older than fourteen days"
    assert stale(last - timedelta(microseconds=1), day, 14)
    assert not stale(None, day, 14)
