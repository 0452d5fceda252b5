"""Promise 11, its other half: a consumer that stopped after a restore goes on once it is rebuilt, on the history there.

The rows of before fold another history. They are nothing to compare with, and must not keep the new ones from serving.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.read_models import SQLiteReadModels
from libs.events.adapters.sqlite.restored import renew_store_id
from libs.events.consume import Runner
from libs.events.ports import Checkpoint, Generation, Ownership
from libs.events.project import Projector
from libs.events.rebuild import Rebuild, Report
from libs.events.testing import eventually
from tests.events import toy
from tests.events.rebuilding import at_work, generations
from tests.events.world import NOTICED, Place, World

NAME = toy.TAG_NEW_COUNTERS.name


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path).but(reads=lambda path: SQLiteReadModels(path, (toy.COUNTERS,)))


async def work(place: Place, *counts: str) -> None:
    """One count for each counter named, all applied."""
    async with place.open() as world:
        for counter in counts:
            await world.count(counter, 5)
        await world.drain()
        assert [runner.stopped for runner in world.runners] == [None] * len(world.runners)


def file_of(place: Place) -> Path:
    return place.folder / "events" / "toys.db"


def back_to(place: Place, copy: Path, *, renew: bool) -> None:
    """The copy in the place of the store, with an id of its own or without."""
    shutil.copyfile(copy, file_of(place))
    if renew:
        renew_store_id(file_of(place))


async def rebuilt(world: World, kind: type[Rebuild] = Rebuild, *, alone: bool = True) -> Report:
    reads: Any = world.reads
    return await kind(toy.COUNTERS, reads, world.log, world.reader, Projector, alone).run(lambda *_: None)  # type: ignore[arg-type]


async def check_it_goes_on(place: Place, kind: type[Rebuild], *, renew: bool, alone: bool = True) -> None:
    await work(place, "c", "c", "kept")
    copy = shutil.copyfile(file_of(place), place.folder / "backup.db")
    await work(place, "c", "lost", "lost", "kept")
    back_to(place, copy, renew=renew)
    async with place.open() as world:
        await world.drain()
        assert str(world.runner().stopped).startswith("store_restored: ")
        report = await rebuilt(world, kind, alone=alone)
        assert (report.switched, report.compared, report.differences.count) == (True, False, 0)
    async with place.open() as world:
        await world.drain()
        rows = await world.rows("c", "lost", "kept")
        assert {name: row.total for name, row in rows.items()} == {"c": 10, "kept": 5}
        await world.count("lost", 1)
        await world.drain()
        assert world.runner().stopped is None
        assert (await world.row("lost")).total == 1


@pytest.mark.parametrize("renew", [True, False], ids=["another id", "a head behind"])
@pytest.mark.parametrize("alone", [True, False])
async def test_it_goes_on(place: Place, renew: bool, alone: bool) -> None:
    await check_it_goes_on(place, Rebuild, renew=renew, alone=alone)


async def test_without_a_restore_the_two_are_compared(place: Place) -> None:
    await work(place, "c", "c", "kept")
    async with place.open() as world:
        report = await rebuilt(world)
        assert (report.switched, report.compared) == (True, True)


async def test_what_to_run_is_said(place: Place) -> None:
    await work(place, "c")
    renew_store_id(file_of(place))
    async with place.open() as world:
        await world.drain()
        assert "run `cairn rebuild --all`" in str(world.runner().stopped)


def test_an_id_is_renewed_in_one_write_and_no_file_is_made(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"none\.db"):
        renew_store_id(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection, connection:
        connection.execute("CREATE TABLE store (only INTEGER PRIMARY KEY, store_id TEXT)")
        connection.execute("INSERT INTO store VALUES (1, 'old')")
    renewed = renew_store_id(tmp_path / "store.db")
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        assert connection.execute("SELECT store_id FROM store").fetchall() == [(renewed,)]
    assert renewed != "old"


# --- while it runs ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def stopped_at_work(place: Place, *, renew: bool) -> AsyncIterator[tuple[World, World]]:
    """A world at work that has met a restored store, and another process's beside it."""
    await work(place, "c", "c", "kept")
    copy = shutil.copyfile(file_of(place), place.folder / "backup.db")
    await work(place, "c", "lost", "lost", "kept")
    back_to(place, copy, renew=renew)
    async with place.open() as world, at_work(world), place.open() as beside:
        await until(lambda: str(world.runner().stopped).startswith("store_restored: "))
        yield world, beside


async def until(holds: Callable[[], bool], *, within: float = 10) -> None:
    async def check() -> bool:
        return holds()

    await eventually(check, within=within)


async def check_it_goes_on_by_itself(place: Place, *, within: float = 10, renew: bool = True) -> None:
    async with stopped_at_work(place, renew=renew) as (world, beside):
        assert (await rebuilt(beside, alone=False)).switched
        await until(lambda: world.runner().stopped is None, within=within)
        rows = await world.rows("c", "lost", "kept")
        assert {name: row.total for name, row in rows.items()} == {"c": 10, "kept": 5}
        end = world.runner().offset + 1
        await world.count("lost", 1)
        await until(lambda: world.runner().offset == end, within=within)
        assert (await world.row("lost")).total == 1


