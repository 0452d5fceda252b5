"""Looks at read models' files from outside, without changing them: which generation serves, and how far it is."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from libs.events.adapters.sqlite import read_commit, read_register
from libs.events.adapters.sqlite.looking import looked
from libs.events.adapters.sqlite.read_connection import LAYOUT
from libs.events.adapters.sqlite.read_register import Entry
from libs.events.errors import StoreUnavailable
from libs.events.ports import Checkpoint, Parked

Points = Mapping[str, Mapping[str, Checkpoint]]
"""Topic → tenant → where a consumer stands there."""


@dataclass(frozen=True)
class ConsumerLook:
    """What the files say of one consumer. Without `entry` it has no rows (yet).

    `building` is the number of a generation that is being made now; `held`: nobody may write until a switch is done;
    `unreadable` says why its file gives no answer, `other_layout` that its file is emptied at the next start.
    """

    name: str
    entry: Entry | None = None
    points: Points = field(default_factory=dict)
    parked: Sequence[Parked] = ()
    building: int | None = None
    held: bool = False
    size: int = 0
    unreadable: str | None = None
    other_layout: bool = False


@dataclass(frozen=True)
class _File:
    points: Points
    parked: Sequence[Parked]
    held: bool
    successor: int | None


def look_model(register: Path, model: str, version: int) -> ConsumerLook:
    """A read model of the service whose register this is; `version` is that of today's fold."""
    size = sum(_size(path) for path in _files(register, model))
    entry: Entry | None = None
    try:
        entry = _entry(register, model)
        if entry is None:
            return ConsumerLook(model, size=size)
        path = register.with_name(f"{model}.{entry.number}.db")
        while path.exists() and (found := _file(path, model)) is not None:
            if found.successor is None:
                building = _building(register, model, entry)
                return ConsumerLook(model, entry, found.points, found.parked, building, found.held, size)
            # As a start would: what has followed was made by the code of today, or of the process that serves.
            entry = Entry(found.successor, version, entry.number, entry.version)
            path = register.with_name(f"{model}.{entry.number}.db")
    except StoreUnavailable as error:
        return ConsumerLook(model, entry, size=size, unreadable=error.reason)
    if not path.exists():
        return ConsumerLook(model, entry, size=size)
    return ConsumerLook(model, entry, size=size, other_layout=True)


def look_others(register: Path) -> list[ConsumerLook]:
    """The consumers without rows, whose checkpoints stand in the register itself: reactions."""
    if not register.exists():
        return []
    sql = "SELECT DISTINCT projection FROM ownership ORDER BY projection"

    def work(connection: sqlite3.Connection) -> list[ConsumerLook]:
        if not _is_ours(connection):
            return []
        names = [name for (name,) in connection.execute(sql)]
        return [
            ConsumerLook(name, points=_points(connection, name), parked=read_commit.parked(connection, name, None))
            for name in names
        ]

    try:
        return looked(register, work)
    except StoreUnavailable:
        # Each of the service's models says so already.
        return []


def examine(path: Path, *, whole: bool) -> str | None:
    """What is wrong with a file of the read store, None for nothing; `whole` reads all of it."""

    def work(connection: sqlite3.Connection) -> str | None:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE type='table'").fetchone()[0]
        ours = connection.execute("SELECT count(*) FROM sqlite_master WHERE name='ownership'").fetchone()[0]
        if tables and not ours:
            return "is another program's file, and would be emptied"
        if whole and (verdict := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            return f"is broken: {' '.join(verdict.split())}"
        return None

    try:
        return looked(path, work)
    except StoreUnavailable as error:
        return f"is broken: {error.reason}"


def _entry(register: Path, model: str) -> Entry | None:
    if not register.exists():
        return None
    return looked(register, lambda one: read_register.entry_of(one, model) if _is_ours(one) else None)


def _file(path: Path, model: str) -> _File | None:
    """None: of another layout."""

    def work(connection: sqlite3.Connection) -> _File | None:
        if not _is_ours(connection):
            return None
        [(held, successor)] = connection.execute(f"SELECT held_until > {read_commit.NOW}, successor FROM serving")
        parked = read_commit.parked(connection, model, None)
        return _File(_points(connection, model), parked, bool(held), successor)

    return looked(path, work)


def _is_ours(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA user_version").fetchone()[0] == LAYOUT)


def _points(connection: sqlite3.Connection, name: str) -> Points:
    found: defaultdict[str, dict[str, Checkpoint]] = defaultdict(dict)
    for (topic,) in connection.execute("SELECT DISTINCT topic FROM ownership WHERE projection=?", (name,)):
        found[topic] = {}
    sql = "SELECT topic, tenant, store_id, sequence FROM checkpoints WHERE projection=?"
    for topic, tenant, store_id, sequence in connection.execute(sql, (name,)):
        found[topic][tenant] = Checkpoint(store_id, sequence)
    return found


def _building(register: Path, model: str, entry: Entry) -> int | None:
    """The number of a generation that somebody makes now."""
    numbers = {int(path.name.removeprefix(f"{model}.").partition(".")[0]) for path in _files(register, model)}
    made = numbers - {entry.number, entry.previous}
    # Who makes one holds this lock throughout. It is tried only where a file of one lies, so that a look, which holds
    # it for a moment, does not come between somebody else and his own beginning.
    return max(made) if made and _is_locked(register.with_name(f"{model}.building")) else None


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _files(register: Path, model: str) -> list[Path]:
    found = register.parent.glob(f"{model}.*.db*")
    return [path for path in found if path.name.removeprefix(f"{model}.").partition(".")[0].isdigit()]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
