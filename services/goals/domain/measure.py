"""How far a goal is, how far it should be, and how it ended: the arithmetic of one goal, without any I/O or clock.

Days are UTC dates and come in as arguments. Progress is a double, what is judged a decimal.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

PLACES = 9
"""Decimals that count where a progress is judged: what lies behind them is a matter of how doubles are added."""
MARGIN = Decimal("0.1")
"""How far from the expected progress a goal may be and still keep pace."""

_MARKS: Mapping[str, Decimal] = {"committed": Decimal(1), "aspirational": Decimal("0.7")}


def way_gone(start: Decimal, target: Decimal, current: Decimal) -> float:
    """The part of the way from start to target: 0 at the start, 1 at the target, beyond either when it goes there.

    Direction does not matter: from 50 down to 40, 45 is halfway. The differences are exact; only the ratio is a double.
    """
    return float(current - start) / float(target - start) + 0.0  # never -0.0


def shown(progress: float | None, *, clamp: bool) -> float:
    """The progress a goal shows: nothing checked in is 0; with `clamp`, never below 0 or above 1."""
    if progress is None:
        return 0.0
    return min(max(progress, 0.0), 1.0) if clamp else progress


# --- how it is judged -------------------------------------------------------------------------------------------


def rounded(progress: float) -> Decimal:
    """A progress as it is judged: half to even at nine decimals, of the double's exact value."""
    return Decimal(f"{progress:.{PLACES}f}")


def success_mark(commitment: str) -> Decimal:
    """From where on a goal is achieved: 1 when committed, 0.7 when aspirational."""
    return _MARKS[commitment]


def outcome(number: Decimal, commitment: str) -> str:
    """`achieved` from the mark on, `partly` from half of it on, else `missed`."""
    mark = success_mark(commitment)
    if number >= mark:
        return "achieved"
    return "partly" if number >= mark / 2 else "missed"


# --- how far it should be ---------------------------------------------------------------------------------------


def expected_progress(start: date | None, end: date | None, commitment: str, day: date) -> float | None:
    """Days gone of the period at the end of `day`, over its length, times the success mark; None without a period.

    The first and the last day count: before the first it is 0, from the last on the mark.
    """
    if start is None or end is None:
        return None
    length = (end - start).days + 1
    gone = min(max((day - start).days + 1, 0), length)
    return gone / length * float(success_mark(commitment))


def pace(progress: float, expected: float | None) -> str | None:
    """`behind`, `on_pace` or `ahead`: more than 0.1 below or above what is expected, at nine decimals; None without."""
    if expected is None:
        return None
    ahead = rounded(progress) - rounded(expected)
    if abs(ahead) <= MARGIN:
        return "on_pace"
    return "ahead" if ahead > 0 else "behind"


# --- its rhythm -------------------------------------------------------------------------------------------------


def next_check_in(last: date, cadence: str) -> date:
    """The day after `last` by the cadence; a month later is the same day of it, or its last."""
    if cadence == "week":
        return last + timedelta(days=7)
    if cadence == "two_weeks":
        return last + timedelta(days=14)
    year, month = (last.year + 1, 1) if last.month == 12 else (last.year, last.month + 1)
    return date(year, month, min(last.day, monthrange(year, month)[1]))


def quiet_before(day: date, after_days: int) -> datetime:
    """The moment such that whoever is quiet since before it is stale on `day`: the bound of a walk by `quiet_since`."""
    return datetime.combine(day - timedelta(days=after_days), time(), UTC)


def stale(quiet_since: datetime | None, day: date, after_days: int) -> bool:
    """Whether on `day` the last check-in is more than so many days ago; never where nobody has to check in (None)."""
    return quiet_since is not None and quiet_since < quiet_before(day, after_days)
