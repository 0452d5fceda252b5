"""Looks at an event store's file from outside, without changing it: what `cairn doctor` reports."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from libs.events.errors import StoreUnavailable


@dataclass(frozen=True)
class StoreSummary:
    """What a store holds. `sound` is SQLite's own verdict and that every stored event has its place in a sequence."""

    tenants: int
    events: int
    sound: bool


def inspect(path: Path) -> StoreSummary:
    """Reads the whole file once. Raises StoreUnavailable when it cannot be read or is no event store."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            [(verdict,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
            tenants, last = connection.execute("SELECT count(*), coalesce(sum(sequence), 0) FROM heads").fetchone()
            [(placed,)] = connection.execute("SELECT count(*) FROM sequences").fetchall()
            [(stored,)] = connection.execute("SELECT count(*) FROM stored_events").fetchall()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreUnavailable(str(error)) from error
    return StoreSummary(tenants, stored, verdict == "ok" and last == placed == stored)


def sqlite_version() -> tuple[int, ...]:
    """The version of the SQLite library that this Python uses."""
    return sqlite3.sqlite_version_info
