"""Promise 5, parking: what cannot be applied waits with all that follow under its key, and the rest goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent

from libs.events.consume import Runner
from libs.events.declare import On, Projection
from libs.events.effects import Effects, Refused
from libs.events.envelope import Envelope, Fact
from libs.events.errors import KeyParked
from libs.events.ports import Append, Command
from libs.events.project import Projector
from tests.events import toy
from tests.events.world import Place, World, envelope_of

UNLUCKY = 13


def on_counted(row: toy.CounterRow | None, fact: Fact[toy.Counted]) -> toy.CounterRow:
    """A fold with a fault in it."""
    if fact.data.by == UNLUCKY:
        raise ZeroDivisionError
    return toy.on_counted(row, fact)


def rows_of_counted(fact: Fact[toy.Counted]) -> tuple[str, ...]:
    """The ids of a fact's rows, with a fault in it."""
    if fact.data.by == UNLUCKY:
        raise KeyError(fact.data.by)
    return (fact.entity_id,)


def over(entry: On) -> tuple[Projection, ...]:
    """The toy projection with another entry for counting."""
    kept = [one for one in toy.COUNTERS.on if one.event is not toy.Counted]
    return (replace(toy.COUNTERS, on=(*kept, entry)),)


IN_THE_FOLD = over(On(toy.Counted, toy.COUNTER_ROWS, on_counted))
IN_THE_IDS = over(On(toy.Counted, toy.COUNTER_ROWS, toy.on_counted, rows_of_counted))


async def totals(world: World, *counters: str, tenant: str = "acme") -> dict[str, int]:
    """The totals of the rows there are."""
    return {id: row.total for id, row in (await world.rows(*counters, tenant=tenant)).items()}


async def append_bytes(world: World, envelope: Envelope, body: bytes | None = None) -> None:
    """An event as it is, or whatever bytes in its place."""
    if body is None:
        command = Command(envelope.id, "", envelope.subject, "", False)
        await world.store.append(Append(envelope.tenant, {envelope.subject: envelope.version - 1}, [envelope], command))
        return
    world.store.recorder.insert_events([StoredEvent(envelope.subject, envelope.version, envelope.type, body)])


async def check_one_key_waits_and_others_go_on(place: Place) -> None:
    """What came before stands, what comes after waits, in this batch and later; other keys notice nothing."""
    for page in (1, 2, 3, 500):
        inner = Place(place.folder / str(page), replace(place.parts, page=page))
        async with inner.open() as world:
            for counter, by in (("c-1", 1), ("c-2", 2), ("c-1", UNLUCKY), ("c-1", 4), ("c-2", 8)):
                await world.count(counter, by)
            await world.count("c-1", 3, tenant="beta")
            await world.drain()
            assert await totals(world, "c-1", "c-2") == {"c-1": 1, "c-2": 10}, f"in batches of {page}"
            assert await totals(world, "c-1", tenant="beta") == {"c-1": 3}
            await world.count("c-1", 16)
            await world.count("c-2", 32)
            await world.drain()
            assert await totals(world, "c-1", "c-2") == {"c-1": 1, "c-2": 42}
            assert (world.runner().stopped, world.runner().parked) == (None, 1)


async def check_what_is_parked_is_said(place: Place) -> None:
    """Key, first sequence and error, kept across restarts, without a copy of the event or of its words."""
    async with place.open() as world:
        await world.note("c-1", "Kanarienvogel")
        await world.count("c-1", UNLUCKY)
        await world.count("c-1", UNLUCKY)
        await world.count("c-2", UNLUCKY, tenant="beta")
        await world.drain()
        parked = await world.reads.parked("counters")
        assert {(one.tenant, one.key, one.topic, one.sequence) for one in parked} == {
            ("acme", "acme/counter/c-1", "toys.events", 2),
            ("beta", "beta/counter/c-2", "toys.events", 1),
        }
        assert {one.error for one in parked} <= {"ZeroDivisionError", "KeyError"}
    async with place.open() as world:
        await world.count("c-1", 5)
        await world.count("c-3", 6)
        await world.drain()
        assert await totals(world, "c-1", "c-3") == {"c-1": 0, "c-3": 6}
        assert await world.reads.parked("counters") == parked
        assert (await world.reads.checkpoints("counters", "toys.events", ["acme"]))["acme"].sequence == 5


