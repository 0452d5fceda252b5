"""Promise 6, the future: what is newer than the code stops its consumer and its command; names are never paths."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from libs.events.envelope import Envelope, Fact
from libs.events.errors import EventFromTheFuture, TooManyConflicts
from libs.events.ports import Append, Command
from libs.events.reader import Reader, Unread
from libs.events.registry import Event, Registry
from libs.events.upcasters import Upcaster
from tests.events import toy
from tests.events.world import Place, World, envelope_of


async def append_as_is(world: World, envelope: Envelope) -> None:
    """One ready envelope, as another version of this code would have appended it."""
    command = Command(envelope.id, "", envelope.subject, envelope.subject, False)
    await world.store.append(Append("acme", {envelope.subject: envelope.version - 1}, [envelope], command))


def future(name: str, version: int = 1) -> Envelope:
    """An event of a name that this code does not know."""
    known = envelope_of(toy.Counted(by=1), "acme/counter/c-2", version)
    return msgspec.structs.replace(known, type=name, data={"by": 1, "unit": "steps"})


class CountedNinth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the newer code knows."""

    by: int
    unit: str


NEWER = Registry(
    {**toy.SHAPES, "toys.counted.v9": CountedNinth},
    {**toy.UPCASTERS, "toys.counted.v1": Upcaster("toys.counted.v9", lambda tree: {**tree, "unit": "steps"})},
)


FUTURES = ["toys.counted.v9", "toys.unheard-of.v1", "tests.events.toy:Counted"]


async def check_the_future_stops_a_consumer(place: Place, unknown: str) -> None:
    """It stops and says so, applies nothing of the event or after it, and others go on; nothing is skipped."""
    async with place.open() as world:
        await world.count("c-1", 5)
        await append_as_is(world, future(unknown))
        await world.count("c-1", 7)
        await world.tag("c-1", "new")
        await world.drain()
        toys, tags = world.runner(), world.runner(topic="tags.events")
        assert toys.stopped is not None
        assert toys.stopped.startswith("event_from_the_future: ")
        assert unknown in toys.stopped
        row = await world.row("c-1")
        assert (row.total, row.seen) == (5, [1])
        checkpoints = await world.reads.checkpoints("counters", "toys.events", ["acme"])
        assert checkpoints["acme"].sequence == 1
        assert (tags.stopped, row.tag, toys.parked) == (None, "new", 0)


async def check_the_future_stops_a_command(place: Place) -> None:
    """A command on a stream that cannot be read to its end decides nothing and stores nothing."""
    async with place.open() as world:
        await world.make("c-2")
        await append_as_is(world, future("toys.counted.v9", version=2))
        with pytest.raises(EventFromTheFuture):
            await world.count("c-2", 1)
        assert (await world.store.tenant_head("acme")).sequence == 2
        assert (await world.count("c-1", 1)).version == 1, "other streams are not held up"


async def check_names_are_wire_names(place: Place) -> None:
    """Type and column hold wire names; nothing of where the code lies is stored anywhere in the event."""
    async with place.open() as world:
        await world.make("c-1")
        await world.note("c-1", "text")
        await world.claim("c-1", "first")
        for record in await world.history():
            assert re.fullmatch(r"[a-z]+\.[a-z-]+\.v[1-9][0-9]*", record.type)
            assert json.loads(record.body)["type"] == record.type
            for path in (b"tests.", b"libs.", b"services.", b"CounterMade", b"NotedSecond", b"NameClaimed"):
                assert path not in record.body


@pytest.mark.parametrize("unknown", FUTURES)
async def test_the_future_stops_a_consumer(unknown: str, tmp_path: Path) -> None:
    await check_the_future_stops_a_consumer(Place(tmp_path), unknown)


async def test_the_future_stops_a_command(tmp_path: Path) -> None:
    await check_the_future_stops_a_command(Place(tmp_path))


async def test_only_a_start_goes_on_so_nobody_looks_again(tmp_path: Path) -> None:
    async with Place(tmp_path).open() as world:
        await append_as_is(world, future(FUTURES[0]))
        await asyncio.wait_for(world.runner().run(), 30)
        assert str(world.runner().stopped).startswith("event_from_the_future: ")


async def test_updated_code_goes_on_where_the_old_stopped(tmp_path: Path) -> None:
    await check_the_future_stops_a_consumer(Place(tmp_path), FUTURES[0])
    async with Place(tmp_path).but(registry=NEWER).open() as world:
        await world.drain()
        assert world.runner().stopped is None
        reached = await world.reads.checkpoints("counters", "toys.events", ["acme"])
        assert reached["acme"].sequence == 3


async def test_what_is_stored_names_no_python(tmp_path: Path) -> None:
    await check_names_are_wire_names(Place(tmp_path))


# --- planted faults ---------------------------------------------------------------------------------------------


class GuessesTheFuture(Registry):
    """Planted: reads a newer version as the one it knows, as libraries do with unknown members."""

    def read(self, name: str, tree: dict[str, Any]) -> Event:
        return super().read(name, tree) if name in set(self) else toy.Counted(by=tree["by"])

    def paths(self, name: str) -> Any:
        return super().paths(name) if name in set(self) else ()

    def today(self, name: str) -> type[Event]:
        return super().today(name) if name in set(self) else toy.Counted


class DropsTheFuture(Reader):
    """Planted: passes over what it does not know, as consumers of topics often do."""

    async def facts(self, events: Sequence[Unread], words: Any = None) -> list[Fact[Any]]:
        known = [event for event in events if json.loads(event.body)["type"] in set(self.registry)]
        return await super().facts(known)


class HeedsNoFuture(Registry):
    """Planted: takes what it does not know for something that the consumer does not look at."""

    def today(self, name: str) -> type[Event]:
        return super().today(name) if name in set(self) else CountedNinth


class NamesByPath(Registry):
    """Planted: the library's own way of naming what is stored."""

    def name_of(self, shape: type[Event]) -> str:
        return f"{shape.__module__}:{shape.__qualname__}"

    def paths(self, name: str) -> Any:
        return ()

    def read(self, name: str, tree: dict[str, Any]) -> Event:
        return msgspec.convert(tree, getattr(toy, name.partition(":")[2]))


@pytest.mark.parametrize(
    ("check", "parts"),
    [
        (check_the_future_stops_a_command, {"registry": GuessesTheFuture(toy.SHAPES, toy.UPCASTERS)}),
        (check_the_future_stops_a_command, {"reader": DropsTheFuture}),
        (check_names_are_wire_names, {"registry": NamesByPath(toy.SHAPES, toy.UPCASTERS)}),
    ],
)
async def test_a_planted_fault_is_found_out(check: Any, parts: dict[str, Any], tmp_path: Path) -> None:
    # A kernel that skips what it cannot read never finds the version that it must append to.
    with pytest.raises((AssertionError, pytest.fail.Exception, TooManyConflicts)):
        await check(Place(tmp_path).but(**parts))


@pytest.mark.parametrize("unknown", FUTURES)
@pytest.mark.parametrize(
    "parts",
    [
        {"registry": GuessesTheFuture(toy.SHAPES, toy.UPCASTERS)},
        {"registry": HeedsNoFuture(toy.SHAPES, toy.UPCASTERS)},
    ],
)
async def test_a_consumer_that_goes_on_is_found_out(parts: dict[str, Any], unknown: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        await check_the_future_stops_a_consumer(Place(tmp_path).but(**parts), unknown)
