"""One fact → its goal's node: what the goal itself is, before anything comes up to it or goes on from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date
from typing import Any

from msgspec.structs import replace

from libs.events.catalog.goals import (
    AlignmentAccepted,
    AlignmentDeclined,
    AlignmentDetached,
    Definition,
    GoalArchived,
    GoalCancelled,
    GoalChanged,
    GoalClosed,
    GoalCreated,
    GoalMoved,
    GoalPublished,
    GoalReopened,
    GoalRestored,
    GoalTransferred,
)
from libs.events.envelope import Fact
from services.goals.domain.measure import rounded, way_gone
from services.goals.domain.state import visibility_under
from services.goals.read_models import Measured, Node, Span

Step = Callable[[Node, Fact[Any]], Node]


def day_of(fact: Fact[Any]) -> date:
    """The UTC day on which it happened."""
    return fact.time.astimezone(UTC).date()


def own_progress(span: Span | None, measured: Measured | None) -> float | None:
    """What a goal measures itself: the way gone with a metric, else the estimate; None before the first.

    A number of the other kind, from before the goal had a metric or from when it had one, says nothing.
    """
    if span is not None:
        value = measured.value if measured is not None else None
        return way_gone(span.start, span.target, span.current if value is None else value)
    if measured is None or measured.progress is None:
        return None
    return float(measured.progress) + 0.0  # never -0.0


def created(fact: Fact[GoalCreated]) -> Node:
    """The node of a new goal."""
    data = fact.data
    span = _span(data)
    return Node(
        **_defined(data),
        id=fact.entity_id,
        kind=data.kind,
        seen_by=data.visibility,
        parent_id=data.parent_id,
        alignment=data.alignment,
        state="draft" if data.draft else "open",
        span=span,
        own_progress=own_progress(span, None),
        created_at=fact.time,
        updated_at=fact.time,
        changed_on=day_of(fact),
    )


def words(data: Definition) -> dict[str, Any]:
    """The fields of a node that are somebody's words."""
    return {"title": data.title, "labels": tuple(label for label in data.labels if label is not None)}


def _defined(data: Definition) -> dict[str, Any]:
    period = data.period
    return {
        **words(data),
        "focus": data.focus,
        "owner_id": data.owner_id,
        "unit_id": data.unit_id,
        "contributor_ids": tuple(data.contributor_ids),
        "visibility": data.visibility,
        "period_start": None if period is None else period.start,
        "period_end": None if period is None else period.end,
        "weight": data.weight,
        "progress_driver": data.progress_driver,
        "clamp": data.clamp,
        "commitment": data.commitment,
        "check_in_every": data.check_in_every,
    }


def _span(data: Definition) -> Span | None:
    metric = data.metric
    return None if metric is None else Span(metric.start, metric.target, metric.current)


def _defined_anew(node: Node, fact: Fact[GoalChanged | GoalTransferred]) -> Node:
    span = _span(fact.data)
    # What was measured stands, whatever the metric's ends are now.
    own = own_progress(span, node.measured)
    return replace(node, **_defined(fact.data), span=span, own_progress=own)


def _moved(node: Node, fact: Fact[GoalMoved]) -> Node:
    data = fact.data
    return replace(
        node,
        parent_id=data.parent_id,
        alignment=data.alignment,
        weight=data.weight,
        visibility=visibility_under(data.parent_id, node.kind, node.visibility, data.visibility),
    )


def _accepted(node: Node, fact: Fact[AlignmentAccepted]) -> Node:
    return replace(node, alignment="accepted", weight=fact.data.weight)


def _on_its_own(node: Node, fact: Fact[AlignmentDeclined | AlignmentDetached]) -> Node:
    visibility = visibility_under(None, node.kind, node.visibility, fact.data.visibility)
    return replace(node, parent_id=None, alignment="none", visibility=visibility)


def _published(node: Node, fact: Fact[GoalPublished]) -> Node:
    return replace(node, state="open")


def _closed(node: Node, fact: Fact[GoalClosed]) -> Node:
    """Without a score the goal keeps what was judged; `node.progress`, up to date, says it to more than nine decimals.

    A check-in further down may come between the judgement and this fact: what the outcome says then holds.
    """
    data = fact.data
    kept = None
    if data.score is None:
        kept = node.progress if rounded(node.progress) == data.judged else float(data.judged)
    return replace(node, state="closed", score=data.score, outcome=data.outcome, frozen=kept)


def _reopened(node: Node, fact: Fact[GoalReopened]) -> Node:
    return replace(node, state="open", score=None, outcome=None, frozen=None)


def _cancelled(node: Node, fact: Fact[GoalCancelled]) -> Node:
    return replace(node, state="cancelled", left=node.left or node.state)


def _archived(node: Node, fact: Fact[GoalArchived]) -> Node:
    return replace(node, state="archived", left=node.left or node.state)


def _restored(node: Node, fact: Fact[GoalRestored]) -> Node:
    return replace(node, state=node.left or node.state, left=None)


STEPS: Mapping[type, Step] = {
    GoalChanged: _defined_anew,
    GoalTransferred: _defined_anew,
    GoalMoved: _moved,
    AlignmentAccepted: _accepted,
    AlignmentDeclined: _on_its_own,
    AlignmentDetached: _on_its_own,
    GoalPublished: _published,
    GoalClosed: _closed,
    GoalReopened: _reopened,
    GoalCancelled: _cancelled,
    GoalArchived: _archived,
    GoalRestored: _restored,
}
"""What each fact but creation and check-ins does to the goal it is about. Facts that are missing change no number."""
