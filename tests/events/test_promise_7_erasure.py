"""Promise 7, erasure: rows without the words equal a rebuild, cut off anywhere it is carried out, others keep all."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.folder import TOMBSTONES
from libs.events.declare import Fold, ReadModel
from libs.events.retell import Retelling
from libs.privacy.erasure import Eraser
from libs.web.embedded import Embedded
from services.goals.domain.state import GOAL
from tests.events.erasing import Home, PowerCut, at_home, lived_in, nothing, plant_cuts, rebuilt
from tests.events.erasure_life import SUPERSEDED, found_of

Change = Callable[[Home], None]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which everything was said; tests work on copies."""
    folder = tmp_path_factory.mktemp("lived") / "data"
    asyncio.run(lived_in(folder))
    return folder


async def check_no_word_is_left(folder: Path, change: Change) -> None:
    """No file, older generations and logs among them, and no memory tells a word; the others' are where they were."""
    async with at_home(folder, change) as home:
        for service in home.services:
            for model in service.reading.models:
                await rebuilt(home, service, model)
        goal = f"acme/goal/{home.ids['goal of victim']}"
        kernel = home.installed.goals.handlers.kernel
        assert (await kernel.load(GOAL, goal)).state.title is not None
        before = {who: found_of(folder / "read", who) - SUPERSEDED for who in ("boss", "report")}
        assert {"another_title", "another_comment", "answer"} <= before["boss"]
        assert found_of(folder / "read", "victim"), "the search must find what there is"
        await home.confirm()
        assert (await kernel.load(GOAL, goal)).state.title is None, "not even for half a minute"
        assert found_of(folder, "victim") == set(), "while it is open"
        assert {who: found_of(folder / "read", who) - SUPERSEDED for who in ("boss", "report")} == before
        assert await home.state() == "done"
    assert found_of(folder, "victim") == set(), "after it was closed"


async def check_rows_equal_a_rebuild(folder: Path, change: Change) -> None:
    """Every model, folded from the log and the keyring as they are now, holds the very rows that the erasure left."""
    async with at_home(folder, change) as home:
        await home.confirm()
        for service in home.services:
            for model in service.reading.models:
                report = await rebuilt(home, service, model)
                assert report.compared, model.name
                assert report.differences.shown == [], model.name
                assert report.switched


async def check_a_restore_brings_nobody_back(folder: Path, change: Change, start: type[Embedded] = Embedded) -> None:
    """A folder from before the erasure tells nothing of the erased once a process has started beside the tombstones."""
    backup = folder.with_name("backup")
    shutil.copytree(folder, backup)
    async with at_home(folder, change) as home:
        await home.confirm()
    if (folder / TOMBSTONES).exists():
        shutil.copy(folder / TOMBSTONES, backup)
    shutil.rmtree(folder)
    backup.rename(folder)
    async with at_home(folder, change, start) as home:
        await home.fold()
        stream = f"acme/goal/{home.ids['goal of victim']}"
        goal = (await home.installed.goals.handlers.kernel.load(GOAL, stream)).state
        assert (goal.title, goal.description) == (None, None)
        for path in (f"/people/{home.ids['boss']}", f"/people/{home.ids['report']}"):
            assert (await home.get(path))["display_name"] is not None
    assert found_of(folder, "victim") == set()


async def check_cut_off_anywhere_it_is_carried_out(folder: Path, change: Change) -> None:
    """Whichever step is the last before a power cut: what is said to be done is, and after a restart all of it is."""
    steps, ended = 0, False
    while not ended:
        copy = folder.with_name(f"cut-{steps}")
        shutil.copytree(folder, copy)
        async with at_home(copy, change) as home:
            cut = plant_cuts(home, steps)
            try:
                await home.confirm()
                ended = True
            except PowerCut:
                assert cut.dead
            destroyed = await home.installed.embedded.keyring.destroyed("acme", [home.ids["victim"]])
            named = {one.holder for one in home.installed.embedded.eraser.tombstones.read()}
            assert destroyed <= named, "a restore would bring them back"
            before = await home.state()
            assert (before == "requested") == (steps == 0), "what was not stored has not happened"
            if before == "done":
                assert found_of(copy, "victim") == set(), f"done, after {steps} steps?"
        async with at_home(copy, change) as home:
            await home.fold()
            if before == "requested":
                await home.confirm()
            assert await home.state() == "done", f"cut off after {steps} steps"
            assert found_of(copy, "victim") == set()
            facts = [one.type for one in await home.installed.records() if ".person-erased" in one.type]
            assert len(facts) == 1
        shutil.rmtree(copy)
        steps += 1
    print(f"{steps} steps")
    assert steps > 20, "the cuts have missed what they were for"


