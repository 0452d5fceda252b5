"""Old event data into new, one pure step a version, between opening the sealed fields and the catalogue class.

Written by hand: each entry says which wire name it lifts and to which one. Nothing here is ever removed (promise 6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from libs.events.canonical import Tree


@dataclass(frozen=True)
class Upcaster:
    """Lifts the data of one wire name to the next: `lift` takes the opened tree and returns a new one.

    `moved` leads the dotted path of a personal field that is called otherwise from then on to its new ones, so that
    what was erased is named by them: `{"name": ("first_name", "last_name")}`, and `{"name": ()}` where it is not kept.
    A `*` is any element of a list; what is within a field goes with it.
    """

    to: str
    lift: Callable[[Tree], Tree]
    moved: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def paths_of(self, path: str) -> tuple[str, ...]:
        """The dotted paths in the lifted tree of what stood at one in the opened tree; itself, unless it moved."""
        steps = path.split(".")
        for length in range(len(steps), 0, -1):
            for old, new in self.moved.items():
                elements = _elements(old.split("."), steps[:length])
                if elements is not None:
                    return tuple(".".join([*_filled(one, elements), *steps[length:]]) for one in new)
        return (path,)


def _elements(pattern: Sequence[str], steps: Sequence[str]) -> list[str] | None:
    """What the stars of a pattern stand for in a path; None where it is another path."""
    if len(pattern) != len(steps) or any(one not in ("*", step) for one, step in zip(pattern, steps, strict=True)):
        return None
    return [step for one, step in zip(pattern, steps, strict=True) if one == "*"]


def _filled(path: str, elements: Sequence[str]) -> list[str]:
    left = iter(elements)
    return [next(left) if step == "*" else step for step in path.split(".")]


def _same(tree: Tree) -> Tree:
    """Fields were added, and each of them says by its default what was so before."""
    return tree


def _gone_with_the_name(tree: Tree) -> Tree:
    """Locale and timezone stood in clear, and still do; of who was erased, whose name reads as null, so do they."""
    return tree if tree["display_name"] is not None else {**tree, "locale": None, "timezone": None}


def _recorded_version(tree: Tree) -> Tree:
    """A correction named the version that it corrects `corrected_version`, which reads as the version it made."""
    kept = {name: value for name, value in tree.items() if name != "corrected_version"}
    return {**kept, "recorded_version": tree["corrected_version"]}


def _goal_or_check_in(tree: Tree) -> Tree:
    """A claim's `target_id` was a goal's id or a check-in's, which only the `goal_id` beside it told."""
    target_id, goal_id = tree["target_id"], tree["goal_id"]
    return {"goal_id": goal_id, "check_in_id": None if target_id == goal_id else target_id}


UPCASTERS: Mapping[str, Upcaster] = {
    "people.person-added.v1": Upcaster("people.person-added.v2", _same),
    "people.person-added.v2": Upcaster("people.person-added.v3", _gone_with_the_name),
    "people.person-changed.v1": Upcaster("people.person-changed.v2", _gone_with_the_name),
    "goals.check-in-recorded.v1": Upcaster("goals.check-in-recorded.v2", _same),
    "goals.check-in-corrected.v1": Upcaster("goals.check-in-corrected.v2", _recorded_version),
    "goals.goal-created.v1": Upcaster("goals.goal-created.v2", _same),
    "goals.goal-moved.v1": Upcaster("goals.goal-moved.v2", _same),
    "goals.alignment-declined.v1": Upcaster("goals.alignment-declined.v2", _same),
    "goals.alignment-detached.v1": Upcaster("goals.alignment-detached.v2", _same),
    "goals.reference-claimed.v1": Upcaster("goals.reference-claimed.v2", _goal_or_check_in),
}
