"""Copies one SQLite file as it stood at a moment, beside whoever writes to it: what a backup is made of.

A read transaction holds the moment: nothing newer reaches the file, and its log is neither begun anew nor emptied. So
file and log together, copied in this order, are what a power cut would have left, and SQLite makes the copy whole as
after one. That is several times faster than its backup interface, which takes page by page, and keeps every rowid.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from itertools import cycle
from pathlib import Path

from libs.events.adapters.sqlite.faults import translated
from libs.events.errors import StoreUnavailable

CHUNK = 1 << 20
_LOG_HEADER = 32
"""Bytes at the head of a write-ahead log, with the salt that every log has of its own."""
_BUSY_SECONDS = 5.0

Copied = Callable[[int], None]
"""Told how many more bytes were copied."""


def snapshot(source: Path, target: Path, copied: Copied) -> str | None:
    """Writes the file as of a moment within the call to `target`, a new one of mode 0600; not flushed yet.

    Returns the SHA-256 of `target` in hex where the copy is what the file was; None where a log went into it. Raises
    StoreUnavailable. Not for a process that has `source` open otherwise: closing a file lets go of all locks that the
    process holds on it.
    """
    try:
        # Closed after the connection, whose locks would go with the first descriptor.
        with open(source, "rb", buffering=0) as file, _moment(source):
            log, copy = (path.with_name(f"{path.name}-wal") for path in (source, target))
            hashed = None if _is_written(log) else hashlib.sha256()
            _copy(file.fileno(), target, copied, hashed.update if hashed is not None else None)
            _copy_log(log, copy)
        if _is_written(copy):
            _make_whole(target)
            return None
        copy.unlink(missing_ok=True)
        return hashed.hexdigest() if hashed is not None else None
    except sqlite3.Error as error:
        raise translated(error, source) from error
    except OSError as error:
        raise StoreUnavailable(f"{source.name} cannot be copied: {error.strerror}") from error


@contextmanager
def _moment(source: Path) -> Iterator[None]:
    """Until the block ends, nothing that was committed after it began is moved from the log into the file."""
    address = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        # The moment is that of the first read, not of the BEGIN.
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield


def _is_written(log: Path) -> bool:
    return log.exists() and log.stat().st_size > 0


def _copy(source: int, target: Path, copied: Copied, hashed: Callable[[memoryview], None] | None = None) -> None:
    """All of an open file. `hashed` is given the same bytes beside: it needs longer than the copying."""
    at, hashing = 0, None
    buffers = cycle([memoryview(bytearray(CHUNK)), memoryview(bytearray(CHUNK))])
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file, ThreadPoolExecutor(1) as beside:
        while count := os.preadv(source, [buffer := next(buffers)], at):
            if hashing is not None:
                # From here on the other buffer may be written to.
                hashing.result()
            if hashed is not None:
                hashing = beside.submit(hashed, buffer[:count])
            file.write(buffer[:count])
            at += count
            copied(count)
        if hashing is not None:
            hashing.result()


def _copy_log(source: Path, target: Path, copy: Callable[[int, Path, Copied], object] = _copy) -> None:
    """The log to its end; what is torn there was not committed when the moment was."""
    with suppress(FileNotFoundError), open(source, "rb", buffering=0) as log:
        while True:
            begun = os.pread(log.fileno(), _LOG_HEADER, 0)
            copy(log.fileno(), target, lambda _: None)
            # A log that was all in the file already may begin anew, once: half of each would undo what is in the file.
            if os.pread(log.fileno(), _LOG_HEADER, 0) == begun:
                return


def _make_whole(target: Path) -> None:
    """Moves the copied log into the copy, as the first who opens it would."""
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        [(busy, _, _)] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        assert not busy, "nobody else knows this file"
    for kept in ("-wal", "-shm"):
        target.with_name(target.name + kept).unlink(missing_ok=True)
