"""What answers look like: one of each shape, for the description of the API."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from libs.events.catalog.goals import Period
from libs.web.references import ExternalRefAnswer
from services.goals.queries.answers import (
    AgreementAnswer,
    AncestorAnswer,
    CauseAnswer,
    ChangeAnswer,
    CheckInAnswer,
    CommentAnswer,
    FollowerAnswer,
    GoalAnswer,
    HistoryAnswer,
    ImpactAnswer,
    MetricAnswer,
    MilestoneAnswer,
    NodeAnswer,
    RestrictedNodeAnswer,
    SupportAnswer,
    TreeAnswer,
    TrendAnswer,
    TrendPointAnswer,
)
from services.goals.rights import offered

_ID = "0191d3a0-0000-7000-8000-0000000000{}"
_SAM, _KIM, _MAYA = _ID.format("a1"), _ID.format("a2"), _ID.format("a3")
_GOAL, _PARENT, _ABOVE = _ID.format("f3"), _ID.format("f1"), _ID.format("f0")
_CHECK_IN, _MILESTONE, _COMMENT = _ID.format("c1"), _ID.format("d1"), _ID.format("e1")
_SET, _SEEN = datetime(2026, 10, 1, 8, 0, tzinfo=UTC), datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def _offered(of: str, *relations: str, agreement: str | None = None, own: str | None = None) -> list[str]:
    """What who stands so to the open, accepted goal of the examples may do."""
    return list(offered(of, frozenset(relations), "open", "accepted", agreement, own))


_SET_BY_SAM: dict[str, Any] = {"created_at": _SET, "created_by": _SAM, "updated_at": _SET, "updated_by": _SAM}

GOAL = GoalAnswer(
    id=_GOAL,
    version=7,
    title="Fewer escalations",
    description=None,
    kind="key_result",
    owner_id=_SAM,
    unit_id=None,
    parent_id=_PARENT,
    alignment="accepted",
    contributor_ids=[_KIM],
    weight=Decimal(1),
    period=Period(start=date(2026, 10, 1), end=date(2026, 12, 31)),
    metric=MetricAnswer(start=Decimal(50), target=Decimal(40), current=Decimal(47), unit="escalations a week"),
    progress_driver="metric",
    clamp=True,
    commitment="aspirational",
    focus="business",
    visibility="public",
    labels=["customer service"],
    check_in_every="week",
    state="open",
    status="delayed",
    progress=0.3,
    own_progress=0.3,
    agreement=AgreementAnswer(state="agreed", agreed_version=3, owner_at=_SET, manager_at=_SET),
    outcome=None,
    score=None,
    last_check_in_on=date(2026, 11, 20),
    next_check_in_on=date(2026, 11, 27),
    hints=[],
    external_ref=ExternalRefAnswer(system="tickets", id="17", url="https://tickets.example/projects/17"),
    erased=[],
    created_at=_SET,
    created_by=_SAM,
    updated_at=_SEEN,
    updated_by=_SAM,
    allowed_actions=_offered("goal", "owner", "employee", agreement="agreed"),
)
NEW_GOAL_BY_REFERENCE = msgspec.structs.replace(
    GOAL,
    version=1,
    alignment="proposed",
    metric=MetricAnswer(start=Decimal(50), target=Decimal(40), current=Decimal(50), unit="escalations a week"),
    status="not_started",
    progress=0.0,
    own_progress=0.0,
    agreement=AgreementAnswer(state="none", agreed_version=None, owner_at=None, manager_at=None),
    last_check_in_on=None,
    next_check_in_on=date(2026, 10, 8),
    updated_at=_SET,
    allowed_actions=list(offered("goal", frozenset({"owner", "employee"}), "open", "proposed", "none")),
)
"""The same goal as it was set: nobody has checked in, agreed or aligned it yet."""
NEW_GOAL = msgspec.structs.replace(NEW_GOAL_BY_REFERENCE, external_ref=None)
CHECK_IN = CheckInAnswer(
    id=_CHECK_IN,
    goal_id=_GOAL,
    version=7,
    status="delayed",
    observed_on=date(2026, 11, 20),
    value=Decimal(47),
    progress=None,
    source=None,
    confidence=Decimal("0.6"),
    note="Two of five teams use the new rota.",
    adjustments=None,
    support_needed="A day of the tool's vendor.",
    blockers=None,
    author_id=_SAM,
    corrected=False,
    recorded=None,
    corrections=[],
    external_ref=None,
    erased=[],
    created_at=_SEEN,
    created_by=_SAM,
    updated_at=_SEEN,
    updated_by=_SAM,
    allowed_actions=_offered("check_in", "author"),
)
NODE = NodeAnswer(
    id=_PARENT,
    parent_id=_ABOVE,
    title="Better customer service",
    kind="objective",
    owner_id=_MAYA,
    unit_id=None,
    weight=Decimal(2),
    progress_driver="all",
    own_progress=None,
    progress=0.3,
    expected_progress=0.388,
    pace="on_pace",
    state="open",
    status="on_track",
    worst_status="delayed",
    status_counts={"not_started": 0, "on_track": 1, "delayed": 1, "off_track": 0, "done": 0},
    leaf_count=1,
    child_count=1,
    hidden_count=0,
    last_check_in_at=_SEEN,
    stale=False,
    caused_by=CauseAnswer(goal_id=_GOAL, event_type="goals.check-in-recorded.v2", time=_SEEN),
    erased=[],
)
TREE = TreeAnswer(nodes=[RestrictedNodeAnswer(id=_ABOVE, parent_id=None), NODE], position="goals:4711")
IMPACT = ImpactAnswer(
    goal_id=_GOAL,
    items=[
        AncestorAnswer(
            goal_id=_PARENT,
            title="Better customer service",
            weight=1.0,
            raw_weight=Decimal(1),
            points=0.3,
            counts=True,
            erased=[],
        )
    ],
)
TREND = TrendAnswer(
    goal_id=_GOAL,
    items=[TrendPointAnswer(day=date(2026, 11, day), progress=way) for day, way in ((13, 0.1), (20, 0.3))],
)
HISTORY = HistoryAnswer(
    id=_ID.format("b1"),
    type="goals.goal-changed.v1",
    time=_SEEN,
    actor=_SAM,
    version=7,
    summary="Changed weight.",
    changes=[ChangeAnswer(field="weight", from_=1, to=2)],
    erased=[],
)
MILESTONE = MilestoneAnswer(
    id=_MILESTONE,
    version=4,
    goal_id=_GOAL,
    title="Rota in all teams",
    due_on=date(2026, 12, 1),
    reached_on=None,
    author_id=_SAM,
    erased=[],
    **_SET_BY_SAM,
    allowed_actions=_offered("milestone", "owner"),
)
COMMENT = CommentAnswer(
    id=_COMMENT,
    version=1,
    goal_id=_GOAL,
    check_in_id=_CHECK_IN,
    author_id=_SAM,
    text="Well done, all of you.",
    erased=[],
    **_SET_BY_SAM,
    allowed_actions=_offered("comment", "author"),
)
FOLLOWER = FollowerAnswer(
    id=_SAM, version=1, goal_id=_GOAL, person_id=_SAM, **_SET_BY_SAM, allowed_actions=_offered("follower", "follower")
)
SUPPORT = SupportAnswer(
    id=_CHECK_IN,
    version=2,
    goal_id=_GOAL,
    check_in_id=_CHECK_IN,
    author_id=_SAM,
    text="A day of the tool's vendor.",
    state="promised",
    answer="The vendor comes on Thursday.",
    answered_by=_MAYA,
    answered_at=_SEEN,
    erased=[],
    created_at=_SEEN,
    created_by=_SAM,
    updated_at=_SEEN,
    updated_by=_MAYA,
    allowed_actions=_offered("support", "manager_chain", own="promised"),
)
