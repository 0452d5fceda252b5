"""Facts around goals → rows: requests for support, comments, followers, each as the fold of its stream leaves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from libs.events.catalog.goals import (
    CommentAdded,
    CommentChanged,
    CommentRemoved,
    GoalFollowed,
    GoalUnfollowed,
    SupportAnswered,
    SupportRequested,
)
from libs.events.declare import Aggregate, Collection, On, Projection, Row
from libs.events.envelope import Fact
from services.goals.domain.state import COMMENT, FOLLOW, SUPPORT, Comment, Follow
from services.goals.read_models import COMMENTS, FOLLOWS
from services.goals.read_models import SUPPORT as REQUESTS


def _always(_: Any) -> bool:
    return True


def _not_removed(comment: Comment) -> bool:
    return not comment.removed


def _followed(follow: Follow) -> bool:
    return follow.since is not None


def rows_like(
    aggregate: Aggregate[Any], collection: Collection, stands: Callable[[Any], bool], *events: type[msgspec.Struct]
) -> tuple[On, ...]:
    """A row a stream, of the fields that it shares with the stream's state; none once the state no longer `stands`.

    The first event type is the one that begins a row; any other without a row raises LookupError.
    """
    kept = collection.row.__struct_fields__
    known = type(aggregate.initial).__struct_fields__
    shared = [name for name in kept if name in known]

    def on_event(row: Row | None, fact: Fact[Any]) -> Row | None:
        if row is None and type(fact.data) is not events[0]:
            raise LookupError(f"{fact.type} about what is not there: {collection.name} {fact.entity_id}")
        before = {} if row is None else {name: getattr(row, name) for name in shared}
        state = aggregate.fold(msgspec.structs.replace(aggregate.initial, **before), fact)
        return collection.row(**{name: getattr(state, name) for name in kept}) if stands(state) else None

    return tuple(On(event, collection, on_event) for event in events)


TALK = Projection(
    name="goals.talk",
    version=1,
    topics=("goals.events",),
    words=(SupportRequested, SupportAnswered, CommentAdded, CommentChanged),
    on=(
        *rows_like(SUPPORT, REQUESTS, _always, SupportRequested, SupportAnswered),
        *rows_like(COMMENT, COMMENTS, _not_removed, CommentAdded, CommentChanged, CommentRemoved),
        *rows_like(FOLLOW, FOLLOWS, _followed, GoalFollowed, GoalUnfollowed),
    ),
)
