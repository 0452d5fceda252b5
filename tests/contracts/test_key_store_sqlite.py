"""The embedded key store: the contract, and what only a file can get wrong."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sqlite3
import stat
import threading
from dataclasses import replace
from datetime import timedelta
from multiprocessing.queues import Queue
from pathlib import Path

import pytest

from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.errors import StoreUnavailable
from tests.contracts.key_store import AT, KeyStoreContract, key


class TestSQLiteKeyStore(KeyStoreContract):
    """The contract on one file."""

    def open(self, place: Path) -> SQLiteKeyStore:
        """All handles share the file."""
        return SQLiteKeyStore(place / "keyring.sqlite")


def files_with(folder: Path, secret: bytes) -> list[str]:
    """The names of the files in which the bytes occur."""
    return [path.name for path in sorted(folder.iterdir()) if secret in path.read_bytes()]


async def test_destroyed_bytes_are_in_no_file_and_the_others_stay(tmp_path: Path) -> None:
    store = SQLiteKeyStore(tmp_path / "keyring.sqlite")
    other = SQLiteKeyStore(tmp_path / "keyring.sqlite")
    secrets = [os.urandom(60) for _ in range(400)]
    for at, secret in enumerate(secrets):
        # Two tenants and scattered names, so that every index is split again and again.
        stored = key(f"t{at % 2}", f"{os.urandom(4).hex()}-{at}", f"{os.urandom(8).hex()}-{at}", secret)
        await (store if at % 3 else other).insert_if_absent(stored)
        secrets[at] = secret
        if at % 2:
            await other.destroy(stored.tenant, stored.holder, AT)
    destroyed, kept = secrets[1::2], secrets[0::2]
    assert all(files_with(tmp_path, secret) for secret in kept), "the scan finds what is there"
    assert [secret for secret in destroyed if files_with(tmp_path, secret)] == []
    await store.close()
    await other.close()
    assert [secret for secret in destroyed if files_with(tmp_path, secret)] == []


async def test_bytes_still_in_the_log_are_an_error_that_a_repeat_mends(tmp_path: Path) -> None:
    store = SQLiteKeyStore(tmp_path / "keyring.sqlite", busy_timeout=0.05)
    secret = os.urandom(60)
    await store.insert_if_absent(key(wrapped=secret))
    reader = sqlite3.connect(tmp_path / "keyring.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM slots").fetchone()
    with pytest.raises(StoreUnavailable):
        await store.destroy("acme", "p-1", AT)
    assert files_with(tmp_path, secret), "the reader's view holds the old bytes"
    assert (await store.by_holder("acme", ["p-1"]))["p-1"].wrapped is None, "the key is no key any more all the same"
    reader.execute("COMMIT")
    await store.destroy("acme", "p-1", AT + timedelta(days=1))
    assert files_with(tmp_path, secret) == []
    assert (await store.by_holder("acme", ["p-1"]))["p-1"].destroyed_at == AT
    reader.close()
    await store.close()


async def test_a_locked_file_is_unavailable_and_recovers(tmp_path: Path) -> None:
    store = SQLiteKeyStore(tmp_path / "keyring.sqlite", busy_timeout=0.05)
    await store.by_holder("acme", [])
    rival = sqlite3.connect(tmp_path / "keyring.sqlite", isolation_level=None)
    rival.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        await store.insert_if_absent(key())
    with pytest.raises(StoreUnavailable):
        await store.destroy("acme", "p-1", AT)
    rival.execute("ROLLBACK")
    rival.close()
    assert await store.by_holder("acme", ["p-1"]) == {}, "nothing half-written"
    assert await store.insert_if_absent(key()) == key()
    await store.close()


async def _fill(store: SQLiteKeyStore) -> int:
    for stored in range(1000):
        try:
            await store.insert_if_absent(key(holder=f"p-{stored}", key_id=f"k-{stored}"))
        except StoreUnavailable:
            return stored
    raise AssertionError("it never was full")


async def test_a_full_disk_is_unavailable_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    full = SQLiteKeyStore(tmp_path / "keyring.sqlite", pragmas={"max_page_count": 8})
    stored = await _fill(full)
    await full.close()
    roomy = SQLiteKeyStore(tmp_path / "keyring.sqlite")
    found = await roomy.by_holder("acme", [f"p-{at}" for at in range(1000)])
    assert 0 < stored == len(found)
    assert await roomy.insert_if_absent(key(holder=f"p-{stored}", key_id="k-new"))
    await roomy.close()


async def test_many_keys_are_one_transaction(tmp_path: Path) -> None:
    seen: list[str] = []

    class Watched(SQLiteKeyStore):
        def _prepare(self, connection: sqlite3.Connection) -> None:
            super()._prepare(connection)
            connection.set_trace_callback(seen.append)

    store = Watched(tmp_path / "keyring.sqlite")
    await store.by_holder("acme", [])
    await store.insert_many([key(holder=f"p-{at}", key_id=f"k-{at}") for at in range(500)])
    assert [seen.count(text) for text in ("BEGIN IMMEDIATE", "COMMIT")] == [1, 1]
    await store.close()


async def test_a_fault_of_the_code_is_not_called_unavailable(tmp_path: Path) -> None:
    store = SQLiteKeyStore(tmp_path / "keyring.sqlite")
    await store.insert_if_absent(key())
    other = sqlite3.connect(tmp_path / "keyring.sqlite", isolation_level=None)
    other.execute("ALTER TABLE slots RENAME TO lost")
    with pytest.raises(sqlite3.OperationalError, match="no such"):
        await store.by_holder("acme", ["p-1"])
    other.execute("ALTER TABLE lost RENAME TO slots")
    other.close()
    assert await store.by_holder("acme", ["p-1"]) == {"p-1": key()}
    await store.close()


async def test_what_is_no_key_store_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "garbage.sqlite").write_bytes(b"this is no database, whatever its name says" * 100)
    (tmp_path / "folder.sqlite").mkdir()
    for name in ("garbage.sqlite", "folder.sqlite", "garbage.sqlite/below.sqlite"):
        store = SQLiteKeyStore(tmp_path / name)
        with pytest.raises(StoreUnavailable):
            await store.insert_if_absent(key())
        await store.close()


def _modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*")}


async def test_nothing_is_made_before_the_first_call_and_then_for_its_owner_only(tmp_path: Path) -> None:
    store = SQLiteKeyStore(tmp_path / "data" / "keyring.sqlite")
    assert _modes(tmp_path / "data") == set()
    await store.insert_if_absent(key())
    assert _modes(tmp_path / "data") == {0o600}
    await store.close()


async def test_it_writes_durably_and_off_the_event_loop(tmp_path: Path) -> None:
    threads: list[int] = []

    class Watched(SQLiteKeyStore):
        def _prepare(self, connection: sqlite3.Connection) -> None:
            super()._prepare(connection)
            threads.append(threading.get_ident())
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
            assert connection.execute("PRAGMA secure_delete").fetchone() == (1,)

    store = Watched(tmp_path / "keyring.sqlite")
    await store.insert_if_absent(key())
    assert threads
    assert threading.get_ident() not in threads
    await store.close()


def _race(path: Path, number: int, results: Queue[list[str]]) -> None:
    async def insert() -> list[str]:
        store = SQLiteKeyStore(path)
        wanted = [key(holder=f"p-{at}", key_id=f"{number}-{at}", wrapped=bytes([number]) * 60) for at in range(40)]
        standing = [await store.insert_if_absent(one) for one in wanted]
        assert standing == [
            replace(one, key_id=s.key_id, wrapped=s.wrapped) for one, s in zip(wanted, standing, strict=True)
        ]
        await store.close()
        return [one.key_id for one in standing]

    results.put(asyncio.run(insert()))


def test_processes_that_race_on_a_new_file_agree_on_every_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results: Queue[list[str]] = context.Queue()
    workers = [context.Process(target=_race, args=(tmp_path / "keyring.sqlite", n, results)) for n in range(4)]
    for worker in workers:
        worker.start()
    answers = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert all(answer == answers[0] for answer in answers)
