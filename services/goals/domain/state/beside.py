"""What stands beside a goal, each on a stream of its own: requests for support, comments, followers, guards."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace

from libs.events.catalog.goals import (
    CommentAdded,
    CommentChanged,
    CommentRemoved,
    GoalFollowed,
    GoalUnfollowed,
    ReferenceClaimed,
    ReferenceReleased,
    SupportAnswered,
    SupportRequested,
    TreeChanged,
)
from libs.events.declare import Aggregate, fold_by_type
from libs.events.envelope import Fact


class Support(msgspec.Struct, frozen=True, kw_only=True):
    """A request for support: `open`, `promised`, `given` or `declined`; version 0: there is none.

    Texts are None where they were erased (`erased` says which), `answer` also before the first answer.
    """

    id: str = ""
    version: int = 0
    goal_id: str = ""
    check_in_id: str = ""
    author_id: str = ""
    text: str | None = None
    state: str = "open"
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    erased: list[str] = []
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said about a goal; version 0: nothing. The text is None where it was erased, or taken back."""

    id: str = ""
    version: int = 0
    goal_id: str = ""
    check_in_id: str | None = None
    author_id: str = ""
    text: str | None = None
    removed: bool = False
    erased: list[str] = []
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a person follows a goal, and since when."""

    version: int = 0
    goal_id: str = ""
    person_id: str = ""
    since: datetime | None = None
    updated_at: datetime | None = None
    updated_by: str = ""


class TreeGuard(msgspec.Struct, frozen=True, kw_only=True):
    """The guard of a tenant's tree: only its version counts, which every new edge between existing goals makes anew."""

    version: int = 0
    updated_at: datetime | None = None
    updated_by: str = ""


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """What stands for an outside record: a goal, or its `check_in_id`; a `goal_id` of None: nothing (any more)."""

    version: int = 0
    goal_id: str | None = None
    check_in_id: str | None = None
    updated_at: datetime | None = None
    updated_by: str = ""


# --- support ----------------------------------------------------------------------------------------------------


def _requested(support: Support, fact: Fact[SupportRequested]) -> Support:
    data = fact.data
    return Support(
        id=fact.entity_id,
        goal_id=data.goal_id,
        check_in_id=data.check_in_id,
        author_id=data.author_id,
        text=data.text,
        erased=list(fact.erased),
        created_at=fact.time,
        created_by=fact.actor,
    )


def _answered(support: Support, fact: Fact[SupportAnswered]) -> Support:
    data = fact.data
    return replace(
        support,
        state=data.state,
        answer=data.answer,
        answered_by=data.author_id,
        answered_at=fact.time,
        erased=[path for path in support.erased if path != "answer"] + list(fact.erased),
    )


# --- comments ---------------------------------------------------------------------------------------------------


def _said(comment: Comment, fact: Fact[CommentAdded]) -> Comment:
    data = fact.data
    return Comment(
        id=fact.entity_id,
        goal_id=data.goal_id,
        check_in_id=data.check_in_id,
        author_id=data.author_id,
        text=data.text,
        erased=list(fact.erased),
        created_at=fact.time,
        created_by=fact.actor,
    )


def _said_differently(comment: Comment, fact: Fact[CommentChanged]) -> Comment:
    return replace(comment, text=fact.data.text, erased=list(fact.erased))


def _taken_back(comment: Comment, fact: Fact[CommentRemoved]) -> Comment:
    return replace(comment, text=None, removed=True, erased=[])


# --- followers and guards ---------------------------------------------------------------------------------------


def _followed(follow: Follow, fact: Fact[GoalFollowed]) -> Follow:
    return replace(follow, goal_id=fact.data.goal_id, person_id=fact.data.person_id, since=fact.time)


def _unfollowed(follow: Follow, fact: Fact[GoalUnfollowed]) -> Follow:
    return replace(follow, since=None)


def _edge(guard: TreeGuard, fact: Fact[TreeChanged]) -> TreeGuard:
    return guard


def _claimed(reference: Reference, fact: Fact[ReferenceClaimed]) -> Reference:
    return replace(reference, goal_id=fact.data.goal_id, check_in_id=fact.data.check_in_id)


def _released(reference: Reference, fact: Fact[ReferenceReleased]) -> Reference:
    return replace(reference, goal_id=None, check_in_id=None)


SUPPORT: Aggregate[Support] = Aggregate(
    "support", Support(), fold_by_type({SupportRequested: _requested, SupportAnswered: _answered})
)
COMMENT: Aggregate[Comment] = Aggregate(
    "comment",
    Comment(),
    fold_by_type({CommentAdded: _said, CommentChanged: _said_differently, CommentRemoved: _taken_back}),
)
FOLLOW: Aggregate[Follow] = Aggregate(
    "follow", Follow(), fold_by_type({GoalFollowed: _followed, GoalUnfollowed: _unfollowed})
)
TREE_GUARD: Aggregate[TreeGuard] = Aggregate("tree", TreeGuard(), fold_by_type({TreeChanged: _edge}))
REFERENCE: Aggregate[Reference] = Aggregate(
    "reference", Reference(), fold_by_type({ReferenceClaimed: _claimed, ReferenceReleased: _released})
)
