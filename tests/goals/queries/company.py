"""A company whose goals stand in real rows and streams, and the queries on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.caller import Caller
from libs.events.catalog.goals import GoalChanged, GoalCreated, Period
from libs.events.clock import new_id
from libs.events.declare import Aggregate, RowKey
from libs.events.folder import Folder
from libs.events.handle import Kernel, Outcome
from libs.events.ports import Advance, Checkpoint, Commit, Page, Put, Query
from libs.events.project import Projector
from libs.events.reader import Reader, Unread
from libs.events.registry import REGISTRY
from libs.privacy.keyring import Keyring
from libs.privacy.sealing import FieldSealer
from services.goals.domain.state import GOAL, Goal
from services.goals.projections import GOAL_ROWS, TALK, TREE
from services.goals.queries import GoalQueries
from services.goals.queries.bounds import BOUNDS, Bounds
from services.goals.read_models import GOALS, NODES, Node
from services.goals.rights import GoalRights
from tests.access.organisation import TENANT, Organisation, organisation
from tests.events.world import KEK

STALE_AFTER = 14


class CountedReads:
    """The company's read store, which counts the rows that it hands out."""

    def __init__(self, reads: Any) -> None:
        self._reads = reads
        self.rows = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reads, name)

    async def get_many(self, tenant: str, keys: Iterable[RowKey]) -> Mapping[RowKey, Any]:
        found = await self._reads.get_many(tenant, keys)
        self.rows += len(found)
        return found

    async def find(self, tenant: str, collection: Any, query: Query) -> Page:
        page = await self._reads.find(tenant, collection, query)
        self.rows += len(page.items)
        return page

    async def latest(self, tenant: str, collection: Any, index: Any, groups: Iterable[str], **bound: Any) -> Any:
        found = await self._reads.latest(tenant, collection, index, groups, **bound)
        self.rows += len(found)
        return found


@dataclass
class Company:
    """Short words to plant goals with. `plant` writes rows, `state` and `fold` go the way of events."""

    people: Organisation
    reads: CountedReads
    store: SQLiteEventStore
    kernel: Kernel
    rights: GoalRights
    queries: GoalQueries
    nodes: dict[str, Node] = field(default_factory=dict)
    folded: int = 0
    checkpoint: Checkpoint | None = None

    async def plant(self, nodes: Iterable[Node]) -> None:
        """Nodes, and the goals they belong to, as rows; how many hang below each is worked out."""
        self.nodes |= {node.id: node for node in nodes}
        counts = {id: [0, 0, 0] for id in self.nodes}
        for node in self.nodes.values():
            if node.parent_id is not None:
                accepted = node.alignment == "accepted"
                count = counts[node.parent_id]
                count[0] += 1
                count[1] += accepted and node.state != "archived"
                count[2] += accepted and node.state in ("open", "closed")
        for id, (kids, children, contributing) in counts.items():
            self.nodes[id] = replace(self.nodes[id], kids=kids, child_count=children, contributing=contributing)
        puts = [Put(TENANT, RowKey(NODES, id), node) for id, node in self.nodes.items()]
        puts += [Put(TENANT, RowKey(GOALS, id), goal_of(node)) for id, node in self.nodes.items()]
        for at in range(0, len(puts), 2_000):
            await self.people.write(puts[at : at + 2_000])

    async def state(
        self, id: str, *events: Any, by: str = "ana", of: Aggregate[Any] = GOAL, resource: str | None = None
    ) -> Outcome:
        """Facts of a stream; rows follow with `fold`."""
        return await self.kernel.handle(of, id, Caller(TENANT, by), lambda _: events, created=True, resource=resource)

    async def fold(self) -> None:
        """The goals' own rows hold everything that was stated."""
        events = await self.store.read_tenant(TENANT, after=self.folded, limit=100_000)
        facts = await self.kernel.reader.facts([Unread(one.body, one.sequence) for one in events])
        self.folded += len(facts)
        for consumer in (Projector(GOAL_ROWS, self.reads), Projector(TALK, self.reads), Folder(TREE, self.reads)):
            effects = await consumer.apply(facts)
            assert not effects.refused
            await self.people.write(effects.puts)
        owner = await self.reads.own(TREE.name, "goals.events", 0)
        now = Checkpoint("store", self.folded)
        await self.reads.commit(Commit(owner, 0, [Advance(TENANT, self.checkpoint, now)]))
        self.checkpoint = now

    def later(self, days: int = 1) -> date:
        """Some days later; the day that it is then."""
        self.people.clock.move(timedelta(days=days))
        return self.people.clock.now().date()


def node(id: str, owner: str, **fields: Any) -> Node:
    """A node of a goal, the plainest there is; `seen_by` is its visibility unless given."""
    given: dict[str, Any] = {
        "title": f"Goal {id}",
        "labels": (),
        "kind": "objective",
        "focus": "business",
        "unit_id": None,
        "contributor_ids": (),
        "visibility": "public",
        "period_start": None,
        "period_end": None,
        "parent_id": None,
        "alignment": "accepted" if fields.get("parent_id") else "none",
        "weight": Decimal(1),
        "progress_driver": "manual",
        "clamp": True,
        "commitment": "aspirational",
        "check_in_every": None,
        "state": "open",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "updated_at": datetime(2026, 1, 1, tzinfo=UTC),
        "changed_on": date(2026, 1, 1),
    } | fields
    return Node(id=id, owner_id=owner, **{"seen_by": given["visibility"], **given})


def goal_of(node: Node) -> Goal:
    """The goal that a node belongs to."""
    same = {name: getattr(node, name) for name in Goal.__struct_fields__ if name in Node.__struct_fields__}
    period = None
    if node.period_start is not None and node.period_end is not None:
        period = Period(start=node.period_start, end=node.period_end)
    return Goal(**same, version=1, period=period, created_by=node.owner_id, updated_by=node.owner_id)


def created(owner: str, title: str | None = "A goal", **fields: Any) -> GoalCreated:
    """The fact that a goal was set, the plainest there is."""
    given = {
        "kind": "objective",
        "weight": Decimal(1),
        "progress_driver": "all",
        "clamp": True,
        "commitment": "aspirational",
        "focus": "business",
        "visibility": "public",
    }
    return GoalCreated(**(given | fields), title=title, owner_id=owner)


def changed(owner: str, title: str | None, *names: str, **fields: Any) -> GoalChanged:
    """The fact that a goal is defined anew: as `created` would, `names` differing from before."""
    anew = created(owner, title, **fields)
    same = {name: getattr(anew, name) for name in GoalChanged.__struct_fields__ if name != "changed"}
    return GoalChanged(**same, changed=list(names))


@asynccontextmanager
async def company(folder: Path, bounds: Bounds = BOUNDS) -> AsyncIterator[Company]:
    """No goals and nobody yet."""
    store, keys = SQLiteEventStore("goals", folder / "goals.db"), SQLiteKeyStore(folder / "keys.db")
    collections = [*GOAL_ROWS.collections, *TREE.collections, *TALK.collections]
    try:
        async with organisation(folder, *collections) as people:
            reads: Any = CountedReads(people.reads)
            reader = Reader(REGISTRY, FieldSealer(Keyring(keys, KEK, people.clock)))
            kernel = Kernel("goals", store, reader, people.clock, new_id)
            rights = GoalRights(people.directory, kernel, reads)
            queries = GoalQueries(kernel, reads, rights, people.directory.positions, STALE_AFTER, bounds)
            yield Company(people, reads, store, kernel, rights, queries)
    finally:
        await store.close()
        await keys.close()
