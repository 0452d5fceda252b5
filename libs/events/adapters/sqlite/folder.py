"""The embedded profile's data folder: which file is what, opened once a process, and guarded against a second one.

`events/<service>.db` are the truth, `keys.db` opens their sealed fields, `tombstones.ndjson` says whose never again;
everything in `read/` can be rebuilt from these.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path

from libs.events.adapters.sqlite.event_log import SQLiteEventLog
from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.adapters.sqlite.read_models import SQLiteReadModels
from libs.events.declare import ReadModel
from libs.events.envelope import topic_of
from libs.events.errors import KernelError

LOCK = "serving.lock"
UNFINISHED = "restore.unfinished"
"""While this file is there, a restore is under way or was cut short: what is here may be half of two installations."""
KEYS = "keys.db"
EVENTS = "events"
READS = "read"
KEY_ENCRYPTION_KEY = "key-encryption.key"
DEVELOPMENT_TOKENS = "development-tokens.key"
INNER_HOP = "inner-hop.key"
TOMBSTONES = "tombstones.ndjson"
"""Who was erased, unless CAIRN_TOMBSTONES says that it is kept elsewhere."""
_PATIENCE = 1.0
"""Seconds to wait for the lock: who asks `served_by` holds it for a moment."""
_LONGEST = 500
"""Bytes that a process says about itself: its name on the first line, where it answers on the second."""


class FolderInUse(Exception):
    """Another process serves this data folder; `holder` is what it wrote about itself."""

    def __init__(self, path: Path, holder: str) -> None:
        self.path, self.holder = path, holder
        super().__init__(
            f"{path} is already served by {holder or 'another process'}. "
            "Stop that one first, or give this one another folder with --data."
        )


class RestoreUnfinished(KernelError):
    """A restore of this folder was cut short, so nothing may be begun on what is there."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"a restore of {path} was cut short: run cairn restore again, with --replace, to its end.")


def served_by(path: Path) -> str | None:
    """What the process that serves this folder says about itself, None when nobody serves it. Changes nothing."""
    said = _said(path)
    return None if said is None else _holder(said) or "another process"


def served_at(path: Path) -> str | None:
    """The address that the process which serves this folder answers at; None when nobody does, or has not said yet."""
    return next(iter((_said(path) or "").splitlines()[1:]), None)


def claimed(path: Path) -> int:
    """Claims a folder that is there until the returned descriptor is closed, or its process ends. Raises FolderInUse.

    Blocks, for at most a second; for the start of a process.
    """
    descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _locked(descriptor):
            raise FolderInUse(path, _holder(os.read(descriptor, _LONGEST).decode(errors="replace")))
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()}\n".encode())
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _said(path: Path) -> str | None:
    try:
        descriptor = os.open(path / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(descriptor, _LONGEST).decode(errors="replace")
    finally:
        os.close(descriptor)
    return None


def _holder(said: str) -> str:
    return next(iter(said.splitlines()), "").strip()


class DataFolder:
    """Opens the files of one data folder and closes them together. Raises RestoreUnfinished."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if (path / UNFINISHED).exists():
            raise RestoreUnfinished(path)
        # Only the owner may look: the key encryption key lies in here.
        for part in (path, path / EVENTS, path / READS):
            part.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._stores: dict[str, SQLiteEventStore] = {}
        self._reads: dict[str, SQLiteReadModels] = {}
        self._keys: SQLiteKeyStore | None = None
        self._lock: int | None = None

    def serve(self) -> None:
        """Claims the folder for this process until it ends, however it ends. Raises FolderInUse.

        Blocks, for at most a second; for the start of a process.
        """
        self._lock = claimed(self.path)

    @property
    def serving(self) -> bool:
        """Whether this process has claimed the folder."""
        return self._lock is not None

    def discard_reads(self) -> None:
        """Removes every read model, to be folded anew; before any is opened, by who serves the folder. Blocks."""
        assert self.serving, "another process may have them open"
        assert not self._reads, "they are open"
        for path in (self.path / READS).iterdir():
            path.unlink()

    def answers_at(self, url: str) -> None:
        """Leaves word where the process that serves this folder answers; after `serve`."""
        assert self._lock is not None, "only who serves a folder can be asked"
        os.write(self._lock, f"{url}\n".encode())

    def event_store(self, service: str) -> SQLiteEventStore:
        """The event store of a service, the same object for all who ask, so that its appends wake its readers."""
        if service not in self._stores:
            self._stores[service] = SQLiteEventStore(service, self.path / EVENTS / f"{service}.db")
        return self._stores[service]

    async def open_event_stores(self) -> None:
        """Opens those that were asked for. Raises StoreUnavailable: a start should end there, not wait for better."""
        for store in self._stores.values():
            await store.open()

    def has_event_stores(self) -> bool:
        """Whether any service has ever stored events here."""
        return any((self.path / "events").glob("*.db"))

    def event_log(self, *services: str) -> SQLiteEventLog:
        """The log of these services' topics."""
        return SQLiteEventLog({topic_of(service): self.event_store(service) for service in services})

    def read_models(self, service: str, models: Iterable[ReadModel]) -> SQLiteReadModels:
        """The read models of a service, the same object for all who ask."""
        if service not in self._reads:
            self._reads[service] = SQLiteReadModels(self.path / READS / f"{service}.db", models)
        return self._reads[service]

    def key_store(self) -> SQLiteKeyStore:
        """The keyring's file."""
        if self._keys is None:
            self._keys = SQLiteKeyStore(self.path / KEYS)
        return self._keys

    async def close(self) -> None:
        """Commits what waits and closes every file, also when one fails to; lets the folder go last."""
        async with AsyncExitStack() as last_first:
            last_first.callback(self._let_go)
            if self._keys is not None:
                last_first.push_async_callback(self._keys.close)
            for reads in self._reads.values():
                last_first.push_async_callback(reads.close)
            for store in self._stores.values():
                last_first.push_async_callback(store.close)

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _locked(descriptor: int) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
