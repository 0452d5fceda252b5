"""Promise 5, replaying: with mended code what waited is applied from the log, and the key is free at the head."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.read_models import SQLiteReadModels
from libs.events.declare import On
from libs.events.envelope import Fact
from libs.events.errors import OwnershipLost, StoreUnavailable
from libs.events.parking import UNFINISHED, Parking
from libs.events.ports import Commit, Parked
from libs.events.project import Projector
from libs.events.skipping import NothingToSkip, skip
from libs.events.testing import drain
from tests.events import toy
from tests.events.getting_past import Cut, in_generations, parking, rebuilt, the_parked
from tests.events.test_promise_5_poison_parks import IN_THE_FOLD, UNLUCKY, over, totals
from tests.events.world import NOTICED, Place, World

[FAULTY] = IN_THE_FOLD
MENDED = toy.COUNTERS


def on_counted_half_mended(row: toy.CounterRow | None, fact: Fact[toy.Counted]) -> toy.CounterRow:
    """The next fault behind the one that was mended."""
    if fact.data.by == UNLUCKY + 1:
        raise LookupError
    return toy.on_counted(row, fact)


[HALF_MENDED] = over(On(toy.Counted, toy.COUNTER_ROWS, on_counted_half_mended))


async def poisoned(place: Place) -> None:
    """Poison under c-1, and eight events behind it; other keys and another tenant have gone on."""
    async with in_generations(place, FAULTY).open() as world:
        await world.make("c-1")
        await world.tag("c-1", "new")
        for counter, by in (("c-1", 1), ("c-2", 2), ("c-1", UNLUCKY), ("c-1", 4), ("c-2", 8), ("c-1", UNLUCKY + 1)):
            await world.count(counter, by)
        await world.count("c-1", 3, tenant="beta")
        for by in (16, 32, 64):
            await world.count("c-1", by)
        await world.drain()
        assert await totals(world, "c-1", "c-2") == {"c-1": 1, "c-2": 10}


class Operator:
    """Who gets past it; a planted fault is another one of these."""

    parking: type[Parking] = Parking
    models: type[SQLiteReadModels] = SQLiteReadModels

    def of(self, world: World, model: Any = MENDED, *, page: int = 2) -> Parking:
        """A hold on the parked keys, with code that is mended."""
        made = parking(world, model, page=page)
        return self.parking(made.model, made.generations, made.log, made.reader, made.consumer, made.page)

    def mended(self, place: Place) -> Place:
        """The place with code that is mended."""
        return in_generations(place, MENDED, kind=self.models)


async def check_what_waited_is_applied(place: Place, operator: Operator) -> None:
    """In pages of any size, each event once and in order; the rows are those of a rebuild; what follows goes on."""
    for page in (1, 2, 3, 500):
        inner = Place(place.folder / str(page), place.parts)
        await poisoned(inner)
        async with operator.mended(inner).open() as world:
            assert await operator.of(world, page=page).replay(await the_parked(world)) is None
            assert await world.reads.parked("counters") == []
            await world.count("c-1", 100)
            await world.drain()
            row = await world.row("c-1")
            assert (row.total, row.tag) == (1 + 13 + 4 + 14 + 16 + 32 + 64 + 100, "new")
            assert row.seen == [1, 2, 4, 5, 7, 8, 9, 10, 11], f"in pages of {page}"
            assert await totals(world, "c-1", tenant="beta") == {"c-1": 3}
            report = await rebuilt(world, MENDED)
            assert (report.compared, report.differences.count, report.switched) == (True, 0, True)


async def check_a_new_fault_is_said(place: Place, operator: Operator) -> None:
    """The key waits on where it failed now, by what failed now; what came before is in its row."""
    await poisoned(place)
    async with in_generations(place, HALF_MENDED, kind=operator.models).open() as world:
        before = await the_parked(world)
        assert (before.sequence, before.error) == (4, "ZeroDivisionError")
        left = await operator.of(world, HALF_MENDED).replay(before)
        assert left is not None
        assert (left.id, left.sequence, left.error) == (before.id, 7, "LookupError")
        assert await the_parked(world) == left
        assert await totals(world, "c-1") == {"c-1": 1 + 13 + 4}
    async with operator.mended(place).open() as world:
        assert await operator.of(world).replay(await the_parked(world)) is None
        assert (await world.row("c-1")).seen == [1, 2, 4, 5, 7, 8, 9, 10]


async def check_a_cut_anywhere_loses_nothing(place: Place, operator: Operator) -> None:
    """Killed at any commit, before it or after: the key waits from there, cannot be skipped, and is replayed again."""
    cuts = 0
    for number in range(1, 8):
        for after in (False, True):
            inner = Place(place.folder / f"{number}{after}", place.parts)
            await poisoned(inner)
            async with operator.mended(inner).open() as world:
                with suppress(Cut):
                    await _cut(operator.of(world, page=2), number, after=after)
                    continue
                cuts += 1
            async with operator.mended(inner).open() as world:
                waits = await world.reads.parked("counters")
                await _goes_on_half_way(world, waits)
                for one in waits:
                    assert await operator.of(world, page=2).replay(one) is None
                assert (await world.row("c-1")).seen == [1, 2, 4, 5, 7, 8, 9, 10], f"cut at {number}, {after=}"
    assert cuts >= 8, "there are that many commits on the way"


async def _cut(parking: Parking, number: int, *, after: bool) -> None:
    live = await parking.generations.live(parking.model)
    seen, commit = 0, live.store.commit

    async def cutting(one: Commit) -> None:
        nonlocal seen
        seen += 1
        if seen == number and not after:
            raise Cut
        await commit(one)
        if seen == number:
            raise Cut

    live.store.commit = cutting  # type: ignore[method-assign]
    await parking.replay((await live.store.parked("counters"))[0])


async def _goes_on_half_way(world: World, waits: list[Parked]) -> None:
    """The others go on; a key whose replay was broken off is not to be skipped."""
    for one in waits:
        if one.error == UNFINISHED:
            with pytest.raises(NothingToSkip):
                await skip(world.kernel, one, "operator", "Why not.")
    await world.count("c-2", 1)
    await world.drain()
    assert await totals(world, "c-2") == {"c-2": 11}


async def check_nobody_writes_meanwhile(place: Place, operator: Operator) -> None:
    """The model's runner cannot take it back before the key is free, writes nothing, and goes on by itself then."""
    await poisoned(place)
    async with operator.mended(place).open() as world:
        toys, tags = world.runner(), world.runner(topic="tags.events")
        await drain([toys, tags])
        held = operator.of(world, page=1)
        store: Any = (await held.generations.live(MENDED)).store
        commit, met = store.commit, []

        async def meeting(one: Commit) -> None:
            await commit(one)
            store.commit = commit
            await world.count("c-1", 100)
            await world.tag("c-1", "newer")
            for runner in (toys, tags):
                with pytest.raises(OwnershipLost):
                    await runner.step()
                runner._owner = None
                with pytest.raises(StoreUnavailable):
                    await runner.step()
            met.append(one)

        store.commit = meeting
        assert await held.replay(await the_parked(world)) is None
        assert met
        assert (await world.row("c-1")).total == 1 + 13 + 4 + 14 + 16 + 32 + 64
        await drain([toys, tags])
        row = await world.row("c-1")
        assert (row.total, row.tag) == (1 + 13 + 4 + 14 + 16 + 32 + 64 + 100, "newer")


