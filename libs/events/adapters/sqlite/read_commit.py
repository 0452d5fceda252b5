"""The read store's one way to write: rows, checkpoints and parked keys in one transaction, under the owner's epoch."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from libs.events.adapters.sqlite import read_rows
from libs.events.adapters.sqlite.read_rows import RowsByKey
from libs.events.adapters.sqlite.read_tables import Table
from libs.events.adapters.sqlite.read_terms import chunks, marks
from libs.events.errors import OwnershipLost, StoreUnavailable
from libs.events.ports import Checkpoint, Commit, Ownership, Parked

NOW = "(julianday('now') - 2440587.5) * 86400.0"
"""Seconds since 1970, by the clock that all processes on this file share."""


def own(connection: sqlite3.Connection, projection: str, topic: str, partition: int) -> Ownership:
    """Raises the epoch of a partition, from 1, and returns it with the stored offset.

    Raises StoreUnavailable while the file is held, and OwnershipLost when another generation has followed it.
    """
    held, successor = connection.execute(f"SELECT held_until > {NOW}, successor FROM serving").fetchone()
    if successor is not None:
        raise OwnershipLost(projection, f"generation {successor} serves now instead of the one that was held")
    if held:
        raise StoreUnavailable(f"{projection} is being held by a rebuild or a replay: try again in a moment")
    return _raise_epoch(connection, projection, topic, partition)


def owns(connection: sqlite3.Connection, owner: Ownership) -> bool:
    """Whether the epoch stands and no other generation has followed."""
    try:
        verify_epoch(connection, owner)
    except OwnershipLost:
        return False
    return successor_of(connection) is None


def hold(connection: sqlite3.Connection, projection: str, topics: Iterable[str], seconds: float) -> list[Ownership]:
    """Owns every topic's only partition, and keeps others from owning one. Raises what `own` raises."""
    held = [own(connection, projection, topic, 0) for topic in topics]
    connection.execute(f"UPDATE serving SET held_until={NOW} + ?", (seconds,))
    return held


def let_go(connection: sqlite3.Connection, held: Sequence[Ownership]) -> None:
    """Others may own it again; nothing happens where they did already."""
    try:
        for owner in held:
            verify_epoch(connection, owner)
    except OwnershipLost:
        return
    connection.execute("UPDATE serving SET held_until=0")


def succeed(connection: sqlite3.Connection, held: Sequence[Ownership], successor: int) -> None:
    """From now on another generation serves. Raises OwnershipLost unless all that was held still is."""
    for owner in held:
        verify_epoch(connection, owner)
    connection.execute("UPDATE serving SET held_until=0, successor=?", (successor,))


def begin_anew(connection: sqlite3.Connection, projection: str, topic: str) -> None:
    """Forgets how far a consumer is, and raises its epochs."""
    connection.execute("DELETE FROM checkpoints WHERE projection=? AND topic=?", (projection, topic))
    connection.execute("UPDATE ownership SET hint=0, epoch=epoch+1 WHERE projection=? AND topic=?", (projection, topic))


def successor_of(connection: sqlite3.Connection) -> int | None:
    """The generation that has followed this one."""
    [(found,)] = connection.execute("SELECT successor FROM serving")
    return found if found is None else int(found)


def stand(connection: sqlite3.Connection) -> None:
    """It serves again: nothing follows it any more."""
    connection.execute("UPDATE serving SET held_until=0, successor=NULL")


def _raise_epoch(connection: sqlite3.Connection, projection: str, topic: str, partition: int) -> Ownership:
    key = (projection, topic, partition)
    connection.execute(
        "INSERT INTO ownership VALUES (?,?,?,1,0) ON CONFLICT (projection, topic, part) DO UPDATE SET epoch=epoch+1",
        key,
    )
    epoch, offset = connection.execute(
        "SELECT epoch, hint FROM ownership WHERE projection=? AND topic=? AND part=?", key
    ).fetchone()
    return Ownership(projection, topic, partition, epoch, offset)


