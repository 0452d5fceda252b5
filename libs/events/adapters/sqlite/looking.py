"""Reads a SQLite file from outside without leaving a trace: no file beside it, nothing written, nobody kept waiting.

`mode=ro` alone is not enough: SQLite makes the files of the write-ahead log even then, as whoever looks, and a service
of another user could not open them afterwards. Where nobody has the file open there is no log, and none is needed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from libs.events.errors import StoreUnavailable

T = TypeVar("T")
_PATIENCE = 5.0


def looked(path: Path, work: Callable[[sqlite3.Connection], T], *, at_rest: bool = False) -> T:
    """What `work` finds, as of one moment, whoever writes meanwhile; called again when somebody began to.

    `at_rest`: nobody has it open, and a log that lies there does not count. Raises StoreUnavailable when the file is
    not there, cannot be read, or is not what `work` takes it for.
    """
    if at_rest:
        try:
            return _on(path, work, at_rest=True)
        except sqlite3.Error as error:
            raise _unavailable(path, error) from error
    before = _trace(path)
    if before is not None and not _logged(path):
        try:
            found = _on(path, work)
        except sqlite3.Error as error:
            if not _moved(path, before):
                raise _unavailable(path, error) from error
        else:
            if not _moved(path, before):
                return found
    try:
        return _on(path, work)
    except sqlite3.Error as error:
        raise _unavailable(path, error) from error


def address(path: Path, *, at_rest: bool = False) -> str:
    """The file's URI for `sqlite3.connect`, to read it as it can be read now."""
    how = "mode=ro" if _logged(path) and not at_rest else "mode=ro&immutable=1"
    return f"{path.absolute().as_uri()}?{how}"


def _on(path: Path, work: Callable[[sqlite3.Connection], T], *, at_rest: bool = False) -> T:
    connection = sqlite3.connect(address(path, at_rest=at_rest), uri=True, isolation_level=None, timeout=_PATIENCE)
    try:
        connection.execute("BEGIN")
        return work(connection)
    finally:
        connection.close()


def _logged(path: Path) -> bool:
    """Whether there is a log beside the file: somebody has it open, or had when it was killed."""
    return any(path.with_name(path.name + suffix).exists() for suffix in ("-wal", "-journal"))


def _moved(path: Path, before: tuple[int, int]) -> bool:
    return _logged(path) or _trace(path) != before


def _trace(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _unavailable(path: Path, error: sqlite3.Error) -> StoreUnavailable:
    return StoreUnavailable(f"{path.parent.name}/{path.name}: {error}")
