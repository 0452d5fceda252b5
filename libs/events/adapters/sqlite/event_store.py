"""The embedded event store: one SQLite file a service, one writer thread that commits for all who wait (promise 9)."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any

from eventsourcing.persistence import PersistenceError
from eventsourcing.persistence import StoredEvent as Stored

from libs.events import canonical, envelope
from libs.events.adapters.sqlite.elsewhere import Elsewhere
from libs.events.adapters.sqlite.pinned import Pin
from libs.events.adapters.sqlite.recorder import (
    REMEDY,
    SELECT_COMMAND,
    Datastore,
    Ending,
    GroupCaller,
    GroupRecorder,
    command_record,
)
from libs.events.adapters.sqlite.waiting import Callers, Waiting, tell
from libs.events.clock import new_id
from libs.events.envelope import Envelope
from libs.events.errors import StoreUnavailable
from libs.events.ports import Append, CommandRecord, Record, StoredEvent, TenantHead
from libs.telemetry import metrics

_log = logging.getLogger(__name__)
FAILURE_TELLS = 10.0
"""Seconds for which a failed append counts as the state of the store when nobody has appended since."""

LOOK_SECONDS = 0.1
"""How late an append of another process (`cairn token`) may be noticed; those of this process are told at once."""

_READERS = 4
_STREAM = (
    "SELECT e.originator_version, s.sequence, e.state FROM stored_events e "
    "JOIN sequences s ON s.notification_id = e.rowid WHERE e.originator_id=? AND e.originator_version>? "
)
_LOG = (
    "SELECT e.rowid, (SELECT store_id FROM store), s.tenant, s.sequence, e.topic, e.state FROM stored_events e "
    "JOIN sequences s ON s.notification_id = e.rowid WHERE e.rowid>? ORDER BY e.rowid LIMIT ?"
)
_TENANT = (
    "SELECT e.rowid, (SELECT store_id FROM store), s.tenant, s.sequence, e.topic, e.state FROM sequences s "
    "JOIN stored_events e ON e.rowid = s.notification_id WHERE s.tenant=? AND s.sequence>? ORDER BY s.sequence LIMIT ?"
)
_HOLDING = (
    "SELECT e.originator_id, count(*) FROM sequences s JOIN stored_events e ON e.rowid = s.notification_id "
    "WHERE s.tenant=? AND ({}) GROUP BY e.originator_id ORDER BY e.originator_id"
)


class SQLiteEventStore:
    """`EventStore` of one service, and what the embedded log reads from it. Safe beside other processes.

    The file is opened by `open`, or by the first call, in a thread of the store's: never by whoever makes the object.
    `lock_timeout` (seconds) bounds the wait for another process's write; `pragmas` serves tests that need a full disk.
    """

    def __init__(
        self, service: str, path: Path, *, lock_timeout: float = 5.0, pragmas: dict[str, int] | None = None
    ) -> None:
        self.service = service
        self.path = path
        self.appended: list[Callable[[], None]] = []
        """Called from the writer thread after every commit, another process's too; must not block."""
        datastore = Datastore(str(path), lock_timeout=lock_timeout, pragmas=pragmas)
        self.recorder = self._recorder(datastore)
        self._opened, self._opening = False, threading.Lock()
        self._closed = False
        self._failed: tuple[float, str] | None = None
        self._callers = Callers()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix=f"{service}-read")
        self._writer = threading.Thread(target=self._write_groups, name=f"{service}-append", daemon=True)
        self._writer.start()

    def _recorder(self, datastore: Datastore) -> GroupRecorder:
        return GroupRecorder(datastore)

    async def open(self) -> None:
        """Opens the file, or makes it. Raises StoreUnavailable, which says what to do about a file that is not one."""
        self._refuse_closed()
        await asyncio.get_running_loop().run_in_executor(self._readers, self._open)

    async def append(self, request: Append) -> CommandRecord:
        """See `EventStore.append`."""
        self._refuse_closed()
        started = perf_counter()
        caller = GroupCaller(request.tenant, request.expected, _stamp(request.events), request.command)
        ending = await self._callers.put(caller)
        if isinstance(ending, Exception):
            raise ending
        assert isinstance(ending, CommandRecord)
        metrics.record_append(self.service, perf_counter() - started)
        return ending

    async def read_stream(
        self,
        stream: str,
        *,
        after: int = 0,
        until: int | None = None,
        limit: int | None = None,
        newest_first: bool = False,
        without: Sequence[str] = (),
    ) -> Sequence[StoredEvent]:
        """See `EventStore.read_stream`."""
        sql: str = _STREAM
        parameters: list[str | int] = [stream, after]
        if without:
            sql += f"AND e.topic NOT IN ({','.join('?' * len(without))}) "
            parameters += without
        if until is not None:
            sql, parameters = sql + "AND e.originator_version<=? ", [*parameters, until]
        sql += f"ORDER BY e.originator_version {'DESC' if newest_first else 'ASC'} LIMIT ?"
        rows = await self._read(sql, (*parameters, -1 if limit is None else limit))
        return [StoredEvent(stream, row[0], row[1], row[2]) for row in rows]

    async def find_command(self, tenant: str, command_id: str) -> CommandRecord | None:
        """See `EventStore.find_command`."""
        rows = await self._read(SELECT_COMMAND, (tenant, command_id))
        return command_record(rows[0]) if rows else None

    async def tenant_head(self, tenant: str) -> TenantHead:
        """The tenant's last sequence and this store's id, both as they stand in the file now."""
        sql = "SELECT store_id, coalesce((SELECT sequence FROM heads WHERE tenant=?), 0) FROM store"
        [row] = await self._read(sql, (tenant,))
        return TenantHead(row[0], row[1])

    async def read_log(self, after: int, limit: int) -> Sequence[Record]:
        """Records with a notification id above `after`, oldest first."""
        return self._records(await self._read(_LOG, (after, limit)))

    async def read_tenant(self, tenant: str, after: int, limit: int) -> Sequence[Record]:
        """A tenant's records with a sequence above `after`."""
        return self._records(await self._read(_TENANT, (tenant, after, limit)))

    async def holding(self, tenant: str, texts: Collection[str]) -> Mapping[str, int]:
        """By stream, how many of a tenant's events hold one of the texts. Reads every event of the tenant."""
        if not texts:
            return {}
        sql = _HOLDING.format(" OR ".join(["instr(e.state, ?)"] * len(texts)))
        return dict(await self._read(sql, (tenant, *(text.encode() for text in texts))))

    async def end(self) -> int:
        """The last notification id, 0 when the store is empty."""
        [row] = await self._read("SELECT coalesce(max(rowid), 0) FROM stored_events", ())
        return int(row[0])

    async def probe(self) -> None:
        """Takes the write lock for a moment and writes nothing. Raises StoreUnavailable when it is not to be had.

        Also when the last append failed just now: a full disk still gives the lock.
        """
        self.recorder.pin.verify()
        if self._failed is not None and monotonic() - self._failed[0] < FAILURE_TELLS:
            raise StoreUnavailable(f"the last append failed: {self._failed[1]}")
        await asyncio.to_thread(self._probe)

    async def close(self) -> None:
        """Commits what waits, then closes the file."""
        self._closed = True
        self._callers.end()
        await asyncio.to_thread(self._end)

    @staticmethod
    def _records(rows: Sequence[Any]) -> list[Record]:
        return [Record(*row) for row in rows]

    def _open(self) -> None:
        if self._opened:
            return
        with self._opening:
            if not self._opened:
                self._make()
                self._opened = True

    def _make(self) -> None:
        try:
            self.recorder.create_table()
            with self.recorder.datastore.get_connection(commit=True) as connection:
                raw = connection._sqlite_conn
                # Looking first takes no lock: a store opens while another process writes.
                if raw.execute("SELECT store_id FROM store").fetchone() is None:
                    raw.execute("INSERT OR IGNORE INTO store VALUES (1, ?)", (new_id(),))
            self.recorder.pin = Pin.on(self.path, REMEDY)
        except (sqlite3.Error, PersistenceError) as error:
            told = self.recorder.translated(error)
            if told is error and isinstance(error.__cause__ or error, sqlite3.OperationalError):
                # These statements are sound, so it is the file that has tables of our names and another shape.
                name = f"{self.path.parent.name}/{self.path.name}"
                told = StoreUnavailable(f"{name} is no event store but another program's file: {REMEDY}")
            raise told from error

    def _probe(self) -> None:
        self._open()
        self.recorder.probe()

    def _end(self) -> None:
        self._writer.join()
        self._readers.shutdown()
        self.recorder.datastore.close()

    def _refuse_closed(self) -> None:
        # The writer is gone, so nobody would ever answer.
        if self._closed:
            raise StoreUnavailable(f"{self.path.name} is closed")

    async def _read(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        self._refuse_closed()
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._select, sql, parameters)

    def _select(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        self._open()
        try:
            with self.recorder.datastore.get_connection(commit=False) as connection:
                return connection._sqlite_conn.execute(sql, parameters).fetchall()
        except (sqlite3.Error, PersistenceError) as error:
            raise self.recorder.translated(error) from error

    def _write_groups(self) -> None:
        elsewhere = Elsewhere(self.path)
        while (group := self._callers.group(LOOK_SECONDS)) is not None:
            if group:
                self._write(group)
            elif self._opened and self.appended and elsewhere.moved():
                self._tell_appended()
        elsewhere.close()

    def _write(self, group: list[Waiting]) -> None:
        running = [(caller, done) for caller, done in group if not done.cancelled()]
        if not running:
            return
        try:
            self._open()
            endings: Sequence[Ending] = self.recorder.append_many([caller for caller, _ in running])
            self._failed = None
        except Exception as error:  # the thread must live on: whoever waits gets the error
            endings = [error] * len(running)
            why = error.reason if isinstance(error, StoreUnavailable) else type(error).__name__
            self._failed = monotonic(), why
            _log.error("appends fail", exc_info=error, extra={"service": self.service, "events": len(running)})
        tell([(done, ending) for (_, done), ending in zip(running, endings, strict=True)])
        self._tell_appended()

    def _tell_appended(self) -> None:
        for notify in tuple(self.appended):
            notify()


def _stamp(events: Sequence[Envelope]) -> Callable[[str | None], tuple[str | None, Sequence[Stored]]]:
    """The final bytes of a caller's events, each no earlier than the tenant's last one."""

    def stamp(last: str | None) -> tuple[str | None, Sequence[Stored]]:
        stored = []
        for event in events:
            time = canonical.time_text(event.time)
            if last is not None and time < last:
                time = last
            body = envelope.encode(event, time)
            stored.append(Stored(event.subject, event.version, event.type, body))
            last = time
        return last, stored

    return stamp
