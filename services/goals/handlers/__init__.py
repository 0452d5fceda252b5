"""Commands of goals: who may give them, which streams they go to, which rule decides."""

from __future__ import annotations

from dataclasses import dataclass

from services.goals.handlers.checking_in import CheckingIn
from services.goals.handlers.defining import Defining
from services.goals.handlers.living import Living
from services.goals.handlers.milestones import Milestones
from services.goals.handlers.references import PutCheckIn, PutGoal, References
from services.goals.handlers.talking import Talking
from services.goals.handlers.together import Together

__all__ = ["GoalHandlers", "PutCheckIn", "PutGoal", "References"]


@dataclass(frozen=True)
class GoalHandlers(Defining, Together, Living, CheckingIn, Milestones, Talking):
    """One method a command; each returns how it ended and raises a DomainError when it is refused."""
