"""A generation of rows while it is loaded: what nobody reads yet needs no terms, few indexes and no flushing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from libs.events.adapters.sqlite import read_commit, read_prepare, read_terms
from libs.events.adapters.sqlite.read_connection import Database
from libs.events.adapters.sqlite.read_rows import Key, RowsByKey
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.adapters.sqlite.read_tables import SQLIndex, Table
from libs.events.adapters.sqlite.read_terms import marks
from libs.events.declare import Collection, Index, Row, RowKey
from libs.events.ports import Commit, Page, Query, Scalar

PENDING = 100_000
"""Rows of a collection that are not written yet: what a thousand events change one after the other is written once."""


class SQLiteBulkStore(SQLiteReadStore):
    """`ReadStore` for one writer alone. An index is made when the fold first asks by it, all others by `complete`.

    Nothing is durable before that: a file that was not completed is worth nothing and is removed. So checkpoints are
    written at once, and rows when there are many of them or somebody asks for them by a field.
    """

    def __init__(self, path: Path, pending: int = PENDING) -> None:
        super().__init__(path)
        self._most_pending = pending
        self._database = Database(path, busy_timeout=5.0, pragmas={}, readers=0)
        self._declared: dict[str, Table] = {}
        self._pending: dict[str, RowsByKey] = {}

    async def prepare(self, collections: Iterable[Collection]) -> None:
        """See `ReadStore`: only the tables of rows."""
        declared = {one.name: Table.of(one) for one in collections}
        await self._database.write(lambda connection: read_prepare.make_rows(connection, declared.values()))
        self._declared |= declared
        self._tables |= {name: replace(table, indexes=()) for name, table in declared.items()}

    async def get_many(self, tenant: str, keys: Iterable[RowKey]) -> Mapping[RowKey, Any]:
        """See `ReadStore`."""
        found: dict[RowKey, Any] = {}
        stored: list[RowKey] = []
        for key in keys:
            pending = self._pending.get(key.collection.name, {})
            if (tenant, key.id) not in pending:
                stored.append(key)
            elif (row := pending[tenant, key.id]) is not None:
                found[key] = row
        return {**found, **await super().get_many(tenant, stored)}

    async def find(self, tenant: str, collection: Collection, query: Query) -> Page:
        """See `ReadStore`, for what a fold asks for: groups of rows by one field. Raises ValueError for terms."""
        fields = (*query.equal, *(() if query.sort is None else (query.sort,)))
        made, declared = self._table(collection), self._declared[collection.name]
        if not any(index.fields == fields for index in made.indexes):
            best = [index for index in declared.indexes if index.fields[: len(fields)] == fields]
            if not best:
                raise ValueError(f"{collection.name} declares no Index of {', '.join(fields)}")
            await self._make(made, min(best, key=lambda index: len(index.fields)))
        await self._flush(collection.name)
        return await super().find(tenant, collection, query)

    async def latest(
        self, tenant: str, collection: Collection, index: Index, groups: Iterable[str], *, at_most: Scalar
    ) -> Mapping[str, Any]:
        """See `ReadStore`."""
        await self._flush(collection.name)
        return await super().latest(tenant, collection, index, groups, at_most=at_most)

    async def commit(self, commit: Commit) -> None:
        """See `ReadStore`."""
        for put in commit.puts:
            self._table(put.key.collection)
        for name in [name for name, rows in self._pending.items() if len(rows) >= self._most_pending]:
            await self._flush(name)
        without_rows = replace(commit, puts=())
        await self._database.write(lambda connection: read_commit.write(connection, {}, without_rows))
        for put in commit.puts:
            self._pending.setdefault(put.key.collection.name, {})[put.tenant, put.key.id] = put.row

    async def complete(self) -> None:
        """Makes what was left out, and all of it durable. Raises StoreUnavailable."""
        tables = list(self._declared.values())
        for name in list(self._pending):
            await self._flush(name)

        def work(connection: sqlite3.Connection) -> None:
            for table in tables:
                for index in table.indexes:
                    connection.execute(index.create(table.rows))
                if table.term_fields:
                    read_terms.create(connection, table)
                    read_terms.gather(connection, table)
            read_prepare.declare(connection, tables)

        await self._database.write(work)
        await self._database.settle()

    async def _flush(self, name: str) -> None:
        """Writes what is pending of a collection. Raises StoreUnavailable: then it still is."""
        rows, table = self._pending.pop(name, {}), self._tables[name]
        if not rows:
            return
        try:
            # One thread does everything here, so whoever asks from now on finds them in the file.
            await self._database.write(lambda connection: load(connection, table, rows))
        except BaseException:
            self._pending[name] = {**rows, **self._pending.get(name, {})}
            raise

    async def _make(self, table: Table, index: SQLIndex) -> None:
        await self._database.write(lambda connection: connection.execute(index.create(table.rows)))
        self._tables[table.collection.name] = replace(table, indexes=(*table.indexes, index))


def load(connection: sqlite3.Connection, table: Table, rows: RowsByKey) -> None:
    """Writes rows whole, without looking at what stood there before, in the order in which they lie."""
    gone = [key for key, row in rows.items() if row is None]
    new = [(*key, *table.values(row), table.encode(row)) for key, row in sorted(rows.items(), key=_place) if row]
    connection.executemany(f"DELETE FROM {table.rows} WHERE tenant=? AND id=?", gone)
    columns = ("tenant", "id", *table.kept, "doc")
    changes = ", ".join(f"{name}=excluded.{name}" for name in columns[2:])
    connection.executemany(
        f"INSERT INTO {table.rows} ({', '.join(columns)}) VALUES ({marks(columns)}) "
        f"ON CONFLICT (tenant, id) DO UPDATE SET {changes}",
        new,
    )


def _place(item: tuple[Key, Row | None]) -> Key:
    return item[0]
