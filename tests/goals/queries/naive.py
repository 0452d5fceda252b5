"""What a list of goals must hold: every goal looked at, every rule of the design spelled out. Slow and plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from services.goals.queries import Search
from services.goals.read_models import Node
from tests.goals.queries.company import STALE_AFTER


@dataclass
class Rules:
    """Who works under whom, who is away today, and all goals."""

    managers: Mapping[str, str | None]
    nodes: Mapping[str, Node]
    today: date
    away: set[str] = field(default_factory=set)

    def chain(self, person: str) -> list[str]:
        """Everybody above a person."""
        found: list[str] = []
        above = self.managers[person]
        while above is not None:
            found.append(above)
            above = self.managers[above]
        return found

    def near(self, asker: str, goal: Node) -> bool:
        """Whether somebody sees a goal, its parent aside."""
        owner = goal.owner_id
        if asker == owner or asker in goal.contributor_ids or goal.seen_by == "public":
            return True
        manager = self.managers[owner]
        if goal.seen_by == "private":
            return manager == asker
        return asker in self.chain(owner) or (manager is not None and self.managers[asker] == manager)

    def sees(self, asker: str, goal: Node) -> bool:
        """Whether somebody sees a goal."""
        if self.near(asker, goal):
            return True
        if goal.parent_id is None or goal.alignment == "none":
            return False
        parent = self.nodes[goal.parent_id]
        edits = asker == parent.owner_id or asker in self.chain(parent.owner_id)
        return edits and self.near(asker, parent)

    def stale(self, goal: Node) -> bool:
        """Whether nobody checked in for too long, and somebody should have."""
        follows = goal.progress_driver not in ("manual", "metric") and goal.contributing > 0
        if goal.state != "open" or follows or goal.owner_id in self.away:
            return False
        last = (goal.last_check_in_at or goal.created_at).date()
        return (self.today - last).days > STALE_AFTER

    def matches(self, search: Search, goal: Node) -> bool:
        """Whether a goal passes every filter."""
        words = (search.q or "").lower().split()
        labels = {label.casefold() for label in search.label}
        start, end = goal.period_start, goal.period_end
        return all(
            (
                not search.owner_id or goal.owner_id in search.owner_id,
                not search.manager_id or self.managers[goal.owner_id] in search.manager_id,
                not search.unit_id or goal.unit_id in search.unit_id,
                not search.contributor_id or any(one in search.contributor_id for one in goal.contributor_ids),
                not search.parent_id or goal.parent_id in search.parent_id,
                goal.state in search.state if search.state else goal.state != "archived",
                not search.status or goal.status in search.status,
                not search.kind or goal.kind in search.kind,
                not search.focus or goal.focus in search.focus,
                not labels or any(label.casefold() in labels for label in goal.labels),
                search.period is None
                or (start is not None and start <= search.period[1] and end is not None and end >= search.period[0]),
                search.due_before is None or (end is not None and end < search.due_before),
                search.stale is None or self.stale(goal) == search.stale,
                search.updated_since is None or goal.updated_at >= search.updated_since,
                search.q is None or all(word in (goal.title or "").lower().split() for word in words),
            )
        )

    def listed(self, asker: str, search: Search) -> list[Node]:
        """What somebody finds, by id."""
        found = (goal for goal in self.nodes.values() if self.sees(asker, goal) and self.matches(search, goal))
        return sorted(found, key=lambda goal: goal.id)


@dataclass(frozen=True)
class Told:
    """A goal as the tree shows it: `hidden` None: it is restricted, or its children were not counted."""

    id: str
    parent_id: str | None
    hidden: int | None


@dataclass
class Trees:
    """What the tree must show to somebody, goal by goal."""

    rules: Rules
    asker: str

    def below(self, id: str) -> list[Node]:
        """What the tree shows under a goal to who sees everything."""
        return [goal for goal in self.rules.nodes.values() if _hangs(goal) and goal.parent_id == id]

    def told(self, goal: Node) -> bool:
        """Whether the goal, or anything below, is visible."""
        return self.rules.sees(self.asker, goal) or any(self.told(child) for child in self.below(goal.id))

    def shown(self, roots: list[Node], depth: int) -> list[Told]:
        """The nodes, by id."""
        found: dict[str, Told] = {}
        level = roots
        for _ in range(depth + 1):
            for goal in level:
                if self.told(goal):
                    found[goal.id] = self._told(goal)
            level = [child for goal in level for child in self.below(goal.id)]
        return [found[id] for id in sorted(found)]

    def _told(self, goal: Node) -> Told:
        hidden = sum(not self.told(child) for child in self.below(goal.id))
        parent = goal.parent_id if goal.alignment == "accepted" else None
        return Told(goal.id, parent, hidden if self.rules.sees(self.asker, goal) else None)


def _hangs(goal: Node) -> bool:
    return goal.alignment == "accepted" and goal.state != "archived"


def in_order(found: list[Node], sort: str) -> list[str]:
    """The ids of goals as `sort` wants them; what has no value comes first from the least up."""
    by = {"created_at": None, "updated_at": "updated_at", "due": "period_end"}[sort.lstrip("-")]

    def place(goal: Node) -> tuple[Any, ...]:
        value = getattr(goal, by) if by is not None else None
        return (value is not None, value if value is not None else 0, goal.id)

    return [goal.id for goal in sorted(found, key=place, reverse=sort.startswith("-"))]


def days(first: date, count: int) -> date:
    """So many days later."""
    return first + timedelta(days=count)
