"""The `eventsourcing` recorder of the embedded event store, widened to append for many callers in one transaction.

Beside the library's `stored_events` stand the companion tables: each tenant's gapless sequence, its head, the
accepted commands and the store's id. Everything of a group is in one `BEGIN IMMEDIATE` transaction with a savepoint
a caller, so that one caller's conflict never fails another's (promise 9). Never VACUUM the file: the library orders
events by implicit rowids.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, Literal

from eventsourcing.persistence import ConnectionUnavailableError, IntegrityError, PersistenceError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteConnection, SQLiteConnectionPool, SQLiteDatastore

from libs.events.adapters.sqlite.faults import translated
from libs.events.adapters.sqlite.pinned import Pin
from libs.events.errors import ConcurrencyConflict, StoreUnavailable
from libs.events.ports import Command, CommandRecord, DuplicateCommand

COMPANIONS = (
    "CREATE TABLE IF NOT EXISTS store (only INTEGER PRIMARY KEY CHECK (only = 1), store_id TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS heads (tenant TEXT PRIMARY KEY, sequence INTEGER NOT NULL, time TEXT) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS sequences (tenant TEXT, sequence INTEGER, notification_id INTEGER NOT NULL, "
    "PRIMARY KEY (tenant, sequence)) WITHOUT ROWID",
    "CREATE UNIQUE INDEX IF NOT EXISTS sequences_by_notification ON sequences (notification_id)",
    "CREATE TABLE IF NOT EXISTS commands (tenant TEXT, command_id TEXT, request_hash TEXT NOT NULL, "
    "stream TEXT NOT NULL, resource TEXT NOT NULL, created INTEGER NOT NULL, version INTEGER NOT NULL, "
    "position INTEGER NOT NULL, PRIMARY KEY (tenant, command_id)) WITHOUT ROWID",
)
STATEMENTS_KEPT = 128
REMEDY = "stop cairn and restore it from a backup"
PROBE_SECONDS = 1.0

SELECT_COMMAND = (
    "SELECT command_id, request_hash, stream, resource, created, version, position "
    "FROM commands WHERE tenant=? AND command_id=?"
)

Stamp = Callable[[str | None], tuple[str | None, Sequence[StoredEvent]]]
"""`tenant's last event time → (the new last time, the events to insert)`: the bytes are final only here, because an
event's time never goes back within its tenant's sequence."""


@dataclass(frozen=True)
class GroupCaller:
    """One caller's part of a group: the versions that must stand, the events, the command to remember."""

    tenant: str
    expected: Mapping[str, int]
    stamp: Stamp
    command: Command | None = None


Ending = CommandRecord | list[int] | Exception
"""How a caller's part ended: its command's record, the notification ids if it had no command, or why it was refused."""


class Pool(SQLiteConnectionPool):
    """Connections with the durability that the promises need, whatever SQLite was compiled with."""

    pragmas: Mapping[str, int] = {}

    def get_connection(self, timeout: float | None = None, *, is_writer: bool | None = None) -> SQLiteConnection:
        """As the library's, but a connection that could not be made leaves the writer's place free for the next try."""
        try:
            return super().get_connection(timeout, is_writer=is_writer)
        except sqlite3.Error:
            # Raised by `_create_connection` alone, when the place is taken already.
            if is_writer:
                self._num_writers -= 1
                self._writer_lock.release()
            raise

    def _create_connection(self) -> SQLiteConnection:
        # Not the library's own way: it asks for a cache of one statement, and so compiles every statement again.
        raw = sqlite3.connect(
            self.db_name,
            timeout=self.lock_timeout or 0,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS_KEPT,
            uri=True,
        )
        raw.row_factory = sqlite3.Row
        try:
            self._make_wal(raw)
            raw.execute("PRAGMA synchronous=FULL")
            for name, value in self.pragmas.items():
                raw.execute(f"PRAGMA {name}={int(value)}")
        except sqlite3.Error:
            raw.close()
            raise
        return SQLiteConnection(sqlite_conn=raw, max_age=self.max_age)

    def _make_wal(self, raw: sqlite3.Connection) -> None:
        # SQLite does not wait when several processes make the same new file a WAL file: it fails as locked at once.
        deadline = monotonic() + (self.lock_timeout or 0)
        while True:
            try:
                raw.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() >= deadline:
                    raise
                sleep(0.01)


class Datastore(SQLiteDatastore):
    """The library's datastore on our pool; `lock_timeout` in seconds, `pragmas` for tests that need a full disk."""

    def __init__(
        self,
        db_name: str,
        *,
        lock_timeout: float = 5.0,
        pragmas: Mapping[str, int] | None = None,
        originator_id_type: Literal["uuid", "text"] = "text",
    ) -> None:
        super().__init__(db_name, originator_id_type=originator_id_type)
        self.pool.close()
        self.pool = Pool(db_name=db_name, pool_size=5, max_overflow=10)
        self.pool.lock_timeout = lock_timeout  # type: ignore[assignment]  # sqlite3 takes fractions of a second
        self.pool.pragmas = dict(pragmas or {})


