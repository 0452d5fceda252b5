"""How a runner reads: small pages of what just happened, great ones of what is long due, and only words it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from libs.events.adapters.sqlite.event_log import SQLiteEventLog
from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.consume import Runner
from libs.events.ports import Record
from tests.events import toy
from tests.events.test_promise_5_poison_parks import IN_THE_FOLD, UNLUCKY
from tests.events.world import Place, World


class Noting(SQLiteEventLog):
    """Remembers how many records of toys it was asked for, and how many it gave."""

    def __init__(self, stores: Mapping[str, SQLiteEventStore]) -> None:
        super().__init__(stores)
        self.pages: list[tuple[int, int]] = []

    async def read(self, topic: str, partition: int, after: int, limit: int) -> Sequence[Record]:
        found = await super().read(topic, partition, after, limit)
        if topic == "toys.events":
            self.pages.append((limit, len(found)))
        return found


def pages(world: World) -> list[tuple[int, int]]:
    """What was read so far; forgotten then."""
    assert isinstance(world.log, Noting)
    found, world.log.pages = world.log.pages, []
    return found


async def test_what_is_far_behind_is_read_in_bulk(tmp_path: Path) -> None:
    """As long as a whole bulk is due, and no longer; then page by page again, and the rows are the same."""
    place = Place(tmp_path).but(log=Noting, page=2, runner=partial(Runner, bulk=5))
    async with place.open() as world:
        for number in range(15):
            await world.count(f"c-{number % 3}", 2)
        await world.drain()
        assert pages(world) == [(2, 2), (5, 5), (5, 5), (2, 2), (2, 1), (2, 0)]
        await world.count("c-0", 1)
        await world.drain()
        assert pages(world) == [(2, 1), (2, 0)]
        assert [(await world.row(f"c-{number}")).total for number in range(3)] == [11, 10, 10]


async def test_poison_in_bulk_waits_alone(tmp_path: Path) -> None:
    place = Place(tmp_path).but(page=1, runner=partial(Runner, bulk=4), projections=IN_THE_FOLD)
    async with place.open() as world:
        for by in (1, 2, UNLUCKY, 4, 8):
            await world.count("c-1", by)
            await world.count("c-2", 1)
        await world.drain()
        assert {id: row.total for id, row in (await world.rows("c-1", "c-2")).items()} == {"c-1": 3, "c-2": 5}
        assert world.runner().parked == 1


async def test_words_that_no_row_keeps_are_not_opened(tmp_path: Path) -> None:
    """Which words are kept is the declaration's business: another reader of the same events opens them."""
    place = Place(tmp_path).but(runner=partial(Runner, words=(toy.CounterMade,)))
    async with place.open() as world:
        await world.make("c-1", "label", actor="ann")
        await world.note("c-1", "nobody's business", actor="ben")
        await world.count("c-1", 3)
        await world.drain()
        row: Any = await world.row("c-1")
        assert (row.notes, row.total, row.version) == ([None], 3, 3)
    everything = Place(tmp_path).but(reads=lambda path: place.parts.reads(path.with_name("all.db")))
    async with everything.open() as world:
        await world.drain()
        assert (await world.row("c-1")).notes == ["nobody's business"]
