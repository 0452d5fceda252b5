"""Goals as commands and queries meet them: a stream and a node each, beside a real replica of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.caller import Caller
from libs.events.catalog.goals import GoalCreated
from libs.events.clock import new_id
from libs.events.envelope import stream_name
from libs.events.handle import Kernel
from libs.events.ports import StoredEvent
from libs.events.reader import Reader
from libs.events.registry import REGISTRY
from libs.privacy.keyring import Keyring
from libs.privacy.sealing import FieldSealer
from services.goals.domain.state import GOAL, Goal
from services.goals.read_models import NODES, Node
from services.goals.rights import GoalRights
from tests.access.organisation import TENANT, TODAY, Organisation, organisation
from tests.events.world import KEK


class CountingStore(SQLiteEventStore):
    """A real event store that remembers which streams were read."""

    def __init__(self, service: str, path: Path) -> None:
        super().__init__(service, path)
        self.read: Counter[str] = Counter()

    async def read_stream(self, stream: str, **which: Any) -> Sequence[StoredEvent]:
        self.read[stream] += 1
        return await super().read_stream(stream, **which)


@dataclass
class Goals:
    """Goals that are set with a word; each is there as a stream and as a row."""

    people: Organisation
    store: CountingStore
    kernel: Kernel
    rights: GoalRights
    nodes: dict[str, Node] = field(default_factory=dict)
    goals: dict[str, Goal] = field(default_factory=dict)

    async def set(self, id: str, owner: str, **fields: Any) -> Goal:
        """A goal, by its id; fields are those of the fact, with the plainest defaults."""
        given = {
            "title": None,
            "kind": "objective",
            "weight": Decimal(1),
            "progress_driver": "manual",
            "clamp": True,
            "commitment": "aspirational",
            "focus": "business",
            "visibility": "public",
        }
        fact = GoalCreated(**(given | fields), owner_id=owner)
        await self.kernel.handle(GOAL, id, Caller(TENANT, owner), lambda _: (fact,), created=True)
        goal = (await self.kernel.load(GOAL, stream_name(TENANT, GOAL.kind, id))).state
        self.goals[id] = goal
        await self.row(goal)
        return goal

    async def row(self, goal: Goal) -> Node:
        """Writes the node of a goal as the tree would."""
        parent = self.nodes.get(goal.parent_id or "")
        follows = parent is not None and goal.kind == "key_result"
        same = {name: getattr(goal, name) for name in Node.__struct_fields__ if name in _SAME}
        node = Node(
            **same,
            seen_by=parent.visibility if parent is not None and follows else goal.visibility,
            period_start=None,
            period_end=None,
            changed_on=TODAY,
        )
        self.nodes[goal.id] = node
        await self.people.put(NODES, node, goal.id)
        return node

    async def asked(self, what: Any) -> tuple[Any, Counter[str], set[str]]:
        """What was answered, the look-ups among rows for it, and the ids of the goals whose streams were read."""
        self.store.read.clear()
        answer, asked = await self.people.asked(what)
        return answer, asked, {stream.rsplit("/", 1)[1] for stream in self.store.read}


_SAME = set(Goal.__struct_fields__) & set(Node.__struct_fields__)


EVERYBODY = ("ceo", "head", "lead", "ana", "ben", "opa", "oli", "kim")
"""Those whom the fixture `here` employs, in the order in which tests name them."""


@asynccontextmanager
async def goals(folder: Path) -> AsyncIterator[Goals]:
    """No goals and nobody yet."""
    store, keys = CountingStore("goals", folder / "goals.db"), SQLiteKeyStore(folder / "keys.db")
    try:
        async with organisation(folder, NODES) as people:
            reader = Reader(REGISTRY, FieldSealer(Keyring(keys, KEK, people.clock)))
            kernel = Kernel("goals", store, reader, people.clock, new_id)
            yield Goals(people, store, kernel, GoalRights(people.directory, kernel, people.reads))
    finally:
        await store.close()
        await keys.close()