async def check_a_consumer_without_rows_goes_on_by_itself(place: Place, *, within: float = 10) -> None:
    place = place.but(projections=(), reactions=(toy.TAG_NEW_COUNTERS,))
    async with place.open() as world:
        await world.make("c")
        await world.drain()
    renew_store_id(file_of(place))
    async with place.open() as world, at_work(world), place.open() as beside:
        runner = world.runner(NAME)
        await until(lambda: runner.stopped is not None)
        await generations(beside).begin_anew(NAME, runner.topic)
        await until(lambda: runner.stopped is None, within=within)
        await world.make("d")
        await until(lambda: runner.offset == 2, within=within)
        assert len(await world.history(service="tags")) == 2, "each counter was tagged once"


async def check_the_same_rows_never_go_on(place: Place, *, within: float = 10) -> None:
    """Nor once the head that was behind has grown beyond what they hold, whoever owned them meanwhile."""
    async with stopped_at_work(place, renew=False) as (world, beside):
        for _ in range(9):
            await world.count("d", 1)
        before = await world.rows("c", "d", "lost", "kept")
        for _ in range(2):  # taken back for the second time, it has judged what it found at the first
            await taken_and_let_go(beside, within)
        assert str(world.runner().stopped).startswith("store_restored: ")
        assert await world.rows("c", "d", "lost", "kept") == before


async def taken_and_let_go(world: World, within: float) -> None:
    """What a replay does that comes to nothing; returns once the runner at work has noticed."""
    models = generations(world)
    live = await models.live(toy.COUNTERS)
    held = await models.hold(live, ["toys.events"], 1e9)
    await models.let_go(live, held)

    async def taken_back() -> bool:
        return not await live.store.owns(held[0])

    await eventually(taken_back, within=within)


@pytest.mark.parametrize("renew", [True, False], ids=["another id", "a head behind"])
async def test_it_goes_on_by_itself(place: Place, renew: bool) -> None:
    await check_it_goes_on_by_itself(place, renew=renew)


async def test_a_consumer_without_rows_goes_on_by_itself(place: Place) -> None:
    await check_a_consumer_without_rows_goes_on_by_itself(place)


async def test_the_same_rows_never_go_on(place: Place) -> None:
    await check_the_same_rows_never_go_on(place)


class NeverLooksAgain(Runner):
    """Planted: once stopped, until the next start."""

    async def _look_whether_it_owns(self, owner: Ownership) -> None:
        if self.stopped is None:
            await super()._look_whether_it_owns(owner)


class LooksAtTheHeadAlone(Runner):
    """Planted: what seems to continue now is taken for what continues."""

    async def _own(self) -> Ownership:
        self._generation = -1
        return await super()._own()


class KeepsWhatItHad(Runner):
    """Planted: it goes on, with the checkpoints of the rows that serve no longer."""

    async def _own(self) -> Ownership:
        before: dict[str, Checkpoint] = dict(self._checkpoints)
        owner = await super()._own()
        self._checkpoints = before or self._checkpoints
        return owner


@pytest.mark.parametrize(
    ("runner", "check"),
    [
        (NeverLooksAgain, check_it_goes_on_by_itself),
        (NeverLooksAgain, check_a_consumer_without_rows_goes_on_by_itself),
        (LooksAtTheHeadAlone, check_the_same_rows_never_go_on),
        (KeepsWhatItHad, check_it_goes_on_by_itself),
    ],
)
async def test_a_planted_runner_is_noticed(place: Place, runner: type[Runner], check: Any) -> None:
    with pytest.raises(NOTICED):
        await check(place.but(runner=runner), within=3)


# --- planted faults -----------------------------------------------------------------------------------------------


class ComparesWhateverThereIs(Rebuild):
    """Planted: rows of another history count as what should come out."""

    async def _same_log(self, live: Generation, runners: Sequence[Runner]) -> bool:
        return True


class LooksAtIdsOnly(Rebuild):
    """Planted: a store that went back and kept its id is the same one."""

    async def _same_log(self, live: Generation, runners: Sequence[Runner]) -> bool:
        for runner in runners:
            for tenant, point in (await live.store.checkpoints(self.model.name, runner.topic)).items():
                if (await self.log.tenant_head(runner.topic, tenant)).store_id != point.store_id:
                    return False
        return True


@pytest.mark.parametrize(("kind", "renew"), [(ComparesWhateverThereIs, True), (LooksAtIdsOnly, False)])
async def test_a_planted_fault_is_noticed(place: Place, kind: type[Rebuild], renew: bool) -> None:
    with pytest.raises(NOTICED):
        await check_it_goes_on(place, kind, renew=renew)
