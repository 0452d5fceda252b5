"""What an ordinary employee asks of goals, the same in tenants of any size; each alternative is asked in its turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

from libs.web.app import BASE
from tests.bench.grown import Picked

YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Question:
    """Paths that are asked one after the other, over and over."""

    what: str
    paths: Callable[[Picked], Sequence[str]]


def questions() -> list[Question]:
    """Goals by id, lists by each filter alone, and the tree."""
    return [
        Question("goal read, own", lambda tenant: [f"{BASE}/goals/{one}" for one in tenant.own]),
        Question("goal read, public", lambda tenant: [f"{BASE}/goals/{one}" for one in tenant.public]),
        *LISTS,
        TREE,
    ]


def _listed(what: str, *queries: Callable[[Picked], str]) -> Question:
    return Question(f"list, {what}", lambda tenant: [f"{BASE}/goals?{query(tenant)}" for query in queries])


def _each(name: str, *values: str, limit: int = 50) -> Question:
    paths = [f"{BASE}/goals?{name}={quote(value)}&limit={limit}" for value in values]
    return Question(f"list, {name}", lambda _: paths)


def _today() -> date:
    return datetime.now(UTC).date()  # what is asked for depends on the day of the run


def _quarter(_: Picked) -> str:
    return f"period={_today() - timedelta(days=20)}/{_today() + timedelta(days=70)}"


def _since(tenant: Picked) -> str:
    return f"updated_since={tenant.since.isoformat().replace('+00:00', 'Z')}"


LISTS = (
    _listed("no filter", lambda _: ""),
    _listed("owner_id, oneself", lambda tenant: f"owner_id={tenant.asker}"),
    _listed("owner_id, the manager", lambda tenant: f"owner_id={tenant.manager}"),
    _listed("unit_id", lambda tenant: f"unit_id={tenant.unit}"),
    _listed("manager_id", lambda tenant: f"manager_id={tenant.manager}"),
    _listed("contributor_id", lambda tenant: f"contributor_id={tenant.asker}"),
    _listed("parent_id", lambda tenant: f"parent_id={tenant.parent}"),
    # A thousand goals have a short page only of what is rare: what is compared must be of one length.
    _each("state", "open", "draft,open"),
    _each("state", "closed", "draft", limit=10),
    _each("state", "cancelled", "archived", limit=5),
    _each("status", "on_track", "not_started"),
    _each("status", "off_track", "delayed", "done", limit=10),
    _each("kind", "objective", "key_result", "smart"),
    _each("label", "quality", "speed", "growth", "product"),
    # Not `wellbeing`: nobody but its owner sees such a goal, and the tenants have none.
    _each("focus", "business"),
    _each("focus", "development", limit=10),
    _listed("period", _quarter),
    _listed("due_before", lambda _: f"due_before={_today()}", lambda _: f"due_before={_today() + YEAR}"),
    _each("q", "escalations", "customers", "better hand-overs"),
    _each("q", "weekends restores", limit=10),
    _each("stale", "true", "false"),
    _listed("updated_since", _since),
    _each("sort", "-updated_at", "updated_at", "-created_at", "due", "-due"),
)
"""Each filter alone."""

TREE = Question("tree of two levels", lambda tenant: [f"{BASE}/goals/tree?root_id={tenant.above}&depth=2"])
TREE_BEFORE = Question(
    "tree of two levels a year ago",
    lambda tenant: [f"{BASE}/goals/tree?root_id={tenant.above}&depth=2&as_of={_today() - YEAR}"],
)
