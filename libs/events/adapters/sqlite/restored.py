"""What a restored event store and keyring need before anybody reads them: a new id, and who was erased meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from libs.events.adapters.sqlite.faults import translated
from libs.events.clock import new_id
from libs.events.errors import StoreUnavailable

_MARKS = "CREATE TABLE IF NOT EXISTS restored (store_id TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID"


def renew_store_id(path: Path) -> str:
    """Gives an event store another id, so that consumers notice (promise 11); durable. Raises StoreUnavailable.

    The id is marked as a restore's: a store that is empty after one is as it was, any other has lost its events.
    """
    renewed = new_id()
    try:
        # Never makes the file: a path that leads nowhere is a fault.
        address = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_MARKS)
            connection.execute("INSERT INTO restored VALUES (?, datetime('now'))", (renewed,))
            connection.execute("UPDATE store SET store_id=?", (renewed,))
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise translated(error, path) from error
    return renewed


def is_marked(connection: sqlite3.Connection) -> bool:
    """Whether an event store's id was given by a restore."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name='restored'").fetchone() is None:
        return False
    sql = "SELECT 1 FROM restored JOIN store USING (store_id)"
    return connection.execute(sql).fetchone() is not None


def destroyed_holders(path: Path) -> Iterator[tuple[str, str, str]]:
    """`(tenant, holder, when)` of every key that a keyring's file knows as destroyed. Raises StoreUnavailable."""
    sql = "SELECT tenant, holder, destroyed_at FROM holders WHERE destroyed_at IS NOT NULL ORDER BY destroyed_at"
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            yield from connection.execute(sql).fetchall()
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{path.name} cannot be read: {error}") from error
