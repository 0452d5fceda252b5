"""Looks at an event store's file from outside, without changing it: what `cairn doctor` reports."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from libs.events.errors import StoreUnavailable

_PLACED = "SELECT count(*) FROM sequences s JOIN stored_events e ON e.rowid = s.notification_id"
# Tenants whose sequence does not run from 1 to its head without a hole.
_GAPS = (
    "SELECT count(*) FROM (SELECT tenant, count(*) AS n, min(sequence) AS low, max(sequence) AS high FROM sequences "
    "GROUP BY tenant) LEFT JOIN heads USING (tenant) WHERE low != 1 OR high != n OR heads.sequence IS NOT n"
)


@dataclass(frozen=True)
class StoreSummary:
    """What a store holds. `sound` is SQLite's own verdict and that every stored event has its place in a sequence."""

    tenants: int
    events: int
    sound: bool


def inspect(path: Path) -> StoreSummary:
    """Reads the whole file once, as it stands at one moment, whoever writes meanwhile.

    Raises StoreUnavailable when it cannot be read or is no event store.
    """
    try:
        connection = _connect(path)
        try:
            connection.execute("BEGIN")
            [(verdict,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
            tenants, last = connection.execute("SELECT count(*), coalesce(sum(sequence), 0) FROM heads").fetchone()
            [(placed,)] = connection.execute(_PLACED).fetchall()
            [(gaps,)] = connection.execute(_GAPS).fetchall()
            [(stored,)] = connection.execute("SELECT count(*) FROM stored_events").fetchall()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreUnavailable(str(error)) from error
    return StoreSummary(tenants, stored, verdict == "ok" and last == placed == stored and not gaps)


def holds_keys(path: Path) -> bool:
    """Whether a keyring's file holds anything yet. Raises StoreUnavailable when it cannot be read."""
    try:
        connection = _connect(path)
        try:
            made = connection.execute("SELECT 1 FROM sqlite_master WHERE name='holders'").fetchone()
            return made is not None and connection.execute("SELECT 1 FROM holders LIMIT 1").fetchone() is not None
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreUnavailable(f"key store: {error}") from error


def sqlite_version() -> tuple[int, ...]:
    """The version of the SQLite library that this Python uses."""
    return sqlite3.sqlite_version_info


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
