"""Goals one by one: the goal's own fields from its row or stream, what comes from check-ins and below from its node."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from libs.access.directory import Asker
from libs.events.declare import RowKey
from libs.events.handle import Outcome
from libs.web.references import reference_answer
from services.goals.domain import measure
from services.goals.domain.errors import GoalNotFound
from services.goals.domain.hints import hints
from services.goals.domain.state import GOAL, Goal
from services.goals.queries.answers import (
    AgreementAnswer,
    GoalAnswer,
    HintAnswer,
    MetricAnswer,
)
from services.goals.queries.reading import Reading, Relations
from services.goals.read_models import GOALS, NODES, Node
from services.goals.rights import follows_parent, may


class Found(NamedTuple):
    """A goal with its node (None while the tree is behind), and how the asker stands to it.

    `visibility` is the one that holds, None: the node knows it.
    """

    goal: Goal
    node: Node | None
    relations: Relations
    visibility: str | None = None


@dataclass(frozen=True)
class GoalReads(Reading):
    """One goal, as it is and as a command left it."""

    async def goal(self, asker: Asker, goal_id: str) -> GoalAnswer:
        """A goal from its rows."""
        own, derived = RowKey(GOALS, goal_id), RowKey(NODES, goal_id)
        rows = await self.reads.get_many(asker.tenant, [own, derived])
        goal: Goal = rows[own] if own in rows else Goal()
        relations = await self.rights.see(asker, goal)
        [answer] = await self.shown(asker, [Found(goal, rows.get(derived), relations)])
        return answer

    async def goal_after(self, asker: Asker, outcome: Outcome) -> GoalAnswer:
        """A goal as a command left it: its own fields as they were then, derived ones as now.

        Who repeats a command and has lost sight of the goal since is told nothing that came later: what check-ins and
        children would say is then left out. Whoever has lost sight of it, also by this very
        command, may do nothing.
        """
        goal = (await self.kernel.load(GOAL, outcome.stream, at=outcome.version)).state
        hidden = outcome.repeated and not await self._sees_now(asker, outcome.stream)
        node = None if hidden else await self.row(asker.tenant, NODES, goal.id)
        relations, visibility = await self.rights.relations(asker, goal), await self._held(asker, goal)
        if hidden or not may("goal.read", relations, visibility, goal.alignment):
            relations = frozenset()
        [answer] = await self.shown(asker, [Found(goal, node, relations, visibility)])
        return answer

    async def _sees_now(self, asker: Asker, stream: str) -> bool:
        try:
            await self.rights.check(asker, (await self.kernel.load(GOAL, stream)).state, "goal.read")
        except GoalNotFound:
            return False
        return True

    async def shown(self, asker: Asker, found: Iterable[Found]) -> list[GoalAnswer]:
        """Goals that the asker may see, as they are answered."""
        goals, today = [await self._with_visibility(asker, one) for one in found], self.today()
        owners = await self.owners(asker.tenant, {one.goal.owner_id for one in goals})
        led = {id for id, person in owners.items() if person.at(today).manager_id is not None}
        waits = any(one.goal.owner_id == asker.person_id and one.goal.agreement.state == "proposed" for one in goals)
        alone = waits and not await self.rights.has_manager(asker.tenant, asker.person_id)
        return [self._goal(one, one.goal.owner_id in led, alone, today) for one in goals]

    async def _with_visibility(self, asker: Asker, found: Found) -> Found:
        goal, node = found.goal, found.node
        if found.visibility is not None:
            return found
        if not follows_parent(goal):
            return found._replace(visibility=goal.visibility)
        if node is not None and all(getattr(node, name) == getattr(goal, name) for name in _HUNG):
            return found._replace(visibility=node.seen_by)
        return found._replace(visibility=await self._held(asker, goal))

    async def _held(self, asker: Asker, goal: Goal) -> str:
        """The visibility that holds, by the streams."""
        if goal.parent_id is None or not follows_parent(goal):
            return goal.visibility
        return (await self.from_stream(asker.tenant, goal.parent_id)).visibility

    def _goal(self, found: Found, led: bool, alone: bool, today: date) -> GoalAnswer:
        goal, node = found.goal, found.node
        same: dict[str, Any] = {name: getattr(goal, name) for name in _SAME}
        seen = node.seen if node is not None else None
        own = node.own_progress if node is not None else _unmoved(goal)
        progress = node.progress if node is not None else measure.shown(own, clamp=goal.clamp)
        return GoalAnswer(
            **same,
            visibility=found.visibility or goal.visibility,
            metric=_metric(goal, node),
            status="done" if "closed" in (goal.state, goal.left) else seen.status if seen else "not_started",
            progress=float(goal.score) if goal.score is not None else progress,
            own_progress=own,
            agreement=AgreementAnswer(
                state=goal.agreement.state,
                agreed_version=goal.agreement.agreed_version,
                owner_at=goal.agreement.owner_at,
                manager_at=goal.agreement.manager_at,
            ),
            last_check_in_on=seen.observed_on if seen is not None else None,
            next_check_in_on=_next(goal, node),
            hints=_hints(goal, node, led, today),
            external_ref=reference_answer(goal.external_ref),
            allowed_actions=self.rights.allowed_actions(goal, found.relations, alone=alone),
        )


def _metric(goal: Goal, node: Node | None) -> MetricAnswer | None:
    metric = goal.metric
    if metric is None:
        return None
    measured = node.measured.value if node is not None and node.measured is not None else None
    current = metric.current if measured is None else measured
    return MetricAnswer(start=metric.start, target=metric.target, current=current, unit=metric.unit)


def _unmoved(goal: Goal) -> float | None:
    metric = goal.metric
    return None if metric is None else measure.way_gone(metric.start, metric.target, metric.current)


def _hints(goal: Goal, node: Node | None, led: bool, today: date) -> list[HintAnswer]:
    found = hints(
        kind=goal.kind,
        focus=goal.focus,
        state=goal.state,
        has_metric=goal.metric is not None,
        key_results=node.key_results if node is not None else 0,
        contributing=node.contributing if node is not None else 0,
        aligned=goal.parent_id is not None,
        owner_has_manager=led,
        period_over=goal.period is not None and goal.period.end < today,
    )
    return [HintAnswer(code=code, detail=detail) for code, detail in found]


def _next(goal: Goal, node: Node | None) -> date | None:
    if goal.check_in_every is None or goal.state != "open" or goal.created_at is None:
        return None
    seen = node.seen if node is not None else None
    last = seen.observed_on if seen is not None else goal.created_at.date()
    return measure.next_check_in(last, goal.check_in_every)


_HUNG = ("kind", "parent_id", "alignment")
_OTHERS = ("visibility", "metric", "agreement", "external_ref")
_SAME = tuple(name for name in GoalAnswer.__struct_fields__ if name in Goal.__struct_fields__ and name not in _OTHERS)
