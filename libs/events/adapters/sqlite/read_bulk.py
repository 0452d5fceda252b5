"""A generation of rows while it is loaded: what nobody reads yet needs no terms, few indexes and no flushing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from libs.events.adapters.sqlite import read_commit, read_prepare, read_terms
from libs.events.adapters.sqlite.read_connection import Database
from libs.events.adapters.sqlite.read_rows import RowsByKey
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.adapters.sqlite.read_tables import SQLIndex, Table
from libs.events.adapters.sqlite.read_terms import marks
from libs.events.declare import Collection
from libs.events.ports import Commit, Page, Query


class SQLiteBulkStore(SQLiteReadStore):
    """`ReadStore` for one writer alone. An index is made when the fold first asks by it, all others by `complete`.

    Nothing is durable before that: a file that was not completed is worth nothing and is removed.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._database = Database(path, busy_timeout=5.0, pragmas={}, readers=0)
        self._declared: dict[str, Table] = {}

    async def prepare(self, collections: Iterable[Collection]) -> None:
        """See `ReadStore`: only the tables of rows."""
        declared = {one.name: Table.of(one) for one in collections}
        await self._database.write(lambda connection: read_prepare.make_rows(connection, declared.values()))
        self._declared |= declared
        self._tables |= {name: replace(table, indexes=()) for name, table in declared.items()}

    async def find(self, tenant: str, collection: Collection, query: Query) -> Page:
        """See `ReadStore`, for what a fold asks for: groups of rows by one field. Raises ValueError for terms."""
        fields = (*query.equal, *(() if query.sort is None else (query.sort,)))
        made, declared = self._table(collection), self._declared[collection.name]
        if not any(index.fields == fields for index in made.indexes):
            best = [index for index in declared.indexes if index.fields[: len(fields)] == fields]
            if not best:
                raise ValueError(f"{collection.name} declares no Index of {', '.join(fields)}")
            await self._make(made, min(best, key=lambda index: len(index.fields)))
        return await super().find(tenant, collection, query)

    async def commit(self, commit: Commit) -> None:
        """See `ReadStore`."""
        tables = {put.key.collection.name: self._table(put.key.collection) for put in commit.puts}
        await self._database.write(lambda connection: read_commit.write(connection, tables, commit, load))

    async def complete(self) -> None:
        """Makes what was left out, and all of it durable. Raises StoreUnavailable."""
        tables = list(self._declared.values())

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

    async def _make(self, table: Table, index: SQLIndex) -> None:
        await self._database.write(lambda connection: connection.execute(index.create(table.rows)))
        self._tables[table.collection.name] = replace(table, indexes=(*table.indexes, index))


def load(connection: sqlite3.Connection, table: Table, rows: RowsByKey) -> None:
    """Writes rows whole, without looking at what stood there before."""
    gone = [key for key, row in rows.items() if row is None]
    new = [(*key, *table.values(row), table.encode(row)) for key, row in rows.items() if row is not None]
    connection.executemany(f"DELETE FROM {table.rows} WHERE tenant=? AND id=?", gone)
    columns = ("tenant", "id", *table.kept, "doc")
    changes = ", ".join(f"{name}=excluded.{name}" for name in columns[2:])
    connection.executemany(
        f"INSERT INTO {table.rows} ({', '.join(columns)}) VALUES ({marks(columns)}) "
        f"ON CONFLICT (tenant, id) DO UPDATE SET {changes}",
        new,
    )
