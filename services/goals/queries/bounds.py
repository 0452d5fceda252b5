"""What one answer may cost at most, so that a page of a million goals costs what a page of a thousand does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """Rows, and people, that are looked at for one answer.

    Lists: above `people` peers or reports nearly everything is visible, and every goal is looked at; so it is above
    `apart` goals that somebody contributes to or decides on. What one filter alone finds, up to `few`, is read whole.
    A page that would take more than `rows` ends early, with a cursor to go on from.

    Trees: `nodes` in one answer, those that the asker may not see too; `below` are looked through under these for
    something visible, and what lies beyond counts as hidden; as many are loaded to count the hidden ones among the
    children of what is shown last. More than `rows` looked through for roots alone are too many.
    """

    people: int = 200
    apart: int = 2_000
    few: int = 300
    rows: int = 5_000
    nodes: int = 2_000
    below: int = 2_000


BOUNDS = Bounds()
