"""Where goals hang, level by level: from the nodes as they are now, or from the rows of days as they were."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from msgspec import structs

from libs.events.declare import Collection, Index, RowKey
from libs.events.errors import Rejected
from libs.events.ports import Page, Query, ReadStore
from services.goals.queries.walks import equal
from services.goals.read_models import DAYS, EDGES, NODES, ROOT, Day, Node

AT_ONCE = 2_000
NOT_PUBLIC = ("team", "private")
BY_DAY = Index("goal_id", "day")


class TreeTooLarge(Rejected):
    """More of the tree than one answer holds, or than is looked through for one."""

    code = "tree_too_large"
    detail = "That part of the tree has more than 2,000 goals. Ask for fewer levels with depth, or for one root_id."


@dataclass(frozen=True, slots=True)
class Standing:
    """A goal at a time: `node` says what and whose it is, as now; `at` where it hung then, and how it stood."""

    node: Node
    at: Node | Day

    @property
    def id(self) -> str:
        """The goal's id."""
        return self.node.id

    @property
    def parent_id(self) -> str | None:
        """What it hangs under, accepted; None: it is a root."""
        return self.at.parent_id if self.at.alignment == "accepted" else None

    @property
    def shown(self) -> bool:
        """Whether trees show it where it hangs."""
        return self.at.state != "archived"

    @property
    def checked(self) -> Node:
        """The node with what tells whether a check-in is missing, as it was."""
        if isinstance(self.at, Node):
            return self.at
        return structs.replace(self.node, **{name: getattr(self.at, name) for name in _CHECKED})


_CHECKED = ("state", "progress_driver", "contributing", "last_check_in_at", "created_at")


class Forest(Protocol):
    """All trees of a tenant at a time. What is asked for stops soon after `most`, where that much is too much.

    Where what is found may be few of what is looked at, that is bounded too: roots raise TreeTooLarge.
    """

    async def some(self, ids: Iterable[str]) -> dict[str, Standing]:
        """Those of the goals that were there, archived ones too, by id."""
        ...

    async def roots(self, most: int) -> list[Standing]:
        """What hangs under nothing."""
        ...

    async def roots_of(self, unit_id: str, most: int) -> list[Standing]:
        """What belongs to a unit, as now, and hangs under nothing that belongs to it."""
        ...

    async def below(self, parents: Iterable[str], most: int) -> list[Standing]:
        """What hangs under these goals."""
        ...

    async def below_not_public(self, parents: Iterable[str], most: int) -> list[Standing]:
        """Of what hangs under these goals at least everything that not everybody may see."""
        ...


@dataclass(frozen=True)
class Now:
    """The trees as they are; `rows` are looked at for roots at most."""

    reads: ReadStore
    tenant: str
    rows: int

    async def some(self, ids: Iterable[str]) -> dict[str, Standing]:
        """See `Forest`."""
        found = await self.reads.get_many(self.tenant, [RowKey(NODES, one) for one in dict.fromkeys(ids)])
        return {key.id: Standing(row, row) for key, row in found.items()}

    async def roots(self, most: int) -> list[Standing]:
        """See `Forest`."""
        return await self._found(Query(equal=equal(facets=[ROOT])), most, lambda one: one.parent_id is None)

    async def roots_of(self, unit_id: str, most: int) -> list[Standing]:
        """See `Forest`."""
        return await _roots_of(self, self.reads, self.tenant, unit_id, most, self.rows)

    async def below(self, parents: Iterable[str], most: int) -> list[Standing]:
        """See `Forest`."""
        return await self._under(Query(equal=equal(parent_id=parents)), most)

    async def below_not_public(self, parents: Iterable[str], most: int) -> list[Standing]:
        """See `Forest`."""
        return await self._under(Query(equal=equal(parent_id=parents, seen_by=NOT_PUBLIC)), most)

    async def _under(self, query: Query, most: int) -> list[Standing]:
        return await self._found(query, most, lambda one: one.parent_id is not None) if query.equal["parent_id"] else []

    async def _found(self, query: Query, most: int, fits: Callable[[Standing], bool]) -> list[Standing]:
        found: list[Standing] = []
        async for page in pages(self.reads, self.tenant, NODES, query, most):
            standing = (Standing(row, row) for _, row in page.items)
            found += [one for one in standing if one.shown and fits(one)]
            if len(found) > most:
                break
        return found


