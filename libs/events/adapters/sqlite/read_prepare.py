"""Makes a collection's tables and indexes in the read store, and fills in what was declared after rows were written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from libs.events.adapters.sqlite import read_terms
from libs.events.adapters.sqlite.read_fields import scalar
from libs.events.adapters.sqlite.read_tables import EVERY_ROW, Declared, Table, column, terms_column
from libs.events.adapters.sqlite.read_terms import Changes

_BATCH = 1000
_TRIED = 20


def prepare(connection: sqlite3.Connection, tables: Iterable[Table]) -> None:
    """Makes what is missing, fills it from the rows there are, and clears what is no longer declared.

    Clearing matters for erasure: nothing would keep an undeclared column or word in step with its row.
    """
    for table in tables:
        _make_tables(connection, table)
        _try(connection, table)
        before = _declared(connection, table)
        _drop_indexes(connection, table)
        for kind, field in before - table.declared:
            _clear(connection, table, kind, field)
        _fill(connection, table, table.declared - before)
        for index in table.indexes:
            connection.execute(index.create(table.rows))


def make_rows(connection: sqlite3.Connection, tables: Iterable[Table]) -> None:
    """Makes the tables of rows alone, for a store that is loaded in bulk."""
    for table in tables:
        _make_rows(connection, table)


def declare(connection: sqlite3.Connection, tables: Iterable[Table]) -> None:
    """Says that everything which the tables declare is kept for every row there is."""
    connection.executemany(
        "INSERT INTO declared VALUES (?,?,?)",
        [(table.collection.name, kind, field) for table in tables for kind, field in table.declared],
    )


def _make_tables(connection: sqlite3.Connection, table: Table) -> None:
    _make_rows(connection, table)
    if table.term_fields:
        read_terms.create(connection, table)


def _make_rows(connection: sqlite3.Connection, table: Table) -> None:
    # No type, hence no affinity: a text "1" never becomes the number 1. The document stands last, so that what is
    # looked at without it lies in the row's first page.
    columns = "".join(f"{name}, " for name in table.kept)
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {table.rows} "
        f"(tenant TEXT NOT NULL, id TEXT NOT NULL, {columns}doc BLOB NOT NULL, PRIMARY KEY (tenant, id))"
    )
    existing = {row[1] for row in connection.execute(f"PRAGMA table_info({table.rows})")}
    for name in table.kept:
        if name not in existing:
            connection.execute(f"ALTER TABLE {table.rows} ADD COLUMN {name}")


def _try(connection: sqlite3.Connection, table: Table) -> None:
    """Raises msgspec.DecodeError when some of the first or last rows are not of the shape that they should have."""
    for order in ("ASC", "DESC"):
        sql = f"SELECT doc FROM {table.rows} ORDER BY rowid {order} LIMIT {_TRIED}"
        for (doc,) in connection.execute(sql):
            table.decode(doc)


def _declared(connection: sqlite3.Connection, table: Table) -> frozenset[Declared]:
    found = connection.execute("SELECT kind, field FROM declared WHERE collection=?", (table.collection.name,))
    return frozenset((kind, field) for kind, field in found)


def _drop_indexes(connection: sqlite3.Connection, table: Table) -> None:
    wanted = {index.name for index in table.indexes}
    for row in connection.execute(f"PRAGMA index_list({table.rows})").fetchall():
        name, origin = row[1], row[3]
        if origin == "c" and name not in wanted:
            connection.execute(f'DROP INDEX "{name}"')


def _clear(connection: sqlite3.Connection, table: Table, kind: str, field: str) -> None:
    if kind == "column":
        connection.execute(f"UPDATE {table.rows} SET {column(field)}=NULL")
    else:
        read_terms.clear(connection, table, field)
        if (kind, field) != EVERY_ROW:
            connection.execute(f"UPDATE {table.rows} SET {terms_column(field)}=NULL")
    connection.execute(
        "DELETE FROM declared WHERE collection=? AND kind=? AND field=?", (table.collection.name, kind, field)
    )


def _fill(connection: sqlite3.Connection, table: Table, new: frozenset[Declared]) -> None:
    columns = [field for field in table.columns if ("column", field) in new]
    fields = [field for field in table.term_fields if any(field == name for kind, name in new if kind != "column")]
    names = [*map(column, columns), *map(terms_column, fields)]
    for batch in _batches(connection, table) if new else ():
        terms, records = Changes(), []
        for place, tenant, id, row in batch:
            packed = [table.packed(row, field) for field in fields]
            records.append((*(scalar(getattr(row, field)) for field in columns), *packed, place))
            for field, after in zip(fields, packed, strict=True):
                terms.differ(tenant, id, field, None, after)
            if EVERY_ROW in new:
                terms.count(tenant, 1)
        if names:
            changes = ", ".join(f"{name}=?" for name in names)
            connection.executemany(f"UPDATE {table.rows} SET {changes} WHERE rowid=?", records)
        if table.term_fields:
            terms.write(connection, table)
    connection.executemany(
        "INSERT INTO declared VALUES (?,?,?)", [(table.collection.name, kind, field) for kind, field in new]
    )


def _batches(connection: sqlite3.Connection, table: Table) -> Iterator[list[tuple[int, str, str, Any]]]:
    last = 0
    sql = f"SELECT rowid, tenant, id, doc FROM {table.rows} WHERE rowid>? ORDER BY rowid LIMIT {_BATCH}"
    while batch := connection.execute(sql, (last,)).fetchall():
        yield [(place, tenant, id, table.decode(doc)) for place, tenant, id, doc in batch]
        last = batch[-1][0]