Check = Callable[[Path, Change], Awaitable[None]]
CHECKS: Sequence[Check] = (
    check_no_word_is_left,
    check_rows_equal_a_rebuild,
    check_a_restore_brings_nobody_back,
    check_cut_off_anywhere_it_is_carried_out,
)


@pytest.mark.parametrize("check", CHECKS)
async def test_the_promise(check: Check, lived: Path, tmp_path: Path) -> None:
    shutil.copytree(lived, tmp_path / "data")
    await check(tmp_path / "data", nothing)


# --- planted faults ---------------------------------------------------------------------------------------------


class KeepsRows(Retelling):
    """Planted: the rows are what they were."""

    async def model(self, model: ReadModel, tenant: str, streams: Mapping[str, Sequence[str]]) -> None:
        async with self.generations.alone(model):
            await self.generations.clean(model, keep_previous=False)


class EmptiesEveryTitle(Retelling):
    """Planted: a row loses its words wherever the erased said anything, whoever's they are."""

    async def model(self, model: ReadModel, tenant: str, streams: Mapping[str, Sequence[str]]) -> None:
        if isinstance(model, Fold) and model.retell is not None:
            told = model.retell
            empty = {"title": None, "labels": ()}
            model = replace(model, retell=lambda facts: (found[0], empty) if (found := told(facts)) else None)
        await super().model(model, tenant, streams)


def retells(kind: type[Retelling]) -> Change:
    """Another way of folding rows anew."""

    def change(home: Home) -> None:
        for one in home.forgetting:
            one.retelling = kind(one.retelling.generations, one.retelling.log, one.retelling.reader)

    return change


def keeps_generations(home: Home) -> None:
    """Planted: the generation that served before stays, for a rollback."""
    for one in home.forgetting:
        reads: Any = one.retelling.generations
        clean = reads.clean
        reads.clean = lambda model, *, keep_previous=True, clean=clean: clean(model)


def keeps_logs(home: Home) -> None:
    """Planted: replaced rows stay in the write-ahead logs."""

    async def scrub() -> None:
        return None

    for one in home.forgetting:
        generations: Any = one.retelling.generations
        generations.scrub = scrub


def keeps_states(home: Home) -> None:
    """Planted: folded states live on for their half a minute."""
    for one in home.forgetting:
        one.forget_states = lambda: None


def leaves_no_tombstone(home: Home) -> None:
    """Planted: the key goes, and nothing tells so outside its file."""

    async def destroy(tenant: str, holder: str) -> str | None:
        keyring = home.installed.embedded.keyring
        await keyring.destroy(tenant, holder)
        return await keyring.key_id(tenant, holder)

    home.carrying(destroy=destroy)


class KeepsBackups(Embedded):
    """Planted: the keys of the erased are destroyed again, and the rows of the backup stay."""

    async def open_keyring(self) -> None:
        self.folder.discard_reads = lambda: None  # type: ignore[method-assign]
        await super().open_keyring()


class KeyFirst(Eraser):
    """Planted: the tombstone after the key."""

    async def destroy(self, tenant: str, holder: str) -> str | None:
        key_id = await self.keyring.key_id(tenant, holder)
        await self.keyring.destroy(tenant, holder)
        await super().destroy(tenant, holder)
        return key_id


def destroys_the_key_first(home: Home) -> None:
    """Planted: see `KeyFirst`."""
    eraser = home.installed.embedded.eraser
    home.carrying(destroy=KeyFirst(eraser.tombstones, eraser.keyring, eraser.clock).destroy)


def is_done_too_early(home: Home) -> None:
    """Planted: nobody waits for the services."""

    async def clean(tenant: str, position: int) -> list[Any]:
        return []

    home.carrying(clean=clean)


FAULTS: Mapping[str, tuple[Check, Change]] = {
    "rows are kept": (check_no_word_is_left, retells(KeepsRows)),
    "old generations are kept": (check_no_word_is_left, keeps_generations),
    "logs are kept": (check_no_word_is_left, keeps_logs),
    "states are kept": (check_no_word_is_left, keeps_states),
    "words are kept, to a rebuild": (check_rows_equal_a_rebuild, retells(KeepsRows)),
    "others lose theirs": (check_rows_equal_a_rebuild, retells(EmptiesEveryTitle)),
    "no tombstone": (check_a_restore_brings_nobody_back, leaves_no_tombstone),
    "rows of a backup": (partial(check_a_restore_brings_nobody_back, start=KeepsBackups), nothing),
    "the key first": (check_cut_off_anywhere_it_is_carried_out, destroys_the_key_first),
    "done too early": (check_cut_off_anywhere_it_is_carried_out, is_done_too_early),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_out(fault: str, lived: Path, tmp_path: Path) -> None:
    check, change = FAULTS[fault]
    shutil.copytree(lived, tmp_path / "data")
    with pytest.raises(AssertionError):
        await check(tmp_path / "data", change)