class GroupRecorder(SQLiteApplicationRecorder):
    """An application recorder with `append_many`; its inherited interface passes the library's own test cases."""

    pin = Pin()
    """Of the file, once it was opened."""

    def construct_create_table_statements(self) -> list[str]:
        """The library's table and our companions."""
        return [*super().construct_create_table_statements(), *COMPANIONS]

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """The library's entry, on the same path as everybody's: a group of one, without versions or a command."""
        tenant = str(stored_events[0].originator_id).split("/", 1)[0] if stored_events else ""
        [ending] = self.append_many([GroupCaller(tenant, {}, lambda last: (last, stored_events))])
        if isinstance(ending, Exception):
            raise ending
        assert isinstance(ending, list)
        return ending

    def append_many(self, callers: Sequence[GroupCaller]) -> list[Ending]:
        """Appends for each caller or says why not; durable when it returns. Raises StoreUnavailable for all of them."""
        self.pin.verify()
        try:
            with self.datastore.get_connection(commit=True) as connection:
                return self._in_transaction(connection, callers)
        except (sqlite3.Error, PersistenceError) as error:
            raise self.translated(error) from error

    def translated(self, error: Exception, *, ambiguous: bool = False) -> Exception:
        """What to raise for an error of SQLite or of the library: see `faults.translated`."""
        if isinstance(error, ConnectionUnavailableError):
            return StoreUnavailable(f"no connection came free: {error}")
        return translated(error, self.datastore.pool.db_name, ambiguous=ambiguous, remedy=REMEDY)

    def probe(self) -> None:
        """Takes the write lock for a moment and writes nothing. Raises StoreUnavailable when it is not to be had."""
        self.pin.verify()
        # On a connection of its own: the pool's would keep appends and reads waiting behind a question.
        try:
            raw = sqlite3.connect(self.datastore.pool.db_name, timeout=PROBE_SECONDS, isolation_level=None, uri=True)
            try:
                raw.execute("BEGIN IMMEDIATE")
                raw.execute("ROLLBACK")
            finally:
                raw.close()
        except sqlite3.Error as error:
            raise self.translated(error) from error

    def _in_transaction(self, connection: SQLiteConnection, callers: Sequence[GroupCaller]) -> list[Ending]:
        raw = connection._sqlite_conn
        raw.execute("BEGIN IMMEDIATE")
        try:
            endings = [self._one(raw, caller) for caller in callers]
        except BaseException:
            if raw.in_transaction:
                raw.rollback()
            raise
        try:
            raw.commit()
        except sqlite3.Error as error:
            if raw.in_transaction:
                raw.rollback()
            raise self.translated(error, ambiguous=True) from error
        return endings

    def _one(self, raw: sqlite3.Connection, caller: GroupCaller) -> Ending:
        raw.execute("SAVEPOINT caller")
        try:
            ending: Ending = self._append(raw, caller)
        except sqlite3.IntegrityError as error:
            ending = IntegrityError(error)
        except sqlite3.Error:
            raise
        except Exception as refused:
            ending = refused
        if isinstance(ending, Exception):
            raw.execute("ROLLBACK TO caller")
        raw.execute("RELEASE caller")
        return ending

    def _append(self, raw: sqlite3.Connection, caller: GroupCaller) -> CommandRecord | list[int]:
        if caller.command is not None:
            known = self.find_command(raw, caller.tenant, caller.command.id)
            if known is not None:
                raise DuplicateCommand(known)
        for stream, version in caller.expected.items():
            actual = _version(raw, stream)
            if actual != version:
                raise ConcurrencyConflict(stream, version, actual)
        head = raw.execute("SELECT sequence, time FROM heads WHERE tenant=?", (caller.tenant,)).fetchone()
        sequence, last = (head[0], head[1]) if head else (0, None)
        time, events = caller.stamp(last)
        ids = self._insert(raw, caller.tenant, sequence, events)
        if events:
            raw.execute(
                "INSERT INTO heads VALUES (?,?,?) ON CONFLICT (tenant) DO UPDATE "
                "SET sequence=excluded.sequence, time=excluded.time",
                (caller.tenant, sequence + len(events), time),
            )
        if caller.command is None:
            return ids
        version = _version(raw, caller.command.stream)
        return _remember(raw, caller.tenant, CommandRecord(caller.command, version, sequence + len(events)))

    def _insert(self, raw: sqlite3.Connection, tenant: str, sequence: int, events: Sequence[StoredEvent]) -> list[int]:
        ids: list[int] = []
        # The same cursors throughout: a thousand streams' events may come in one append.
        stored, placed = raw.cursor(), raw.cursor()
        for number, event in enumerate(events, start=sequence + 1):
            # As the library writes it: UUIDs by their hex.
            originator = getattr(event.originator_id, "hex", event.originator_id)
            stored.execute(
                self.insert_events_statement, (originator, event.originator_version, event.topic, event.state)
            )
            assert stored.lastrowid is not None
            ids.append(stored.lastrowid)
            placed.execute("INSERT INTO sequences VALUES (?,?,?)", (tenant, number, stored.lastrowid))
        return ids

    def find_command(self, raw: sqlite3.Connection, tenant: str, command_id: str) -> CommandRecord | None:
        """What is remembered of a command, within the caller's transaction."""
        row = raw.execute(SELECT_COMMAND, (tenant, command_id)).fetchone()
        return command_record(row) if row is not None else None


def command_record(row: Any) -> CommandRecord:
    """A row of `SELECT_COMMAND`."""
    return CommandRecord(Command(row[0], row[1], row[2], row[3], bool(row[4])), row[5], row[6])


def _version(raw: sqlite3.Connection, stream: str) -> int:
    row = raw.execute(
        "SELECT originator_version FROM stored_events WHERE originator_id=? ORDER BY originator_version DESC LIMIT 1",
        (stream,),
    ).fetchone()
    return row[0] if row else 0


def _remember(raw: sqlite3.Connection, tenant: str, record: CommandRecord) -> CommandRecord:
    command = record.command
    raw.execute(
        "INSERT INTO commands VALUES (?,?,?,?,?,?,?,?)",
        (
            tenant,
            command.id,
            command.request_hash,
            command.stream,
            command.resource,
            int(command.created),
            record.version,
            record.position,
        ),
    )
    return record