CHECKS = [
    check_what_waited_is_applied,
    check_a_new_fault_is_said,
    check_a_cut_anywhere_loses_nothing,
    check_nobody_writes_meanwhile,
]


@pytest.mark.parametrize("check", CHECKS)
async def test_the_promise(check: Any, tmp_path: Path) -> None:
    await check(Place(tmp_path), Operator())


# --- planted faults ---------------------------------------------------------------------------------------------


class JustFrees(Parking):
    """Planted: the key is free, and what waited is never applied."""

    async def replay(self, parked: Parked) -> Parked | None:
        live = await self.generations.live(self.model)
        owner = await live.store.own(parked.projection, parked.topic, 0)
        await live.store.commit(Commit(owner, owner.offset, [], released=[parked]))
        return None


class FreesFirst(Parking):
    """Planted: the key is free before all that waited is applied."""

    def _replay(self, store: Any) -> Any:
        made = super()._replay(store)
        run = made.run

        async def early(owner: Any, parked: Parked, until: Any, **options: Any) -> Any:
            await store.commit(Commit(owner, owner.offset, [], released=[parked]))
            async for left in run(owner, parked, until, **options):
                yield left

        object.__setattr__(made, "run", early)
        return made


class KeepsItsPlace(SQLiteReadModels):
    """Planted: a key that moves on keeps its first sequence, so that what was applied is applied again."""

    async def live(self, model: Any) -> Any:
        found = await super().live(model)
        store: Any = found.store
        if not hasattr(store, "kept"):
            store.kept, commit = True, store.commit

            async def keeping(one: Commit) -> None:
                moved = one.parked and one.released
                await commit(replace(one, parked=one.released, released=()) if moved else one)

            store.commit = keeping
        return found


class HoldsNothing(SQLiteReadModels):
    """Planted: whoever replays does not keep others from owning what is replayed."""

    async def hold(self, generation: Any, topics: Any, seconds: float) -> Any:
        return [await generation.store.own(generation.model, topic, 0) for topic in topics]


class ForgetsToGoOn(Projector):
    """Planted: what fails again is passed over."""

    async def apply(self, facts: Any) -> Any:
        return replace(await super().apply(facts), refused=())


class PassesOver(Parking):
    """Planted: see ForgetsToGoOn."""

    def _replay(self, store: Any) -> Any:
        return replace(super()._replay(store), consumer=ForgetsToGoOn(self.model, store))  # type: ignore[arg-type]


FAULTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "just frees": (check_what_waited_is_applied, {"parking": JustFrees}),
    "frees first": (check_a_cut_anywhere_loses_nothing, {"parking": FreesFirst}),
    "keeps its place": (check_a_cut_anywhere_loses_nothing, {"models": KeepsItsPlace}),
    "holds nothing": (check_nobody_writes_meanwhile, {"models": HoldsNothing}),
    "passes over": (check_a_new_fault_is_said, {"parking": PassesOver}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_out(fault: str, tmp_path: Path) -> None:
    check, parts = FAULTS[fault]
    operator = Operator()
    for name, part in parts.items():
        setattr(operator, name, part)
    with pytest.raises(NOTICED):
        await check(Place(tmp_path), operator)
