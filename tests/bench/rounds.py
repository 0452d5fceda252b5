"""Things measured in turns, so that a machine that slows down slows all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median

Measure = Callable[[], Awaitable[float]]
"""One short round; returns what was done a second."""
Timed = Callable[[], Awaitable[Sequence[float]]]
"""One short round; returns how many seconds each request took."""


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


async def in_rotation(timed: Sequence[Timed], rounds: int) -> list[list[float]]:
    """The median of each round of each: A B C, B C A, C A B, …: none always comes after the same other."""
    medians: list[list[float]] = [[] for _ in timed]
    for number in range(rounds):
        for step in range(len(timed)):
            which = (number + step) % len(timed)
            medians[which].append(median(await timed[which]()))
    return medians


def slower(medians: Sequence[float], base: Sequence[float]) -> Compared:
    """How much longer the first takes than the second, by the medians of their rounds."""
    ratios = [one / other for one, other in zip(medians, base, strict=True)]
    return Compared(median(medians), median(base), median(ratios), min(ratios), max(ratios))
