"""How far a goal is: the arithmetic of one goal's own measure and of its check-in rhythm."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal


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


def next_check_in(last: date, cadence: str) -> date:
    """The day after `last` by the cadence; a month later is the same day of it, or its last."""
    if cadence == "week":
        return last + timedelta(days=7)
    if cadence == "two_weeks":
        return last + timedelta(days=14)
    year, month = (last.year + 1, 1) if last.month == 12 else (last.year, last.month + 1)
    return date(year, month, min(last.day, monthrange(year, month)[1]))
