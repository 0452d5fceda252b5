"""Promise 3: rows and checkpoint are written together or not at all, and once, however often a record comes."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite import read_commit
from libs.events.adapters.sqlite.event_log import SQLiteEventLog
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.consume import Runner
from libs.events.declare import RowKey
from libs.events.errors import OwnershipLost
from libs.events.ports import Advance, Checkpoint, Commit, Ownership, Put, Record
from tests.events import toy
from tests.events.world import Place, World

HISTORY = 6
"""Events of counter c-1 in every check, each counting by one."""


async def fill(world: World) -> None:
    """The history."""
    for _ in range(HISTORY):
        await world.count("c-1")


async def standing(world: World) -> tuple[int, list[int], int]:
    """What the read side holds: the total, the sequences in it, and where its checkpoint is."""
    row = (await world.rows("c-1")).get("c-1")
    point = (await world.reads.checkpoints("counters", "toys.events", ["acme"])).get("acme")
    return (row.total if row else 0, row.seen if row else [], point.sequence if point else 0)


WHOLE = (HISTORY, list(range(1, HISTORY + 1)), HISTORY)

# --- a crash in the middle --------------------------------------------------------------------------------------


class Crash(Exception):
    """The process dies here."""


class Countdown:
    """Dies at the n-th statement of a commit; `at` 0 never does."""

    def __init__(self, at: int = 0, die: Callable[[], None] | None = None) -> None:
        self.left, self._die = at, die

    def tick(self) -> None:
        """One more statement."""
        self.left -= 1
        if self.left == 0:
            if self._die is not None:
                self._die()
            raise Crash


class Ticking:
    """A connection that may not live to its next statement."""

    def __init__(self, connection: Any, countdown: Countdown) -> None:
        self._connection, self._countdown = connection, countdown

    def execute(self, *arguments: Any) -> Any:
        self._countdown.tick()
        return self._connection.execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        self._countdown.tick()
        return self._connection.executemany(*arguments)


class MayCrash(SQLiteReadStore):
    """The real store, on connections that may crash."""

    countdown = Countdown()

    async def commit(self, commit: Commit) -> None:
        await self._write(commit)

    async def _write(self, commit: Commit) -> None:
        tables = {put.key.collection.name: self._table(put.key.collection) for put in commit.puts}

        def work(connection: Any) -> None:
            ticking: Any = Ticking(connection, self.countdown)
            read_commit.write(ticking, tables, commit)
            self.countdown.tick()

        await self._database.write(work)


async def check_a_crash_leaves_neither(place: Place) -> None:
    """Wherever a commit of rows and checkpoint dies, a restart finds both or neither, and goes on to the whole."""
    crashes = 0
    while True:
        inner = Place(place.folder / str(crashes), replace(place.parts, page=HISTORY // 2))
        async with inner.open() as world:
            await fill(world)
            assert isinstance(world.reads, MayCrash)
            await world.runner().step()
            half = await standing(world)
            world.reads.countdown = Countdown(crashes + 1)
            with suppress(Crash):
                await world.runner().step()
            died = world.reads.countdown.left == 0
        async with inner.open() as world:
            assert await standing(world) == (half if died else WHOLE), f"died at statement {crashes + 1}"
            await world.drain()
            assert await standing(world) == WHOLE, f"died at statement {crashes + 1}"
        if not died:
            break
        crashes += 1
    assert crashes >= 4, "the crash was never inside the commit"


def die_in_commit(folder: Path, at: int) -> None:
    """A process of its own, which applies the history and ends without a word at a statement of its second commit."""

    async def live() -> None:
        async with Place(folder).but(reads=MayCrash, page=HISTORY // 2).open() as world:
            await fill(world)
            await world.runner().step()
            assert isinstance(world.reads, MayCrash)
            world.reads.countdown = Countdown(at, lambda: os._exit(9))
            await world.runner().step()

    asyncio.run(live())


# --- again and again --------------------------------------------------------------------------------------------


class Redelivers(SQLiteEventLog):
    """Goes back to the start, to the middle, to the start, before it goes on: at least once."""

    back = (0, 2, 0, 4, 1)

    def __init__(self, stores: Any) -> None:
        super().__init__(stores)
        self._back = list(self.back)

    async def read(self, topic: str, partition: int, after: int, limit: int) -> Sequence[Record]:
        again = min(after, self._back.pop()) if self._back and after else after
        return await super().read(topic, partition, again, limit)


async def check_redelivery_changes_nothing(place: Place) -> None:
    """Records that were applied are dropped, in the page in which they come again and after a restart."""
    for page in (1, 2, 4, 500):
        inner = Place(place.folder / str(page), replace(place.parts, page=page, log=Redelivers))
        async with inner.open() as world:
            await fill(world)
            await world.drain()
            assert await standing(world) == WHOLE
        async with inner.open() as world:
            await world.count("c-1")
            await world.drain()
            assert await standing(world) == (HISTORY + 1, [*WHOLE[1], HISTORY + 1], HISTORY + 1)


async def check_a_commit_is_not_taken_twice(place: Place) -> None:
    """A commit names where it goes on from: repeated, or from elsewhere, it fails and changes nothing."""
    async with place.open() as world:
        await fill(world)
        await world.drain()
        row = await world.row("c-1")
        owner = await world.reads.own("counters", "toys.events", 0)
        point = (await world.reads.checkpoints("counters", "toys.events", ["acme"]))["acme"]
        for previous in (None, Checkpoint(point.store_id, point.sequence - 1), Checkpoint("other", point.sequence)):
            await must_fail(world, owner, previous, Checkpoint(point.store_id, HISTORY + 1))
        assert await standing(world) == WHOLE
        assert await world.row("c-1") == row


async def must_fail(world: World, owner: Ownership, previous: Checkpoint | None, to: Checkpoint) -> None:
    """A step that does not begin where the tenant stands is refused."""
    put = Put("acme", RowKey(toy.COUNTER_ROWS, "c-1"), toy.CounterRow(total=99))
    with pytest.raises(OwnershipLost):
        await world.reads.commit(Commit(owner, 0, [Advance("acme", previous, to)], [put]))


CHECKS = [
    check_a_crash_leaves_neither,
    check_redelivery_changes_nothing,
    check_a_commit_is_not_taken_twice,
]


@pytest.mark.parametrize("check", CHECKS)
async def test_the_promise(check: Any, tmp_path: Path) -> None:
    await check(Place(tmp_path).but(reads=MayCrash))


@pytest.mark.parametrize("at", [3, 5])
async def test_a_process_that_dies_in_a_commit_leaves_neither(tmp_path: Path, at: int) -> None:
    process = multiprocessing.get_context("spawn").Process(target=die_in_commit, args=(tmp_path, at))
    process.start()
    await asyncio.to_thread(process.join, 30)
    assert process.exitcode == 9
    async with Place(tmp_path).open() as world:
        assert await standing(world) == (3, [1, 2, 3], 3)
        await world.drain()
        assert await standing(world) == WHOLE


# --- planted faults ---------------------------------------------------------------------------------------------


class RowsFirst(MayCrash):
    """Planted: rows in one transaction, the checkpoint in the next."""

    async def commit(self, commit: Commit) -> None:
        await self._write(replace(commit, advances=()))
        await self._write(replace(commit, puts=()))


class CheckpointFirst(MayCrash):
    """Planted: the checkpoint in one transaction, rows in the next."""

    async def commit(self, commit: Commit) -> None:
        await self._write(replace(commit, puts=()))
        await self._write(replace(commit, advances=()))


class IgnoresPrevious(MayCrash):
    """Planted: a checkpoint is overwritten, wherever it stands."""

    async def commit(self, commit: Commit) -> None:
        tenants = [step.tenant for step in commit.advances]
        stored = await self.checkpoints(commit.owner.projection, commit.owner.topic, tenants)
        advances = [replace(step, previous=stored.get(step.tenant)) for step in commit.advances]
        await super().commit(replace(commit, advances=advances))


class BelievesTheLog(Runner):
    """Planted: applies what comes, as if the log delivered once."""

    async def _judge(self, records: Sequence[Record]) -> tuple[list[Record], dict[str, Checkpoint]]:
        return list(records), {one.tenant: Checkpoint(one.store_id, one.sequence) for one in records}


FAULTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "rows first": (check_a_crash_leaves_neither, {"reads": RowsFirst}),
    "checkpoint first": (check_a_crash_leaves_neither, {"reads": CheckpointFirst}),
    "believes the log": (check_redelivery_changes_nothing, {"reads": MayCrash, "runner": BelievesTheLog}),
    "overwrites": (check_a_commit_is_not_taken_twice, {"reads": IgnoresPrevious}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_out(fault: str, tmp_path: Path) -> None:
    check, parts = FAULTS[fault]
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await check(Place(tmp_path).but(**parts))
