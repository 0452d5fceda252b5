"""SQLite's errors as the kernel's: what the file or the machine refuses is `StoreUnavailable`, judged by its code."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from libs.events.errors import StoreUnavailable

_BROKEN = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))
_UNAVAILABLE = _BROKEN | frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    )
)
"""Primary codes that speak of the file or the machine; any other error is a fault of this code and stays itself."""


def translated(error: Exception, file: Path | str, *, ambiguous: bool = False, remedy: str = "") -> Exception:
    """What to raise for an error: `StoreUnavailable`, or the error itself (`no such table`, a misused driver).

    An error of a library around SQLite is judged by the SQLite error that it came from. `ambiguous`: the commit itself
    failed, so that it may have happened: whatever it failed with, the command has to be looked up. `remedy` is what to
    do where the file is broken.
    """
    cause = error if isinstance(error, sqlite3.Error) else error.__cause__
    code = getattr(cause, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary not in _UNAVAILABLE and not ambiguous:
        return error
    path = Path(file)
    name = getattr(cause, "sqlite_errorname", type(error).__name__)
    reason = f"{name}: {cause or error} ({path.parent.name}/{path.name})"
    if primary in _BROKEN:
        reason += f"; the file is broken: {remedy}" if remedy else "; the file is broken"
    return StoreUnavailable(reason, ambiguous=ambiguous)
