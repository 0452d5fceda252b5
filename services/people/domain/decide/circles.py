"""Whether somebody would come to lead themselves, or a unit to belong to itself, on any day that a change holds for."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date
from typing import Protocol


class Linked(Protocol):
    """What has at most one above it, who may be another from a later day on."""

    def above(self, day: date) -> str | None:
        """The id of what is above it on a day."""
        ...

    def next_change(self, day: date) -> date | None:
        """The first day after `day` on which something else may be above it."""
        ...


def closes_circle(moved: str, above: str, first: date, until: date | None) -> Generator[str, Linked, bool]:
    """Whether a walk up from `above` meets `moved` on any day from `first` to before `until` (None: ever after).

    It yields the ids of those whom it meets and is sent what they are. Between two days on which nobody on the way
    changes the walk is the same, so it goes from one such day to the next.
    """
    day: date | None = first
    while day is not None and (until is None or day < until):
        current: str | None = above
        changes: date | None = None
        met: set[str] = set()
        while current is not None and current not in met:
            if current == moved:
                return True
            met.add(current)
            linked = yield current
            change = linked.next_change(day)
            if change is not None and (changes is None or change < changes):
                changes = change
            current = linked.above(day)
        day = changes
    return False
