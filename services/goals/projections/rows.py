"""Facts of a goal's stream → its row: the very fold that commands decide on, so that the two cannot disagree."""

from __future__ import annotations

from libs.events.declare import Projection, rows_of
from services.goals.domain.state import GOAL, GOAL_EVENTS
from services.goals.read_models import GOALS

GOAL_ROWS = Projection(
    name="goals.goals",
    version=3,
    topics=("goals.events",),
    on=rows_of(GOAL, GOALS, *GOAL_EVENTS),
    words=GOAL.words,
)
