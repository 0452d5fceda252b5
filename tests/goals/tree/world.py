"""What the tree must be: every number of every goal worked out anew, by recursion, from all that happened so far.

Slow and plain on purpose. It shares nothing with the fold but the ratio of a metric.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from math import fsum
from typing import Any

from services.goals.domain.measure import way_gone
from services.goals.read_models import Cause, Counts, Day, Measured, Node, Seen, Span

STATUSES = ("not_started", "on_track", "delayed", "off_track", "done")


@dataclass
class CheckIn:
    """A check-in: as it was recorded, and as the last correction leaves it."""

    id: str
    version: int
    author_id: str
    recorded: dict[str, Any]
    now: dict[str, Any]
    corrections: list[int] = field(default_factory=list)

    @property
    def rank(self) -> tuple[date, int]:
        return self.now["observed_on"], self.version

    @property
    def has_number(self) -> bool:
        return self.now["value"] is not None or self.now["progress"] is not None


@dataclass
class Goal:
    """A goal by what was said of it: its last definition, its life, its check-ins."""

    id: str
    kind: str
    definition: Any
    state: str
    parent_id: str | None
    alignment: str
    weight: Decimal
    created_at: datetime
    updated_at: datetime
    left: str | None = None
    score: Decimal | None = None
    outcome: str | None = None
    frozen: float | None = None
    check_ins: dict[str, CheckIn] = field(default_factory=dict)
    last_check_in_at: datetime | None = None
    caused_by: Cause | None = None

    @property
    def closed(self) -> bool:
        return "closed" in (self.state, self.left)

    @property
    def seen(self) -> CheckIn | None:
        return max(self.check_ins.values(), key=lambda one: one.rank, default=None)

    @property
    def measured(self) -> CheckIn | None:
        return max((one for one in self.check_ins.values() if one.has_number), key=lambda one: one.rank, default=None)

    @property
    def status(self) -> str:
        if self.closed:
            return "done"
        return self.seen.now["status"] if self.seen else "not_started"

    @property
    def own(self) -> float | None:
        metric, number = self.definition.metric, self.measured.now if self.measured else {}
        if metric is None:
            return None if number.get("progress") is None else float(number["progress"])
        value = number.get("value")
        return way_gone(metric.start, metric.target, metric.current if value is None else value)


class World:
    """All goals of a tenant."""

    def __init__(self) -> None:
        self.goals: dict[str, Goal] = {}

    def attached(self, id: str) -> list[Goal]:
        return [goal for goal in self.goals.values() if goal.parent_id == id]

    def parent_of(self, goal: Goal) -> Goal | None:
        """The goal in which it counts."""
        if goal.state in ("open", "closed") and goal.alignment == "accepted" and goal.parent_id is not None:
            return self.goals[goal.parent_id]
        return None

    def children(self, goal: Goal) -> list[Goal]:
        """The goals that count in it."""
        return [child for child in self.attached(goal.id) if self.parent_of(child) is goal]

    def taken(self, goal: Goal) -> list[Goal]:
        return [child for child in self.children(goal) if listens(goal, child)]

    def progress(self, goal: Goal) -> float:
        if goal.closed:
            return float(goal.score) if goal.score is not None else goal.frozen
        found = goal.own
        taken = self.taken(goal)
        if sum(child.weight for child in taken) > 0:
            parts = fsum(float(child.weight) * self.progress(child) for child in taken)
            found = parts / fsum(float(child.weight) for child in taken)
        found = 0.0 if found is None else found
        if goal.definition.clamp:
            found = 0.0 if found < 0 else 1.0 if found > 1 else found
        return found

    def below(self, goal: Goal) -> list[Goal]:
        """The goal and all that count under it."""
        return [goal] + [each for child in self.children(goal) for each in self.below(child)]

    def node(self, goal: Goal) -> dict[str, Any]:
        """Every field that the goal's node must have."""
        said, counted, children = goal.definition, self.below(goal), self.children(goal)
        accepted = [child for child in self.attached(goal.id) if child.alignment == "accepted"]
        attached = goal.kind == "key_result" and goal.parent_id is not None
        visible = self.goals[goal.parent_id].definition.visibility if attached else said.visibility
        same = ("title", "focus", "owner_id", "unit_id", "visibility", "progress_driver", "clamp")
        lived = ("id", "kind", "parent_id", "alignment", "weight", "state", "left", "score", "outcome", "frozen")
        times = ("last_check_in_at", "caused_by", "created_at", "updated_at")
        metric, period = said.metric, said.period
        return {
            **{name: getattr(said, name) for name in (*same, "commitment", "check_in_every")},
            **{name: tuple(getattr(said, name)) for name in ("contributor_ids", "labels")},
            **{name: getattr(goal, name) for name in (*lived, *times)},
            "seen_by": visible,
            "period_start": period.start if period else None,
            "period_end": period.end if period else None,
            "span": Span(metric.start, metric.target, metric.current) if metric else None,
            "seen": seen_of(goal.seen),
            "measured": measured_of(goal.measured),
            "own_progress": goal.own,
            "progress": self.progress(goal),
            "counts": Counts(**{name: sum(one.status == name for one in counted) for name in STATUSES}),
            "leaf_count": sum(not self.children(one) for one in counted),
            "kids": len(self.attached(goal.id)),
            "child_count": len([child for child in accepted if child.state != "archived"]),
            "contributing": len(children),
            "key_results": len([child for child in children if child.kind == "key_result"]),
            "changed_on": goal.caused_by.time.astimezone(UTC).date(),
        }

    def check_in(self, goal: Goal, one: CheckIn) -> dict[str, Any]:
        """Every field of a check-in's row."""
        place = f"{one.now['observed_on']}.{one.version:012d}"
        return {
            **{
                "id": one.id,
                "goal_id": goal.id,
                "version": one.version,
                "corrected_by": max(one.corrections, default=None),
            },
            **{"author_id": one.author_id, "recorded": tuple(one.recorded.values()), **one.now},
            "corrections": tuple(one.corrections),
            **{"place": place, "measured_place": place if one.has_number else None},
        }

    def day(self, goal: Goal) -> dict[str, Any]:
        """Every field of the goal's row of a day that ends now."""
        node = self.node(goal)
        node |= {"goal_id": goal.id, "day": node["changed_on"], "status": goal.status}
        return {name: node[name] for name in Day.__struct_fields__}


def listens(parent: Goal, child: Goal) -> bool:
    """Whether the child's progress is part of the parent's."""
    wanted = {"key_results": [True], "children": [False], "all": [True, False]}
    return (child.kind == "key_result") in wanted.get(parent.definition.progress_driver, [])


def seen_of(one: CheckIn | None) -> Seen | None:
    return Seen(one.id, one.now["observed_on"], one.version, one.now["status"]) if one else None


def measured_of(one: CheckIn | None) -> Measured | None:
    if one is None:
        return None
    return Measured(one.id, one.now["observed_on"], one.version, one.now["value"], one.now["progress"])


def fields_of(node: Node | Day) -> dict[str, Any]:
    """A row's fields, to compare with what must be."""
    return {name: getattr(node, name) for name in node.__struct_fields__}
