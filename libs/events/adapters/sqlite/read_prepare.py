"""Makes a collection's tables and indexes in the read store, and fills in what was declared after rows were written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from libs.events.adapters.sqlite.read_tables import Declared, Table, column

_BATCH = 1000


def prepare(connection: sqlite3.Connection, tables: Iterable[Table]) -> None:
    """Makes what is missing, fills it from the rows there are, and clears what is no longer declared.

    Clearing matters for erasure: nothing would keep an undeclared column or word in step with its row.
    """
    for table in tables:
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {table.rows} "
            "(tenant TEXT NOT NULL, id TEXT NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, id))"
        )
        _make_columns(connection, table)
        if table.has_terms:
            _make_terms(connection, table)
        before = _declared(connection, table)
        _drop_indexes(connection, table)
        _clear(connection, table, before - table.declared)
        _fill(connection, table, table.declared - before)
        for index in table.indexes:
            connection.execute(index.create(table.rows))


def _make_columns(connection: sqlite3.Connection, table: Table) -> None:
    existing = _columns(connection, table)
    for field in table.columns:
        if column(field) not in existing:
            # No type, hence no affinity: a text "1" never becomes the number 1.
            connection.execute(f"ALTER TABLE {table.rows} ADD COLUMN {column(field)}")


def _make_terms(connection: sqlite3.Connection, table: Table) -> None:
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {table.terms} (tenant TEXT, field TEXT, value TEXT, id TEXT, "
        "PRIMARY KEY (tenant, field, value, id)) WITHOUT ROWID"
    )
    connection.execute(f"CREATE INDEX IF NOT EXISTS {table.terms}_by_row ON {table.terms} (tenant, id)")


def _columns(connection: sqlite3.Connection, table: Table) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table.rows})")}


def _declared(connection: sqlite3.Connection, table: Table) -> frozenset[Declared]:
    found = connection.execute("SELECT kind, field FROM declared WHERE collection=?", (table.collection.name,))
    return frozenset((kind, field) for kind, field in found)


def _drop_indexes(connection: sqlite3.Connection, table: Table) -> None:
    wanted = {index.name for index in table.indexes}
    for row in connection.execute(f"PRAGMA index_list({table.rows})").fetchall():
        name, origin = row[1], row[3]
        if origin == "c" and name not in wanted:
            connection.execute(f'DROP INDEX "{name}"')


def _clear(connection: sqlite3.Connection, table: Table, gone: frozenset[Declared]) -> None:
    for kind, field in gone:
        if kind == "column":
            connection.execute(f"UPDATE {table.rows} SET {column(field)}=NULL")
        else:
            connection.execute(f"DELETE FROM {table.terms} WHERE field=?", (field,))
        connection.execute(
            "DELETE FROM declared WHERE collection=? AND kind=? AND field=?", (table.collection.name, kind, field)
        )


def _fill(connection: sqlite3.Connection, table: Table, new: frozenset[Declared]) -> None:
    if not new:
        return
    columns = sorted(field for kind, field in new if kind == "column")
    terms = sorted(field for kind, field in new if kind != "column")
    for batch in _batches(connection, table):
        rows = [(rowid, tenant, id, table.decode(doc)) for rowid, tenant, id, doc in batch]
        if columns:
            changes = ", ".join(f"{column(field)}=?" for field in columns)
            connection.executemany(
                f"UPDATE {table.rows} SET {changes} WHERE rowid=?",
                [(*table.values(row, columns), rowid) for rowid, _, _, row in rows],
            )
        if terms:
            connection.executemany(
                f"INSERT OR IGNORE INTO {table.terms} VALUES (?,?,?,?)",
                [(tenant, *term, id) for _, tenant, id, row in rows for term in table.terms_of(row, terms)],
            )
    connection.executemany(
        "INSERT INTO declared VALUES (?,?,?)", [(table.collection.name, kind, field) for kind, field in new]
    )


def _batches(connection: sqlite3.Connection, table: Table) -> Iterator[list[tuple[int, str, str, bytes]]]:
    last = 0
    sql = f"SELECT rowid, tenant, id, doc FROM {table.rows} WHERE rowid>? ORDER BY rowid LIMIT {_BATCH}"
    while batch := connection.execute(sql, (last,)).fetchall():
        yield batch
        last = batch[-1][0]
