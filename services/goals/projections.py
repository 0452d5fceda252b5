"""Facts of goals → rows. A goal's row is the very fold that commands decide on, so the two cannot disagree."""

from __future__ import annotations

from libs.access.members import replica
from libs.events.catalog.goals import CheckInRecorded, GoalCreated
from libs.events.declare import On, Projection, rows_of
from libs.events.envelope import Fact
from services.goals.domain.state import GOAL
from services.goals.read_models import CHECK_INS, GOALS, CheckInPlace


def on_check_in_recorded(row: CheckInPlace | None, fact: Fact[CheckInRecorded]) -> CheckInPlace:
    """The place of a new check-in."""
    return CheckInPlace(goal_id=fact.entity_id, version=fact.version)


def _check_in_id(fact: Fact[CheckInRecorded]) -> tuple[str, ...]:
    return (fact.data.check_in_id,)


GOAL_ROWS = Projection(
    name="goals.goals",
    version=1,
    topics=("goals.events",),
    on=(
        *rows_of(GOAL, GOALS, GoalCreated, CheckInRecorded),
        On(CheckInRecorded, CHECK_INS, on_check_in_recorded, rows=_check_in_id),
    ),
)

MEMBERS = replica("goals")
