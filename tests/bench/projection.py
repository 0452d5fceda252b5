"""Events a second into goal rows: committed in batches, and one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from time import perf_counter

from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.consume import PAGE, Runner
from libs.events.ports import EventLog, Record, Signal, TenantHead
from libs.events.positions import Positions
from libs.events.project import Projector
from services.goals.projections import GOAL_ROWS
from tests.bench.material import Material, checked_in, created, goal_stream, material
from tests.bench.report import Finding, times
from tests.bench.rounds import in_turns

GOALS = 100
CHECK_INS = 9
"""Check-ins a goal, after its creation."""

ROUNDS = 5


class Remembered:
    """The log's port over records read beforehand: reading costs both sides nothing, so only the commits differ."""

    def __init__(self, records: Sequence[Record], log: EventLog) -> None:
        self._records, self._log = records, log

    async def read(self, topic: str, partition: int, after: int, limit: int) -> Sequence[Record]:
        """Offsets of a single store without failed appends are the places in the list."""
        return self._records[after : after + limit]

    async def end(self, topic: str, partition: int) -> int:
        """The last offset."""
        return self._records[-1].offset

    async def partitions(self, topic: str) -> Sequence[int]:
        """The one."""
        return (0,)

    async def read_tenant(self, topic: str, tenant: str, after: int, limit: int) -> Sequence[Record]:
        """From the log."""
        return await self._log.read_tenant(topic, tenant, after, limit)

    async def tenant_head(self, topic: str, tenant: str) -> TenantHead:
        """From the log."""
        return await self._log.tenant_head(topic, tenant)

    def signal(self, topics: Iterable[str]) -> Signal:
        """From the log."""
        return self._log.signal(topics)


async def run(folder: Path) -> list[Finding]:
    """The runner with its page of 500 against the same runner with a page of one."""
    numbers = count()
    async with material(folder / "projection") as made:
        log = await _filled(made)

        async def by(page: int) -> float:
            return await _rate(made, log, folder / f"rows-{next(numbers)}.db", page)

        await by(PAGE)
        found = await in_turns(lambda: by(PAGE), lambda: by(1), ROUNDS)
    method = (
        f"Runner with goals.goals, page {PAGE} against page 1, both synchronous=FULL, a fresh read store a round; the "
        f"same {GOALS * (1 + CHECK_INS):,} sealed events of {GOALS} goals, read beforehand; {ROUNDS} rounds in turns"
    )
    return [times("projection in batches to a commit per event", found, 5, "events a second", method)]


async def _filled(made: Material) -> Remembered:
    store, log = made.parts.folder.event_store("goals"), made.parts.folder.event_log("goals")
    streams = [goal_stream() for _ in range(GOALS)]
    for number, stream in enumerate(streams):
        await store.append(await made.append(stream, 0, [created(f"p{number % 20}")]))
    for version in range(1, CHECK_INS + 1):
        for number, stream in enumerate(streams):
            await store.append(await made.append(stream, version, [checked_in(f"p{number % 20}", version)]))
    records = await store.read_log(0, 1_000_000)
    assert [record.offset for record in records] == list(range(1, len(records) + 1))
    return Remembered(records, log)


async def _rate(made: Material, log: Remembered, file: Path, page: int) -> float:
    reads = SQLiteReadStore(file)
    await reads.prepare(GOAL_ROWS.collections)
    positions = Positions(reads, log)
    runner = Runner(Projector(GOAL_ROWS, reads), "goals.events", 0, log, reads, made.parts.reader, positions, page=page)
    started = perf_counter()
    while await runner.step():
        continue
    seconds = perf_counter() - started
    await reads.close()
    assert runner.stopped is None, runner.stopped
    return GOALS * (1 + CHECK_INS) / seconds
