"""Two generations of a read model at the same position: do they hold the same rows? Part of every rebuild."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from collections.abc import Collection as Many
from dataclasses import dataclass, field
from typing import Any

from libs.events.declare import Collection, RowKey
from libs.events.ports import Frozen, ReadStore

SHOWN = 20
"""Differences that are told one by one."""

Told = Callable[[str, int, int], None]
"""`(stage, done, total)`: how far something is."""


@dataclass(frozen=True)
class Difference:
    """A row on which two generations do not agree: `missing` or `surplus` in the new one, or `other` there."""

    collection: str
    tenant: str
    id: str
    what: str


@dataclass
class Differences:
    """All of them are counted, the first ones told."""

    count: int = 0
    shown: list[Difference] = field(default_factory=list)

    def add(self, found: Difference) -> None:
        """One more."""
        self.count += 1
        if len(self.shown) < SHOWN:
            self.shown.append(found)


async def compare(
    before: Frozen, after: Frozen, collections: Sequence[Collection], found: Differences, told: Told
) -> dict[str, int]:
    """Counts and digests first, rows only where those differ; returns how many rows each new collection has."""
    rows = {}
    for number, collection in enumerate(collections):
        told("compare", number, len(collections))
        old, new = await before.digest(collection), await after.digest(collection)
        if old != new:
            # Rows may be the same and their bytes not: an older fold wrote fewer fields, say.
            await _row_by_row(before, after, collection, found)
        rows[collection.name] = new.rows
    told("compare", len(collections), len(collections))
    return rows


async def compare_some(before: ReadStore, after: ReadStore, keys: Many[tuple[str, RowKey]], found: Differences) -> None:
    """Compares single rows, by tenant and key."""
    tenants: dict[str, list[RowKey]] = {}
    for tenant, key in keys:
        tenants.setdefault(tenant, []).append(key)
    for tenant, wanted in tenants.items():
        old, new = await before.get_many(tenant, wanted), await after.get_many(tenant, wanted)
        for key in wanted:
            _judge(found, key.collection, (tenant, key.id), old.get(key), new.get(key))


async def _row_by_row(before: Frozen, after: Frozen, collection: Collection, found: Differences) -> None:
    """Both in the same order, side by side."""
    olds, news = _flat(before.rows(collection)), _flat(after.rows(collection))
    old, new = await anext(olds, None), await anext(news, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old[0] < new[0]):
            assert old is not None, "one of them is there"
            _judge(found, collection, old[0], old[1], None)
            old = await anext(olds, None)
        elif old is None or new[0] < old[0]:
            _judge(found, collection, new[0], None, new[1])
            new = await anext(news, None)
        else:
            _judge(found, collection, new[0], old[1], new[1])
            old, new = await anext(olds, None), await anext(news, None)


async def _flat(pages: AsyncIterator[Sequence[tuple[str, str, Any]]]) -> AsyncIterator[tuple[tuple[str, str], Any]]:
    async for page in pages:
        for tenant, id, row in page:
            yield (tenant, id), row


def _judge(found: Differences, collection: Collection, place: tuple[str, str], old: Any, new: Any) -> None:
    if old != new:
        what = "missing" if new is None else "surplus" if old is None else "other"
        found.add(Difference(collection.name, *place, what))
