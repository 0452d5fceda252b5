"""What a restored event store and keyring need before anybody reads them: a new id, and who was erased meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from libs.events.adapters.sqlite.faults import translated
from libs.events.clock import new_id
from libs.events.errors import StoreUnavailable


def renew_store_id(path: Path) -> str:
    """Gives an event store another id, so that consumers notice (promise 11); durable. Raises StoreUnavailable."""
    renewed = new_id()
    try:
        # Never makes the file: a path that leads nowhere is a fault.
        address = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("UPDATE store SET store_id=?", (renewed,))
    except sqlite3.Error as error:
        raise translated(error, path) from error
    return renewed


def destroyed_holders(path: Path) -> Iterator[tuple[str, str, str]]:
    """`(tenant, holder, when)` of every key that a keyring's file knows as destroyed. Raises StoreUnavailable."""
    sql = "SELECT tenant, holder, destroyed_at FROM holders WHERE destroyed_at IS NOT NULL ORDER BY destroyed_at"
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            yield from connection.execute(sql).fetchall()
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{path.name} cannot be read: {error}") from error
