"""The goal tree as one asker may see it: now, or at the end of a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from libs.access.directory import Asker
from services.goals.domain import measure
from services.goals.domain.errors import GoalNotFound
from services.goals.projections import TREE
from services.goals.queries.answers import (
    CauseAnswer,
    NodeAnswer,
    RestrictedNodeAnswer,
    ShownNode,
    TreeAnswer,
    counted,
    erased_title,
)
from services.goals.queries.forest import Forest, Now, Past, Standing
from services.goals.queries.growing import Grown
from services.goals.queries.reading import Reading
from services.goals.read_models import NODES, Node, worst

TOPIC = "goals.events"


@dataclass(frozen=True)
class TreeReads(Reading):
    """Goals and what comes up to them."""

    async def tree(
        self,
        asker: Asker,
        *,
        root_id: str | None = None,
        unit_id: str | None = None,
        depth: int = 2,
        as_of: date | None = None,
    ) -> TreeAnswer:
        """A tree down to `depth` levels below its roots; all roots, those of a unit, or one goal.

        Raises GoalNotFound for a root that the asker may not see or that did not exist then, TreeTooLarge.
        """
        # Read before the rows: they hold at least what it says.
        position = await self._position(asker.tenant)
        grown = await self._grown(asker, root_id, unit_id, depth, as_of)
        nodes = await self._shown(asker, grown, as_of or self.today())
        return TreeAnswer(nodes=nodes, position=f"goals:{position}")

    async def rollup(self, asker: Asker, goal_id: str) -> NodeAnswer:
        """One goal as the tree shows it."""
        grown = await self._grown(asker, goal_id, None, 0, None)
        [node] = await self._shown(asker, grown, self.today())
        if not isinstance(node, NodeAnswer):
            raise GoalNotFound
        return node

    async def _grown(
        self, asker: Asker, root_id: str | None, unit_id: str | None, depth: int, as_of: date | None
    ) -> Grown:
        now = as_of is None or as_of >= self.today()
        rows = self.bounds.rows
        forest: Forest = Now(self.reads, asker.tenant, rows)
        if as_of is not None and not now:
            forest = Past(self.reads, asker.tenant, as_of, rows)
        roots = await self._roots(asker, forest, root_id, unit_id)
        grown = Grown(forest, self.rights, asker, self.bounds)
        await grown.grow(roots, depth)
        return grown

    async def _roots(
        self, asker: Asker, forest: Forest, root_id: str | None, unit_id: str | None
    ) -> Sequence[Standing]:
        if root_id is not None:
            root = (await forest.some([root_id])).get(root_id)
            if root is None or not await self.rights.judge(asker, [root.node]):
                raise GoalNotFound
            return [root] if unit_id in (None, root.node.unit_id) else []
        most = self.bounds.nodes
        return await (forest.roots(most) if unit_id is None else forest.roots_of(unit_id, most))

    async def _position(self, tenant: str) -> int:
        stored = (await self.reads.checkpoints(TREE.name, TOPIC, [tenant])).get(tenant)
        return stored.sequence if stored is not None else 0

    async def _shown(self, asker: Asker, grown: Grown, day: date) -> list[ShownNode]:
        told = _parents_first([one for level in grown.levels for one in level if grown.told(one.id)])
        visible = [one for one in told if one.id in grown.relations]
        away = await self.absent(asker.tenant, {one.node.owner_id for one in visible}, day)
        known = await self._causes(asker, grown, visible)
        found: list[ShownNode] = []
        for one in told:
            if one.id not in grown.relations:
                found.append(RestrictedNodeAnswer(id=one.id, parent_id=one.parent_id))
                continue
            found.append(self._node(one, grown.hidden(one), day, away, known))
        return found

    async def _causes(self, asker: Asker, grown: Grown, visible: Iterable[Standing]) -> frozenset[str]:
        """Those goals that the asker may see and whose events brought these nodes to where they are."""
        causes = {one.at.caused_by.goal_id for one in visible if one.at.caused_by is not None}
        others = causes - grown.relations.keys()
        rows: dict[str, Node] = await self.rows(asker.tenant, NODES, others) if others else {}
        seen = await self.rights.judge(asker, list(rows.values())) if rows else {}
        return frozenset({*grown.relations, *seen})

    def _node(
        self, one: Standing, hidden: int | None, day: date, away: frozenset[str], known: frozenset[str]
    ) -> NodeAnswer:
        node, at, cause = one.node, one.at, one.at.caused_by
        period = (at.period_start, at.period_end) if at.state == "open" else (None, None)
        expected = measure.expected_progress(*period, at.commitment, day)
        return NodeAnswer(
            id=node.id,
            parent_id=one.parent_id,
            title=node.title,
            kind=node.kind,
            owner_id=node.owner_id,
            unit_id=node.unit_id,
            weight=at.weight,
            progress_driver=at.progress_driver,
            own_progress=at.own_progress,
            progress=at.progress,
            expected_progress=expected,
            pace=measure.pace(at.progress, expected),
            state=at.state,
            status=at.status,
            worst_status=worst(at.counts),
            status_counts=counted(at.counts),
            leaf_count=at.leaf_count,
            child_count=at.child_count,
            hidden_count=hidden,
            last_check_in_at=at.last_check_in_at,
            stale=self.stale(one.checked, day, away),
            caused_by=CauseAnswer(goal_id=cause.goal_id, event_type=cause.event_type, time=cause.time)
            if cause is not None and cause.goal_id in known
            else None,
            erased=erased_title(node.title),
        )


def _parents_first(goals: Sequence[Standing]) -> list[Standing]:
    """Goals level by level; what begins a tree of its unit may hang under another goal of that tree too."""
    here, below = {one.id for one in goals}, defaultdict(list)
    for one in goals:
        below[one.parent_id if one.parent_id in here else None].append(one)
    found: list[Standing] = []
    level = below[None]
    while level:
        found += level
        level = [child for one in level for child in below[one.id]]
    return found
