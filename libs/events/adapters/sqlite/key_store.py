"""The embedded key store: wrapped holders' keys in a file of their own, and their destruction down to the last byte.

The wrapped bytes stand in a table that only grows, in cells of one size: SQLite never moves such a cell, so a key has
exactly one place in the file and overwriting it leaves no copy on another page. The write-ahead log is emptied after.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

from libs.events.adapters.sqlite.faults import translated
from libs.events.adapters.sqlite.looking import address
from libs.events.adapters.sqlite.pinned import Pin
from libs.events.canonical import time_text
from libs.events.errors import StoreUnavailable
from libs.events.ports import WrappedKey

T = TypeVar("T")
_REMEDY = "stop cairn and restore it from a backup; without it no personal text opens again"

_TABLES = (
    "CREATE TABLE IF NOT EXISTS slots (slot INTEGER PRIMARY KEY AUTOINCREMENT, wrapped BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS holders (tenant TEXT NOT NULL, holder TEXT NOT NULL, key_id TEXT NOT NULL, "
    "slot INTEGER, created_at TEXT NOT NULL, destroyed_at TEXT, PRIMARY KEY (tenant, holder), UNIQUE (tenant, key_id))",
)
_SELECT = (
    "SELECT h.tenant, h.holder, h.key_id, CASE WHEN h.destroyed_at IS NULL THEN s.wrapped END, h.created_at, "
    "h.destroyed_at FROM holders h LEFT JOIN slots s ON s.slot = h.slot WHERE h.tenant=? AND "
)
_BY_HOLDER = _SELECT + "h.holder=?"
_BY_ID = _SELECT + "h.key_id=?"
_OVERWRITE = (
    "UPDATE slots SET wrapped = zeroblob(length(wrapped)) "
    "WHERE slot = (SELECT slot FROM holders WHERE tenant=? AND holder=?)"
)
_TOMBSTONE = (
    "INSERT INTO holders VALUES (?, ?, ?, NULL, ?, ?) ON CONFLICT (tenant, holder) "
    "DO UPDATE SET destroyed_at = coalesce(destroyed_at, excluded.destroyed_at)"
)


class SQLiteKeyStore:
    """`KeyStore` on one SQLite file; several processes may use the file at once. Connects at the first call.

    `busy_timeout` (seconds) bounds the wait for another process; `pragmas` serves tests that need a full disk. One
    thread does all the work: the keyring remembers what it read, so little comes here. `read_only` neither makes the
    file nor changes it: what would write raises StoreUnavailable.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_timeout: float = 5.0,
        pragmas: Mapping[str, int] | None = None,
        read_only: bool = False,
    ) -> None:
        self._path, self._busy_timeout, self._pragmas = path, busy_timeout, dict(pragmas or {})
        self._read_only, self._closed = read_only, False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="key-store")
        self._connection: sqlite3.Connection | None = None
        self._pin = Pin()

    async def by_holder(self, tenant: str, holders: Iterable[str]) -> Mapping[str, WrappedKey]:
        """See `KeyStore.by_holder`."""
        wanted = [(tenant, holder) for holder in holders]
        found = await self._run(lambda connection: [_one(connection, _BY_HOLDER, pair) for pair in wanted])
        return {key.holder: key for key in found if key is not None}

    async def by_id(self, keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], WrappedKey]:
        """See `KeyStore.by_id`."""
        wanted = list(keys)
        found = await self._run(lambda connection: [_one(connection, _BY_ID, pair) for pair in wanted])
        return {(key.tenant, key.key_id): key for key in found if key is not None}

    async def insert_if_absent(self, key: WrappedKey) -> WrappedKey:
        """See `KeyStore.insert_if_absent`."""
        [standing] = await self.insert_many([key])
        return standing

    async def insert_many(self, keys: Sequence[WrappedKey]) -> list[WrappedKey]:
        """See `KeyStore.insert_many`."""
        return await self._run(lambda connection: _insert(connection, keys)) if keys else []

    async def destroyed(self) -> int:
        """See `KeyStore.destroyed`."""
        count = "SELECT count(*) FROM holders WHERE destroyed_at IS NOT NULL"
        return int((await self._run(lambda connection: connection.execute(count).fetchone()))[0])

    async def destroy(self, tenant: str, holder: str, at: datetime) -> None:
        """See `KeyStore.destroy`. StoreUnavailable may leave the tombstone with the log not yet emptied: repeat it."""
        await self._run(lambda connection: _destroy(connection, tenant, holder, time_text(at)))

    async def close(self) -> None:
        """Finishes what was begun and closes the file for good: a later call raises StoreUnavailable. Idempotent."""
        if not self._closed:
            self._closed = True
            try:
                await asyncio.wrap_future(self._thread.submit(self._disconnect))
            finally:
                await asyncio.to_thread(self._thread.shutdown)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._closed:
            raise StoreUnavailable("the key store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._work, work)

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._pin.verify()
        try:
            if self._connection is None:
                self._connection = self._connect()
                # Once: who connects again after an error would else begin a keyring of its own.
                self._pin = self._pin if self._pin.path else Pin.on(self._path, _REMEDY)
            return work(self._connection)
        except sqlite3.Error as error:
            self._disconnect()
            raise translated(error, self._path, remedy=_REMEDY) from error
        except OSError as error:
            self._disconnect()
            raise StoreUnavailable(f"key store: {error.strerror}") from error

    def _connect(self) -> sqlite3.Connection:
        if self._read_only:
            return sqlite3.connect(address(self._path), uri=True, timeout=self._busy_timeout, isolation_level=None)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite gives its log the mode of the file, and would make the file readable to all.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self._path, timeout=self._busy_timeout, isolation_level=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        for name, value in self._pragmas.items():
            connection.execute(f"PRAGMA {name}={int(value)}")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        self._use_write_ahead_log(connection)
        with _writing(connection):
            for statement in _TABLES:
                connection.execute(statement)

    def _use_write_ahead_log(self, connection: sqlite3.Connection) -> None:
        # SQLite does not wait here when another process opens the same new file: it fails as locked at once.
        deadline = monotonic() + self._busy_timeout
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError:
                if monotonic() >= deadline:
                    raise
                sleep(0.01)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def _writing(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _one(connection: sqlite3.Connection, sql: str, pair: tuple[str, str]) -> WrappedKey | None:
    row = connection.execute(sql, pair).fetchone()
    if row is None:
        return None
    tenant, holder, key_id, wrapped, created, destroyed = row
    return WrappedKey(
        tenant,
        holder,
        key_id,
        wrapped,
        datetime.fromisoformat(created),
        None if destroyed is None else datetime.fromisoformat(destroyed),
    )


def _insert(connection: sqlite3.Connection, keys: Sequence[WrappedKey]) -> list[WrappedKey]:
    with _writing(connection):
        return [_insert_one(connection, key) for key in keys]


def _insert_one(connection: sqlite3.Connection, key: WrappedKey) -> WrappedKey:
    standing = _one(connection, _BY_HOLDER, (key.tenant, key.holder))
    if standing is not None:
        return standing
    slot = connection.execute("INSERT INTO slots (wrapped) VALUES (?)", (key.wrapped,)).lastrowid
    connection.execute(
        "INSERT INTO holders VALUES (?, ?, ?, ?, ?, NULL)",
        (key.tenant, key.holder, key.key_id, slot, time_text(key.created_at)),
    )
    return key


def _destroy(connection: sqlite3.Connection, tenant: str, holder: str, at: str) -> None:
    with _writing(connection):
        connection.execute(_OVERWRITE, (tenant, holder))
        # Who never had a key needs a key id in the tombstone all the same; nothing is ever sealed under it.
        connection.execute(_TOMBSTONE, (tenant, holder, f"none:{holder}", at, at))
    # Also on a repeat: the first attempt may have been stopped by a reader of the log.
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StoreUnavailable("key store: another process reads the log that holds the destroyed key; try again")
