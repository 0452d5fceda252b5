"""The embedded read store: the rows that queries answer from, as documents in one SQLite file a service."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from libs.events.adapters.sqlite import read_commit
from libs.events.adapters.sqlite.read_connection import Database
from libs.events.adapters.sqlite.read_fields import scalar
from libs.events.adapters.sqlite.read_plan import Asked, planned
from libs.events.adapters.sqlite.read_prepare import prepare
from libs.events.adapters.sqlite.read_rows import latest, load
from libs.events.adapters.sqlite.read_tables import Table
from libs.events.declare import Collection, Index, RowKey
from libs.events.ports import Checkpoint, Commit, Ownership, Page, Parked, Query, Scalar

T = TypeVar("T")
_READERS = 3


class RowsUnreadable(Exception):
    """The rows of a file are of a shape that this code's rows no longer have."""


class SQLiteReadStore:
    """`ReadStore` on one SQLite file, whose folder must exist; nothing is opened before the first call.

    A commit is whole or not at all, but the last ones may be gone after a power cut: they are applied again.
    `busy_timeout` is how many seconds a write waits for another process's. `pragmas` are set on the writer's
    connection whenever it is opened, which is anew after any error.
    """

    def __init__(self, path: Path, *, busy_timeout: float = 5.0, pragmas: Mapping[str, int] | None = None) -> None:
        self._database = Database(
            path, busy_timeout=busy_timeout, pragmas=pragmas if pragmas is not None else {}, readers=_READERS
        )
        self._tables: dict[str, Table] = {}

    async def prepare(self, collections: Iterable[Collection]) -> None:
        """See `ReadStore`. An index that is new is filled from the rows there are; one that is gone is cleared.

        Raises RowsUnreadable, and ValueError for names that are not `[a-z_]+`, fields that cannot be indexed, one name
        declared twice.
        """
        tables: dict[str, Table] = {}
        for collection in collections:
            table = Table.of(collection)
            if tables.setdefault(collection.name, table) != table:
                raise ValueError(f"{collection.name} is declared twice, and differently")
        try:
            await self._database.write(lambda connection: prepare(connection, tables.values()))
        except msgspec.DecodeError as error:
            raise RowsUnreadable(str(error)) from error
        self._tables |= tables

    async def own(self, projection: str, topic: str, partition: int) -> Ownership:
        """See `ReadStore`; epochs count from 1."""
        return await self._database.write(lambda connection: read_commit.own(connection, projection, topic, partition))

    async def owns(self, owner: Ownership) -> bool:
        """See `ReadStore`."""
        return await self._database.read(lambda connection: read_commit.owns(connection, owner))

    async def checkpoints(
        self, projection: str, topic: str, tenants: Iterable[str] | None = None
    ) -> Mapping[str, Checkpoint]:
        """See `ReadStore`."""
        names = None if tenants is None else list(tenants)
        return await self._database.read(
            lambda connection: read_commit.checkpoints(connection, projection, topic, names)
        )

    async def parked(self, projection: str, tenant: str | None = None) -> list[Parked]:
        """See `ReadStore`."""
        return await self._database.read(lambda connection: read_commit.parked(connection, projection, tenant))

    async def get_many(self, tenant: str, keys: Iterable[RowKey]) -> Mapping[RowKey, Any]:
        """See `ReadStore`: all of them as of one moment. Raises ValueError for a collection that is not prepared."""
        wanted: dict[str, dict[str, RowKey]] = {}
        for key in keys:
            wanted.setdefault(self._table(key.collection).collection.name, {})[key.id] = key
        if not wanted:
            return {}
        tables = self._tables

        def work(connection: sqlite3.Connection) -> dict[RowKey, Any]:
            return {
                by_id[id]: row
                for name, by_id in wanted.items()
                for id, row in load(connection, tables[name], tenant, list(by_id)).items()
            }

        return await self._database.read(work)

    async def find(self, tenant: str, collection: Collection, query: Query) -> Page:
        """See `ReadStore`: nulls come first ascending, and descending is the exact reverse, ids included.

        A word that is given is itself split and folded like the text. Raises ValueError for what no index serves.
        """
        table = self._table(collection)
        asked = Asked.of(table, query)

        def work(connection: sqlite3.Connection) -> Page:
            found: list[tuple[Scalar, str]] = []
            for statement in planned(connection, table, tenant, asked):
                limit = query.limit + 1 - len(found)
                found += connection.execute(statement.sql, {**statement.parameters, "limit": limit})
                if len(found) > query.limit:
                    break
            shown = found[: query.limit]
            following = shown[-1] if len(found) > query.limit else None
            if query.whole and following is not None:
                return Page([], following)
            rows = load(connection, table, tenant, [id for _, id in shown])
            return Page([(id, rows[id]) for _, id in shown], following)

        return await self._database.read(work)

    async def latest(
        self, tenant: str, collection: Collection, index: Index, groups: Iterable[str], *, at_most: Scalar
    ) -> Mapping[str, Any]:
        """See `ReadStore`: one seek a group; of rows with the same second field the one with the greatest id.

        Raises ValueError for an index that is not declared, or has not two fields, and where `at_most` is None.
        """
        table = self._table(collection)
        declared = next((one for one in table.indexes if one.fields == index.fields), None)
        if declared is None or len(declared.fields) != 2:
            raise ValueError(f"{collection.name} declares no Index of two fields {', '.join(index.fields)}")
        if at_most is None:
            raise ValueError("the latest row is looked for up to a value")
        wanted, bound = list(groups), scalar(at_most)
        return await self._database.read(lambda connection: latest(connection, table, declared, tenant, wanted, bound))

    async def commit(self, commit: Commit) -> None:
        """See `ReadStore`. Of several puts of one key the last counts; a key parked already keeps its sequence."""
        tables = {put.key.collection.name: self._table(put.key.collection) for put in commit.puts}
        await self._database.write(lambda connection: read_commit.write(connection, tables, commit))

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Runs work on one consistent snapshot. Raises StoreUnavailable."""
        return await self._database.read(work)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Runs work alone among all writers, all of it or nothing. Raises StoreUnavailable."""
        return await self._database.write(work)

    async def connect(self) -> sqlite3.Connection:
        """One more connection to read with, for one thread at a time; the caller closes it. Raises StoreUnavailable."""
        return await self._database.connect()

    async def scrub(self) -> None:
        """Empties the write-ahead log, where replaced rows linger: after it no file holds a byte of what is gone.

        Raises StoreUnavailable while a read is under way; try again.
        """
        await self._database.truncate_log()

    async def close(self) -> None:
        """Finishes what was begun and closes the file; every later call raises StoreUnavailable."""
        await self._database.close()

    def _table(self, collection: Collection) -> Table:
        table = self._tables.get(collection.name)
        if table is None or (table.collection is not collection and table.collection != collection):
            raise ValueError(f"{collection.name} is not prepared as it is declared here")
        return table
