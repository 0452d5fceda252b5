"""Which errors of SQLite mean that a store is unavailable, and which are faults of the code that must show as such."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from eventsourcing.persistence import PersistenceError

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
        found = translated(error, Path("read/stones.db"), ambiguous=ambiguous)
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
        assert translated(error, "stones.db") is error
    connection.close()
    misused = failing(connection, "SELECT 1")
    assert translated(misused, "stones.db") is misused


def test_a_broken_file_is_named_with_what_to_do_and_others_are_only_named(tmp_path: Path) -> None:
    broken = tmp_path / "read" / "stones.db"
    broken.parent.mkdir()
    broken.write_bytes(b"no database " * 1000)
    connection = sqlite3.connect(broken)
    error = failing(connection, "SELECT * FROM sqlite_master")
    connection.close()
    assert str(translated(error, broken, remedy="delete it")).endswith(
        "(read/stones.db); the file is broken: delete it"
    )
    assert str(translated(error, broken)).endswith("(read/stones.db); the file is broken")
    missing = failing_to_open(tmp_path / "nowhere" / "stones.db")
    assert str(translated(missing, "nowhere/stones.db", remedy="delete it")).endswith("(nowhere/stones.db)")


def failing_to_open(path: Path) -> sqlite3.Error:
    with pytest.raises(sqlite3.Error) as caught:
        sqlite3.connect(path)
    return caught.value


def test_an_error_of_the_library_is_judged_by_the_one_that_it_came_from(tmp_path: Path) -> None:
    missing = failing_to_open(tmp_path / "nowhere" / "stones.db")
    wrapped, fault = PersistenceError("x"), PersistenceError("x")
    wrapped.__cause__ = missing
    found = translated(wrapped, "events/stones.db", ambiguous=True)
    assert isinstance(found, StoreUnavailable)
    assert (found.reason.split(":")[0], found.ambiguous) == ("SQLITE_CANTOPEN", True)
    assert translated(fault, "events/stones.db") is fault
