"""A fold of rows that depend on each other: the same rows in any batches, and a fact that breaks it waits alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from libs.events.declare import Group
from libs.events.effects import Effects
from libs.events.envelope import Fact
from libs.events.errors import OwnershipLost
from libs.events.folder import KEPT, Folder
from libs.events.testing import Rows
from libs.events.view import View
from tests.events.batches import COUNTERS, PEOPLE, TELLING, Step, cut, facts_of, opened, surviving, team_rows
from tests.events.teams import BREAKS, BREAKS_EARLY, LEAVES, TEAM_ROWS, naive
from tests.events.world import Place

people = st.sampled_from(PEOPLE)
wholesome = st.one_of(people, people.map(lambda one: (one,)), st.integers(-3, 6), st.just(LEAVES))
poison = st.sampled_from([BREAKS, BREAKS_EARLY])
histories = st.lists(st.tuples(st.sampled_from(COUNTERS), wholesome), max_size=30)
poisoned = st.lists(st.tuples(st.sampled_from(COUNTERS), st.one_of(wholesome, wholesome, poison)), max_size=20)
sizes = st.lists(st.integers(1, 8), min_size=1, max_size=4)
# Each example is a real file: few of them, and a failing one is told as it was found.
few = settings(max_examples=15, phases=[Phase.explicit, Phase.generate], report_multiple_bugs=False, database=None)


def over_files(run: Any) -> None:
    """Runs it with a folder of its own."""
    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


def check_any_batches(folder: type[Folder]) -> None:
    """In batches of any sizes, poison or not: the rows of a plain loop over what survives it, nothing else parked.

    Whatever is remembered from batch to batch, and where a batch is lost and comes again.
    """

    async def compare(path: Path, history: Sequence[Step], by: Sequence[int]) -> None:
        applied, refused = surviving(facts_of(history))
        for number, (batches, kept) in enumerate(((by, KEPT), (by, 3), ([1], KEPT), ([500], 0))):
            store = await opened(path / f"{number}.db", folder)
            store.folder.kept = kept
            try:
                for place, batch in enumerate(cut(facts_of(history), batches)):
                    if place % 3 == 1:
                        await store.lose(batch)
                    await store.apply(batch)
                assert await team_rows(store.reads) == naive(applied), f"in batches of {batches}"
                assert sorted(one.sequence for one in store.refused) == [one.sequence for one in refused]
            finally:
                await store.reads.close()

    @few
    @given(poisoned, sizes)
    @example(TELLING, [4])
    def run(history: Sequence[Step], by: Sequence[int]) -> None:
        over_files(lambda path: compare(path, history, by))

    run()


async def _told_apart(folder: type[Folder], path: Path) -> None:
    store = await opened(path / "rows.db", folder)
    try:
        both = zip(facts_of(TELLING), facts_of(TELLING[:6], "beta"), strict=False)
        rest = facts_of(TELLING)[6:]
        await store.apply([fact for pair in both for fact in pair] + rest)
        assert await team_rows(store.reads) == naive(surviving(facts_of(TELLING))[0])
        assert await team_rows(store.reads, "beta") == naive(facts_of(TELLING[:6]))
    finally:
        await store.reads.close()


def check_tenants_are_apart(folder: type[Folder]) -> None:
    """A batch with facts of two tenants about counters and people of the same names."""
    over_files(lambda path: _told_apart(folder, path))


@given(histories, sizes)
@example([one for one in TELLING if one[1] not in (BREAKS, BREAKS_EARLY)], [3])
def test_rows_in_memory_are_those_of_a_plain_loop(history: Sequence[Step], by: Sequence[int]) -> None:
    rows = Rows(TEAM_ROWS)
    for batch in cut(facts_of(history), by):
        before = dict(rows.rows)
        changed = rows.apply(batch)
        assert rows.rows == {key: row for key, row in (before | changed).items() if row is not None}
    assert {(key.collection.name, key.id): row for key, row in rows.rows.items()} == naive(facts_of(history))


@pytest.mark.parametrize("check", [check_any_batches, check_tenants_are_apart])
def test_any_batches_give_the_same_rows(check: Any) -> None:
    check(Folder)


async def test_a_runner_drives_it(tmp_path: Path) -> None:
    """From commands to rows of two tenants, with a key parked for good while the others go on, over restarts."""
    place = Place(tmp_path).but(projections=(), folds=(TEAM_ROWS,), page=3)
    async with place.open() as world:
        for counter in COUNTERS[:3]:
            await world.make(counter)
            await world.make(counter, tenant="beta", actor="ben")
        await world.count("c-0", 4)
        await world.count("c-1", BREAKS)
        await world.count("c-1", 2)
        await world.drain()
        assert [one.key for one in await world.reads.parked("teams")] == ["acme/counter/c-1"]
    async with place.open() as world:
        await world.count("c-1", 3)
        await world.count("c-2", BREAKS_EARLY, tenant="beta")
        await world.note("c-2", "mine now", actor="cat")
        await world.drain()
        assert world.runner("teams").stopped is None
        assert await team_rows(world.reads) == naive(
            facts_of([("c-0", "ann"), ("c-1", "ann"), ("c-2", "ann"), ("c-0", 4), ("c-2", ("cat",))])
        )
        assert await team_rows(world.reads, "beta") == naive(facts_of([(one, "ben") for one in COUNTERS[:3]]))
        assert {one.error for one in await world.reads.parked("teams")} == {"ZeroDivisionError", "LookupError"}


# --- planted faults ---------------------------------------------------------------------------------------------


class ForgetsWhatWasSettled(Folder):
    """Planted: what comes after a fact that broke does not see the rows before it."""

    def _view(self, tenant: str, slots: asyncio.Semaphore) -> View:
        class Forgetful(View):
            def settle(self, changed: Any) -> None:
                super().settle(changed)
                self._rows.clear()

            async def _load_rows(self, keys: Any) -> None:
                pending, self.changed = self.changed, {}
                await super()._load_rows(keys)
                self.changed = pending

        return Forgetful(self.reads, tenant, slots, self.page)


class ForgetsWhoMoved(Folder):
    """Planted: groups after a fact that broke are those that are stored."""

    def _view(self, tenant: str, slots: asyncio.Semaphore) -> View:
        class Stale(View):
            async def _load_groups(self, groups: Any) -> None:
                pending, self.changed = self.changed, {}
                await super()._load_groups(groups)
                self.changed = pending

        return Stale(self.reads, tenant, slots, self.page)


class RemembersWhatWasLost(Folder):
    """Planted: rows that were never committed are taken for stored."""

    def forget(self) -> None:
        pass


class KeepsGroups(Folder):
    """Planted: a group that is remembered does not hear who came and went."""

    def _view(self, tenant: str, slots: asyncio.Semaphore) -> View:
        class Deaf(View):
            def _regroup(self, *moved: Any) -> None:
                pass

        return Deaf(self.reads, tenant, slots, self.page)


class ParksTheBatch(Folder):
    """Planted: everything after a fact that broke waits with it."""

    def key(self, fact: Fact[Any]) -> str:
        return fact.tenant


class GoesOnUnderTheKey(Folder):
    """Planted: what follows a fact that broke is applied, as if nothing had been left out."""

    def key(self, fact: Fact[Any]) -> str:
        return fact.id


class LosesWhatCameBefore(Folder):
    """Planted: a fact that breaks takes with it what stood before it in its batch."""

    async def _close_in(self, view: View, facts: Any, broken: Any) -> Any:
        good, cause = await super()._close_in(view, facts, broken)
        view.changed.clear()
        return good, cause


class OneTenantABatch(Folder):
    """Planted: what is in a batch is taken for the first one's tenant."""

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        return await super().apply([replace(fact, tenant=facts[0].tenant) for fact in facts])


