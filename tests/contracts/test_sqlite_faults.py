"""Which errors of SQLite mean that a store is unavailable, and which are faults of the code that must show as such."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from libs.events.adapters.sqlite.faults import translated
from libs.events.errors import StoreUnavailable


def failing(connection: sqlite3.Connection, sql: str) -> sqlite3.Error:
    with pytest.raises(sqlite3.Error) as caught:
        connection.execute(sql)
    return caught.value


@pytest.mark.parametrize("ambiguous", [False, True])
def test_a_locked_a_full_and_a_broken_file_are_unavailable(tmp_path: Path, ambiguous: bool) -> None:
    path, broken = tmp_path / "store.db", tmp_path / "broken.db"
    broken.write_bytes(b"no database " * 1000)
    holder, other, third = (sqlite3.connect(one, timeout=0, isolation_level=None) for one in (path, path, broken))
    holder.execute("CREATE TABLE stones (name TEXT)")
    holder.execute("PRAGMA max_page_count=2")
    full = failing(holder, "INSERT INTO stones VALUES (zeroblob(100000))")
    holder.execute("BEGIN IMMEDIATE")
    locked = failing(other, "BEGIN IMMEDIATE")
    for error in (full, locked, failing(third, "SELECT * FROM sqlite_master")):
        found = translated(error, ambiguous=ambiguous)
        assert isinstance(found, StoreUnavailable)
        assert found.ambiguous is ambiguous
        assert found.reason.startswith("SQLITE_")
    for connection in (holder, other, third):
        connection.close()


def test_a_fault_of_the_code_stays_itself() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE stones (name TEXT UNIQUE)")
    connection.execute("INSERT INTO stones VALUES ('a')")
    for sql in ("SELECT * FROM pebbles", "SELEKT", "INSERT INTO stones VALUES ('a')", "SELECT ?"):
        error = failing(connection, sql)
        assert translated(error) is error
    connection.close()
    misused = failing(connection, "SELECT 1")
    assert translated(misused) is misused
