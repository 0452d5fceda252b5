"""The read store's rows: written so that only what changed is touched, and found again by id or as a group's latest."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from libs.events.adapters.sqlite.read_fields import scalar
from libs.events.adapters.sqlite.read_tables import SQLIndex, Table, column
from libs.events.adapters.sqlite.read_terms import Changes, chunks, marks
from libs.events.declare import Row
from libs.events.ports import Scalar

Key = tuple[str, str]
"""`(tenant, id)`."""
RowsByKey = dict[Key, Row | None]
"""The rows to write, None to remove one."""

_Stored = tuple[int, Sequence[Any]]
"""A row's place in the file, and what is kept beside its document."""


def write(connection: sqlite3.Connection, table: Table, rows: RowsByKey) -> None:
    """Writes rows, each index and each term only where it changes: most events leave most of them as they were."""
    stored = dict(_stored(connection, table, rows))
    terms = Changes()
    new: list[tuple[Any, ...]] = []
    gone: list[tuple[int]] = []
    changed: dict[tuple[int, ...], list[tuple[Any, ...]]] = {}
    nothing: Sequence[Any] = (None,) * len(table.kept)
    for (tenant, id), row in rows.items():
        place, before = stored.get((tenant, id), (None, nothing))
        after = table.values(row) if row is not None else nothing
        if row is None:
            gone += [] if place is None else [(place,)]
        elif place is None:
            new.append((tenant, id, *after, table.encode(row)))
        else:
            at = tuple(number for number, (old, now) in enumerate(zip(before, after, strict=True)) if old != now)
            changed.setdefault(at, []).append((*(after[number] for number in at), table.encode(row), place))
        if table.term_fields:
            terms.count(tenant, (row is not None) - (place is not None))
            for number, field in enumerate(table.term_fields, start=len(table.columns)):
                terms.differ(tenant, id, field, before[number], after[number])
    connection.executemany(f"DELETE FROM {table.rows} WHERE rowid=?", gone)
    for at, records in changed.items():
        changes = ", ".join(f"{name}=?" for name in (*(table.kept[number] for number in at), "doc"))
        connection.executemany(f"UPDATE {table.rows} SET {changes} WHERE rowid=?", records)
    columns = ("tenant", "id", *table.kept, "doc")
    connection.executemany(f"INSERT INTO {table.rows} ({', '.join(columns)}) VALUES ({marks(columns)})", new)
    if table.term_fields:
        terms.write(connection, table)


def _stored(connection: sqlite3.Connection, table: Table, keys: Iterable[Key]) -> Iterator[tuple[Key, _Stored]]:
    ids: dict[str, list[str]] = {}
    for tenant, id in keys:
        ids.setdefault(tenant, []).append(id)
    columns = ", ".join(("id", "rowid", *table.kept))
    for tenant, of_tenant in ids.items():
        for chunk in chunks(of_tenant):
            for row in connection.execute(by_id_sql(table, columns, len(chunk)), (tenant, *chunk)):
                yield (tenant, row[0]), (row[1], row[2:])


def load(connection: sqlite3.Connection, table: Table, tenant: str, ids: Sequence[str]) -> dict[str, Any]:
    """The rows that exist, by id."""
    rows: dict[str, Any] = {}
    for chunk in chunks(ids):
        found = connection.execute(by_id_sql(table, "id, doc", len(chunk)), (tenant, *chunk))
        rows.update((id, table.decode(doc)) for id, doc in found)
    return rows


def by_id_sql(table: Table, columns: str, count: int) -> str:
    """Seeks so many rows of a tenant by id; where an index covers `columns`, SQLite by itself would read all of it."""
    wanted = ",".join("?" * count)
    return f'SELECT {columns} FROM {table.rows} INDEXED BY "{table.primary}" WHERE tenant=? AND id IN ({wanted})'


def latest_sql(table: Table, index: SQLIndex) -> str:
    """One seek to the end of a group; parameters are the tenant, the group and the greatest value wanted."""
    group, order = map(column, index.fields)
    return (
        f'SELECT doc FROM {table.rows} INDEXED BY "{index.name}" '
        f"WHERE tenant=? AND {group}=? AND {order}<=? ORDER BY {order} DESC, id DESC LIMIT 1"
    )


def latest(
    connection: sqlite3.Connection, table: Table, index: SQLIndex, tenant: str, groups: Iterable[str], at_most: Scalar
) -> Mapping[str, Any]:
    """Of each group the row with the greatest ordered value that is not above `at_most`; of several the greatest id."""
    sql, bound = latest_sql(table, index), scalar(at_most)
    cursor, found = connection.cursor(), {}
    for group in groups:
        row = cursor.execute(sql, (tenant, group, bound)).fetchone()
        if row is not None:
            found[group] = table.decode(row[0])
    cursor.close()
    return found
