"""Promise 5, skipping: said in the log, so that live rows and those folded from nothing go on without it alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from libs.events.consume import Runner
from libs.events.envelope import Fact
from libs.events.parking import UNFINISHED, Replay
from libs.events.ports import Commit, Parked
from libs.events.skipping import skip
from tests.events import toy
from tests.events.getting_past import (
    Cut,
    CutAtCommit,
    all_rows,
    anew,
    skip_the_parked,
    the_parked,
)
from tests.events.test_promise_5_poison_parks import IN_THE_FOLD, UNLUCKY, append_bytes, totals
from tests.events.world import NOTICED, Check, Place, World, envelope_of

[FAULTY] = IN_THE_FOLD
PAGES = (1, 2, 3, 500)


async def story(world: World) -> None:
    """Poison under c-1, twice, amid what is good; other keys and another tenant; nothing applied yet."""
    await world.make("c-1")
    for counter, by in (("c-1", 1), ("c-2", 2), ("c-1", UNLUCKY), ("c-1", 4), ("c-2", 8), ("c-1", UNLUCKY)):
        await world.count(counter, by)
    await world.count("c-1", 3, tenant="beta")
    await world.count("c-1", 16)
    await world.note("c-1", "a note")


async def get_past(world: World) -> None:
    """Both are skipped, the second once it is found; something comes after each."""
    await world.drain()
    await skip_the_parked(world)
    await world.count("c-1", 32)
    await world.drain()
    assert (await the_parked(world)).sequence == 7, "what waited behind the first waits at the second"
    await skip_the_parked(world)
    await world.count("c-1", 64)
    await world.drain()


async def check_a_key_goes_on_without_what_is_skipped(place: Place) -> None:
    """All else under the key is applied, in order; others noticed nothing; nothing waits any more."""
    for page in PAGES:
        inner = Place(place.folder / str(page), replace(place.parts, page=page))
        async with inner.open() as world:
            await story(world)
            await get_past(world)
            rows = await all_rows(world)
            assert {id: row.total for id, row in rows.items()} == {"acme/c-1": 117, "acme/c-2": 10, "beta/c-1": 3}
            assert rows["acme/c-1"].seen == [1, 2, 5, 8, 9, 11, 13], f"in pages of {page}"
            assert rows["acme/c-1"].notes == ["a note"]
            assert await world.reads.parked("counters") == []
            assert (world.runner().parked, world.runner().stopped) == (0, None)


async def check_rows_from_nothing_are_the_same(place: Place) -> None:
    """The log alone decides: whatever the pages, and whatever was known when a row was first folded."""
    async with place.but(page=2).open() as world:
        await story(world)
        await get_past(world)
        expected = await all_rows(world)
    for number, page in enumerate(PAGES):
        async with anew(place, number, page).open() as world:
            await world.drain()
            assert await all_rows(world) == expected, f"in pages of {page}"
            assert await world.reads.parked("counters") == []


async def check_a_cut_anywhere_changes_nothing(place: Place) -> None:
    """The process ends at any commit of the skip's turn, before or after it; what follows converges."""
    async with place.but(page=1).open() as world:
        await story(world)
        await get_past(world)
        expected = await all_rows(world)
    cuts = 0
    for number in range(1, 40):
        for after in (False, True):
            inner = anew(place, number * 2 + after, page=2)
            async with inner.open() as world:
                store: Any = world.reads
                store.number, store.after, store.armed = number, after, True
                try:
                    await world.drain()
                except Cut:
                    cuts += 1
            async with inner.open() as world:
                await world.drain()
                assert await all_rows(world) == expected, f"cut at commit {number}, {after=}"
                assert await world.reads.parked("counters") == []
    assert cuts > 20, "there are that many commits on the way"


async def check_only_what_is_named_is_skipped(place: Place) -> None:
    """Another projection's, another key's, another tenant's, another event's: the key waits on."""
    async with place.open() as world:
        await story(world)
        await world.drain()
        parked = await the_parked(world)
        for other in (
            replace(parked, projection="others"),
            replace(parked, key="acme/counter/c-2"),
            replace(parked, tenant="beta"),
            replace(parked, sequence=7),
        ):
            await skip(world.kernel, other, "operator", "By mistake.")
        await world.count("c-1", 32)
        await world.drain()
        assert await the_parked(world) == parked
        assert (await totals(world, "c-1", "c-2")) == {"c-1": 1, "c-2": 10}


async def test_a_key_goes_on_without_what_is_skipped(tmp_path: Path) -> None:
    await check_a_key_goes_on_without_what_is_skipped(Place(tmp_path).but(projections=IN_THE_FOLD))


