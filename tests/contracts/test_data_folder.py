"""The embedded profile's data folder: one process serves it, looking keeps nobody out, closing leaves nothing open."""

from __future__ import annotations

import fcntl
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from libs.events.adapters.sqlite.folder import LOCK, DataFolder, FolderInUse, served_at, served_by
from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.errors import StoreUnavailable
from libs.events.ports import WrappedKey

KEY = WrappedKey("acme", "p-1", "k-1", b"wrapped", datetime(2026, 1, 1, tzinfo=UTC))


def holding(path: Path, how: int) -> int:
    """A lock on the folder as another process would have it."""
    descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, how)
    return descriptor


async def test_a_folder_is_served_once_and_let_go_at_the_end(tmp_path: Path) -> None:
    first, second = DataFolder(tmp_path), DataFolder(tmp_path)
    assert served_by(tmp_path) is None
    first.serve()
    assert served_by(tmp_path) == f"process {os.getpid()}"
    with pytest.raises(FolderInUse, match=f"process {os.getpid()}"):
        second.serve()
    await first.close()
    second.serve()
    await second.close()
    assert served_by(tmp_path) is None


def test_what_is_no_folder_is_served_by_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert served_by(tmp_path / "file") is None
    assert served_by(tmp_path / "none") is None


async def test_where_it_is_served_is_known_for_as_long_as_it_is(tmp_path: Path) -> None:
    assert served_at(tmp_path) is None
    folder, again = DataFolder(tmp_path), DataFolder(tmp_path)
    folder.serve()
    assert served_at(tmp_path) is None
    folder.answers_at("http://[2001:db8::1]:65535")
    assert (served_at(tmp_path), served_by(tmp_path)) == ("http://[2001:db8::1]:65535", f"process {os.getpid()}")
    with pytest.raises(FolderInUse, match=rf"served by process {os.getpid()}\. Stop"):
        again.serve()
    await folder.close()
    assert served_at(tmp_path) is None
    again.serve()
    assert served_at(tmp_path) is None
    await again.close()


async def test_who_only_looks_keeps_nobody_from_serving(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    looking = holding(tmp_path, fcntl.LOCK_SH)
    soon = threading.Timer(0.1, os.close, [looking])
    soon.start()
    try:
        folder.serve()
        assert served_by(tmp_path) == f"process {os.getpid()}"
    finally:
        soon.join()
        await folder.close()


class Failing(SQLiteKeyStore):
    """Its file cannot be closed."""

    async def close(self) -> None:
        await super().close()
        raise OSError("no such luck")


async def test_a_close_that_fails_keeps_nothing_else_open(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.serve()
    store, reads = folder.event_store("goals"), folder.read_models("goals", ())
    await reads.prepare([])
    keys = folder._keys = Failing(tmp_path / "keys.db")
    await keys.by_holder("acme", ["p-1"])
    with pytest.raises(OSError, match="no such luck"):
        await folder.close()
    assert served_by(tmp_path) is None
    assert list(tmp_path.rglob("*-wal")) == []
    for late in (store.end, lambda: keys.by_holder("acme", ["p-1"])):
        with pytest.raises(StoreUnavailable, match="closed"):
            await late()


async def test_a_closed_key_store_stays_closed_and_keeps_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    store = SQLiteKeyStore(tmp_path / "keys.db")
    await store.insert_if_absent(KEY)
    await store.close()
    await store.close()
    for late in (
        store.by_holder("acme", ["p-1"]),
        store.by_id([("acme", "k-1")]),
        store.insert_if_absent(KEY),
        store.destroy("acme", "p-1", KEY.created_at),
    ):
        with pytest.raises(StoreUnavailable, match="closed"):
            await late
    assert list(tmp_path.glob("*-wal")) == []
    left = [thread.name for thread in set(threading.enumerate()) - before if thread.name.startswith("key-store")]
    assert left == []


async def test_a_key_store_that_only_reads_makes_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    looking = SQLiteKeyStore(path, read_only=True)
    with pytest.raises(StoreUnavailable):
        await looking.by_holder("acme", ["p-1"])
    assert not path.exists()
    store = SQLiteKeyStore(path)
    await store.insert_if_absent(KEY)
    assert await looking.by_holder("acme", ["p-1"]) == {"p-1": KEY}
    with pytest.raises(StoreUnavailable):
        await looking.destroy("acme", "p-1", KEY.created_at)
    assert await store.by_holder("acme", ["p-1"]) == {"p-1": KEY}
    await looking.close()
    await store.close()
