"""How a goal moves: what it contributes to the goals above it, and its progress day by day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from libs.access.directory import Asker
from libs.events.ports import Query
from services.goals.domain.errors import GoalNotFound
from services.goals.queries.answers import AncestorAnswer, ImpactAnswer, TrendAnswer, TrendPointAnswer, erased_title
from services.goals.queries.forest import AT_ONCE, BY_DAY, pages
from services.goals.queries.reading import Reading
from services.goals.queries.walks import equal
from services.goals.read_models import DAYS, NODES, Day, Node

MOST_DAYS = 1_000
DEEPEST = 500
"""Ancestors that are looked at."""


@dataclass(frozen=True)
class MovingReads(Reading):
    """Impact and trend."""

    async def impact(self, asker: Asker, goal_id: str) -> ImpactAnswer:
        """What a goal has in each goal above that the asker may see, from the parent upwards.

        Its share further up goes through all that stands between, of which nothing shows by itself.
        """
        goal = await self._visible_node(asker, goal_id)
        path = await self._path(asker.tenant, goal)
        seen = await self.rights.judge(asker, path[1:]) if len(path) > 1 else {}
        items, product = [], 1.0
        for child, parent in pairwise(path):
            product *= await self._share(asker.tenant, child, parent)
            if parent.id in seen:
                items.append(
                    AncestorAnswer(
                        goal_id=parent.id,
                        title=parent.title,
                        weight=product,
                        raw_weight=goal.weight if child is goal else None,
                        points=product * goal.progress,
                        counts=product > 0,
                        erased=erased_title(parent.title),
                    )
                )
        return ImpactAnswer(goal_id=goal_id, items=items)

    async def trend(
        self, asker: Asker, goal_id: str, *, since: date | None = None, until: date | None = None
    ) -> TrendAnswer:
        """Progress at the end of each day on which the goal's node changed, the newest 1,000 of them, oldest first.

        With `since` the first day is that one, as it stood then.
        """
        await self._visible_node(asker, goal_id)
        tenant = asker.tenant
        page = await self.reads.find(
            tenant,
            DAYS,
            Query(
                equal=equal(goal_id=[goal_id]),
                span="day",
                at_least=(since or date.min).isoformat(),
                below=(until + timedelta(days=1)).isoformat() if until is not None and until < date.max else None,
                sort="day",
                descending=True,
                limit=MOST_DAYS,
            ),
        )
        days: list[Day] = [row for _, row in reversed(page.items)]
        points = [TrendPointAnswer(day=one.day, progress=one.progress) for one in days]
        if since is not None and page.next is None and (not points or points[0].day > since):
            stood = await self.reads.latest(tenant, DAYS, BY_DAY, [goal_id], at_most=since.isoformat())
            if goal_id in stood:
                points.insert(0, TrendPointAnswer(day=since, progress=stood[goal_id].progress))
        return TrendAnswer(goal_id=goal_id, items=points)

    async def _visible_node(self, asker: Asker, goal_id: str) -> Node:
        node: Node | None = await self.row(asker.tenant, NODES, goal_id)
        if node is None or not await self.rights.judge(asker, [node]):
            raise GoalNotFound
        return node

    async def _path(self, tenant: str, goal: Node) -> list[Node]:
        """The goal and what is above it, proposed or accepted, to the top."""
        path, met = [goal], {goal.id}
        while (above := path[-1].parent_id) is not None and above not in met and len(path) < DEEPEST:
            parent: Node | None = await self.row(tenant, NODES, above)
            if parent is None:
                break
            met.add(above)
            path.append(parent)
        return path

    async def _share(self, tenant: str, child: Node, parent: Node) -> float:
        """The part that a goal has in all that the one right above it takes, 0 where that takes nothing of it."""
        if not _taken(child, parent):
            return 0.0
        weights: list[float] = []
        async for page in pages(self.reads, tenant, NODES, Query(equal=equal(parent_id=[parent.id])), AT_ONCE):
            weights += [float(one.weight) for _, one in page.items if _taken(one, parent)]
        total = math.fsum(weights)
        return float(child.weight) / total if total > 0 else 0.0


def _taken(child: Node, parent: Node) -> bool:
    """Whether the parent's progress is made of the child's, among others."""
    contributes = child.state in ("open", "closed") and child.alignment == "accepted"
    if not contributes or "closed" in (parent.state, parent.left):
        return False
    is_key_result = child.kind == "key_result"
    return parent.progress_driver == "all" or parent.progress_driver == ("key_results" if is_key_result else "children")
