"""Bodies of what happens to a goal: agreed on, aligned, moved, closed, cancelled, reopened."""

from __future__ import annotations

from pydantic import ConfigDict

from libs.web.fields import Fraction01, Id, Model, Weight
from libs.web.problems import FieldError, Problem
from services.goals.api.bodies.fields import Reason, Words
from services.goals.domain.commands import (
    Agree,
    AgreementAction,
    Align,
    AlignmentAction,
    CancelGoal,
    CloseGoal,
    MoveGoal,
    ReopenGoal,
)


class MoveBody(Model):
    """The goal's new parent, null: it becomes a root. Without a weight it keeps its own."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"parent_id": "0191d3a0-0000-7000-8000-0000000000f2", "weight": 2}]}
    )

    parent_id: Id | None
    weight: Weight | None = None

    def command(self, goal_id: str) -> MoveGoal:
        """The body as a command for one goal."""
        return MoveGoal(goal_id=goal_id, parent_id=self.parent_id, weight=self.weight)


class AgreementBody(Model):
    """What the asker says to the goal as it stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"action": "propose", "note": "As we said on Monday."}]})

    action: AgreementAction
    note: Words | None = None

    def command(self, goal_id: str) -> Agree:
        """The body as a command for one goal."""
        return Agree(goal_id=goal_id, action=self.action, note=self.note)


class AlignmentBody(Model):
    """Whether the goal counts in its parent; `weight` goes with accepting."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"action": "accept", "weight": 2}]})

    action: AlignmentAction
    weight: Weight | None = None

    def command(self, goal_id: str) -> Align:
        """The body as a command for one goal. Raises Problem for a weight that goes with nothing."""
        if self.weight is not None and self.action != "accept":
            wrong = FieldError("/weight", "A weight goes with accepting only. Leave it out.")
            raise Problem(422, "invalid_value", "A value is not taken; errors say which and why.", errors=[wrong])
        return Align(goal_id=goal_id, action=self.action, weight=self.weight)


class CloseBody(Model):
    """How the goal ended: with a score, or as far as it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"score": 0.7, "reflection": "The new rota helped, the new tool did not."}]}
    )

    score: Fraction01 | None = None
    reflection: Words | None = None

    def command(self, goal_id: str) -> CloseGoal:
        """The body as a command for one goal."""
        return CloseGoal(goal_id=goal_id, score=self.score, reflection=self.reflection)


class CancelBody(Model):
    """Why the goal is given up."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The product is no longer sold."}]})

    reason: Reason

    def command(self, goal_id: str) -> CancelGoal:
        """The body as a command for one goal."""
        return CancelGoal(goal_id=goal_id, reason=self.reason)


class ReopenBody(Model):
    """Why the goal is taken up again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Closed a week too early."}]})

    reason: Reason

    def command(self, goal_id: str) -> ReopenGoal:
        """The body as a command for one goal."""
        return ReopenGoal(goal_id=goal_id, reason=self.reason)
