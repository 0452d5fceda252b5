"""What the tree must be after each fact: the world as facts make it, with days, places and causes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date
from typing import Any

import msgspec

from libs.events.envelope import Fact
from services.goals.read_models import Cause
from tests.goals.tree.causes import but_cause, touched
from tests.goals.tree.world import CheckIn, Goal, World


class Oracle(World):
    """The world as facts make it, one at a time; `days` are the rows of days by goal and day, `rows` the last ones."""

    def __init__(self) -> None:
        super().__init__()
        self.days: dict[tuple[str, date], dict[str, Any]] = {}
        self.edges: set[tuple[str, str]] = set()
        self.rows: dict[str, dict[str, Any]] = {}

    def apply(self, fact: Fact[Any]) -> None:
        """One more fact, about a goal."""
        id, name = fact.entity_id, type(fact.data).__name__
        before = World()
        before.goals = {one.id: replace(one, check_ins=dict(one.check_ins)) for one in self.goals.values()}
        if name == "GoalClosed" and fact.data.score is None:
            now, judged = self.progress(self.goals[id]), float(fact.data.judged)
            self.goals[id].frozen = now if round(now, 9) == judged else judged
        if name == "GoalCreated":
            self._create(fact)
        else:
            getattr(self, f"_{name}", lambda goal, fact: None)(self.goals[id], fact)
        self.goals[id].updated_at = fact.time
        self._judge(before, id, fact.data, Cause(id, fact.type, fact.time))

    def _judge(self, before: World, id: str, said: Any, cause: Cause) -> None:
        """Whose row the fact is the cause of, by how goals hang together."""
        new, old = self.goals[id], before.goals.get(id)
        for each in touched(before, old, self, new, said):
            self.goals[each].caused_by = cause
        rows = {goal.id: self.day(goal) for goal in self.goals.values()}
        for each, row in rows.items():
            # The rule may name too many, whose numbers came out the same, but never too few.
            if each not in self.rows or but_cause(self.rows[each]) != but_cause(row):
                assert row["caused_by"] == cause, f"{cause} changed {each} and is not said to be the cause"
            if row["day"] == cause.time.astimezone(UTC).date():
                self.days[each, row["day"]] = row
        self.rows = rows
        if new.parent_id is not None:
            self.edges.add((new.parent_id, id))
        if new.parent_id is None or new.alignment != "accepted":
            self.edges.add(("root", id))

    # --- what each fact says ------------------------------------------------------------------------------------

    def _create(self, fact: Fact[Any]) -> None:
        data = fact.data
        self.goals[fact.entity_id] = Goal(
            id=fact.entity_id,
            kind=data.kind,
            definition=data,
            state="draft" if data.draft else "open",
            parent_id=data.parent_id,
            alignment=data.alignment,
            weight=data.weight,
            created_at=fact.time,
            updated_at=fact.time,
        )

    def _GoalChanged(self, goal: Goal, fact: Fact[Any]) -> None:
        goal.definition, goal.weight = fact.data, fact.data.weight

    _GoalTransferred = _GoalChanged

    def _GoalMoved(self, goal: Goal, fact: Fact[Any]) -> None:
        goal.parent_id, goal.alignment, goal.weight = fact.data.parent_id, fact.data.alignment, fact.data.weight
        self._seen_from_now(goal, fact)

    def _AlignmentAccepted(self, goal: Goal, fact: Fact[Any]) -> None:
        goal.alignment, goal.weight = "accepted", fact.data.weight

    def _AlignmentDeclined(self, goal: Goal, fact: Fact[Any]) -> None:
        goal.parent_id, goal.alignment = None, "none"
        self._seen_from_now(goal, fact)

    def _seen_from_now(self, goal: Goal, fact: Fact[Any]) -> None:
        says = fact.data.visibility
        if says is None and goal.parent_id is None and goal.kind == "key_result":
            says = "team"  # so it was when facts did not say it
        if says is not None:
            goal.definition = msgspec.structs.replace(goal.definition, visibility=says)

    _AlignmentDetached = _AlignmentDeclined

    def _GoalPublished(self, goal: Goal, fact: Fact[Any]) -> None:
        goal.state = "open"

    def _GoalClosed(self, goal: Goal, fact: Fact[Any]) -> None:
        goal.state, goal.score, goal.outcome = "closed", fact.data.score, fact.data.outcome

    def _GoalReopened(self, goal: Goal, fact: Fact[Any]) -> None:
        goal.state, goal.score, goal.outcome, goal.frozen = "open", None, None, None

    def _GoalCancelled(self, goal: Goal, fact: Fact[Any]) -> None:
        goal.left, goal.state = goal.state, "cancelled"

    def _GoalArchived(self, goal: Goal, fact: Fact[Any]) -> None:
        goal.left, goal.state = goal.state, "archived"

    def _GoalRestored(self, goal: Goal, fact: Fact[Any]) -> None:
        goal.state, goal.left = goal.left, None

    def _CheckInRecorded(self, goal: Goal, fact: Fact[Any]) -> None:
        data = fact.data
        said = {name: getattr(data, name) for name in ("observed_on", "status", "value", "progress")}
        one = CheckIn(data.check_in_id, fact.version, data.author_id, said, said)
        goal.check_ins[one.id], goal.last_check_in_at = one, fact.time

    def _CheckInCorrected(self, goal: Goal, fact: Fact[Any]) -> None:
        one, data = goal.check_ins[fact.data.check_in_id], fact.data
        said = {name: getattr(data, name) for name in one.recorded if getattr(data, name) is not None}
        now = {**one.recorded, **dict.fromkeys(set(data.cleared) & {"value", "progress"}), **said}
        goal.check_ins[one.id] = replace(one, now=now, corrections=[*one.corrections, fact.version])
