"""SQLite's errors as the kernel's: what the file or the machine refuses is `StoreUnavailable`, judged by its code."""

from __future__ import annotations

import sqlite3

from libs.events.errors import StoreUnavailable

_UNAVAILABLE = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    )
)
"""Primary codes that speak of the file or the machine; any other error is a fault of this code and stays itself."""


def translated(error: sqlite3.Error, *, ambiguous: bool = False) -> Exception:
    """What to raise for an error: `StoreUnavailable`, or the error itself (`no such table`, a misused driver).

    `ambiguous`: the commit itself failed, so that it may have happened.
    """
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or code & 0xFF not in _UNAVAILABLE:
        return error
    return StoreUnavailable(f"{error.sqlite_errorname}: {error}", ambiguous=ambiguous)
