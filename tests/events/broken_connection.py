"""Connections of SQLite that misbehave, and a recorder whose commits fail: before they happen, or after."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from eventsourcing.sqlite import SQLiteConnection

from libs.events.adapters.sqlite.recorder import Ending, GroupCaller, GroupRecorder

Lost = Literal["reply", "commit"]


@dataclass
class Wrapped:
    """A connection, except for what a subclass does otherwise."""

    raw: sqlite3.Connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


@dataclass
class _Pooled:
    """What the pool hands out, as far as the recorder looks at it."""

    _sqlite_conn: Wrapped


def pooled(connection: Wrapped) -> SQLiteConnection:
    """A wrapped connection in place of a real one."""
    return cast(SQLiteConnection, _Pooled(connection))


@dataclass
class _LosesCommit(Wrapped):
    lose: Lost

    def commit(self) -> None:
        """Happens or not, and is said to have failed."""
        if self.lose == "reply":
            self.raw.commit()
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_IOERR, "SQLITE_IOERR"
        raise error


class LosesReplies(GroupRecorder):
    """The next commit fails as `lose` says; `lost` counts how often that happened."""

    lose: Lost | None = None
    lost = 0

    def _in_transaction(self, connection: SQLiteConnection, callers: Sequence[GroupCaller]) -> list[Ending]:
        if self.lose is None:
            return super()._in_transaction(connection, callers)
        broken = pooled(_LosesCommit(connection._sqlite_conn, self.lose))
        self.lose, self.lost = None, self.lost + 1
        return super()._in_transaction(broken, callers)