def checkpoints(
    connection: sqlite3.Connection, projection: str, topic: str, tenants: Iterable[str] | None
) -> dict[str, Checkpoint]:
    """The stored checkpoints of those tenants that have one, of all when none are named."""
    if tenants is None:
        every = "SELECT tenant, store_id, sequence FROM checkpoints WHERE projection=? AND topic=?"
        return {row[0]: Checkpoint(row[1], row[2]) for row in connection.execute(every, (projection, topic))}
    found: dict[str, Checkpoint] = {}
    for chunk in chunks(list(dict.fromkeys(tenants))):
        rows = connection.execute(
            "SELECT tenant, store_id, sequence FROM checkpoints WHERE projection=? AND topic=? "
            f"AND tenant IN ({marks(chunk)})",
            (projection, topic, *chunk),
        )
        found.update((tenant, Checkpoint(store_id, sequence)) for tenant, store_id, sequence in rows)
    return found


def parked(connection: sqlite3.Connection, projection: str, tenant: str | None) -> list[Parked]:
    """Parked keys in the order in which they were parked."""
    condition, parameters = ("", (projection,)) if tenant is None else (" AND tenant=?", (projection, tenant))
    rows = connection.execute(
        "SELECT projection, topic, tenant, ordering_key, sequence, error FROM parked "
        f"WHERE projection=?{condition} ORDER BY number",
        parameters,
    )
    return [Parked(*row) for row in rows]


def write(connection: sqlite3.Connection, tables: Mapping[str, Table], commit: Commit) -> None:
    """Verifies, then writes; the caller's transaction makes it all or nothing. Raises OwnershipLost."""
    verify_epoch(connection, commit.owner)
    verify_advances(connection, commit)
    for name, rows in _by_collection(commit).items():
        read_rows.write(connection, tables[name], rows)
    owner = commit.owner
    connection.executemany(
        "INSERT INTO checkpoints VALUES (?,?,?,?,?) ON CONFLICT (projection, topic, tenant) "
        "DO UPDATE SET store_id=excluded.store_id, sequence=excluded.sequence",
        [
            (owner.projection, owner.topic, step.tenant, step.checkpoint.store_id, step.checkpoint.sequence)
            for step in commit.advances
        ],
    )
    connection.executemany(
        "DELETE FROM parked WHERE projection=? AND topic=? AND tenant=? AND ordering_key=?",
        [(key.projection, key.topic, key.tenant, key.key) for key in commit.released],
    )
    # A key that is parked already keeps its first sequence: that is where a replay begins.
    connection.executemany(
        "INSERT INTO parked (projection, topic, tenant, ordering_key, sequence, error) VALUES (?,?,?,?,?,?) "
        "ON CONFLICT (projection, topic, tenant, ordering_key) DO NOTHING",
        [(key.projection, key.topic, key.tenant, key.key, key.sequence, key.error) for key in commit.parked],
    )
    connection.execute(
        "UPDATE ownership SET hint=? WHERE projection=? AND topic=? AND part=?",
        (commit.offset, owner.projection, owner.topic, owner.partition),
    )


def verify_epoch(connection: sqlite3.Connection, owner: Ownership) -> None:
    """Raises OwnershipLost unless nobody has taken the partition since."""
    row = connection.execute(
        "SELECT epoch FROM ownership WHERE projection=? AND topic=? AND part=?",
        (owner.projection, owner.topic, owner.partition),
    ).fetchone()
    if row is None or row[0] != owner.epoch:
        raise OwnershipLost(owner.projection, f"somebody else has begun to write what it makes of {owner.topic}")


def verify_advances(connection: sqlite3.Connection, commit: Commit) -> None:
    """Raises OwnershipLost unless every step begins where its tenant stands; a tenant may take several in order."""
    owner = commit.owner
    stored = checkpoints(connection, owner.projection, owner.topic, (step.tenant for step in commit.advances))
    for step in commit.advances:
        if stored.get(step.tenant) != step.previous:
            raise OwnershipLost(owner.projection, f"somebody else has moved it on in {owner.topic}")
        stored[step.tenant] = step.checkpoint


def _by_collection(commit: Commit) -> dict[str, RowsByKey]:
    grouped: dict[str, RowsByKey] = {}
    for put in commit.puts:
        grouped.setdefault(put.key.collection.name, {})[put.tenant, put.key.id] = put.row
    return grouped
