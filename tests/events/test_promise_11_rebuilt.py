"""Promise 11, its other half: a consumer that stopped after a restore goes on once it is rebuilt, on the history there.

The rows of before fold another history. They are nothing to compare with, and must not keep the new ones from serving.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.read_models import SQLiteReadModels
from libs.events.adapters.sqlite.restored import renew_store_id
from libs.events.consume import Runner
from libs.events.ports import Generation
from libs.events.project import Projector
from libs.events.rebuild import Rebuild, Report
from tests.events import toy
from tests.events.world import NOTICED, Place, World


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
