"""Promise 6, reading: sealed fields open under the stored version's paths, then the data is lifted to today's class."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest

from libs.events import canonical
from libs.events.envelope import Envelope, Fact
from libs.events.errors import SealBroken
from libs.events.personal import Personal
from libs.events.ports import Opened
from libs.events.reader import Reader, Unread
from libs.events.registry import Event, Registry
from libs.events.upcasters import Upcaster
from tests.events import toy
from tests.events.test_promise_6_future_stops import append_as_is
from tests.events.world import Place, World, envelope_of


class VisitedFirst(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At first: one name, and a place in clear."""

    visitor_id: str
    name: Annotated[str | None, Personal("visitor_id")]
    place: str


class VisitedSecond(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The name was split, and the place became personal."""

    visitor_id: str
    first_name: Annotated[str | None, Personal("visitor_id")]
    last_name: Annotated[str | None, Personal("visitor_id")]
    place: Annotated[str | None, Personal("visitor_id")]


class Visited(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ids and fields were renamed, one was added, and the place, now a room, is nobody's again."""

    guest_id: str
    first_name: Annotated[str | None, Personal("guest_id")]
    last_name: Annotated[str | None, Personal("guest_id")]
    room: str | None
    purpose: str


def split_name(tree: dict[str, Any]) -> dict[str, Any]:
    """v1 → v2; an erased name has no parts."""
    first, _, last = tree["name"].partition(" ") if tree["name"] is not None else (None, "", None)
    return {"visitor_id": tree["visitor_id"], "first_name": first, "last_name": last, "place": tree["place"]}


def rename(tree: dict[str, Any]) -> dict[str, Any]:
    """v2 → v3."""
    kept = {name: tree[name] for name in ("first_name", "last_name")}
    return {"guest_id": tree["visitor_id"], "room": tree["place"], "purpose": "unknown", **kept}


V1, V2, V3 = (f"toys.visited.v{number}" for number in (1, 2, 3))
STEPS = {
    V1: Upcaster(V2, split_name, {"name": ("first_name", "last_name")}),
    V2: Upcaster(V3, rename, {"place": ("room",)}),
}
VISITED: dict[str, type[Event]] = {V1: VisitedFirst, V2: VisitedSecond, V3: Visited}
VISITS = Registry(VISITED, STEPS)
HISTORY: tuple[Event, ...] = (
    VisitedFirst(visitor_id="ada", name="Ada Byron", place="Room 7"),
    VisitedSecond(visitor_id="bob", first_name="Bob", last_name="Stone", place="Room 8"),
    Visited(guest_id="cy", first_name="Cy", last_name="Hill", room="Room 9", purpose="talk"),
)
SEEN = [
    ("ada", "Ada", "Byron", "Room 7", "unknown"),
    ("bob", "Bob", "Stone", "Room 8", "unknown"),
    ("cy", "Cy", "Hill", "Room 9", "talk"),
]


async def store_visits(world: World) -> None:
    """Each version, sealed as the code of its time sealed it, one after the other in one stream."""
    for version, data in enumerate(HISTORY, start=1):
        name = VISITS.name_of(type(data))
        plain = msgspec.structs.replace(
            envelope_of(toy.Counted(by=1), "acme/visits/v-1", version), type=name, data=canonical.tree_of(data)
        )
        await append_as_is(world, await world.reader.sealer.seal(plain, VISITS.paths(name)))


async def visits(world: World) -> list[Fact[Visited]]:
    """The stream as today's code reads it."""
    events = await world.store.read_stream("acme/visits/v-1")
    return await world.reader.facts([Unread(event.body, event.sequence) for event in events])


async def check_every_version_is_lifted(place: Place) -> None:
    """Added, renamed, split, personal and not personal: each version reads as today's class."""
    async with place.open() as world:
        await store_visits(world)
        facts = await visits(world)
        assert [msgspec.structs.astuple(fact.data) for fact in facts] == SEEN
        assert [fact.type for fact in facts] == [V1, V2, V3], "the fact still says what was stored"
        assert all(type(fact.data) is Visited for fact in facts)


async def check_each_version_was_sealed_as_it_was_declared(place: Place) -> None:
    """What a version declared personal is sealed in its bytes, what it did not is not; lifting rewrites nothing."""
    async with place.open() as world:
        await store_visits(world)
        await visits(world)
        stored = [json.loads(event.body)["data"] for event in await world.store.read_stream("acme/visits/v-1")]
        clear = [{name for name, value in data.items() if not value.startswith("cairn1.")} for data in stored]
        assert clear == [{"visitor_id", "place"}, {"visitor_id"}, {"guest_id", "room", "purpose"}]


async def check_erased_text_is_lifted_as_null(place: Place) -> None:
    """An old event of an erased person is lifted too: what was opened is null in today's fields, and named by them."""
    async with place.open() as world:
        await store_visits(world)
        await world.keyring.destroy("acme", "ada")
        await world.keyring.destroy("acme", "bob")
        first, second, third = await visits(world)
        assert msgspec.structs.astuple(first.data) == ("ada", None, None, "Room 7", "unknown")
        assert msgspec.structs.astuple(second.data) == ("bob", None, None, None, "unknown")
        assert msgspec.structs.astuple(third.data) == SEEN[2]
        both = ("first_name", "last_name")
        assert [fact.erased for fact in (first, second, third)] == [both, (*both, "room"), ()]


async def test_every_version_is_lifted(tmp_path: Path) -> None:
    await check_every_version_is_lifted(Place(tmp_path).but(registry=VISITS))


async def test_each_version_was_sealed_as_it_was_declared(tmp_path: Path) -> None:
    await check_each_version_was_sealed_as_it_was_declared(Place(tmp_path).but(registry=VISITS))


async def test_erased_text_is_lifted_as_null(tmp_path: Path) -> None:
    await check_erased_text_is_lifted_as_null(Place(tmp_path).but(registry=VISITS))


# --- planted faults ---------------------------------------------------------------------------------------------


class OpensUnderTodaysPaths(Reader):
    """Planted: looks for sealed fields where the newest version has them."""

    async def _open(self, decoded: list[Envelope], words: Any) -> list[Opened]:
        return list(await self.sealer.open([(one, self.registry.paths(V3)) for one in decoded]))


class LiftsBeforeItOpens(Reader):
    """Planted: upcasts what is still sealed, then opens."""

    async def _open(self, decoded: list[Envelope], words: Any) -> list[Opened]:
        lifted = []
        for one in decoded:
            name, data = one.type, one.data
            while name in STEPS:
                name, data = STEPS[name].to, STEPS[name].lift(data)
            lifted.append((msgspec.structs.replace(one, type=name, data=data), self.registry.paths(V3)))
        return list(await self.sealer.open(lifted))


class LiftsOnce(Registry):
    """Planted: takes one step only."""

    def read(self, name: str, tree: dict[str, Any]) -> Event:
        step = STEPS.get(name)
        name, tree = (step.to, step.lift(tree)) if step is not None else (name, tree)
        return msgspec.convert(tree, self.shape(name))


class NamesTheStored(Registry):
    """Planted: says what was erased by names that nobody knows any more."""

    def paths_today(self, name: str, paths: Iterable[str]) -> tuple[str, ...]:
        return tuple(paths)


FAULTS: dict[str, tuple[Callable[[Place], Any], dict[str, Any]]] = {
    "today's paths": (check_every_version_is_lifted, {"registry": VISITS, "reader": OpensUnderTodaysPaths}),
    "lifted sealed": (check_every_version_is_lifted, {"registry": VISITS, "reader": LiftsBeforeItOpens}),
    "one step": (check_every_version_is_lifted, {"registry": LiftsOnce(VISITED, STEPS)}),
    "erased": (check_erased_text_is_lifted_as_null, {"registry": VISITS, "reader": OpensUnderTodaysPaths}),
    "stored names": (check_erased_text_is_lifted_as_null, {"registry": NamesTheStored(VISITED, STEPS)}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_out(fault: str, tmp_path: Path) -> None:
    check, parts = FAULTS[fault]
    with pytest.raises((AssertionError, SealBroken, KeyError)):
        await check(Place(tmp_path).but(**parts))