async def check_a_fresh_question_is_told(place: Place) -> None:
    """Waiting ends, because the model went on; a question about the parked row is refused, others are answered."""
    async with place.open() as world:
        [model] = place.parts.projections
        await world.count("c-1", UNLUCKY)
        last = await world.count("c-2", 1)
        await world.drain()
        await world.positions.wait("acme", {"toys": last.position}, [model], within=0)
        with pytest.raises(KeyParked):
            await world.positions.refuse_parked("acme", model, "acme/counter/c-1")
        with pytest.raises(KeyParked):
            await world.positions.refuse_parked("acme", model)
        await world.positions.refuse_parked("acme", model, "acme/counter/c-2")
        await world.positions.refuse_parked("beta", model)
        await world.positions.refuse_parked("acme", replace(model, name="another"))


async def check_what_cannot_be_read_parks_its_key(place: Place) -> None:
    """Data that its class refuses and altered sealed text park their stream, in the middle of a batch too."""
    for page in (1, 500):
        inner = Place(place.folder / str(page), replace(place.parts, page=page))
        async with inner.open() as world:
            await world.count("c-1", 1)
            wrong = msgspec.structs.replace(envelope_of(toy.Counted(by=1), "acme/counter/c-1", 2), data={"by": "many"})
            await append_bytes(world, wrong)
            await world.count("c-2", 2)
            noted = envelope_of(toy.Noted(author_id="ann", text="x"), "acme/counter/c-3", 1)
            await append_bytes(world, msgspec.structs.replace(noted, data={**noted.data, "text": "cairn1.gone.AAAA"}))
            await append_bytes(world, envelope_of(toy.Counted(by=4), "acme/counter/c-1", 3))
            await world.drain()
            assert await totals(world, "c-1", "c-2", "c-3") == {"c-1": 1, "c-2": 2}
            parked = await world.reads.parked("counters")
            assert [(one.key[-3:], one.sequence, one.error.split(":")[0]) for one in parked] == [
                ("c-1", 2, "malformed_event"),
                ("c-3", 4, "seal_broken"),
            ]


async def check_what_is_not_heeded_parks_nothing(place: Place) -> None:
    """Data that its class refuses, of a class that leads to no row here: the stream goes on."""
    async with place.open() as world:
        await world.count("c-1", 1)
        wrong = envelope_of(toy.Noted(author_id="ann", text=None), "acme/counter/c-1", 2)
        await append_bytes(world, msgspec.structs.replace(wrong, data={"author_id": 1}))
        await append_bytes(world, envelope_of(toy.Counted(by=4), "acme/counter/c-1", 3))
        await world.drain()
        assert await totals(world, "c-1") == {"c-1": 5}
        assert await world.reads.parked("counters") == []


async def test_what_is_not_heeded_parks_nothing(tmp_path: Path) -> None:
    counting = replace(toy.COUNTERS, on=tuple(on for on in toy.COUNTERS.on if on.event is not toy.Noted))
    await check_what_is_not_heeded_parks_nothing(Place(tmp_path).but(projections=(counting,)))
    with pytest.raises(AssertionError):
        await check_what_is_not_heeded_parks_nothing(Place(tmp_path / "heeded"))


async def test_bytes_that_belong_to_nobody_stop_the_runner(tmp_path: Path) -> None:
    """Without an envelope there is no key to park: what came before is applied, then it stands still and says so."""
    async with Place(tmp_path).open() as world:
        await world.count("c-1", 1)
        await append_bytes(world, envelope_of(toy.Counted(by=1), "acme/counter/c-2", 1), b"no envelope")
        await world.count("c-3", 1)
        await world.drain()
        assert str(world.runner().stopped).startswith("malformed_event: ")
        assert await totals(world, "c-1", "c-2", "c-3") == {"c-1": 1}
        assert await world.reads.parked("counters") == []


