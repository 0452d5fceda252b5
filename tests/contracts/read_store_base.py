"""The rows that the read store's contract is tried with, and what each of its checks begins with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec
import pytest

from libs.events.declare import Collection, Index, Many, RowKey, Words
from libs.events.ports import Advance, Checkpoint, Commit, Ownership, Page, Put, Query, ReadStore, Scalar

STORE_ID = "store-one"


class Stone(msgspec.Struct, frozen=True, kw_only=True):
    """A row with a field of every sort that may be indexed."""

    owner: str | None = None
    state: str = "open"
    rank: int | None = None
    progress: float = 0.0
    done: bool = False
    title: str | None = None
    labels: list[str] = []
    helpers: tuple[str, ...] = ()
    changed: datetime | None = None
    text: str = ""


class Note(msgspec.Struct, frozen=True):
    """A row of another collection."""

    text: str


STONES = Collection(
    "stones",
    Stone,
    (
        Index("owner", "rank"),
        Index("state", "rank"),
        Index("owner", "state"),
        Index("rank"),
        Index("progress"),
        Index("done", "progress"),
        Index("changed"),
        Index("title"),
        Many("labels"),
        Many("helpers"),
        Words("title"),
    ),
)
NOTES = Collection("notes", Note)


class ReadStoreChecks(ABC):
    """A check is a coroutine without arguments, so that it can also be run against a planted fault."""

    @abstractmethod
    async def make(self) -> ReadStore:
        """A read store over new, empty data."""

    @abstractmethod
    async def again(self) -> ReadStore:
        """One more read store over the data of the last `make`, as another process would have it."""

    async def prepared(self) -> ReadStore:
        """A new store with both collections."""
        store = await self.make()
        await store.prepare((STONES, NOTES))
        return store

    async def filled(self, rows: dict[str, Stone], tenant: str = "acme") -> ReadStore:
        """A new store with stones in it."""
        store = await self.prepared()
        await put(store, tenant, rows)
        return store


def refused() -> pytest.RaisesExc[ValueError]:
    """Expects a ValueError; each adapter words it in its own way."""
    return pytest.raises(ValueError)  # noqa: PT011


def stone(id: str) -> RowKey:
    """The key of a stone."""
    return RowKey(STONES, id)


def commit(owner: Ownership, puts: Sequence[Put] = (), *, offset: int = 1, advances: Sequence[Advance] = ()) -> Commit:
    """A commit that moves no checkpoint unless told."""
    return Commit(owner, offset, advances, puts)


def step(tenant: str, previous: int | None, sequence: int, store_id: str = STORE_ID) -> Advance:
    """An advance from one sequence to another."""
    before = None if previous is None else Checkpoint(store_id, previous)
    return Advance(tenant, before, Checkpoint(store_id, sequence))


async def put(store: ReadStore, tenant: str, rows: dict[str, Stone | None] | dict[str, Stone]) -> None:
    """Writes stones, as a projection would that cares for no checkpoint."""
    owner = await store.own("filling", "stones.events", 0)
    await store.commit(commit(owner, [Put(tenant, stone(id), row) for id, row in rows.items()]))


async def ids(store: ReadStore, query: Query, tenant: str = "acme") -> list[str]:
    """The ids of the first page."""
    return [id for id, _ in (await store.find(tenant, STONES, query)).items]


async def pages(store: ReadStore, query: Query, tenant: str = "acme") -> list[Page]:
    """All pages, each asked for with the cursor of the one before."""
    found = [await store.find(tenant, STONES, query)]
    while found[-1].next is not None:
        found.append(await store.find(tenant, STONES, replace(query, after=found[-1].next)))
    return found


def ordered(rows: dict[str, Stone], query: Query) -> list[str]:
    """The ids that a query must give, told naively: filter everything, then sort everything."""
    kept = [id for id, row in rows.items() if _matches(row, query)]

    def place(id: str) -> tuple[bool, Scalar, str]:
        value = getattr(rows[id], query.sort) if query.sort is not None else None
        return (value is not None, 0 if value is None else value, id)

    return sorted(kept, key=place, reverse=query.descending)


def _matches(row: Stone, query: Query) -> bool:
    words = set((row.title or "").lower().split())
    bounds: Iterable[bool] = ()
    if query.span is not None and (query.at_least is not None or query.below is not None):
        value = getattr(row, query.span)
        bounds = (
            value is not None,
            query.at_least is None or (value is not None and value >= query.at_least),
            query.below is None or (value is not None and value < query.below),
        )
    return (
        all(_accepted(getattr(row, field), values) for field, values in query.equal.items())
        and all(word.lower() in words for texts in query.words.values() for word in texts)
        and all(bounds)
    )


def _accepted(value: object, values: Sequence[Scalar]) -> bool:
    if isinstance(value, list | tuple):
        return any(element in values for element in value)
    return value in values
