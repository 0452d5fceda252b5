"""The register of a service's read models: which generation of each serves, and which served before."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

_COLUMNS = "number, version, previous, previous_version"


@dataclass(frozen=True, slots=True)
class Entry:
    """The generation of a model that serves, the version of the fold that made it, and the same of the one before."""

    number: int
    version: int
    previous: int | None
    previous_version: int | None


def entry_of(connection: sqlite3.Connection, model: str) -> Entry | None:
    """What the register says; None of a model that it does not know."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM generations WHERE model=?", (model,)).fetchone()
    return None if row is None else Entry(*row)


def begin(connection: sqlite3.Connection, model: str, entry: Entry, clear: Callable[[], None]) -> Entry:
    """Enters a model unless it stands there already; before, `clear` makes room. Returns what stands."""
    found = entry_of(connection, model)
    if found is not None:
        return found
    # Within the transaction: who comes second finds the entry, and clears nothing.
    clear()
    connection.execute(
        f"INSERT INTO generations (model, {_COLUMNS}, highest, since) VALUES (?,?,?,?,?,?,datetime('now'))",
        (model, entry.number, entry.version, entry.previous, entry.previous_version, entry.number),
    )
    return entry


def point(connection: sqlite3.Connection, model: str, entry: Entry) -> None:
    """This generation serves."""
    connection.execute(
        "UPDATE generations SET number=?, version=?, previous=?, previous_version=?, since=datetime('now') "
        "WHERE model=? AND number<>?",
        (entry.number, entry.version, entry.previous, entry.previous_version, model, entry.number),
    )


def next_number(connection: sqlite3.Connection, model: str) -> int:
    """A number that no generation of the model ever had."""
    connection.execute("UPDATE generations SET highest=highest+1 WHERE model=?", (model,))
    [(number,)] = connection.execute("SELECT highest FROM generations WHERE model=?", (model,))
    return int(number)
