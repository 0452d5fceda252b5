"""Facts around a goal that move no number: requests for support and their answers, comments, followers."""

from __future__ import annotations

from typing import Annotated

import msgspec

from libs.events.personal import Personal


class SupportRequested(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A check-in asked for support; stated on a stream of its own, whose id is the check-in's."""

    goal_id: str
    check_in_id: str
    author_id: str
    text: Annotated[str | None, Personal("author_id")]


class SupportAnswered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for support is `promised`, `given` or `declined`. The answer is the author's own."""

    state: str
    author_id: str
    answer: Annotated[str | None, Personal("author_id")]


class CommentAdded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody said something about a goal, or about one of its check-ins."""

    goal_id: str
    author_id: str
    text: Annotated[str | None, Personal("author_id")]
    check_in_id: str | None = None


class CommentChanged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The author says it differently."""

    author_id: str
    text: Annotated[str | None, Personal("author_id")]


class CommentRemoved(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The author takes it back; the log remembers it, nobody is shown it."""


class GoalFollowed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person wants to hear of a goal; stated on the stream `<goal id>.<person id>`."""

    goal_id: str
    person_id: str


class GoalUnfollowed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person no longer wants to hear of a goal."""

    goal_id: str
    person_id: str
