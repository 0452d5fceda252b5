"""What stands beside goals is answered with: milestones, comments, followers, requests for support."""

from __future__ import annotations

from datetime import date, datetime

import msgspec


class ResourceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What every resource carries. `allowed_actions`: what the asker may do to it now."""

    id: str
    version: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    allowed_actions: list[str]


class MilestoneAnswer(ResourceAnswer, frozen=True, kw_only=True):
    """A step on a goal's way. `version` is that of the goal's stream, which it stands in."""

    goal_id: str
    title: str | None
    due_on: date
    reached_on: date | None
    author_id: str
    erased: list[str]


class CommentAnswer(ResourceAnswer, frozen=True, kw_only=True):
    """What somebody said about a goal, or about one of its check-ins."""

    goal_id: str
    check_in_id: str | None
    author_id: str
    text: str | None
    erased: list[str]


class FollowerAnswer(ResourceAnswer, frozen=True, kw_only=True):
    """Somebody who follows a goal."""

    goal_id: str
    person_id: str


class SupportAnswer(ResourceAnswer, frozen=True, kw_only=True):
    """A request for support and its answer. `state` is `open`, `promised`, `given` or `declined`."""

    goal_id: str
    check_in_id: str
    author_id: str
    text: str | None
    state: str
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None
    erased: list[str]
