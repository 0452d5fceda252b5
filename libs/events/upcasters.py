"""Old event data into new, one pure step a version, between opening the sealed fields and the catalogue class.

Written by hand: each entry says which wire name it lifts and to which one. Nothing here is ever removed (promise 6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from libs.events.canonical import Tree


@dataclass(frozen=True)
class Upcaster:
    """Lifts the data of one wire name to the next: `lift` takes the opened tree and returns a new one."""

    to: str
    lift: Callable[[Tree], Tree]


def _same(tree: Tree) -> Tree:
    """Fields were added, and each of them says by its default what was so before."""
    return tree


UPCASTERS: Mapping[str, Upcaster] = {
    "people.person-added.v1": Upcaster("people.person-added.v2", _same),
    "goals.check-in-recorded.v1": Upcaster("goals.check-in-recorded.v2", _same),
    "goals.goal-created.v1": Upcaster("goals.goal-created.v2", _same),
    "goals.goal-moved.v1": Upcaster("goals.goal-moved.v2", _same),
    "goals.alignment-declined.v1": Upcaster("goals.alignment-declined.v2", _same),
    "goals.alignment-detached.v1": Upcaster("goals.alignment-detached.v2", _same),
}
