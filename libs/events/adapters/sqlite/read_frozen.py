"""A generation as it stood at one moment: a read transaction of its own that a rebuild compares with."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from libs.events.adapters.sqlite import read_commit
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.adapters.sqlite.read_tables import Table
from libs.events.declare import Collection
from libs.events.ports import Checkpoint, Digest, Parked

T = TypeVar("T")
_PAGE = 2000
_BYTES = 16
_AROUND = 1 << (8 * _BYTES)


@dataclass(frozen=True)
class FrozenStore:
    """`Frozen` on one connection; whoever awaits one answer before asking again is alone on it."""

    model: str
    connection: sqlite3.Connection

    @classmethod
    @asynccontextmanager
    async def of(cls, store: SQLiteReadStore, model: str) -> AsyncIterator[FrozenStore]:
        """The store as it stands now. Raises StoreUnavailable."""
        connection = await store.connect()
        try:
            frozen = cls(model, connection)
            await frozen._run(_begin)
            yield frozen
        finally:
            await asyncio.to_thread(connection.close)

    async def offset(self, topic: str) -> int:
        """See `Frozen`."""
        sql = "SELECT hint FROM ownership WHERE projection=? AND topic=? AND part=0"
        found = await self._run(lambda one: one.execute(sql, (self.model, topic)).fetchone())
        return 0 if found is None else int(found[0])

    async def checkpoints(self, topic: str) -> Mapping[str, Checkpoint]:
        """See `Frozen`."""
        return await self._run(lambda one: read_commit.checkpoints(one, self.model, topic, None))

    async def parked(self) -> Sequence[Parked]:
        """See `Frozen`."""
        return await self._run(lambda one: read_commit.parked(one, self.model, None))

    async def digest(self, collection: Collection) -> Digest:
        """See `Frozen`."""
        table = Table.of(collection)

        def work(connection: sqlite3.Connection) -> Digest:
            count, total = 0, 0
            for tenant, id, doc in connection.execute(f"SELECT tenant, id, doc FROM {table.rows}"):
                row = hashlib.blake2b(b"\0".join((tenant.encode(), id.encode(), doc)), digest_size=_BYTES)
                total += int.from_bytes(row.digest(), "big")
                count += 1
            return Digest(count, total % _AROUND)

        return await self._run(work)

    async def rows(self, collection: Collection) -> AsyncIterator[Sequence[tuple[str, str, Any]]]:
        """See `Frozen`."""
        table = Table.of(collection)
        sql = f"SELECT tenant, id, doc FROM {table.rows} WHERE (tenant, id) > (?, ?) ORDER BY tenant, id LIMIT {_PAGE}"
        last = ("", "")
        while page := await self._run(lambda one, last=last: one.execute(sql, last).fetchall()):  # type: ignore[misc]
            yield [(tenant, id, table.decode(doc)) for tenant, id, doc in page]
            last = page[-1][:2]

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.to_thread(work, self.connection)


def _begin(connection: sqlite3.Connection) -> None:
    # The moment is that of the first read, not of the BEGIN.
    connection.execute("BEGIN")
    connection.execute("SELECT 1 FROM serving").fetchone()