class OnePage(Folder):
    """Planted: the first page of a group is taken for the whole of it."""

    def _view(self, tenant: str, slots: asyncio.Semaphore) -> View:
        class Short(View):
            async def _found(self, group: Group, values: Sequence[str], pending: int) -> Any:
                found = await super()._found(group, values, pending)
                return dict(list(found.items())[: self._page])

        return Short(self.reads, tenant, slots, self.page)


FAULTS = [
    (check_any_batches, ForgetsWhatWasSettled),
    (check_any_batches, ForgetsWhoMoved),
    (check_any_batches, RemembersWhatWasLost),
    (check_any_batches, KeepsGroups),
    (check_any_batches, ParksTheBatch),
    (check_any_batches, GoesOnUnderTheKey),
    (check_any_batches, LosesWhatCameBefore),
    (check_any_batches, OnePage),
    (check_tenants_are_apart, OneTenantABatch),
]


@pytest.mark.parametrize(("check", "folder"), FAULTS, ids=[folder.__name__ for _, folder in FAULTS])
def test_a_planted_fault_is_found_out(check: Any, folder: type[Folder]) -> None:
    with pytest.raises((AssertionError, KeyError)):
        check(folder)


# --- what is remembered, in a runner ----------------------------------------------------------------------------


async def check_an_heir_is_believed(place: Place) -> None:
    """Rows that another owner of the partition wrote are read anew by who had it before."""
    async with place.open() as old, place.open() as heir:
        await old.make("c-0")
        await old.drain()
        await heir.count("c-0", 4)
        await heir.drain()
        await old.count("c-0", 1)
        with pytest.raises(OwnershipLost):
            await old.runner("teams").step()
        old.runner("teams")._owner = None  # as `run` does where it lost the partition
        await old.drain()
        assert await team_rows(old.reads) == naive(facts_of([("c-0", "ann"), ("c-0", 4), ("c-0", 1)]))


async def test_an_heir_is_believed(tmp_path: Path) -> None:
    await check_an_heir_is_believed(Place(tmp_path).but(projections=(), folds=(TEAM_ROWS,)))
