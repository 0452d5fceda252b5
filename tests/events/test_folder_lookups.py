"""What a fold costs its store, and what happens when the store does not answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.declare import Collection, Group, RowKey, Wanted
from libs.events.effects import Effects
from libs.events.envelope import Fact
from libs.events.errors import StoreUnavailable
from libs.events.folder import Folder
from libs.events.ports import Page, Put, Query
from libs.events.view import View
from tests.events.batches import TELLING, Store, facts_of, opened, surviving, team_rows
from tests.events.teams import SEATS, TEAM_ROWS, TEAMS, Seat, naive


class Counting(SQLiteReadStore):
    """Counts look-ups; fails the next one when told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: Counter[str] = Counter()
        self.fails = ""

    def _count(self, what: str) -> None:
        self.asked[what] += 1
        if self.fails == what:
            raise StoreUnavailable("told to")

    async def get_many(self, tenant: str, keys: Iterable[RowKey]) -> Any:
        self._count("rows")
        return await super().get_many(tenant, keys)

    async def find(self, tenant: str, collection: Collection, query: Query) -> Page:
        self._count("groups")
        return await super().find(tenant, collection, query)


async def counted(path: Path) -> tuple[Store, Counting]:
    """A store that counts."""
    reads = Counting(path)
    await reads.prepare(TEAM_ROWS.collections)
    return Store(reads, Folder(TEAM_ROWS, reads)), reads


async def test_a_store_in_trouble_refuses_nothing(tmp_path: Path) -> None:
    """It is tried again, poison in the batch or not; nothing of the failed try is left behind."""
    store, reads = await counted(tmp_path / "rows.db")
    for what in ("rows", "groups"):
        reads.fails = what
        with pytest.raises(StoreUnavailable):
            await store.apply(facts_of(TELLING))
    reads.fails = ""
    await store.apply(facts_of(TELLING))
    assert await team_rows(store.reads) == naive(surviving(facts_of(TELLING))[0])
    await reads.close()


async def test_an_index_that_is_not_declared_is_no_poison(tmp_path: Path) -> None:
    """A fault of the declaration stops the runner: parking every event one by one would hide it."""

    def asks(facts: Sequence[Fact[Any]], held: Any) -> Wanted:
        return Wanted(groups=frozenset({Group(SEATS, "total", "1", "team")}))

    store = await opened(tmp_path / "rows.db", fold=replace(TEAM_ROWS, needs=asks, writes=(SEATS, TEAMS)))
    with pytest.raises(ValueError, match="Index"):
        await store.apply(facts_of([("c-0", "ann")]))
    await store.reads.close()


async def test_many_groups_cost_one_look_up(tmp_path: Path) -> None:
    """Rows of one round come together, and so do whole groups by one field; what is cut off goes alone."""
    store, reads = await counted(tmp_path / "rows.db")
    teams = [f"t-{number}" for number in range(40)]
    await store.apply(facts_of([(f"x-{team}", team) for team in teams]))
    assert reads.asked == {"rows": 1, "groups": 1 + len(teams)}
    reads.asked.clear()
    await store.apply(facts_of([(f"x-{team}", 1) for team in teams]))
    # Rows and whole groups are remembered; who stands first in a group that is cut is asked for each time.
    assert reads.asked == {"groups": len(teams)}
    store.folder.forget()
    reads.asked.clear()
    await store.apply(facts_of([(f"x-{team}", 1) for team in teams]))
    assert reads.asked == {"rows": 2, "groups": 1 + len(teams)}
    await reads.close()


async def test_only_so_much_is_remembered(tmp_path: Path) -> None:
    store, reads = await counted(tmp_path / "rows.db")
    store.folder.kept = 3
    for _ in range(2):
        await store.apply(facts_of([("c-0", "ann")]))
    reads.asked.clear()
    await store.apply(facts_of([("c-1", "ben"), ("c-2", "cat")]))
    await store.apply(facts_of([("c-0", 1)]))
    assert reads.asked["rows"] == 3
    await reads.close()


async def test_rows_that_stay_as_they_are_are_not_written(tmp_path: Path) -> None:
    store = await opened(tmp_path / "rows.db")
    await store.apply(facts_of(TELLING[:5]))
    effects = await store.apply(facts_of([("c-0", 0), ("c-4", 5)]))
    assert effects == Effects([], [])
    effects = await store.apply(facts_of([("c-2", ("ann",))]))
    assert {(put.key.collection.name, put.key.id): put.row is None for put in effects.puts} == {
        ("seats", "c-2"): False,
        ("teams", "ann"): False,
        ("teams", "ben"): True,
    }
    await store.reads.close()


async def test_a_large_group_comes_in_pages(tmp_path: Path) -> None:
    """All of a whole group, and of one that is cut exactly so many, whatever fits into one look-up."""
    reads = SQLiteReadStore(tmp_path / "rows.db")
    await reads.prepare(TEAM_ROWS.collections)
    seats = {f"s-{number:03}": Seat(team="ann", total=number % 7) for number in range(100)}
    await Store(reads, Folder(TEAM_ROWS, reads)).put([Put("acme", RowKey(SEATS, id), row) for id, row in seats.items()])
    falling = sorted(seats, key=lambda id: (seats[id].total, id), reverse=True)
    whole, ranked = Group(SEATS, "team", "ann"), Group(SEATS, "team", "ann", sort="total")
    for page in (1, 7, 50, 99, 100, 101):
        view = View(reads, "acme", asyncio.Semaphore(), page)
        first = {most: Group(SEATS, "team", "ann", "total", most) for most in (1, 7, 49, 100, 500)}
        await view.load(Wanted(groups=frozenset({whole, ranked, *first.values()})))
        assert view.held.groups[whole] == sorted(seats)
        assert view.held.groups[ranked] == falling
        found = {most: view.held.groups[group] for most, group in first.items()}
        assert found == {most: falling[:most] for most in first}
        assert view.held.rows == {RowKey(SEATS, id): row for id, row in seats.items()}
    await reads.close()
