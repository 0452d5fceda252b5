"""An organisation as it was stated, folded into a real replica, and a directory that counts what it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from libs.access.directory import Asker, Directory
from libs.access.members import replica
from libs.events.adapters.sqlite.event_log import SQLiteEventLog
from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.catalog.people import PersonAdded, PositionChanged, UnitCreated
from libs.events.declare import Collection, Row, RowKey
from libs.events.envelope import Fact
from libs.events.ports import Advance, Checkpoint, Commit, Page, Put, Query
from libs.events.positions import Positions
from libs.events.project import Projector
from libs.events.testing import SteppingClock, fact_of

TENANT = "acme"
TODAY = date(2026, 6, 15)
REPLICA = replica("toys")


class CountingReads(SQLiteReadStore):
    """A real read store that remembers how often it was asked."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: Counter[str] = Counter()

    async def get_many(self, tenant: str, keys: Iterable[RowKey]) -> Mapping[RowKey, Any]:
        self.asked["get_many"] += 1
        return await super().get_many(tenant, keys)

    async def find(self, tenant: str, collection: Collection, query: Query) -> Page:
        self.asked["find"] += 1
        return await super().find(tenant, collection, query)


@dataclass
class Organisation:
    """Short words to state facts with. Everything a test names is an id."""

    reads: CountingReads
    store: SQLiteEventStore
    clock: SteppingClock
    directory: Directory
    versions: Counter[str] = field(default_factory=Counter)
    facts: list[Fact[Any]] = field(default_factory=list)
    sequence: int = 0

    def state(self, stream: str, data: Any) -> None:
        """One more fact of a stream, for the next `fold`."""
        self.versions[stream] += 1
        name = f"{TENANT}/{stream}"
        self.facts.append(fact_of(data, stream=name, version=self.versions[stream], sequence=self.sequence + 1))

    def add(self, person: str, manager: str | None = None, *, unit: str | None = None, on: date | None = None) -> None:
        """Somebody joins; the position begins on a day, or held always."""
        data = PersonAdded(
            person_id=person, display_name="", email="", manager_id=manager, unit_id=unit, effective_on=on
        )
        self.state(f"person/{person}", data)

    def move(self, person: str, manager: str | None, on: date, *, unit: str | None = None) -> None:
        """From a day on somebody else leads them, in another unit."""
        self.change(person, on, manager_id=manager, unit_id=unit)

    def change(self, person: str, on: date, **fields: str | None) -> None:
        """From a day on these fields of their position are others, and nothing else is."""
        data = PositionChanged(person_id=person, effective_on=on, **fields, changed=list(fields))
        self.state(f"person/{person}", data)

    def unit(self, unit: str, parent: str | None = None, lead: str | None = None) -> None:
        """There is a unit."""
        self.state(f"unit/{unit}", UnitCreated(unit_id=unit, name="", parent_id=parent, lead_id=lead))

    async def fold(self) -> None:
        """The replica holds everything that was stated."""
        effects = await Projector(REPLICA, self.reads).apply(self.facts)
        assert not effects.refused
        await self.write(effects.puts)
        self.facts.clear()

    async def put(self, collection: Collection, row: Row, id: str) -> None:
        """Writes one row."""
        await self.write([Put(TENANT, RowKey(collection, id), row)])

    async def remove(self, collection: Collection, id: str) -> None:
        """Takes one row away."""
        await self.write([Put(TENANT, RowKey(collection, id), None)])

    async def write(self, puts: Iterable[Put]) -> None:
        """Writes rows as a projection does."""
        before = Checkpoint("store", self.sequence) if self.sequence else None
        self.sequence += 1
        advance = Advance(TENANT, before, Checkpoint("store", self.sequence))
        owner = await self.reads.own(REPLICA.name, "people.events", 0)
        await self.reads.commit(Commit(owner, 0, [advance], list(puts)))

    async def asked(self, what: Any) -> tuple[Any, Counter[str]]:
        """What was answered, and what had to be read for it."""
        self.reads.asked.clear()
        return await what, Counter(self.reads.asked)


def asker(person: str, *roles: str) -> Asker:
    """Somebody who asks."""
    return Asker(TENANT, person, frozenset({"employee", *roles}), person)


@asynccontextmanager
async def organisation(folder: Path, *collections: Collection) -> AsyncIterator[Organisation]:
    """An organisation of nobody yet, on a day in the middle of 2026; with tables for other rows too."""
    reads, store = CountingReads(folder / "reads.db"), SQLiteEventStore("people", folder / "people.db")
    clock = SteppingClock(datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC))
    positions = Positions(reads, SQLiteEventLog({"people.events": store}))
    try:
        await reads.prepare([*REPLICA.collections, *collections])
        yield Organisation(reads, store, clock, Directory(reads, positions, REPLICA, clock))
    finally:
        await reads.close()
        await store.close()