async def test_rows_from_nothing_are_the_same(tmp_path: Path) -> None:
    await check_rows_from_nothing_are_the_same(Place(tmp_path).but(projections=IN_THE_FOLD))


async def test_a_cut_anywhere_changes_nothing(tmp_path: Path) -> None:
    await check_a_cut_anywhere_changes_nothing(Place(tmp_path).but(projections=IN_THE_FOLD, reads=CutAtCommit))


async def test_only_what_is_named_is_skipped(tmp_path: Path) -> None:
    await check_only_what_is_named_is_skipped(Place(tmp_path).but(projections=IN_THE_FOLD))


async def test_what_cannot_be_read_is_skipped(tmp_path: Path) -> None:
    async with Place(tmp_path).open() as world:
        await world.count("c-1", 1)
        noted = envelope_of(toy.Noted(author_id="ann", text="x"), "acme/counter/c-1", 2)
        await append_bytes(world, msgspec.structs.replace(noted, data={**noted.data, "text": "cairn1.gone.AAAA"}))
        await append_bytes(world, envelope_of(toy.Counted(by=4), "acme/counter/c-1", 3))
        await world.drain()
        assert (await the_parked(world)).error.startswith("seal_broken")
        await skip_the_parked(world)
        await world.drain()
        assert (await world.row("c-1")).total == 5


# --- planted faults ---------------------------------------------------------------------------------------------


class HonoursNothing(Runner):
    """Planted: an event that says so is an event like any other."""

    def _freed(self, fact: Fact[Any]) -> Parked | None:
        return None


class HonoursAnything(Runner):
    """Planted: frees a key whatever is to be skipped."""

    def _freed(self, fact: Fact[Any]) -> Parked | None:
        if not isinstance(fact.data, toy.EventSkipped):
            return None
        return next(iter(self._parked.values()), None)


class FreesWithoutReplay(Runner):
    """Planted: goes on from where it stands, and what waited is lost."""

    async def _skip(self, owner: Any, parked: Parked, skip: Any, until: Any) -> None:
        await super()._skip(owner, replace(parked, sequence=until.last + 1), skip, until)


class SkipsAll(Runner):
    """Planted: the key goes on behind the last event that it could not apply."""

    async def _skip(self, owner: Any, parked: Parked, skip: Any, until: Any) -> None:
        await self.reads.commit(Commit(owner, until.offset, [until.step], released=[parked]))
        self._parked.pop((parked.tenant, parked.key))


class ForgetsHowFar(Replay):
    """Planted: a chunk does not move the place where the key waits, so what is applied twice counts twice."""

    async def run(self, owner: Any, parked: Parked, until: Any, *, offset: int, without: int = 0) -> Any:
        async for left in super().run(owner, parked, until, offset=offset, without=without):
            if left is not None and left.error == UNFINISHED:
                await self.reads.commit(Commit(owner, offset, (), (), [parked], [left]))
            yield left


class ReplaysForgetfully(Runner):
    """Planted: see ForgetsHowFar."""

    async def _skip(self, owner: Any, parked: Parked, skip: Any, until: Any) -> None:
        replay = ForgetsHowFar(self.consumer, self.log, self.reads, self.reader, self._patience, None, self.page)
        left: AsyncIterator[Parked | None] = replay.run(
            owner, parked, until, offset=self._offset, without=skip.data.sequence
        )
        async for one in left:
            self._parked.pop((parked.tenant, parked.key), None)
            if one is not None:
                self._parked[parked.tenant, parked.key] = one


class WholePages(Runner):
    """Planted: what a page holds is applied at once, so that it depends on the page whether a skip is seen."""

    def __post_init__(self) -> None:
        self._skips = frozenset()


FAULTS: dict[str, tuple[Check, dict[str, Any]]] = {
    "honours nothing": (check_a_key_goes_on_without_what_is_skipped, {"runner": HonoursNothing}),
    "honours anything": (check_only_what_is_named_is_skipped, {"runner": HonoursAnything}),
    "frees without a replay": (check_a_key_goes_on_without_what_is_skipped, {"runner": FreesWithoutReplay}),
    "skips all": (check_a_key_goes_on_without_what_is_skipped, {"runner": SkipsAll}),
    "whole pages": (check_rows_from_nothing_are_the_same, {"runner": WholePages}),
    "forgets how far": (check_a_cut_anywhere_changes_nothing, {"runner": ReplaysForgetfully, "reads": CutAtCommit}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_out(fault: str, tmp_path: Path) -> None:
    check, parts = FAULTS[fault]
    with pytest.raises((*NOTICED, ValueError)):
        await check(Place(tmp_path).but(projections=IN_THE_FOLD).but(**parts))
