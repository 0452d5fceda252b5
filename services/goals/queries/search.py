"""What a list of goals is asked for, already parsed: from the API to the queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from libs.web import sorting

Sort = Literal["created_at", "-created_at", "updated_at", "-updated_at", "due", "-due"]


@dataclass(frozen=True, kw_only=True)
class Search:
    """Filters of a list of goals; an empty tuple or None filters nothing, several values are alternatives.

    `manager_id`: owned by a direct report of one of them. `period` overlaps these days, both included; `due_before`:
    the period ends before that day; `q`: every word is a whole word of the title. Archived goals are left out unless
    `state` names them. Without `sort`: by due date with `due_before`, by the last check-in with `stale`, by change with
    `updated_since`, else by creation; by creation too with `period`.
    """

    owner_id: tuple[str, ...] = ()
    unit_id: tuple[str, ...] = ()
    manager_id: tuple[str, ...] = ()
    contributor_id: tuple[str, ...] = ()
    parent_id: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    focus: tuple[str, ...] = ()
    period: tuple[date, date] | None = None
    due_before: date | None = None
    q: str | None = None
    stale: bool | None = None
    updated_since: datetime | None = None
    sort: Sort | None = None


OLDEST_FIRST = sorting.Listing(sorting.Sort("created_at"))


@dataclass(frozen=True, kw_only=True)
class SupportSearch:
    """Filters of a list of requests for support; several values are alternatives."""

    state: tuple[str, ...] = ()
    manager_id: tuple[str, ...] = ()
    goal_id: tuple[str, ...] = ()
    asked: sorting.Listing = OLDEST_FIRST
