"""What every query of goals works with: streams, rows, rights, and the day by which things are judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from libs.access.directory import Asker
from libs.access.members import Member
from libs.events.declare import Collection, RowKey
from libs.events.envelope import Fact, stream_name
from libs.events.handle import Kernel
from libs.events.ports import ReadStore
from libs.events.positions import Positions
from libs.events.registry import Event
from services.goals.domain import measure
from services.goals.domain.state import GOAL, Goal
from services.goals.queries.bounds import BOUNDS, Bounds
from services.goals.read_models import GOALS, Node
from services.goals.rights import GoalRights

Relations = frozenset[str]

ANY_NUMBER = 2**31
CLOSE_BY = 20
"""Versions of one stream that are no further apart than this are read in one go."""


@dataclass(frozen=True)
class Reading:
    """The parts. Raises GoalNotFound for what the asker may not see, as for what does not exist."""

    kernel: Kernel
    reads: ReadStore
    rights: GoalRights
    positions: Positions
    stale_after_days: int
    bounds: Bounds = BOUNDS

    def today(self) -> date:
        """The UTC date."""
        return self.kernel.clock.now().date()

    async def may_know(self, asker: Asker, goal_id: str) -> None:
        """Raises GoalNotFound unless the asker may see the goal as its stream says it is now."""
        await self.rights.check(asker, await self.from_stream(asker.tenant, goal_id), "goal.read")

    async def from_stream(self, tenant: str, goal_id: str) -> Goal:
        """A goal as its stream leaves it; version 0: there is none."""
        return (await self.kernel.load(GOAL, goal_stream(tenant, goal_id))).state

    async def row(self, tenant: str, collection: Collection, id: str) -> Any:
        """One row, or None."""
        key = RowKey(collection, id)
        return (await self.reads.get_many(tenant, [key])).get(key)

    async def rows(self, tenant: str, collection: Collection, ids: Iterable[str]) -> dict[str, Any]:
        """The rows that exist, by id."""
        found = await self.reads.get_many(tenant, [RowKey(collection, one) for one in dict.fromkeys(ids)])
        return {key.id: row for key, row in found.items()}

    async def visible(self, asker: Asker, goal_id: str) -> tuple[Goal, Relations]:
        """A goal, from its stream while its row is not written yet, and how the asker stands to it."""
        goal: Goal | None = await self.row(asker.tenant, GOALS, goal_id)
        if goal is not None:
            return goal, await self.rights.see(asker, goal)
        goal = await self.from_stream(asker.tenant, goal_id)
        return goal, await self.rights.check(asker, goal, "goal.read")

    async def owners(self, tenant: str, ids: Iterable[str]) -> dict[str, Member]:
        """The people who own goals, by id."""
        return await self.rights.directory.members(tenant, ids)

    async def absent(self, tenant: str, ids: Iterable[str], day: date) -> frozenset[str]:
        """Those of the people who are away on a day."""
        people = await self.owners(tenant, ids)
        return frozenset(id for id, person in people.items() if person.absent_on(day))

    def stale(self, node: Node, day: date, away: frozenset[str]) -> bool:
        """Whether on a day a check-in is missing for too long; never while the owner is away."""
        return node.owner_id not in away and measure.stale(node.quiet_since, day, self.stale_after_days)

    async def led_by(self, tenant: str, managers: Sequence[str]) -> frozenset[str]:
        """The direct reports of these people today."""
        found: set[str] = set()
        for manager in dict.fromkeys(managers):
            found.update(await self.rights.directory.reports(tenant, manager, most=ANY_NUMBER) or ())
        return frozenset(found)

    async def facts_at(
        self, stream: str, versions: Iterable[int], *, words: tuple[type[Event], ...] | None = None
    ) -> dict[int, Fact[Any]]:
        """The facts of a stream at these versions; those that stand close together are read together.

        With `words` only the personal text of these events is opened.
        """
        found: dict[int, Fact[Any]] = {}
        wanted = sorted(set(versions))
        while wanted:
            group = [wanted[0]]
            while len(group) < len(wanted) and wanted[len(group)] - group[-1] <= CLOSE_BY:
                group.append(wanted[len(group)])
            size = group[-1] - group[0] + 1
            facts = await self.kernel.facts(stream, after=group[0] - 1, until=group[-1], limit=size, words=words)
            found.update((fact.version, fact) for fact in facts if fact.version in wanted)
            wanted = wanted[len(group) :]
        return found

    async def version_since(self, stream: str, since: datetime) -> int | None:
        """The first version of a stream that was stated at a time or later, None where there is none.

        A few facts are read however long the stream is: its times never go back.
        """
        newest = await self.kernel.facts(stream, limit=1, newest_first=True, words=())
        if not newest or newest[0].time < since:
            return None
        first, last = 1, newest[0].version
        while first < last:
            middle = (first + last) // 2
            [fact] = await self.kernel.facts(stream, after=middle - 1, until=middle, limit=1, words=())
            first, last = (middle + 1, last) if fact.time < since else (first, middle)
        return first


def goal_stream(tenant: str, goal_id: str) -> str:
    """The stream of a goal."""
    return stream_name(tenant, GOAL.kind, goal_id)
