"""Promise 3, the rows: whatever the size of batches and the order between topics, the same events make them alike."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.declare import On, Projection
from libs.events.effects import Effects
from libs.events.envelope import Fact
from libs.events.ports import Put
from libs.events.project import Projector
from libs.events.reader import Unread
from tests.events import toy
from tests.events.world import Parts, Place, World

TENANTS, COUNTERS = ("acme", "beta"), ("c-1", "c-2")
Step = tuple[str, str, str, Any]
"""`(what, tenant, counter, with what)`."""

steps = st.one_of(
    st.tuples(st.just("make"), st.sampled_from(TENANTS), st.sampled_from(COUNTERS), st.none()),
    st.tuples(st.just("count"), st.sampled_from(TENANTS), st.sampled_from(COUNTERS), st.integers(-9, 9)),
    st.tuples(st.just("note"), st.sampled_from(TENANTS), st.sampled_from(COUNTERS), st.sampled_from("abc")),
    st.tuples(st.just("tag"), st.sampled_from(TENANTS), st.sampled_from(COUNTERS), st.sampled_from("xyz")),
)
histories = st.lists(steps, min_size=1, max_size=14)
# Each example is real files: few of them, and a failing one is told as it was found.
few = settings(max_examples=8, phases=[Phase.explicit, Phase.generate], report_multiple_bugs=False, database=None)
TELLING: list[Step] = [
    ("tag", "acme", "c-1", "x"),
    ("make", "acme", "c-1", None),
    ("count", "beta", "c-1", 2),
    ("count", "acme", "c-1", 3),
    ("count", "acme", "c-1", 4),
    ("note", "acme", "c-2", "a"),
]
"""One of those that show what the planted faults get wrong."""
Rows = dict[tuple[str, str], toy.CounterRow]


async def live(world: World, history: Sequence[Step]) -> None:
    """The history, as commands of both services."""
    for what, tenant, counter, value in history:
        match what:
            case "make":
                with suppress(toy.AlreadyMade):
                    await world.make(counter, tenant=tenant)
            case "count":
                await world.count(counter, value, tenant=tenant)
            case "note":
                await world.note(counter, value, tenant=tenant)
            case "tag":
                await world.tag(counter, value, tenant=tenant)


async def expected(world: World) -> Rows:
    """The rows as a plain loop over everything that was stored makes them, each source for itself."""
    rows: Rows = {}
    for tenant in TENANTS:
        for fact in await facts_of(world, tenant, "toys"):
            row = rows.get((tenant, fact.entity_id), toy.CounterRow())
            rows[tenant, fact.entity_id] = msgspec.structs.replace(
                row,
                total=row.total + getattr(fact.data, "by", 0),
                notes=row.notes + ([fact.data.text] if isinstance(fact.data, toy.Noted) else []),
                version=fact.version,
                seen=[*row.seen, fact.sequence],
            )
        for fact in await facts_of(world, tenant, "tags"):
            row = rows.get((tenant, fact.entity_id), toy.CounterRow())
            rows[tenant, fact.entity_id] = msgspec.structs.replace(row, tag=fact.data.tag, tagged_at=fact.sequence)
    return rows


async def facts_of(world: World, tenant: str, service: str) -> list[Fact[Any]]:
    """A tenant's whole history in one service."""
    return await world.reader.facts([Unread(one.body, one.sequence) for one in await world.history(tenant, service)])


async def rows_of(world: World) -> Rows:
    """The rows there are."""
    return {(t, id): row for t in TENANTS for id, row in (await world.rows(*COUNTERS, tenant=t)).items()}


def anew(place: Place, name: str, **parts: Any) -> Place:
    """The same events with an empty read side."""
    made = place.parts.reads
    return place.but(reads=lambda path: made(path.with_name(f"{name}.db")), **parts)


def check_batches(parts: Parts) -> None:
    """Batches of one, of a few, of all: the same rows, those of a plain loop over the events."""

    async def compare(folder: Path, history: Sequence[Step]) -> None:
        place = Place(folder, parts)
        async with place.open() as world:
            await live(world, history)
            wanted = await expected(world)
        for page in (1, 2, 3, len(history), 500):
            async with anew(place, f"by-{page}", page=page).open() as world:
                await world.drain()
                assert await rows_of(world) == wanted, f"in batches of {page}"

    @few
    @given(histories)
    @example(TELLING)
    def run(history: Sequence[Step]) -> None:
        with TemporaryDirectory() as folder:
            asyncio.run(compare(Path(folder), history))

    run()


