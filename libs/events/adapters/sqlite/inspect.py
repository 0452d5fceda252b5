"""Looks at event stores and the keyring's file from outside, without changing them: `cairn status`, `cairn doctor`."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from libs.events import envelope
from libs.events.adapters.sqlite.looking import looked
from libs.events.errors import MalformedEvent

_PLACED = "SELECT count(*) FROM sequences s JOIN stored_events e ON e.rowid = s.notification_id"
# Tenants whose sequence does not run from 1 to its head without a hole.
_GAPS = (
    "SELECT count(*) FROM (SELECT tenant, count(*) AS n, min(sequence) AS low, max(sequence) AS high FROM sequences "
    "GROUP BY tenant) LEFT JOIN heads USING (tenant) WHERE low != 1 OR high != n OR heads.sequence IS NOT n"
)
_PLACE = "SELECT notification_id FROM sequences WHERE tenant=? AND sequence=?"
_BODY = "SELECT state FROM stored_events WHERE rowid=?"
# No index has the names, so the newest rows are walked: what this code does not know was written last.
_NAMES = "SELECT topic, count(*) FROM (SELECT topic FROM stored_events ORDER BY rowid DESC LIMIT ?) GROUP BY topic"


@dataclass(frozen=True)
class StoreSummary:
    """What a store holds. `sound` is SQLite's own verdict and that every stored event has its place in a sequence."""

    tenants: int
    events: int
    sound: bool


@dataclass(frozen=True)
class Due:
    """What one consumer has still to apply: how many events, and when the first of them happened."""

    events: int
    since: datetime | None


@dataclass(frozen=True)
class StoreLook:
    """A store at a glance. `heads`: by tenant its last sequence; `due`: of each consumer that was asked about."""

    store_id: str
    heads: Mapping[str, int]
    last_at: datetime | None
    due: Sequence[Due]

    @property
    def events(self) -> int:
        """All of them: sequences have no holes."""
        return sum(self.heads.values())


def inspect(path: Path, *, at_rest: bool = False) -> StoreSummary:
    """Reads the whole file once, as it stands at one moment, whoever writes meanwhile.

    `at_rest`: nobody has it open, so nothing is made beside it, and a log that lies there does not count. Raises
    StoreUnavailable when it cannot be read or is no event store.
    """

    def work(connection: sqlite3.Connection) -> StoreSummary:
        [(verdict,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
        tenants, last = connection.execute("SELECT count(*), coalesce(sum(sequence), 0) FROM heads").fetchone()
        [(placed,)] = connection.execute(_PLACED).fetchall()
        [(gaps,)] = connection.execute(_GAPS).fetchall()
        [(stored,)] = connection.execute("SELECT count(*) FROM stored_events").fetchall()
        return StoreSummary(tenants, stored, verdict == "ok" and last == placed == stored and not gaps)

    return looked(path, work, at_rest=at_rest)


def look(path: Path, applied: Sequence[Mapping[str, int]] = ()) -> StoreLook:
    """A store at a glance, and what is due where consumers have applied so much (tenant → sequence).

    It costs a few reads a tenant, however many events there are. Raises StoreUnavailable as `inspect` does.
    """

    def work(connection: sqlite3.Connection) -> StoreLook:
        [(store_id,)] = connection.execute("SELECT store_id FROM store").fetchall() or [("",)]
        heads: dict[str, int] = dict(connection.execute("SELECT tenant, sequence FROM heads").fetchall())
        [(last,)] = connection.execute("SELECT max(time) FROM heads").fetchall()
        at = None if last is None else datetime.fromisoformat(last)
        return StoreLook(store_id, heads, at, [_due(connection, heads, points) for points in applied])

    return looked(path, work)


def names(path: Path, newest: int | None) -> Mapping[str, int]:
    """The wire names of the newest events (None: of all), and how many have each. Raises StoreUnavailable."""
    return looked(path, lambda connection: dict(connection.execute(_NAMES, (-1 if newest is None else newest,))))


def bodies(path: Path, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
    """Stored events with a notification id above `after`, oldest first, each with it. Raises StoreUnavailable."""
    sql = "SELECT rowid, state FROM stored_events WHERE rowid>? ORDER BY rowid LIMIT ?"
    return looked(path, lambda connection: connection.execute(sql, (after, limit)).fetchall())


def places(path: Path, ids: Sequence[int]) -> Sequence[tuple[str, int]]:
    """`(tenant, sequence)` of stored events, by their notification ids. Raises StoreUnavailable."""
    sql = "SELECT tenant, sequence FROM sequences WHERE notification_id=?"
    return looked(path, lambda connection: [place for id in ids for place in connection.execute(sql, (id,))])


def last_of(path: Path) -> int:
    """The last notification id, 0 when the store is empty. Raises StoreUnavailable."""
    sql = "SELECT coalesce(max(rowid), 0) FROM stored_events"
    return looked(path, lambda connection: int(connection.execute(sql).fetchone()[0]))


def holds_keys(path: Path) -> bool:
    """Whether a keyring's file holds anything yet. Raises StoreUnavailable when it cannot be read."""

    def work(connection: sqlite3.Connection) -> bool:
        return _has_holders(connection) and connection.execute("SELECT 1 FROM holders LIMIT 1").fetchone() is not None

    return looked(path, work)


def count_keys(path: Path) -> tuple[int, int]:
    """How many holders have a key, and how many tombstones stand. Raises StoreUnavailable.

    Tenants' own secrets count as nobody, as does the entry by which a keyring knows its key encryption key.
    """
    sql = (
        "SELECT count(*) FILTER (WHERE destroyed_at IS NULL), count(destroyed_at) FROM holders "
        "WHERE tenant != '-' AND holder NOT LIKE 'secret:%'"
    )

    def work(connection: sqlite3.Connection) -> tuple[int, int]:
        return connection.execute(sql).fetchone() if _has_holders(connection) else (0, 0)

    return looked(path, work)


def is_sound(path: Path) -> bool:
    """SQLite's own verdict on a file that nobody has open. Raises StoreUnavailable when it cannot be read."""
    return looked(path, lambda one: one.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)], at_rest=True)


def sqlite_version() -> tuple[int, ...]:
    """The version of the SQLite library that this Python uses."""
    return sqlite3.sqlite_version_info


def _has_holders(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name='holders'").fetchone() is not None


def _due(connection: sqlite3.Connection, heads: Mapping[str, int], applied: Mapping[str, int]) -> Due:
    behind = {tenant: applied.get(tenant, 0) for tenant, head in heads.items() if applied.get(tenant, 0) < head}
    places = [connection.execute(_PLACE, (tenant, last + 1)).fetchone() for tenant, last in behind.items()]
    first = min((row[0] for row in places if row is not None), default=None)
    events = sum(heads[tenant] - last for tenant, last in behind.items())
    row = None if first is None else connection.execute(_BODY, (first,)).fetchone()
    try:
        return Due(events, None if row is None else envelope.decode(bytes(row[0])).time)
    except MalformedEvent:
        return Due(events, None)
