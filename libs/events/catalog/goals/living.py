"""Facts of a goal's life: agreed on, aligned, moved, published, closed, cancelled, archived, restored, reopened."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

from libs.events.personal import Personal


class AgreementProposed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody asks owner and manager to agree. `part` is the proposer's: `owner` and `manager` agree by proposing.

    `complete`: nobody else has to agree. The note is the author's own.
    """

    author_id: str
    part: str
    complete: bool
    note: Annotated[str | None, Personal("author_id")] = None


class AgreementGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The owner or the manager (`part`) agrees to the goal as it stands; `complete` when that was the last word."""

    author_id: str
    part: str
    complete: bool
    note: Annotated[str | None, Personal("author_id")] = None


class ChangesRequested(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The owner or the manager (`part`) does not agree to the goal as it stands."""

    author_id: str
    part: str
    note: Annotated[str | None, Personal("author_id")] = None


class GoalPublished(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft is open."""


class GoalMoved(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A goal hangs under another parent (None: it is a root), with this alignment and weight.

    `visibility` is who may see it from now on, None: nothing new is said of that. It is stated of key results alone,
    which are seen as their parents are. In what was stored without it, a key result that becomes a root is the team's.
    """

    parent_id: str | None
    previous_parent_id: str | None
    alignment: str
    weight: Decimal
    visibility: str | None = None


class AlignmentAccepted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An editor of the parent lets the goal count there, with this weight."""

    parent_id: str
    weight: Decimal


class AlignmentDeclined(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An editor of the parent does not want the goal there: it is a root again. `visibility` as of a move."""

    parent_id: str
    visibility: str | None = None


class AlignmentDetached(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The goal no longer hangs under its parent: it is a root again. `visibility` as of a move."""

    parent_id: str
    visibility: str | None = None


class TreeChanged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Guards that the goals of a tenant form no circle: stated on the tenant's tree stream with every new edge."""

    goal_id: str
    parent_id: str


class GoalClosed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A goal is over. `judged` is what was judged, the score or else the progress, rounded to nine decimals."""

    author_id: str
    score: Decimal | None = None
    judged: Decimal
    outcome: str
    reflection: Annotated[str | None, Personal("author_id")] = None


class GoalCancelled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A goal is given up. The reason is the author's own."""

    author_id: str
    reason: Annotated[str | None, Personal("author_id")]


class GoalArchived(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A goal is put away: it hands nothing up and is shown only when asked for."""


class GoalRestored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cancelled or archived goal is back in the state it had before."""


class GoalReopened(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A closed goal is open again, without score and outcome. The reason is the author's own."""

    author_id: str
    reason: Annotated[str | None, Personal("author_id")]


class GoalMovedV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A goal hangs elsewhere, when a key result that became a root was always its team's. No longer written."""

    parent_id: str | None
    previous_parent_id: str | None
    alignment: str
    weight: Decimal


class AlignmentDeclinedV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A goal was declined, when a key result that became a root was always its team's. No longer written."""

    parent_id: str


class AlignmentDetachedV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A goal was detached, when a key result that became a root was always its team's. No longer written."""

    parent_id: str
