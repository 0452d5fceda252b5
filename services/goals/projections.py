"""Facts of goals → rows. A goal's row is the very fold that commands decide on, so the two cannot disagree."""

from __future__ import annotations

from typing import Any

from libs.access.members import replica
from libs.events.catalog.goals import CheckInRecorded, GoalCreated
from libs.events.declare import On, Projection
from libs.events.envelope import Fact
from services.goals.domain.state import Goal, fold
from services.goals.read_models import GOALS


def on_goal_event(row: Goal | None, fact: Fact[Any]) -> Goal:
    """The goal's row after one more of its facts."""
    return fold(row or Goal(), fact)


GOAL_ROWS = Projection(
    name="goals.goals",
    version=1,
    topics=("goals.events",),
    on=(On(GoalCreated, GOALS, on_goal_event), On(CheckInRecorded, GOALS, on_goal_event)),
)

MEMBERS = replica("goals")
