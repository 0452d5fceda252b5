"""Which records are due, judged by each tenant's sequence: lower is dropped, a gap is filled (promises 2 and 11)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Mapping, Sequence

from libs.events.errors import SequenceGap, StoreRestored
from libs.events.ports import Checkpoint, EventLog, Record

Fill = Callable[[Record, int], Awaitable[Sequence[Record]]]
"""`(record, last)` → what its tenant has between the sequence `last` and that record."""


async def goes_on(log: EventLog, topic: str, checkpoints: Mapping[str, Checkpoint]) -> bool:
    """Whether all that was applied is part of the history that is there now; after a restore it need not be."""
    for tenant, point in checkpoints.items():
        if not (await log.tenant_head(topic, tenant)).continues(point):
            return False
    return True


async def due_of(
    topic: str, records: Sequence[Record], checkpoints: Mapping[str, Checkpoint], fill: Fill
) -> tuple[list[Record], dict[str, Checkpoint]]:
    """The records that are due, in order, and where each tenant stands after them.

    Raises StoreRestored for what comes from another store, and what `fill` raises.
    """
    due: list[Record] = []
    reached: dict[str, Checkpoint] = {}
    for record in records:
        point = reached.get(record.tenant) or checkpoints.get(record.tenant)
        if point is not None and point.store_id != record.store_id:
            raise StoreRestored(topic)
        last = point.sequence if point is not None else 0
        if record.sequence <= last:
            continue
        if record.sequence > last + 1:
            due.extend(await fill(record, last))
        due.append(record)
        reached[record.tenant] = Checkpoint(record.store_id, record.sequence)
    return due, reached


def parts_of(due: Sequence[Record], alone: Container[str]) -> list[list[Record]]:
    """At least one part, to be applied one after the other; records of some types stand alone."""
    parts: list[list[Record]] = [[]]
    for record in due:
        if record.type in alone:
            parts += [[record], []]
        else:
            parts[-1].append(record)
    return [part for part in parts if part] or [[]]


def reached_by(records: Sequence[Record]) -> dict[str, Checkpoint]:
    """Where each tenant stands after records that are due."""
    return {record.tenant: Checkpoint(record.store_id, record.sequence) for record in records}


async def between(log: EventLog, topic: str, record: Record, last: int, page: int) -> list[Record]:
    """What the store has between the two. Raises SequenceGap where it does not have it either."""
    missing: list[Record] = []
    while last < record.sequence - 1:
        limit = min(page, record.sequence - 1 - last)
        found = await log.read_tenant(topic, record.tenant, last, limit)
        if not found or found[0].sequence != last + 1:
            raise SequenceGap(f"{topic} lacks sequence {last + 1}")
        missing.extend(found)
        last = found[-1].sequence
    return missing
