"""Which indexes a list of goals walks: together complete for what the asker may see, each in the list's order.

What everybody sees stands on the shelf `public`; the rest on its owner's, where only the owner, peers and managers
look. Contributors, and editors of a parent, see goals on anybody's shelf: these are few, and found by facet and parent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from libs.access.directory import Asker, Directory
from libs.events.canonical import time_text
from libs.events.ports import Query, ReadStore
from services.goals.queries.bounds import Bounds
from services.goals.queries.filters import ALIVE, Filters, order_of
from services.goals.queries.walks import MOST_AT_ONCE, Order, Place, Walk, all_of, equal
from services.goals.read_models import Node

NOT_PUBLIC = ("team", "private")
PUBLIC = "public"


@dataclass(frozen=True)
class People:
    """Who stands near the asker: on whose shelves they see something, and whose goals they edit."""

    shelves: tuple[str, ...]
    edited: tuple[str, ...]


async def near(directory: Directory, asker: Asker, most: int) -> People | None:
    """The people near the asker today; None when they are too many to ask for each."""
    peers, reports = await asyncio.gather(
        directory.peers(asker.tenant, asker.person_id, most),
        directory.reports(asker.tenant, asker.person_id, depth=None, most=most),
    )
    if peers is None or reports is None:
        return None
    edited = (asker.person_id, *reports)
    return People(tuple(dict.fromkeys((*edited, *peers))), edited)


@dataclass(frozen=True)
class Arms:
    """The walks of one list. `quiet_before`: only who is quiet since before it may be stale."""

    reads: ReadStore
    directory: Directory
    asker: Asker
    filters: Filters
    quiet_before: datetime
    after: Place | None
    limit: int
    bounds: Bounds

    async def plan(self) -> tuple[Order, Sequence[Walk]]:
        """The order, and the walks that give every goal in question in it."""
        order = order_of(self.filters.search, narrow=True)
        few = await self._few()
        if few is not None:
            return order, [Walk.of(order.after(few, self.after))]
        people = await near(self.directory, self.asker, self.bounds.people)
        apart = await self._apart(people, order) if people is not None else None
        if people is None or apart is None:
            order = order_of(self.filters.search, narrow=False)
            return order, [self._everything(order)]
        owners = self.filters.owners
        shelves = [one for one in people.shelves if owners is None or one in owners]
        walks = [self._public(order), *apart]
        if shelves:
            walks.append(Walk(self._sorted(order, shelf=shelves)))
        return order, walks

    async def _few(self) -> list[Node] | None:
        """All that one of the filters finds, where that is little."""
        queries = [Query(equal=equal(facets=facets)) for facets in self.filters.narrow()]
        if self.filters.search.q is not None:
            queries.append(Query(words={"title": (self.filters.search.q,)}))
        for query in queries:
            found = await all_of(self.reads, self.asker.tenant, query, self.bounds.few)
            if found is not None:
                return found
        return None

    async def _apart(self, people: People, order: Order) -> list[Walk] | None:
        """What the asker sees on others' shelves; None when it is too much."""
        tenant = self.asker.tenant
        parents = Query(equal=equal(owner_id=people.edited), span="kids", at_least=1)
        above = await all_of(self.reads, tenant, parents, self.bounds.apart)
        if above is None:
            return None
        queries = [Query(equal=equal(facets=[f"contributor={self.asker.person_id}"]))]
        if above:
            queries.append(Query(equal=equal(parent_id=[node.id for node in above], seen_by=NOT_PUBLIC)))
        if order.by is None:
            return [Walk(self._placed(query, order)) for query in queries]
        walks = []
        for query in queries:
            found = await all_of(self.reads, tenant, query, self.bounds.apart)
            if found is None:
                return None
            walks.append(Walk.of(order.after(found, self.after)))
        return walks

    def _public(self, order: Order) -> Walk:
        if order.by is None:
            return self._faceted(order, f"{PUBLIC} ")
        return Walk(self._sorted(order, shelf=[PUBLIC]))

    def _everything(self, order: Order) -> Walk:
        return self._faceted(order, "") if order.by is None else Walk(self._sorted(order))

    def _faceted(self, order: Order, prefix: str) -> Walk:
        """By whatever filter finds least, in order of id."""
        q = self.filters.search.q
        words = {"title": (q,)} if q is not None else {}
        queries = [
            self._placed(Query(words=words, equal=equal(facets=[f"{prefix}{facet}" for facet in facets])), order)
            for facets in self.filters.facets()
        ]
        return Walk(queries[0], queries[1:])

    def _sorted(self, order: Order, **where: Sequence[str]) -> Query:
        """Along an index of the order's field, within what can match at all."""
        search, by = self.filters.search, order.by
        query = Query(equal=equal(**where))
        if by == "updated_at" and search.updated_since is not None:
            query = replace(query, span=by, at_least=time_text(search.updated_since))
        elif by == "quiet_since":
            query = replace(query, span=by, below=time_text(self.quiet_before))
        elif by == "period_end":
            query = replace(query, equal=equal(**where, state=search.state or ALIVE))
            if search.period is not None or search.due_before is not None:
                begin = search.period[0] if search.period is not None else date.min
                below = search.due_before.isoformat() if search.due_before is not None else None
                query = replace(query, span=by, at_least=begin.isoformat(), below=below)
        return self._placed(query, order)

    def _placed(self, query: Query, order: Order) -> Query:
        limit = min(self.limit + 1, MOST_AT_ONCE)
        return replace(query, sort=order.by, descending=order.descending, after=self.after, limit=limit)
