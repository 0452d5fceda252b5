"""Examples of what the goals service states of what a goal is, and of how it is seen to move."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from libs.events.catalog import goals
from libs.events.registry import Event
from tests.events.samples.examples.ids import ADA, BOB, CHECK_IN, CY, GOAL, MILESTONE, PARENT, UNIT

_PERIOD = goals.Period(start=date(2026, 1, 1), end=date(2026, 3, 31))
_DEFINED: dict[str, Any] = {
    "title": "Fewer escalations",
    "description": "From 50 a month\nto 40.",
    "owner_id": ADA,
    "unit_id": UNIT,
    "contributor_ids": [BOB, CY],
    "weight": Decimal("2.5"),
    "period": _PERIOD,
    "metric": goals.Metric(start=Decimal(50), target=Decimal(40), current=Decimal("48.5"), unit="tickets"),
    "progress_driver": "metric",
    "clamp": False,
    "commitment": "committed",
    "focus": "development",
    "visibility": "team",
    "labels": ["support", "q1"],
    "check_in_every": "two_weeks",
    "external_ref": goals.ExternalRef(system="tracker", id="EPIC-7", url="https://tracker.example.org/EPIC-7"),
}
_OF_A_PERSON = {name: value for name, value in _DEFINED.items() if name not in ("unit_id", "external_ref", "metric")}
_SEEN: dict[str, Any] = {
    "check_in_id": CHECK_IN,
    "author_id": BOB,
    "status": "on_track",
    "observed_on": date(2026, 2, 3),
    "value": Decimal("45.25"),
    "progress": Decimal("0.5"),
    "confidence": Decimal("0.8"),
    "note": "Two weeks without one.",
    "adjustments": "Fewer meetings.",
    "support_needed": "A second tester.",
    "blockers": "The old export.",
    "source": goals.Source(system="tracker", url="tracker:board/12"),
}

DEFINING: dict[str, Event] = {
    "goals.goal-created.v1": goals.GoalCreatedV1(
        **_OF_A_PERSON,
        kind="smart",
        metric=goals.MetricV1(start=Decimal(50), target=Decimal(40), current=Decimal("48.5"), unit="tickets"),
    ),
    "goals.goal-created.v2": goals.GoalCreated(
        **_DEFINED, kind="smart", parent_id=PARENT, alignment="proposed", draft=True
    ),
    "goals.goal-changed.v1": goals.GoalChanged(**_DEFINED, changed=["title", "weight", "metric"]),
    "goals.goal-transferred.v1": goals.GoalTransferred(
        **_DEFINED, previous_owner_id=CY, author_id=BOB, reason="Cy changes teams."
    ),
    "goals.check-in-recorded.v1": goals.CheckInRecordedV1(**_SEEN),
    "goals.check-in-recorded.v2": goals.CheckInRecorded(
        **_SEEN,
        external_ref=goals.CheckInRef(system="tracker", id="EPIC-7/3", url="https://tracker.example.org/EPIC-7/3"),
    ),
    "goals.check-in-corrected.v1": goals.CheckInCorrectedV1(
        **_SEEN, corrected_version=2, reason="Two were counted twice.", cleared=["blockers"]
    ),
    "goals.check-in-corrected.v2": goals.CheckInCorrected(
        **_SEEN, recorded_version=2, reason="One was counted twice.", cleared=["blockers"]
    ),
    "goals.milestone-added.v1": goals.MilestoneAdded(
        milestone_id=MILESTONE, author_id=BOB, title="Rota in all teams", due_on=date(2026, 2, 20)
    ),
    "goals.milestone-changed.v1": goals.MilestoneChanged(
        milestone_id=MILESTONE, author_id=BOB, title="Rota in most teams", due_on=date(2026, 2, 27)
    ),
    "goals.milestone-reached.v1": goals.MilestoneReached(milestone_id=MILESTONE, reached_on=date(2026, 2, 26)),
    "goals.milestone-removed.v1": goals.MilestoneRemoved(milestone_id=MILESTONE),
    "goals.reference-claimed.v1": goals.ReferenceClaimedV1(target_id=CHECK_IN, goal_id=GOAL),
    "goals.reference-claimed.v2": goals.ReferenceClaimed(goal_id=GOAL, check_in_id=CHECK_IN),
    "goals.reference-released.v1": goals.ReferenceReleased(target_id=CHECK_IN),
}
