"""Histories of teams and their batches: what the tests of folds feed, and how they look at what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.declare import Fold, RowKey
from libs.events.effects import Effects
from libs.events.envelope import Fact, stream_name
from libs.events.folder import Folder
from libs.events.ports import Commit, Put
from libs.events.testing import fact_of
from tests.events import toy
from tests.events.teams import BREAKS, BREAKS_EARLY, LEAVES, SEATS, TEAM_ROWS, TEAMS, Rows

COUNTERS, PEOPLE = [f"c-{number}" for number in range(5)], ["ann", "ben", "cat"]
Step = tuple[str, Any]
"""`(counter, what)`: a person to make it for, `(person,)` who writes on it, a number to count by."""

TELLING: list[Step] = [
    ("c-0", "ann"),
    ("c-1", "ann"),
    ("c-2", "ben"),
    ("c-0", 5),
    ("c-1", 3),
    ("c-0", ("ben",)),
    ("c-1", BREAKS),
    ("c-1", 2),
    ("c-3", "ann"),
    ("c-2", BREAKS_EARLY),
    ("c-4", "cat"),
    ("c-2", LEAVES),
    ("c-0", 1),
    ("c-4", 2),
]
"""A history that shows what the planted faults get wrong."""


def facts_of(history: Iterable[Step], tenant: str = "acme") -> list[Fact[Any]]:
    """The history as facts of one tenant."""
    versions: Counter[str] = Counter()
    facts = []
    for sequence, (counter, what) in enumerate(history, start=1):
        versions[counter] += 1
        match what:
            case str():
                data: Any = toy.CounterMade(owner_id=what)
            case (author,):
                data = toy.Noted(author_id=author, text=None)
            case _:
                data = toy.Counted(by=what)
        stream = stream_name(tenant, "counter", counter)
        facts.append(fact_of(data, stream=stream, version=versions[counter], sequence=sequence))
    return facts


def cut(facts: Sequence[Fact[Any]], by: Sequence[int]) -> list[Sequence[Fact[Any]]]:
    """The facts in batches of these sizes, over and over."""
    sizes, batches, rest = cycle(by), [], facts
    while rest:
        size = next(sizes)
        batches.append(rest[:size])
        rest = rest[size:]
    return batches


def surviving(facts: Iterable[Fact[Any]]) -> tuple[list[Fact[Any]], list[Fact[Any]]]:
    """The facts that must be applied, and those that must be refused: the first of each key that breaks."""
    applied: list[Fact[Any]] = []
    refused: list[Fact[Any]] = []
    broken: set[str] = set()
    for fact in facts:
        if fact.stream not in broken:
            breaks = getattr(fact.data, "by", 0) in (BREAKS, BREAKS_EARLY)
            (refused if breaks else applied).append(fact)
            broken |= {fact.stream} if breaks else set()
    return applied, refused


class Store:
    """A read store with the folder on it, driven without a log: parked keys are remembered as the runner does."""

    def __init__(self, reads: SQLiteReadStore, folder: Folder) -> None:
        self.reads, self.folder = reads, folder
        self.refused: list[Fact[Any]] = []

    async def lose(self, facts: Sequence[Fact[Any]]) -> None:
        """One batch that is folded and not committed."""
        await self.folder.apply(self._due(facts))
        self.folder.forget()

    def _due(self, facts: Sequence[Fact[Any]]) -> list[Fact[Any]]:
        parked = {(one.tenant, one.stream) for one in self.refused}
        return [fact for fact in facts if (fact.tenant, fact.stream) not in parked]

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        """One batch."""
        effects = await self.folder.apply(self._due(facts))
        self.refused += [one.fact for one in effects.refused]
        await self.put(effects.puts)
        return effects

    async def put(self, puts: Sequence[Put]) -> None:
        """Writes rows."""
        owner = await self.reads.own("teams", "toys.events", 0)
        await self.reads.commit(Commit(owner, 0, (), puts))


async def team_rows(reads: SQLiteReadStore, tenant: str = "acme") -> Rows:
    """The rows there are."""
    keys = [RowKey(SEATS, id) for id in COUNTERS] + [RowKey(TEAMS, id) for id in PEOPLE]
    found = await reads.get_many(tenant, keys)
    return {(key.collection.name, key.id): row for key, row in found.items()}


async def opened(path: Path, folder: type[Folder] = Folder, fold: Fold = TEAM_ROWS, page: int = 1) -> Store:
    """An empty store in a file that does not exist yet."""
    reads = SQLiteReadStore(path)
    await reads.prepare(fold.collections)
    return Store(reads, folder(fold, reads, page))
