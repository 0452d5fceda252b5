"""Promise 7, erasure of rows that stand still: what waits behind a poison event loses its words, and stays there."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from libs.events.declare import On, Projection, ReadModel
from libs.events.envelope import decode
from libs.events.ports import Append, Command, StoredEvent
from libs.events.retell import Retelling, keeps_words
from services.goals.projections import TALK, TREE
from tests.events import toy
from tests.events.erasing import Home, at_home, lived_in, nothing, rebuilt
from tests.events.erasure_life import found_of
from tests.events.test_promise_7_erasure import retells


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which everything was said; tests work on copies."""
    folder = tmp_path_factory.mktemp("lived") / "data"
    asyncio.run(lived_in(folder))
    return folder


async def poisoned(home: Home) -> str:
    """The stream of a comment of the victim's, which goes on with an event that is none, and then with one more."""
    said = await home.comments(home.ids["goal of victim"])
    stream = f"acme/comment/{said[0]['id']}"
    store = home.installed.goals.handlers.kernel.store
    events = await store.read_stream(stream)
    last = decode(events[-1].body)
    for number, data in ((1, {"said": "nothing"}), (2, last.data)):
        moved = msgspec.structs.replace(last, id=f"moved-{number}", version=last.version + number, data=data)
        command = Command(f"moved-{number}", "", stream, "", False)
        await store.append(Append("acme", {stream: last.version + number - 1}, [moved], command))
    await home.fold()
    parked = await home.installed.goals.reading.reads.parked(TALK.name)
    assert [one.key for one in parked] == [stream]
    return stream


async def check_what_waits_is_erased(folder: Path, change: Callable[[Home], None]) -> None:
    """It keeps waiting, at the version where it was, and a rebuild finds the very same row."""
    async with at_home(folder, change) as home:
        stream = await poisoned(home)
        reads = home.installed.goals.reading.reads
        before = await reads.parked(TALK.name)
        await home.confirm()
        assert found_of(folder, "victim") == set()
        assert await reads.parked(TALK.name) == before
        [comment] = [one for one in await home.comments(home.ids["goal of victim"]) if one["id"] in stream]
        assert (comment["text"], comment["erased"], comment["version"]) == (None, ["text"], 2)
        report = await rebuilt(home, home.installed.goals, TALK)
        assert report.compared
        assert report.differences.shown == []


async def test_what_waits_is_erased(lived: Path, tmp_path: Path) -> None:
    shutil.copytree(lived, tmp_path / "data")
    await check_what_waits_is_erased(tmp_path / "data", nothing)


class MovesOn(Retelling):
    """Planted: whatever stands in the stream is folded, waiting or not."""

    def applied(self, model: ReadModel, event: StoredEvent, waiting: Mapping[str, int]) -> bool:
        return True


async def test_one_that_moves_on_is_found_out(lived: Path, tmp_path: Path) -> None:
    shutil.copytree(lived, tmp_path / "data")
    with pytest.raises(AssertionError):
        await check_what_waits_is_erased(tmp_path / "data", retells(MovesOn))


def nowhere(_: Any) -> tuple[str, ...]:
    return ()


def test_a_model_whose_words_nothing_folds_anew_is_refused() -> None:
    elsewhere = tuple(On(one.event, one.collection, one.apply, nowhere) for one in TALK.on)
    for model in (replace(TREE, retell=None), replace(TALK, on=elsewhere), toy.COUNTERS):
        with pytest.raises(TypeError, match=model.name):
            keeps_words(model)
    silent: Projection = replace(TALK, on=elsewhere, words=())
    assert not keeps_words(silent)
    assert keeps_words(TALK)
    assert keeps_words(TREE)
