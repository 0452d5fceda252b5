"""Walks along the indexes of goals, merged in one order: how a list reads a page of a million goals and no more."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from libs.events.canonical import time_text
from libs.events.ports import Page, Query, ReadStore, Scalar
from libs.web.sorting import Listing
from services.goals.read_models import NODES, Node

Place = tuple[str | None, str]
"""Where a row stands in an order: its sort value as text, then its id."""

MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Order:
    """By a field of the nodes, then by id; without a field by id alone. Rows without a value come first."""

    by: str | None = None
    descending: bool = False

    def place(self, node: Node) -> Place:
        """Where a node stands."""
        if self.by is None:
            return None, node.id
        value = getattr(node, self.by)
        if isinstance(value, datetime):
            return time_text(value), node.id
        return (value.isoformat() if isinstance(value, date) else None), node.id

    def first(self, places: Iterable[Place]) -> Place:
        """The place that comes before the others."""
        return max(places, key=_key) if self.descending else min(places, key=_key)

    def after(self, nodes: Iterable[Node], place: Place | None) -> list[Node]:
        """Nodes in this order, those beyond a place only."""
        found = sorted(nodes, key=lambda node: _key(self.place(node)), reverse=self.descending)
        if place is None:
            return found
        mark = _key(place)
        if self.descending:
            return [node for node in found if _key(self.place(node)) < mark]
        return [node for node in found if _key(self.place(node)) > mark]


def _key(place: Place) -> tuple[bool, str, str]:
    value, row = place
    return value is not None, value or "", row


@dataclass
class Budget:
    """How many rows one page may cost. The first batch of every walk is free, so that each page gets somewhere."""

    left: int

    @property
    def spent(self) -> bool:
        """Whether there is nothing left."""
        return self.left <= 0


@dataclass
class Walk:
    """One way along an index, in batches that grow; `ended` says that nothing comes after `rows`.

    `others` are in order of id too, and each alone would find everything in question: where two batches were not
    enough, all of them take the next step, and the one that gets furthest with it, so meets the fewest, is followed.
    """

    query: Query
    others: Sequence[Query] = ()
    rows: deque[Node] = field(default_factory=deque)
    ended: bool = False
    batches: int = 0

    @classmethod
    def of(cls, nodes: Iterable[Node]) -> Walk:
        """A walk along what is in memory already, in order."""
        return cls(Query(), rows=deque(nodes), ended=True)

    async def more(self, reads: ReadStore, tenant: str, budget: Budget) -> None:
        """Reads the next batch."""
        ways = [self.query, *self.others] if self.batches > 1 else [self.query]
        pages = await asyncio.gather(*(reads.find(tenant, NODES, way) for way in ways))
        budget.left -= sum(len(page.items) for page in pages)
        page = _furthest(pages, self.query.descending)
        self.rows.extend(row for _, row in page.items)
        self.ended = page.next is None
        limit = min(self.query.limit * 2, MOST_AT_ONCE) if self.batches else self.query.limit
        self.batches += 1
        self.query, *self.others = (replace(way, after=page.next, limit=limit) for way in (self.query, *self.others))


def _furthest(pages: Sequence[Page], descending: bool) -> Page:
    ended = [page for page in pages if page.next is None]
    if ended or len(pages) == 1:
        return min(ended or pages, key=lambda page: len(page.items))
    return (min if descending else max)(pages, key=lambda page: page.items[-1][0])


@dataclass
class Merge:
    """Several walks as one, each node once. `cut`: it stopped because the budget was spent, and not at the end."""

    reads: ReadStore
    tenant: str
    order: Order
    walks: Sequence[Walk]
    budget: Budget
    cut: bool = False

    async def nodes(self) -> AsyncIterator[Node]:
        """The nodes in order."""
        while await self._filled():
            heads = [walk for walk in self.walks if walk.rows]
            if not heads:
                return
            place = self.order.first(self.order.place(walk.rows[0]) for walk in heads)
            same = [walk.rows.popleft() for walk in heads if self.order.place(walk.rows[0]) == place]
            yield same[0]
        self.cut = True

    async def _filled(self) -> bool:
        """Whether the next row of every walk is known."""
        empty = [walk for walk in self.walks if not walk.rows and not walk.ended]
        if self.budget.spent and any(walk.batches for walk in empty):
            return False
        await asyncio.gather(*(walk.more(self.reads, self.tenant, self.budget) for walk in empty))
        return True


async def all_of(reads: ReadStore, tenant: str, query: Query, most: int) -> list[Node] | None:
    """Every node of a query, or None when they are more than `most`."""
    page = await reads.find(tenant, NODES, replace(query, limit=most, whole=True))
    return None if page.next is not None else [row for _, row in page.items]


def listed(asked: Listing, fields: Mapping[str, str | None], changed: str, **where: Iterable[Any]) -> Query:
    """A walk along what stands beside goals, in the order that is asked for.

    `fields` says which field of the rows each sort goes by (None: their ids), `changed` is the one that tells when a
    row was changed.
    """
    since = asked.updated_since
    return Query(
        equal=equal(**where),
        span=changed if since is not None else None,
        at_least=time_text(since) if since is not None else None,
        sort=fields[asked.sort.name],
        descending=asked.sort.descending,
    )


def equal(**values: Iterable[Any]) -> dict[str, Sequence[Scalar]]:
    """Accepted values, as `Query.equal` takes them."""
    return {name: tuple(found) for name, found in values.items()}
