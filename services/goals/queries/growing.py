"""A part of a tree, loaded level by level, and what of it the asker may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from libs.access.directory import Asker
from services.goals.queries.bounds import Bounds
from services.goals.queries.forest import Forest, Standing, TreeTooLarge
from services.goals.queries.reading import Relations
from services.goals.rights import GoalRights


@dataclass
class Grown:
    """Levels of a tree, from the roots down, and how the asker stands to what they may see."""

    forest: Forest
    rights: GoalRights
    asker: Asker
    bounds: Bounds
    levels: list[list[Standing]] = field(default_factory=list)
    relations: dict[str, Relations] = field(default_factory=dict)
    _above: set[str] = field(default_factory=set)
    _known: dict[str, Standing] = field(default_factory=dict)
    _children: dict[str, list[str]] = field(default_factory=dict)
    _expanded: set[str] = field(default_factory=set)

    async def grow(self, roots: Sequence[Standing], depth: int) -> None:
        """Loads the levels. Raises TreeTooLarge."""
        level, count = list(roots), len(roots)
        if count > self.bounds.nodes:
            raise TreeTooLarge
        await self._add(level)
        self.levels.append(level)
        for _ in range(depth):
            over = [one for one in level if one.at.child_count > 0]
            if not over:
                break
            # Their rows know how many hang below, so that nothing is loaded in vain.
            if count + sum(one.at.child_count for one in over) > self.bounds.nodes:
                raise TreeTooLarge
            level = await self._expand(over)
            self.levels.append(level)
            count += len(level)
        await self._count_hidden()
        await self._look_below()

    def told(self, goal_id: str) -> bool:
        """Whether the asker hears of a goal at all: they see it, or something below it."""
        return goal_id in self.relations or goal_id in self._above

    def hidden(self, goal: Standing) -> int | None:
        """How many of a goal's children the asker may not see, nor anything below them; None: not counted."""
        if goal.at.child_count == 0:
            return 0
        if goal.id not in self._expanded:
            return None
        return sum(not self.told(child) for child in self._children.get(goal.id, ()))

    async def _expand(self, parents: Sequence[Standing]) -> list[Standing]:
        """Loads what hangs under these goals: all of it that is not in the tree already."""
        new = await self._add(await self.forest.below((one.id for one in parents), self.bounds.nodes))
        self._expanded.update(one.id for one in parents)
        return new

    async def _count_hidden(self) -> None:
        """Loads those children of what is shown last that may be hidden."""
        last = [
            one
            for one in self.levels[-1]
            if one.id in self.relations and one.id not in self._expanded and one.at.child_count > 0
        ]
        if not last:
            return
        found = await self.forest.below_not_public((one.id for one in last), self.bounds.below)
        if len(found) <= self.bounds.below:
            await self._add(found)
            self._expanded.update(one.id for one in last)

    async def _look_below(self) -> None:
        """Looks for something visible under what is not, level by level."""
        frontier = self._unknown(one for one in self._known.values() if one.id not in self._expanded)
        left = self.bounds.below
        while frontier and left > 0:
            found = await self.forest.below((one.id for one in frontier), left)
            left -= len(found)
            new = await self._add(found)
            frontier = self._unknown(one for one in new if one.parent_id not in self._above)

    async def _add(self, goals: Iterable[Standing]) -> list[Standing]:
        """Takes in and judges those goals that are new."""
        new = [one for one in goals if one.id not in self._known]
        for one in new:
            self._known[one.id] = one
            if one.parent_id is not None:
                self._children.setdefault(one.parent_id, []).append(one.id)
        if new:
            self.relations.update(await self.rights.judge(self.asker, [one.node for one in new]))
        for one in new:
            if self.told(one.id):
                self._mark(one)
        return new

    def _mark(self, goal: Standing) -> None:
        """Notes above a visible goal that there is one."""
        if goal.id not in self.relations:
            self._above.add(goal.id)
        above = goal.parent_id
        while above is not None and above not in self.relations and above not in self._above:
            self._above.add(above)
            parent = self._known.get(above)
            above = parent.parent_id if parent is not None else None

    def _unknown(self, goals: Iterable[Standing]) -> list[Standing]:
        """Those that the asker may not see, and of which nobody knows yet whether something visible hangs below."""
        return [one for one in goals if not self.told(one.id) and one.at.child_count > 0]
