"""Ways to bring appends together: a recorder that tells its groups, and a rival that holds the file's write lock."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from eventsourcing.sqlite import SQLiteConnection

from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.adapters.sqlite.recorder import Ending, GroupCaller, GroupRecorder
from libs.events.ports import Append
from libs.events.testing import eventually
from tests.events.world import World, raw_count


class Watched(GroupRecorder):
    """Tells how many callers each transaction had, from the moment it asks for the lock."""

    def _in_transaction(self, connection: SQLiteConnection, callers: Sequence[GroupCaller]) -> list[Ending]:
        groups_of(self).append(len(callers))
        return super()._in_transaction(connection, callers)


def groups_of(recorder: GroupRecorder) -> list[int]:
    """The sizes of a watched recorder's transactions so far."""
    groups: list[int] = recorder.__dict__.setdefault("groups", [])
    return groups


@asynccontextmanager
async def write_lock(store: SQLiteEventStore) -> AsyncIterator[sqlite3.Connection]:
    """Somebody else writes to the store's file for as long as this lasts."""
    rival = sqlite3.connect(store.path, isolation_level=None)
    rival.execute("BEGIN IMMEDIATE")
    try:
        yield rival
    finally:
        rival.close()


async def together(world: World, requests: Sequence[Append], *, leaving: Sequence[int] = ()) -> list[Any]:
    """Appends that meet in one group, because the lock is away while they come; `leaving` go away before it is free.

    One more append goes ahead of them and waits for the lock, so that the others have somebody to wait behind.
    """
    before = len(groups_of(world.store.recorder))

    async def ahead_waits() -> bool:
        return len(groups_of(world.store.recorder)) > before

    async with write_lock(world.store):
        ahead = asyncio.ensure_future(
            world.store.append(raw_count("ahead/counter/c", (await world.store.tenant_head("ahead")).sequence))
        )
        await eventually(ahead_waits)
        tasks = [asyncio.ensure_future(world.store.append(request)) for request in requests]
        await asyncio.sleep(0)
        for at in leaving:
            tasks[at].cancel()
        await asyncio.sleep(0)
    endings = await asyncio.gather(*tasks, return_exceptions=True)
    await ahead
    return endings


def _hold_lock(path: Path, held: Event, let_go: Event) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    held.set()
    let_go.wait(60)
    connection.execute("COMMIT")
    connection.close()


@asynccontextmanager
async def another_process_writes(store: SQLiteEventStore) -> AsyncIterator[Event]:
    """Another process has the write lock until the event is set, at the latest until this ends."""
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    process = context.Process(target=_hold_lock, args=(store.path, held, let_go))
    process.start()
    assert await asyncio.to_thread(held.wait, 60)
    try:
        yield let_go
    finally:
        let_go.set()
        await asyncio.to_thread(process.join, 60)
