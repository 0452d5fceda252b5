"""Promise 3, a row fed by two topics: two runners that work on it at the same moment do not undo each other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.declare import RowKey
from libs.events.project import Projector
from tests.events.world import Place


class Meeting(SQLiteReadStore):
    """Who has read rows waits a moment, so that another may read them before they are written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.readers, self.met = 0, asyncio.Event()

    async def get_many(self, tenant: str, keys: Iterable[RowKey]) -> Any:
        found = await super().get_many(tenant, keys)
        self.readers += 1
        if self.readers == 1:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.met.wait(), 0.2)
        elif self.readers == 2:
            self.met.set()
        return found


async def check_both_are_kept(place: Place) -> None:
    """What each topic tells of the row stands in it afterwards."""
    async with place.but(reads=Meeting).open() as world:
        await world.count("c-1", 5)
        await world.tag("c-1", "new")
        await asyncio.gather(*(runner.step() for runner in world.runners))
        row = await world.row("c-1")
        assert (row.total, row.tag) == (5, "new")


async def test_both_are_kept(tmp_path: Path) -> None:
    await check_both_are_kept(Place(tmp_path))


class TakesNoTurns(Projector):
    """Planted: everybody's turn is now."""

    @property
    def turn(self) -> asyncio.Lock:
        return asyncio.Lock()

    @turn.setter
    def turn(self, turn: asyncio.Lock) -> None:
        pass


async def test_a_lost_update_is_found_out(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        await check_both_are_kept(Place(tmp_path).but(projector=TakesNoTurns))