CHECKS = [check_one_key_waits_and_others_go_on, check_what_is_parked_is_said, check_a_fresh_question_is_told]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("fault", [IN_THE_FOLD, IN_THE_IDS], ids=["in the fold", "in the ids"])
async def test_a_fault_in_a_projection_parks(check: Any, fault: tuple[Projection, ...], tmp_path: Path) -> None:
    await check(Place(tmp_path).but(projections=fault))


async def test_what_cannot_be_read_parks_its_key(tmp_path: Path) -> None:
    await check_what_cannot_be_read_parks_its_key(Place(tmp_path))


async def test_the_key_is_the_projections_own(tmp_path: Path) -> None:
    """Where rows depend on all of a tenant, one poison event holds up the tenant, and nobody else."""
    [model] = IN_THE_FOLD
    by_tenant = replace(model, key=lambda fact: fact.tenant)
    async with Place(tmp_path).but(projections=(by_tenant,)).open() as world:
        await world.count("c-1", 1)
        await world.count("c-1", UNLUCKY)
        await world.count("c-2", 2)
        await world.count("c-2", 2, tenant="beta")
        await world.drain()
        assert await totals(world, "c-1", "c-2") == {"c-1": 1}
        assert await totals(world, "c-2", tenant="beta") == {"c-2": 2}
        assert [one.key for one in await world.reads.parked("counters")] == ["acme"]


async def test_the_other_topic_of_a_row_goes_on(tmp_path: Path) -> None:
    """Fields are kept by source, so what one source cannot say does not silence the other."""
    async with Place(tmp_path).but(projections=IN_THE_FOLD).open() as world:
        await world.count("c-1", UNLUCKY)
        await world.tag("c-1", "new")
        await world.drain()
        assert (await world.row("c-1")).tag == "new"


# --- planted faults ---------------------------------------------------------------------------------------------


class SkipsThePoison(Projector):
    """Planted: what follows under the key is applied, as if nothing had been left out."""

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        puts: list[Any] = []
        refused: list[Refused] = []
        for fact in facts:
            effects = await super().apply([fact])
            puts += effects.puts
            refused += effects.refused
        return Effects(puts, refused)


class ForgetsParkedKeys(Runner):
    """Planted: later batches know nothing of what was parked."""

    async def _apply(self, owner: Any, records: Any) -> None:
        self._parked = {}
        await super()._apply(owner, records)


class ParksEverybody(Projector):
    """Planted: one key for all."""

    def key(self, fact: Fact[Any]) -> str:
        return "all"


class TellsTheEvent(Projector):
    """Planted: the error carries what was in the event."""

    async def apply(self, facts: Sequence[Fact[Any]]) -> Effects:
        effects = await super().apply(facts)
        return Effects(effects.puts, [Refused(one.fact, repr(one.fact.data)) for one in effects.refused])


class DropsTheUnreadable(Runner):
    """Planted: what cannot be read is passed over."""

    async def _read(self, due: Any) -> Any:
        facts, _ = await super()._read(due)
        return facts, []


FAULTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "skips": (check_one_key_waits_and_others_go_on, {"projector": SkipsThePoison}),
    "forgets": (check_one_key_waits_and_others_go_on, {"runner": ForgetsParkedKeys}),
    "parks everybody": (check_one_key_waits_and_others_go_on, {"projector": ParksEverybody}),
    "tells": (check_what_is_parked_is_said, {"projector": TellsTheEvent}),
    "wrong key": (check_a_fresh_question_is_told, {"projector": ParksEverybody}),
    "drops": (check_what_cannot_be_read_parks_its_key, {"runner": DropsTheUnreadable}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_out(fault: str, tmp_path: Path) -> None:
    check, parts = FAULTS[fault]
    with pytest.raises((AssertionError, KeyParked, pytest.fail.Exception)):
        await check(Place(tmp_path).but(projections=IN_THE_FOLD).but(**parts))
