"""The read store's file and threads: one writer, a few readers, each call one transaction, never on the event loop.

Everything in the file is folded from the log, so it may be thrown away: a file of another layout is emptied, and a
commit that a power cut takes back is applied again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from libs.events.adapters.sqlite.faults import translated
from libs.events.errors import StoreUnavailable

T = TypeVar("T")
_log = logging.getLogger(__name__)

LAYOUT = 3
"""The layout of all tables, kept in the file. Raise it when theirs changes."""

REMEDY = "it holds nothing of its own: stop cairn, delete it with its -wal and -shm files, and start; it fills again"
_LOG_PAGES = 4000
"""The write-ahead log is moved into the file at this many pages: pages that change often are moved once for many."""

_BULK_CACHE = 128_000
"""KiB of pages in memory while a file is loaded in bulk."""

_SCHEMA = (
    "CREATE TABLE ownership (projection TEXT, topic TEXT, part INTEGER, epoch INTEGER NOT NULL, "
    "hint INTEGER NOT NULL, PRIMARY KEY (projection, topic, part)) WITHOUT ROWID",
    "CREATE TABLE checkpoints (projection TEXT, topic TEXT, tenant TEXT, store_id TEXT NOT NULL, "
    "sequence INTEGER NOT NULL, PRIMARY KEY (projection, topic, tenant)) WITHOUT ROWID",
    "CREATE TABLE parked (number INTEGER PRIMARY KEY, projection TEXT NOT NULL, topic TEXT NOT NULL, "
    "tenant TEXT NOT NULL, ordering_key TEXT NOT NULL, sequence INTEGER NOT NULL, error TEXT NOT NULL, "
    "UNIQUE (projection, topic, tenant, ordering_key))",
    "CREATE INDEX parked_by_tenant ON parked (projection, tenant, number)",
    "CREATE TABLE declared (collection TEXT, kind TEXT, field TEXT, PRIMARY KEY (collection, kind, field)) "
    "WITHOUT ROWID",
    # Of a file that is one generation of one model: until when nobody may own it, and which generation follows it.
    "CREATE TABLE serving (only INTEGER PRIMARY KEY CHECK (only = 1), held_until REAL NOT NULL, successor INTEGER)",
    "INSERT INTO serving VALUES (1, 0, NULL)",
    # Of the file that says which generations serve.
    "CREATE TABLE generations (model TEXT PRIMARY KEY, number INTEGER NOT NULL, version INTEGER NOT NULL, "
    "previous INTEGER, previous_version INTEGER, highest INTEGER NOT NULL, since TEXT NOT NULL) WITHOUT ROWID",
    f"PRAGMA user_version={LAYOUT}",
)


class Database:
    """One SQLite file. Each piece of work runs in a thread, inside its own transaction, with that thread's connection.

    After any SQLite error the thread's connection is dropped, so that the next call begins with a fresh one. Without
    `readers` the file is loaded in bulk: one thread and connection for everything, nothing durable before `settle`.
    """

    def __init__(self, path: Path, *, busy_timeout: float, pragmas: Mapping[str, int], readers: int) -> None:
        self._path = path.absolute()
        self._busy_timeout = busy_timeout
        self._pragmas = pragmas
        self._local = threading.local()
        self._open: set[sqlite3.Connection] = set()
        self._guard = threading.Lock()
        self._made = False
        self._closed = False
        self._bulk = not readers
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"{path.stem}-write")
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix=f"{path.stem}-read") if readers else self._writer

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Runs `work` on one consistent snapshot. Raises StoreUnavailable."""
        if not self._made:
            await self._submit(self._writer, self._open_writer)
        return await self._submit(self._readers, lambda: self._transact(work, writes=self._bulk))

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Runs `work` alone among all writers, all of it or nothing. Raises StoreUnavailable."""
        return await self._submit(self._writer, lambda: self._transact(work, writes=True))

    async def truncate_log(self) -> None:
        """Moves everything from the write-ahead log into the file and empties the log. Raises StoreUnavailable."""
        await self._submit(self._writer, self._truncate_log)

    async def settle(self) -> None:
        """What was loaded in bulk is durable now, and the file like any other. Raises StoreUnavailable."""
        await self._submit(self._writer, self._settle)

    async def connect(self) -> sqlite3.Connection:
        """One more connection to read with, for any one thread at a time; the caller closes it."""
        return await self._submit(self._readers, lambda: self._connect(writes=False, kept=False))

    async def close(self) -> None:
        """Finishes what was submitted, then closes every connection. Idempotent."""
        self._closed = True
        await asyncio.to_thread(self._shut)

    async def _submit(self, executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        if self._closed:
            raise StoreUnavailable("the read store is closed")
        return await asyncio.get_running_loop().run_in_executor(executor, work)

    def _transact(self, work: Callable[[sqlite3.Connection], T], *, writes: bool) -> T:
        committing = False
        try:
            connection = self._connection(writes)
            connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            result = work(connection)
            committing = writes
            connection.execute("COMMIT")
            return result
        except sqlite3.Error as error:
            self._drop()
            raise self._translated(error, ambiguous=committing) from error
        except BaseException:
            self._roll_back()
            raise

    def _translated(self, error: sqlite3.Error, *, ambiguous: bool = False) -> Exception:
        return translated(error, self._path, ambiguous=ambiguous, remedy=REMEDY)

    def _open_writer(self) -> None:
        try:
            self._connection(writes=True)
        except sqlite3.Error as error:
            raise self._translated(error) from error

    def _truncate_log(self) -> None:
        try:
            [busy, _, _] = self._connection(writes=True).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            self._drop()
            raise self._translated(error) from error
        if busy:
            raise StoreUnavailable("a reader keeps the write-ahead log from being emptied")

    def _settle(self) -> None:
        try:
            connection = self._connection(writes=True)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA journal_mode=WAL")
            # An empty write makes SQLite flush the file that it never flushed before.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE serving SET held_until=held_until")
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            flush(self._path)
        except sqlite3.Error as error:
            self._drop()
            raise self._translated(error) from error
        except OSError as error:
            raise StoreUnavailable(f"{self._path.name}: {error.strerror}") from error

    def _connection(self, writes: bool) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect(writes)
            self._local.connection = connection
        return connection

    def _connect(self, writes: bool, *, kept: bool = True) -> sqlite3.Connection:
        # A reader never makes the file: a lost file is a fault, not an empty store.
        connection = sqlite3.connect(
            f"{self._path.as_uri()}?mode={'rwc' if writes else 'rw'}",
            uri=True,
            timeout=self._busy_timeout,
            isolation_level=None,
            check_same_thread=False,  # only so that `close` may close the threads' connections
            cached_statements=512,
        )
        try:
            # Personal text must not reach a temporary file, nor survive in freed pages.
            connection.execute("PRAGMA temp_store=MEMORY")
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute(f"PRAGMA cache_size={-_BULK_CACHE if self._bulk else -32000 if writes else -8000}")
            if writes:
                self._set_up_writer(connection)
            else:
                connection.execute("PRAGMA query_only=ON")
        except BaseException:
            connection.close()
            raise
        if kept:
            with self._guard:
                self._open.add(connection)
        return connection

    def _set_up_writer(self, connection: sqlite3.Connection) -> None:
        if self._bulk:
            # A file that is not whole is thrown away: what undoes a commit may be in memory, and nothing is flushed.
            connection.execute("PRAGMA journal_mode=MEMORY")
            connection.execute("PRAGMA synchronous=OFF")
        else:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
        for name, value in self._pragmas.items():
            if not (name.isascii() and name.isidentifier()):
                raise ValueError(f"{name!r} is no pragma")
            connection.execute(f"PRAGMA {name}={int(value)}")
        if _layout(connection) != LAYOUT:
            connection.execute("BEGIN IMMEDIATE")
            if _layout(connection) != LAYOUT:
                self._begin_anew(connection)
            connection.execute("COMMIT")
        self._made = True

    def _begin_anew(self, connection: sqlite3.Connection) -> None:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'")
        names = [name for (name,) in tables]
        if names:
            _log.warning("a read store of another layout is emptied, and fills again", extra={"file": self._path.name})
        for name in names:
            connection.execute(f'DROP TABLE "{name}"')
        for statement in _SCHEMA:
            connection.execute(statement)

    def _roll_back(self) -> None:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None or not connection.in_transaction:
            return
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._drop()

    def _drop(self) -> None:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            return
        self._local.connection = None
        with self._guard:
            self._open.discard(connection)
        connection.close()

    def _shut(self) -> None:
        self._readers.shutdown()
        self._writer.shutdown()
        with self._guard:
            while self._open:
                self._open.pop().close()


def flush(path: Path) -> None:
    """Makes a file, and its name, durable. Raises OSError."""
    for one in (path, path.parent):
        handle = os.open(one, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _layout(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
