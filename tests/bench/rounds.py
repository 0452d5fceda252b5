"""Two things measured in turns, so that a machine that slows down slows both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median

Measure = Callable[[], Awaitable[float]]
"""One short round; returns what was done a second."""


@dataclass(frozen=True)
class Compared:
    """Medians over the rounds. `ratio` is the median of first over second, round by round, not of the medians."""

    first: float
    second: float
    ratio: float
    lowest: float
    highest: float


async def in_turns(first: Measure, second: Measure, rounds: int) -> Compared:
    """A B, B A, A B, …: neither always comes after the other."""
    figures: list[tuple[float, float]] = []
    for number in range(rounds):
        if number % 2:
            later = await second()
            figures.append((await first(), later))
        else:
            figures.append((await first(), await second()))
    ratios = [one / other for one, other in figures]
    ones, others = zip(*figures, strict=True)
    return Compared(median(ones), median(others), median(ratios), min(ratios), max(ratios))
