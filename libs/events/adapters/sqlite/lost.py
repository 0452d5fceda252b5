"""Finds event stores that are gone: read models know of events, and their store is not there or holds none.

Nothing may be begun on such a folder (promise 11): a new, empty store would look like one that was restored, and the
rebuild that follows a restore would empty what people see.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from libs.events.adapters.sqlite.folder import EVENTS, READS
from libs.events.adapters.sqlite.looking import looked
from libs.events.adapters.sqlite.restored import is_marked
from libs.events.errors import KernelError, StoreUnavailable

_APPLIED = "SELECT topic, sum(sequence) FROM checkpoints GROUP BY projection, topic"


@dataclass(frozen=True)
class LostStore:
    """A service's event store of which nothing is left; `applied`: so many of its events stand in a read model."""

    service: str
    applied: int
    missing: bool

    @property
    def what(self) -> str:
        """What is wrong with it."""
        file = f"{EVENTS}/{self.service}.db"
        gone = f"gone, {file} is missing" if self.missing else f"empty, {file} holds nothing"
        return f"it is {gone}, though {self.applied:,} events of it were applied here"


class EventsLost(KernelError):
    """Event stores of a data folder are gone or empty: they have to be restored, and nothing may go on without them."""

    def __init__(self, path: Path, lost: Sequence[LostStore]) -> None:
        named = "; ".join(f"event store {one.service}: {one.what}" for one in lost)
        super().__init__(
            f"{named}. Restore it from a backup (`cairn restore BACKUP --replace --data {path}`); "
            "a rebuild would empty what it had filled."
        )


def lost_stores(folder: Path) -> list[LostStore]:
    """Those of a data folder, by service; of a service that nothing was ever applied of, nobody knows. Only looks."""
    applied: dict[str, int] = defaultdict(int)
    for path in sorted((folder / READS).glob("*.db")):
        for service, events in _applied_in(path).items():
            applied[service] = max(applied[service], events)
    found = []
    for service, events in sorted(applied.items()):
        path = folder / EVENTS / f"{service}.db"
        if events and _holds_nothing(path):
            found.append(LostStore(service, events, missing=not path.exists()))
    return found


def refuse_lost(folder: Path) -> None:
    """Raises EventsLost."""
    if lost := lost_stores(folder):
        raise EventsLost(folder, lost)


def _applied_in(path: Path) -> Mapping[str, int]:
    """By service, the most events that a consumer in this file has applied."""
    found: dict[str, int] = defaultdict(int)
    try:
        rows = looked(path, lambda connection: connection.execute(_APPLIED).fetchall())
    except StoreUnavailable:
        # Broken or of another program, which is said elsewhere: here it knows of no events.
        return found
    for topic, events in rows:
        service = topic.partition(".")[0]
        found[service] = max(found[service], events)
    return found


def _holds_nothing(path: Path) -> bool:
    """Whether no event stands there, and no restore says that it is as it was. What is damaged holds something."""
    if not path.exists():
        return True
    try:
        return looked(path, _is_empty)
    except StoreUnavailable:
        return False


def _is_empty(connection: sqlite3.Connection) -> bool:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    if not tables:
        return True
    # A damaged one, or another program's file: not empty.
    if not {"stored_events", "heads", "store"} <= tables or is_marked(connection):
        return False
    return not any(
        connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in ("stored_events", "heads")
    )
