"""Folds with a fault built in: each is told apart from the recompute, so the comparison can tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from libs.events.catalog.goals import GoalChanged, GoalClosed, GoalMoved, GoalReopened
from libs.events.testing import Rows
from services.goals.projections import TREE, growing, observed, rolling, tree
from services.goals.projections.growing import Growth
from services.goals.projections.steps import STEPS, own_progress
from services.goals.projections.working import Working
from tests.goals.tree.story import Story, story_of
from tests.goals.tree.test_against_recompute import expected, found

STORIES = 200
BATCH = 12


@cache
def story(seed: int) -> Story:
    return story_of(Random(seed), 70)


def first_difference() -> int | None:
    """The first story whose rows are wrong, None if all are right."""
    for seed in range(STORIES):
        rows, told = Rows(TREE), story(seed)
        for start in range(0, len(told.facts), BATCH):
            rows.apply(told.facts[start : start + BATCH])
        if found(rows) != expected(told.oracle):
            return seed
    return None


def _step(event: type, step: Callable[[Any, Any], Any]) -> dict[type, Callable[[Any, Any], Any]]:
    return {**STEPS, event: step}


def _moved(node: Any, fact: Any) -> Any:
    """Keeps the weight that it had under the old parent."""
    return replace(node, parent_id=fact.data.parent_id, alignment=fact.data.alignment)


def _not_as_judged(node: Any, fact: Any) -> Any:
    """Keeps what came up between the judgement and the fact."""
    closed = STEPS[GoalClosed](node, fact)
    return replace(closed, frozen=None if fact.data.score is not None else node.progress)


def _forgets_measure(node: Any, fact: Any) -> Any:
    changed = STEPS[GoalChanged](node, fact)
    return replace(changed, measured=None, own_progress=own_progress(changed.span, None))


def _reopened(node: Any, fact: Any) -> Any:
    return replace(STEPS[GoalReopened](node, fact), score=node.score)


_spread, _corrected, _mean, _record = Growth._spread, observed._corrected, rolling._mean, observed.CheckIns.record
_hang, _carry = Working.hang, Growth._carry


def _old_parent_forgotten(self: Growth, before: Any, after: Any, cause: Any) -> None:
    moved = before is not None and before.parent_id != after.parent_id
    _spread(self, None if moved else before, after, cause)


def _children_stay(self: Working, id: str, was: str | None, now: str | None) -> None:
    _hang(self, id, None, now)


def _correction_on_correction(row: Any, fact: Any) -> Any:
    return _corrected(replace(row, recorded=(row.observed_on, row.status, row.value, row.progress)), fact)


def _last_recorded_counts(self: Any, node: Any, fact: Any) -> Any:
    return _record(self, replace(node, seen=None, measured=None), fact)


def _one_level_up(self: Growth, parent_id: str, kind: str, cause: Any, counts: bool, progress: bool) -> None:
    self._pending[parent_id] = cause


def _progress_alone_stops(self: Growth, parent_id: str, kind: str, cause: Any, counts: bool, progress: bool) -> None:
    if counts:
        _carry(self, parent_id, kind, cause, counts, progress)


def _one_day(fact: Any) -> date:
    return date(2026, 1, 5)


FAULTS: dict[str, tuple[Any, str, Any]] = {
    "a close comes before what is pending": (growing, "GoalClosed", type(None)),
    "the old parent of a move is forgotten": (Growth, "_spread", _old_parent_forgotten),
    "a moved goal stays a child of its old parent": (Working, "hang", _children_stay),
    "a move keeps the weight": (growing, "STEPS", _step(GoalMoved, _moved)),
    "a close keeps another number than was judged": (growing, "STEPS", _step(GoalClosed, _not_as_judged)),
    "nothing is clamped": (rolling, "shown", lambda progress, clamp: progress or 0.0),
    "drafts count": (rolling, "LIVE", frozenset(("open", "closed", "draft"))),
    "cancelled goals count": (rolling, "LIVE", frozenset(("open", "closed", "cancelled"))),
    "closed goals no longer count": (rolling, "LIVE", frozenset(("open",))),
    "weights are ignored": (rolling, "_mean", lambda taken: sum(child.progress for child in taken) / len(taken)),
    "no weight at all is no progress": (rolling, "_mean", lambda taken: _mean(taken) or 0.0),
    "every driver takes every child": (rolling, "taken_by", lambda node, live: live),
    "parents are rolled up first": (growing, "deepest_first", lambda ids, parent_of: sorted(ids)),
    "a new title is no cause": (growing, "_named_anew", lambda fact: False),
    "only the parent hears of it": (Growth, "_carry", _one_level_up),
    "a number goes up with a status only": (Growth, "_carry", _progress_alone_stops),
    "days never end": (growing, "day_of", _one_day),
    "a correction lies on top of the one before": (observed, "_corrected", _correction_on_correction),
    "the last recorded check-in counts": (observed.CheckIns, "record", _last_recorded_counts),
    "too few check-ins are looked at": (tree, "best_of", lambda goal, most: observed.best_of(goal, 1)),
    "a changed metric forgets what was measured": (growing, "STEPS", _step(GoalChanged, _forgets_measure)),
    "a reopened goal keeps its score": (growing, "STEPS", _step(GoalReopened, _reopened)),
    "key results keep their own visibility": (Growth, "_show_key_results", lambda self, node: None),
}


def test_without_a_fault_all_is_right() -> None:
    assert first_difference() is None


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, wrong = FAULTS[fault]
    monkeypatch.setattr(where, name, wrong)
    try:
        different = first_difference()
    except LookupError:
        return
    assert different is not None, f"{fault}: nobody noticed in {STORIES} stories"
