"""Whom a change of one goal touches: the rule of who is the cause of what, read off how goals hang together."""

from __future__ import annotations

from typing import Any

from tests.goals.tree.world import Goal, World, listens, measured_of, seen_of


def shows(goal: Goal) -> tuple[Any, ...]:
    """What of the goal itself the tree shows, or its children's numbers depend on."""
    said = goal.definition
    return (
        *(said.metric and (said.metric.start, said.metric.target, said.metric.current), said.progress_driver),
        *(said.clamp, said.period, said.commitment, goal.weight, goal.state, goal.left, goal.score),
        *(goal.parent_id, goal.alignment, seen_of(goal.seen), measured_of(goal.measured), goal.last_check_in_at),
    )


def touched(before: World, old: Goal | None, after: World, new: Goal, said: Any) -> set[str]:
    """Whose row a fact about one goal changes: its own, and those above it that its numbers may come to."""
    if old is None or shows(new) != shows(old):
        return {new.id} | above(before, old, after, new)
    # Its title and its owner are told in its own row alone; what the title was may be destroyed.
    renamed = "title" in getattr(said, "changed", ())
    return {new.id} if renamed or old.definition.owner_id != new.definition.owner_id else set()


def but_cause(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("caused_by", "day")}


def above(before: World, old: Goal | None, after: World, new: Goal) -> set[str]:
    """Whom the change of one goal touches above it."""
    found = {_place(old), _place(new)} if _place(old) != _place(new) else set()
    was, now = before.parent_of(old) if old else None, after.parent_of(new)
    if (was and was.id) != (now and now.id):
        # Who counts where is different: so it is for all above, on both sides.
        found |= _reach(before, old, True, False) if old else set()
        found |= _reach(after, new, True, False)
    elif old is not None:
        counted = old.status != new.status
        heard = old.weight != new.weight or (new.weight > 0 and not new.closed and _says_else(old, after, new))
        found |= _reach(after, new, counted, heard, heavy=max(old.weight, new.weight) > 0)
    return found - {None}


def _place(goal: Goal | None) -> str | None:
    """The parent whose `child_count` counts it."""
    shown = goal is not None and goal.alignment == "accepted" and goal.state != "archived"
    return goal.parent_id if goal is not None and shown else None


def _says_else(old: Goal, world: World, new: Goal) -> bool:
    """Whether what the goal hands up comes from elsewhere than before, or from a measure of its own that moved."""
    ways = [(goal.definition.progress_driver, goal.definition.clamp) for goal in (old, new)]
    by_itself = sum(child.weight for child in world.taken(new)) == 0
    return ways[0] != ways[1] or (by_itself and old.own != new.own)


def _reach(world: World, goal: Goal, counted: bool, heard: bool, *, heavy: bool | None = None) -> set[str]:
    """The goals above that a change in who is counted how, or in what is handed up, may come to."""
    parent = world.parent_of(goal)
    if parent is None:
        return set()
    heavy = goal.weight > 0 if heavy is None else heavy
    heard = heard and heavy and not parent.closed and listens(parent, goal)
    if not counted and not heard:
        return set()
    return {parent.id} | _reach(world, parent, counted, heard)
