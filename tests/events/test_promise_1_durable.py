"""Promise 1: an acknowledged command is durable: over a restart, a killed process, and a commit whose reply is lost."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.sqlite import SQLiteConnection

from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.adapters.sqlite.recorder import Datastore, Ending, GroupCaller, GroupRecorder
from libs.events.errors import ConcurrencyConflict, StoreUnavailable
from libs.events.handle import Guard, Kernel
from libs.events.ports import CommandRecord
from libs.events.registry import Event
from tests.events.broken_connection import LosesReplies
from tests.events.world import NOTICED, Check, Place, World, assert_repeat, store_with

ACKNOWLEDGED = 60


# --- it is in the file before anybody is told ---------------------------------------------------------------------


async def check_it_is_in_the_file_when_it_is_told(place: Place) -> None:
    async with place.open() as world:
        for by in (1, 2, 3):
            outcome = await world.count("c", by, key=f"k-{by}")
            async with Place(place.folder).open() as elsewhere:
                found = await elsewhere.store.find_command("acme", f"k-{by}")
                assert found is not None
                assert (found.version, found.position) == (outcome.version, outcome.position)
                assert len(await elsewhere.history()) == by


async def check_a_commit_waits_for_the_disk(place: Place) -> None:
    async with place.open() as world:
        with world.store.recorder.datastore.get_connection(commit=True) as connection:
            raw = connection._sqlite_conn
            assert raw.execute("PRAGMA synchronous").fetchone()[0] >= 2
            assert raw.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


# --- a killed process ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Acknowledged:
    """What a process told before it was killed."""

    counter: str
    version: int
    position: int


def _serve_until_killed(folder: Path, recorder: type[GroupRecorder], told: Connection) -> None:
    async def count_for_ever(world: World, caller: int) -> None:
        for number in itertools.count(1):
            counter = f"c-{caller}-{number}"
            outcome = await world.count(counter, key=counter)
            told.send(Acknowledged(counter, outcome.version, outcome.position))

    async def serve() -> None:
        async with Place(folder).but(store=store_with(recorder)).open() as world:
            await asyncio.gather(*(count_for_ever(world, caller) for caller in range(4)))

    asyncio.run(serve())


def _killed_under_load(folder: Path, recorder: type[GroupRecorder]) -> list[Acknowledged]:
    context = multiprocessing.get_context("spawn")
    hearing, telling = context.Pipe(duplex=False)
    process = context.Process(target=_serve_until_killed, args=(folder, recorder, telling))
    process.start()
    telling.close()
    heard: list[Acknowledged] = []
    try:
        while len(heard) < ACKNOWLEDGED:
            assert hearing.poll(60), "the process serves"
            heard.append(hearing.recv())
    finally:
        process.kill()
        process.join(60)
    try:
        while True:
            heard.append(hearing.recv())
    except EOFError:
        return heard


async def check_a_killed_process_loses_and_doubles_nothing(
    place: Place, recorder: type[GroupRecorder] = GroupRecorder
) -> None:
    heard = await asyncio.to_thread(_killed_under_load, place.folder, recorder)
    async with place.open() as world:
        for told in heard:
            repeat = await world.count(told.counter, key=told.counter)
            assert (repeat.repeated, repeat.version, repeat.position) == (True, told.version, told.position)
            assert (await world.state(told.counter)).total == 1
        sequences = [record.sequence for record in await world.history()]
        assert sequences == list(range(1, len(sequences) + 1))
        # Each of the four may have been stored once more and not told any more.
        assert len(heard) <= len(sequences) <= len(heard) + 4


# --- a commit whose reply is lost ---------------------------------------------------------------------------------


async def check_a_lost_reply_is_looked_up(place: Place) -> None:
    async with place.open() as world:
        recorder = world.store.recorder
        assert isinstance(recorder, LosesReplies)
        for key in ("k-1", None):
            recorder.lose = "reply"
            outcome = await world.count("c", 5, key=key)
            assert not outcome.repeated
        assert recorder.lost == 2
        assert (await world.state("c")).total == 10
        assert len(await world.history()) == 2, "never inserted twice"
        assert_repeat(replace(outcome, version=1, position=1), await world.count("c", 5, key="k-1"))


async def check_a_commit_that_failed_left_nothing(place: Place) -> None:
    async with place.open() as world:
        recorder = world.store.recorder
        assert isinstance(recorder, LosesReplies)
        for key in ("k-1", None):
            recorder.lose = "commit"
            with pytest.raises(StoreUnavailable):
                await world.count("c", 5, key=key)
        assert recorder.lost == 2
        assert await world.store.find_command("acme", "k-1") is None
        assert await world.history() == []
        assert not (await world.count("c", 5, key="k-1")).repeated, "it recovers, and the key is free"
        assert (await world.state("c")).total == 5


async def check_a_lost_reply_of_a_group_is_looked_up_by_each(place: Place) -> None:
    async with place.open() as world:
        recorder = world.store.recorder
        assert isinstance(recorder, LosesReplies)
        recorder.lose = "reply"
        outcomes = await asyncio.gather(*(world.count(f"c-{at}", at, key=f"k-{at}") for at in range(1, 9)))
        assert recorder.lost == 1
        assert not any(outcome.repeated for outcome in outcomes)
        assert sorted(outcome.position for outcome in outcomes) == list(range(1, 9))
        assert [(await world.state(f"c-{at}")).total for at in range(1, 9)] == list(range(1, 9))
        assert len(await world.history()) == 8


LOST: list[Check] = [
    check_a_lost_reply_is_looked_up,
    check_a_commit_that_failed_left_nothing,
    check_a_lost_reply_of_a_group_is_looked_up_by_each,
]


@pytest.mark.parametrize("check", [check_it_is_in_the_file_when_it_is_told, check_a_commit_waits_for_the_disk])
async def test_durable(tmp_path: Path, check: Check) -> None:
    await check(Place(tmp_path))


async def test_a_killed_process(tmp_path: Path) -> None:
    await check_a_killed_process_loses_and_doubles_nothing(Place(tmp_path))


@pytest.mark.parametrize("check", LOST)
async def test_a_lost_reply(tmp_path: Path, check: Check) -> None:
    await check(Place(tmp_path).but(store=store_with(LosesReplies)))


# --- planted faults -----------------------------------------------------------------------------------------------


class TellsBeforeItCommits(GroupRecorder):
    """Planted: a group stays open for those who come later, and everybody is told before it ends."""

    kept: SQLiteConnection | None = None

    def append_many(self, callers: Sequence[GroupCaller]) -> list[Ending]:
        if self.kept is None:
            self.kept = self.datastore.pool._create_connection()
            self.kept._sqlite_conn.execute("BEGIN IMMEDIATE")
        return [self._one(self.kept._sqlite_conn, caller) for caller in callers]


class NeverLooks(SQLiteEventStore):
    """Planted: what a command came to is not to be found."""

    def __init__(self, service: str, path: Path) -> None:
        super().__init__(service, path)

    def _recorder(self, datastore: Datastore) -> GroupRecorder:
        return LosesReplies(datastore)

    async def find_command(self, tenant: str, command_id: str) -> CommandRecord | None:
        return None


class InsertsAgain(Kernel):
    """Planted: a lost reply counts as a lost race, so the command runs once more under a fresh id."""

    async def _append(self, run: Any, version: int, events: Sequence[Event], guards: Sequence[Guard]) -> CommandRecord:
        run = replace(run, command=replace(run.command, id=self.new_id()))
        try:
            return await super()._append(run, version, events, guards)
        except StoreUnavailable:
            raise ConcurrencyConflict(run.stream, version, version + 1) from None


class TakesItForALostReply(LosesReplies):
    """Planted: an error of the commit is taken for an error of its reply."""

    def _in_transaction(self, connection: SQLiteConnection, callers: Sequence[GroupCaller]) -> list[Ending]:
        try:
            return super()._in_transaction(connection, callers)
        except StoreUnavailable:
            return [CommandRecord(caller.command, 1, 1) for caller in callers if caller.command is not None]


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ({"store": store_with(TellsBeforeItCommits)}, check_it_is_in_the_file_when_it_is_told),
        ({"store": store_with(pragmas={"synchronous": 1})}, check_a_commit_waits_for_the_disk),
        ({"store": NeverLooks, "kernel": InsertsAgain}, check_a_lost_reply_is_looked_up),
        ({"store": store_with(TakesItForALostReply)}, check_a_commit_that_failed_left_nothing),
    ],
)
async def test_a_planted_fault_is_noticed(tmp_path: Path, fault: dict[str, Any], check: Check) -> None:
    with pytest.raises(NOTICED):
        await check(Place(tmp_path).but(**fault))


@pytest.mark.parametrize("check", [check_a_lost_reply_is_looked_up, check_a_lost_reply_of_a_group_is_looked_up_by_each])
async def test_a_store_that_never_looks_is_noticed(tmp_path: Path, check: Check) -> None:
    with pytest.raises(StoreUnavailable):
        await check(Place(tmp_path).but(store=NeverLooks))


async def test_a_process_that_tells_too_early_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(NOTICED):
        await check_a_killed_process_loses_and_doubles_nothing(Place(tmp_path), TellsBeforeItCommits)
