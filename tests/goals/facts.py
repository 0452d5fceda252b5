"""Facts and goals that the sentences of these tests begin with: the plainest there are, with what differs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from libs.events.catalog.goals import (
    CheckInRecorded,
    GoalArchived,
    GoalCancelled,
    GoalChanged,
    GoalClosed,
    GoalCreated,
    GoalTransferred,
    Metric,
    Period,
)
from libs.events.testing import EPOCH, Scenario, fact_of
from services.goals.domain.errors import GoalIsArchived, GoalIsCancelled, GoalIsClosed, GoalIsDraft
from services.goals.domain.state import GOAL, Goal

TODAY = date(2026, 3, 10)
QUARTER = Period(start=date(2026, 1, 1), end=date(2026, 3, 31))
NEW: Scenario[Goal] = Scenario(GOAL, stream="acme/goal/g-1")

_DEFINED: dict[str, Any] = {
    "title": "Fewer escalations",
    "owner_id": "ada",
    "weight": Decimal(1),
    "progress_driver": "all",
    "clamp": True,
    "commitment": "aspirational",
    "focus": "business",
    "visibility": "public",
}


def created(**fields: Any) -> GoalCreated:
    """The fact that the plainest command leads to, with what differs."""
    return GoalCreated(**{**_DEFINED, "kind": "objective", **fields})


def changed(*names: str, **fields: Any) -> GoalChanged:
    """The plainest goal restated with what differs, which is `names` or else the fields given."""
    return GoalChanged(**{**_DEFINED, **fields}, changed=list(names or fields))


def transferred(to: str, **fields: Any) -> GoalTransferred:
    """The plainest goal restated for another owner, by Bob."""
    plain = {**_DEFINED, "previous_owner_id": "ada", "author_id": "bob", "reason": "Ada changes teams."}
    return GoalTransferred(**{**plain, "owner_id": to, **fields})


def checked_in(**fields: Any) -> CheckInRecorded:
    """The fact that the plainest check-in leads to, with what differs."""
    plain = {"check_in_id": "c-1", "author_id": "ada", "status": "on_track", "observed_on": TODAY}
    return CheckInRecorded(**{**plain, **fields})


def closed(**fields: Any) -> GoalClosed:
    """Closed by Ada as achieved, without a score unless one is given."""
    return GoalClosed(**{"author_id": "ada", "judged": Decimal("0.8"), "outcome": "achieved", **fields})


MEASURED = created(
    kind="key_result",
    progress_driver="metric",
    visibility="team",
    metric=Metric(start=Decimal(50), target=Decimal(40), current=Decimal(50), unit="tickets"),
)
DRAFT = created(draft=True)
CANCELLED = GoalCancelled(author_id="ada", reason="Sold.")
ARCHIVED = GoalArchived()

FINISHED = {
    "closed": ((created(), closed()), GoalIsClosed),
    "cancelled": ((created(), CANCELLED), GoalIsCancelled),
    "archived": ((created(), ARCHIVED), GoalIsArchived),
    "archived when closed": ((created(), closed(), ARCHIVED), GoalIsArchived),
}
"""Histories of goals that take no more work, and the refusal each answers with."""
UNTAKEN = {**FINISHED, "draft": ((DRAFT,), GoalIsDraft)}
"""Histories of goals that nobody works on."""


def goal(*events: msgspec.Struct, id: str = "g-1") -> Goal:
    """The goal that these facts make."""
    state = GOAL.initial
    for version, event in enumerate(events, start=1):
        state = GOAL.fold(state, fact_of(event, stream=f"acme/goal/{id}", version=version, time=EPOCH))
    return state


def parent(*events: msgspec.Struct, **fields: Any) -> Goal:
    """An objective of Pat's that others may hang under: created with `fields`, then `events`."""
    return goal(created(**{"title": "Happier customers", "owner_id": "pat", **fields}), *events, id="g-p")
