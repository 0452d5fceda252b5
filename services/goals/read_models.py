"""The rows of goals: what projections write and queries read."""

from __future__ import annotations

import msgspec

from libs.events.declare import Collection
from services.goals.domain.state import Goal


class CheckInPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a check-in stands: the version of its goal's stream. What it says is in the stream alone."""

    goal_id: str
    version: int


CHECK_INS = Collection("check_ins", CheckInPlace)
"""A row a check-in, found by its id, so that one is not looked for among thousands."""

GOALS = Collection("goals", Goal)
"""A row a goal: its folded state, found by id."""