@dataclass(frozen=True)
class Past:
    """The trees as they were at the end of a day; goals that did not exist then are nowhere. `rows` as for `Now`."""

    reads: ReadStore
    tenant: str
    day: date
    rows: int

    async def some(self, ids: Iterable[str]) -> dict[str, Standing]:
        """See `Forest`."""
        wanted = list(dict.fromkeys(ids))
        days = await self.reads.latest(self.tenant, DAYS, BY_DAY, wanted, at_most=self.day.isoformat())
        nodes = await self.reads.get_many(self.tenant, [RowKey(NODES, one) for one in days])
        return {key.id: Standing(row, days[key.id]) for key, row in nodes.items()}

    async def roots(self, most: int) -> list[Standing]:
        """See `Forest`."""
        return await self._once_under([ROOT], most, lambda one: one.parent_id is None, self.rows)

    async def roots_of(self, unit_id: str, most: int) -> list[Standing]:
        """See `Forest`."""
        return await _roots_of(self, self.reads, self.tenant, unit_id, most, self.rows)

    async def below(self, parents: Iterable[str], most: int) -> list[Standing]:
        """See `Forest`."""
        wanted = frozenset(parents)
        return await self._once_under(sorted(wanted), most, lambda one: one.parent_id in wanted) if wanted else []

    async def below_not_public(self, parents: Iterable[str], most: int) -> list[Standing]:
        """See `Forest`."""
        return await self.below(parents, most)

    async def _once_under(
        self, parents: Sequence[str], most: int, fits: Callable[[Standing], bool], rows: int | None = None
    ) -> list[Standing]:
        found: dict[str, Standing] = {}
        looked_at = 0
        async for page in pages(self.reads, self.tenant, EDGES, Query(equal=equal(parent_id=parents)), most):
            there = await self.some(edge.goal_id for _, edge in page.items)
            found.update((one.id, one) for one in there.values() if one.shown and fits(one))
            if len(found) > most:
                break
            looked_at += len(page.items)
            _refuse_endless(page, looked_at, rows)
        return [found[id] for id in sorted(found)]


async def pages(reads: ReadStore, tenant: str, collection: Collection, query: Query, most: int) -> AsyncIterator[Page]:
    """The pages of a query to its end, each big enough to see whether there are more than `most`."""
    query = replace(query, limit=min(most + 1, AT_ONCE))
    while True:
        page = await reads.find(tenant, collection, query)
        yield page
        if page.next is None:
            return
        query = replace(query, after=page.next)


async def _roots_of(
    forest: Forest, reads: ReadStore, tenant: str, unit_id: str, most: int, rows: int
) -> list[Standing]:
    found: list[Standing] = []
    looked_at = 0
    async for page in pages(reads, tenant, NODES, Query(equal=equal(facets=[f"unit={unit_id}"])), most):
        standing = [one for one in (await forest.some(id for id, _ in page.items)).values() if one.shown]
        above = await forest.some(one.parent_id for one in standing if one.parent_id is not None)
        for one in sorted(standing, key=lambda one: one.id):
            parent = above.get(one.parent_id or "")
            if parent is None or parent.node.unit_id != unit_id:
                found.append(one)
        if len(found) > most:
            break
        looked_at += len(page.items)
        _refuse_endless(page, looked_at, rows)
    return found


def _refuse_endless(page: Page, looked_at: int, rows: int | None) -> None:
    if rows is not None and looked_at >= rows and page.next is not None:
        raise TreeTooLarge
