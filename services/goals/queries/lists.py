"""Lists of goals: walks along indexes, merged, filtered and judged, until a page is full or enough was looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from libs.access.directory import Asker
from services.goals.domain import measure
from services.goals.domain.errors import GoalNotFound
from services.goals.domain.state import Goal
from services.goals.queries.answers import GoalAnswer
from services.goals.queries.arms import Arms
from services.goals.queries.filters import Filters
from services.goals.queries.goals import Found, GoalReads
from services.goals.queries.reading import Relations
from services.goals.queries.search import Search
from services.goals.queries.walks import Budget, Merge, Place
from services.goals.read_models import GOALS, Node

JUDGED_AT_ONCE = 50
"""Where the first goals that match were not all visible, so many are judged together from then on."""

Seen = list[tuple[Node, Relations]]


@dataclass(frozen=True)
class GoalLists(GoalReads):
    """Goals by what they are, whose they are and how they stand."""

    async def goals(
        self, asker: Asker, search: Search, *, after: Place | None = None, limit: int = 50
    ) -> tuple[list[GoalAnswer], Place | None]:
        """A page of the goals that the asker may see, and the place to go on from, None at the end.

        A page may be shorter than `limit`, even empty, and not be the last: then it took too much looking.
        """
        filters = Filters(search, await self._owned_by(asker, search))
        if filters.impossible:
            return [], None
        quiet = measure.quiet_before(self.today(), self.stale_after_days)
        arms = Arms(self.reads, self.rights.directory, asker, filters, quiet, after, limit, self.bounds)
        order, walks = await arms.plan()
        merge = Merge(self.reads, asker.tenant, order, walks, Budget(self.bounds.rows))
        found, last = await self._looked_through(asker, filters, merge, limit)
        if len(found) > limit:
            return await self._page(asker, found[:limit]), order.place(found[limit - 1][0])
        return await self._page(asker, found), last if merge.cut else None

    async def _looked_through(
        self, asker: Asker, filters: Filters, merge: Merge, limit: int
    ) -> tuple[Seen, Place | None]:
        """More than `limit` goals if there are, and the place of the last one looked at."""
        found: Seen = []
        batch: list[Node] = []
        at_once = 1
        met: set[str] = set()
        last: Place | None = None
        async for node in merge.nodes():
            last = merge.order.place(node)
            if node.id not in met and filters.match(node):
                met.add(node.id)
                batch.append(node)
            if len(batch) >= max(at_once, limit + 1 - len(found)):
                found += await self._judged(asker, batch, filters.search)
                batch, at_once = [], JUDGED_AT_ONCE
                if len(found) > limit:
                    return found, last
        found += await self._judged(asker, batch, filters.search)
        return found, last

    async def _owned_by(self, asker: Asker, search: Search) -> frozenset[str] | None:
        """The owners that a search accepts, None: any."""
        if not search.manager_id:
            return frozenset(search.owner_id) or None
        led = await self.led_by(asker.tenant, search.manager_id)
        return led & frozenset(search.owner_id) if search.owner_id else led

    async def _judged(self, asker: Asker, nodes: Sequence[Node], search: Search) -> Seen:
        if not nodes:
            return []
        seen = await self.rights.judge(asker, nodes)
        visible = [(node, seen[node.id]) for node in nodes if node.id in seen]
        if search.stale is None:
            return visible
        today = self.today()
        away = await self.absent(asker.tenant, (node.owner_id for node, _ in visible), today)
        return [one for one in visible if self.stale(one[0], today, away) == search.stale]

    async def _page(self, asker: Asker, seen: Seen) -> list[GoalAnswer]:
        """The goals of these nodes; what the asker may no longer see since the tree was written is left out."""
        goals: dict[str, Goal] = await self.rows(asker.tenant, GOALS, (node.id for node, _ in seen))
        found = []
        for node, relations in seen:
            goal = goals.get(node.id) or await self.from_stream(asker.tenant, node.id)
            if _agree(goal, node):
                found.append(Found(goal, node, relations))
                continue
            try:
                found.append(Found(goal, node, await self.rights.see(asker, goal)))
            except GoalNotFound:
                continue
        return await self.shown(asker, found)


def _agree(goal: Goal, node: Node) -> bool:
    """Whether both say the same of what rights depend on: the two rows are written apart."""
    return all(getattr(goal, name) == getattr(node, name) for name in _JUDGED)


_JUDGED = ("kind", "owner_id", "contributor_ids", "visibility", "parent_id", "alignment")