def check_interleavings(parts: Parts) -> None:
    """A row fed by two topics: however their batches interleave, and with restarts between, the same row."""

    async def compare(folder: Path, history: Sequence[Step], turns: Sequence[Sequence[int]]) -> None:
        place = Place(folder, replace(parts, page=2))
        async with place.open() as world:
            await live(world, history)
            wanted = await expected(world)
        for number, order in enumerate(turns):
            for half in (order[:3], order[3:]):
                async with anew(place, f"order-{number}").open() as world:
                    for turn in half:
                        await world.runners[turn].step()
            async with anew(place, f"order-{number}").open() as world:
                await world.drain()
                assert await rows_of(world) == wanted, f"in the order {order}"

    @few
    @given(histories, st.lists(st.lists(st.integers(0, 1), max_size=8), min_size=1, max_size=3))
    @example(TELLING, [[0] * 9, [1] * 9, [1, 0] * 4])
    def run(history: Sequence[Step], turns: Sequence[Sequence[int]]) -> None:
        with TemporaryDirectory() as folder:
            asyncio.run(compare(Path(folder), history, turns))

    run()


def test_batches_of_any_size_give_the_same_rows() -> None:
    check_batches(Parts())


def test_topics_in_any_order_give_the_same_rows() -> None:
    check_interleavings(Parts())


# --- planted faults ---------------------------------------------------------------------------------------------


class ForgetsTheBatch(Projector):
    """Planted: each fact is applied to the row as it is stored, whatever the batch did to it before."""

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        puts: list[Put] = []
        for fact in facts:
            puts += (await super().apply([fact])).puts
        return Effects(puts)


class OneTenantABatch(Projector):
    """Planted: what is in a batch is taken for the first one's tenant."""

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        return await super().apply([msgspec.structs.replace(fact, tenant=facts[0].tenant) for fact in facts])


class LosesTheLast(SQLiteReadStore):
    """Planted: of several rows of one commit the last one is not written."""

    async def commit(self, commit: Any) -> None:
        await super().commit(replace(commit, puts=commit.puts[:-1] if len(commit.puts) > 1 else commit.puts))


def over(*entries: On) -> tuple[Projection, ...]:
    """The toy projection with some entries replaced."""
    kept = [one for one in toy.COUNTERS.on if one.event not in {entry.event for entry in entries}]
    return (replace(toy.COUNTERS, on=(*kept, *entries)),)


def tags_move_the_version(row: toy.CounterRow | None, fact: Fact[toy.Tagged]) -> toy.CounterRow:
    """Planted: a field that both sources write."""
    return msgspec.structs.replace(toy.on_tagged(row, fact), version=fact.version + 1000)


def tags_join(row: toy.CounterRow | None, fact: Fact[toy.Tagged]) -> toy.CounterRow | None:
    """Planted: a source that only counts if the other was there before."""
    return None if row is None else toy.on_tagged(row, fact)


def made_begins_anew(row: toy.CounterRow | None, fact: Fact[toy.CounterMade]) -> toy.CounterRow:
    """Planted: one source begins the row, and throws away what the other told."""
    return toy.on_counter_made(None, fact)


BATCHES: dict[str, dict[str, Any]] = {
    "the batch is forgotten": {"projector": ForgetsTheBatch},
    "tenants are mixed": {"projector": OneTenantABatch},
    "the last row is lost": {"reads": LosesTheLast},
}
ORDERS: dict[str, dict[str, Any]] = {
    "a shared field": {"projections": over(On(toy.Tagged, toy.COUNTER_ROWS, tags_move_the_version))},
    "a join on arrival": {"projections": over(On(toy.Tagged, toy.COUNTER_ROWS, tags_join))},
    "a row begun anew": {"projections": over(On(toy.CounterMade, toy.COUNTER_ROWS, made_begins_anew))},
}


@pytest.mark.parametrize("fault", BATCHES)
def test_rows_that_depend_on_batches_are_found_out(fault: str) -> None:
    with pytest.raises(AssertionError):
        check_batches(Parts(**BATCHES[fault]))


@pytest.mark.parametrize("fault", ORDERS)
def test_rows_that_depend_on_the_order_of_topics_are_found_out(fault: str) -> None:
    with pytest.raises(AssertionError):
        check_interleavings(Parts(**ORDERS[fault]))
