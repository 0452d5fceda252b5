"""The terms that rows are found by: how many rows hold each, and in which order their ids follow."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from libs.events.adapters.sqlite.read_tables import Table, terms_column, unpacked

CHUNK = 500
"""Values in one statement: well under SQLite's smallest limit on variables (999)."""

_EVERY_ROW = ("", "")
"""Field and value of the term that stands for all rows of a tenant: nothing declared has such a name."""

T = TypeVar("T")
Term = tuple[str, str, str]
"""`(tenant, field, value)`."""


def create(connection: sqlite3.Connection, table: Table) -> None:
    """Makes the tables of terms, unless they are there."""
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {table.terms} (tenant TEXT, field TEXT, value TEXT, term INTEGER NOT NULL, "
        "held INTEGER NOT NULL, PRIMARY KEY (tenant, field, value)) WITHOUT ROWID"
    )
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {table.places} (term INTEGER, id TEXT, PRIMARY KEY (term, id)) WITHOUT ROWID"
    )


def clear(connection: sqlite3.Connection, table: Table, field: str) -> None:
    """Forgets every term of a field, of all tenants."""
    connection.execute(
        f"DELETE FROM {table.places} WHERE term IN (SELECT term FROM {table.terms} WHERE field=?)", (field,)
    )
    connection.execute(f"DELETE FROM {table.terms} WHERE field=?", (field,))


def gather(connection: sqlite3.Connection, table: Table) -> None:
    """Fills empty tables of terms from what stands beside the rows: sorted once, where `Changes` would seek each."""
    held = " UNION ALL ".join(
        f"SELECT r.tenant, '{field}' AS field, j.value, count(*) AS held FROM {_unpacked(table, field)} GROUP BY 1, 3"
        for field in table.term_fields
    )
    connection.execute(
        f"INSERT INTO {table.terms} SELECT tenant, field, value, row_number() OVER (ORDER BY tenant, field, value), "
        f"held FROM ({held})"
    )
    connection.execute(
        f"INSERT INTO {table.terms} SELECT tenant, ?, ?, 0, count(*) FROM {table.rows} GROUP BY tenant", _EVERY_ROW
    )
    places = " UNION ALL ".join(
        f"SELECT t.term, r.id FROM {_unpacked(table, field)} CROSS JOIN {table.terms} AS t "
        f"ON t.tenant=r.tenant AND t.field='{field}' AND t.value=j.value"
        for field in table.term_fields
    )
    connection.execute(f"INSERT INTO {table.places} {places} ORDER BY 1, 2")


def _unpacked(table: Table, field: str) -> str:
    """The rows that have terms of a field, once for each of them; CROSS: in this order, whatever SQLite guesses."""
    return f"{table.rows} AS r CROSS JOIN json_each(CAST(r.{terms_column(field)} AS TEXT)) AS j"


class Changes:
    """What a batch of rows changes among the terms: only the difference is written."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = defaultdict(int)
        self._added: dict[Term, list[str]] = defaultdict(list)
        self._removed: dict[Term, list[str]] = defaultdict(list)

    def count(self, tenant: str, rows: int) -> None:
        """So many rows more, or fewer."""
        if rows:
            self._rows[tenant] += rows

    def differ(self, tenant: str, id: str, field: str, before: bytes | None, after: bytes | None) -> None:
        """A row's packed terms of one field, as they are stored and as they will be."""
        if before == after:
            return
        old, new = unpacked(before), unpacked(after)
        for value in new - old if old else new:
            self._added[tenant, field, value].append(id)
        for value in old - new if new else old:
            self._removed[tenant, field, value].append(id)

    def write(self, connection: sqlite3.Connection, table: Table) -> None:
        """Terms that no row holds any more go, so that erased words leave nothing."""
        changed = dict.fromkeys(sorted({*self._added, *self._removed}), 0)
        for term in changed:
            changed[term] = len(self._added.get(term, ())) - len(self._removed.get(term, ()))
        changed.update({(tenant, *_EVERY_ROW): rows for tenant, rows in self._rows.items() if rows})
        if not changed:
            return
        known = _numbered(connection, table, changed)
        held = {term: known.get(term, (0, 0))[1] + change for term, change in changed.items()}
        numbers = {term: number for term, (number, _) in known.items()}
        numbers |= _new_numbers(connection, table, [term for term in changed if term not in known])
        connection.executemany(
            f"INSERT INTO {table.terms} VALUES (?,?,?,?,?)",
            [(*term, numbers[term], held[term]) for term in changed if term not in known],
        )
        connection.executemany(
            f"UPDATE {table.terms} SET held=? WHERE tenant=? AND field=? AND value=?",
            [(held[term], *term) for term, change in changed.items() if change and held[term] and term in known],
        )
        connection.executemany(
            f"DELETE FROM {table.terms} WHERE tenant=? AND field=? AND value=?",
            [term for term in changed if not held[term]],
        )
        connection.executemany(f"DELETE FROM {table.places} WHERE term=? AND id=?", _places(self._removed, numbers))
        connection.executemany(f"INSERT INTO {table.places} VALUES (?,?)", _places(self._added, numbers))


def _places(ids: Mapping[Term, list[str]], numbers: Mapping[Term, int]) -> Iterator[tuple[int, str]]:
    # In their order in the file: neighbours are written together.
    for number, term in sorted((numbers[term], term) for term in ids):
        for id in sorted(ids[term]):
            yield number, id


def _numbered(connection: sqlite3.Connection, table: Table, terms: Iterable[Term]) -> dict[Term, tuple[int, int]]:
    """Of those that are stored: number, and how many rows hold them."""
    by_field: dict[tuple[str, str], list[str]] = defaultdict(list)
    for tenant, name, value in terms:
        by_field[tenant, name].append(value)
    sql = f"SELECT value, term, held FROM {table.terms} WHERE tenant=? AND field=? AND value IN "
    return {
        (tenant, name, value): (term, held)
        for (tenant, name), values in by_field.items()
        for chunk in chunks(values)
        for value, term, held in connection.execute(f"{sql}({marks(chunk)})", (tenant, name, *chunk))
    }


def _new_numbers(connection: sqlite3.Connection, table: Table, terms: Sequence[Term]) -> dict[Term, int]:
    # A stored term has places: whoever has the greatest number is the last one.
    [(last,)] = connection.execute(f"SELECT coalesce(max(term), 0) FROM {table.places}")
    return {term: 0 if term[1:] == _EVERY_ROW else number for number, term in enumerate(terms, start=last + 1)}


@dataclass(frozen=True)
class Known:
    """The terms that a query asks for, as far as there are any: `(field, value)` → number and how many rows hold it."""

    rows: int
    terms: Mapping[tuple[str, str], tuple[int, int]]


def look_up(
    connection: sqlite3.Connection, table: Table, tenant: str, wanted: Iterable[tuple[str, Sequence[str]]]
) -> Known:
    """Finds terms by field and values."""
    terms = [(tenant, name, value) for name, values in wanted for value in values]
    found = _numbered(connection, table, [(tenant, *_EVERY_ROW), *terms])
    _, rows = found.pop((tenant, *_EVERY_ROW), (0, 0))
    return Known(rows, {(name, value): known for (_, name, value), known in found.items()})


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in pieces that fit into one statement."""
    return (items[at : at + CHUNK] for at in range(0, len(items), CHUNK))


def marks(items: Sequence[object]) -> str:
    """A placeholder for each item."""
    return ",".join("?" * len(items))
