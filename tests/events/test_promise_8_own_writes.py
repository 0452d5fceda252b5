"""Promise 8: a command answers with its position, and who asks for that position waits, bounded, until rows have it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.consume import Runner
from libs.events.declare import ReadModel
from libs.events.errors import NotCaughtUp
from libs.events.ports import Append, CommandRecord, Commit, Ownership, Record
from libs.events.positions import Place as Reached
from libs.events.positions import Positions
from tests.events import toy
from tests.events.world import Place, World

MODEL = [toy.COUNTERS]
LONG, SHORT = 3.0, 0.2
"""Seconds to wait when it will happen, and when it will not."""


def asked(world: World, within: float = LONG, tenant: str = "acme", **after: int) -> asyncio.Task[None]:
    """A request that waits for positions: `toys=3`."""
    return asyncio.create_task(world.positions.wait(tenant, after, MODEL, within=within))


async def still_waits(waiting: asyncio.Task[None], others: Callable[[], Any]) -> None:
    """It goes on waiting while something else is done, and for some turns of the loop and looks at the store after."""
    await others()
    await asyncio.wait([waiting], timeout=0.2)
    assert not waiting.done(), "it waits for nothing"


async def nothing() -> None:
    """Nothing else is done."""


async def caught_up(waiting: asyncio.Task[None]) -> None:
    """It is over, well, and soon."""
    await asyncio.wait_for(waiting, LONG)


async def check_commands_answer_with_their_position(place: Place) -> None:
    """The tenant's own sequence after the command: also when it changed nothing, and the same when it is repeated."""
    async with place.open() as world:
        await world.count("c-9", tenant="beta")
        first = await world.count("c-1", key="k-1")
        claimed = await world.claim("c-1", "one")
        unchanged = await world.count("c-1", 0)
        other = await world.count("c-9", tenant="beta")
        again = await world.count("c-1", key="k-1")
        positions = [one.position for one in (first, claimed, unchanged, other, again)]
        assert positions == [1, 3, 3, 2, 1]
        assert (await world.store.tenant_head("acme")).sequence == 3


class Gate:
    """Where a commit is held until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()


class HeldReads(SQLiteReadStore):
    """Holds commits at the gate, if there is one."""

    gate: Gate | None = None

    async def commit(self, commit: Commit) -> None:
        if self.gate is not None:
            self.gate.reached.set()
            await self.gate.opened.wait()
        await super().commit(commit)


async def check_waiting_ends_with_the_commit(place: Place) -> None:
    """Not before the rows are written, however near they are; and who waited finds them."""
    async with place.open() as world:
        assert isinstance(world.reads, HeldReads)
        written = await world.count("c-1", 5)
        waiting = asked(world, toys=written.position)
        await still_waits(waiting, nothing)
        world.reads.gate = gate = Gate()
        stepping = asyncio.create_task(world.runner().step())
        await still_waits(waiting, gate.reached.wait)
        gate.opened.set()
        await caught_up(waiting)
        assert (await world.row("c-1")).total == 5
        await stepping
        await caught_up(asked(world, within=0, toys=written.position))


async def check_waiting_gives_up_in_time(place: Place) -> None:
    """A model that stands still is said to be behind, by source and position, neither early nor late."""
    async with place.open() as world:
        await world.count("c-1")
        await world.drain()
        last = await world.count("c-1")
        started = monotonic()
        waiting = asked(world, within=0.3, toys=last.position)
        await asyncio.wait([waiting], timeout=LONG)
        assert not waiting.cancel(), "it waits for ever"
        assert 0.3 <= monotonic() - started < 2
        error = waiting.exception()
        assert isinstance(error, NotCaughtUp), "it says nothing"
        assert error.waiting == {"toys": last.position}
        await caught_up(asked(world, within=SHORT, toys=last.position - 1))


async def check_only_what_is_folded_is_waited_for(place: Place) -> None:
    """Positions of services that the models do not fold hold nobody up, nor do models that were not asked."""
    async with place.open() as world:
        done = await world.count("c-1")
        await world.drain()
        await caught_up(asked(world, within=SHORT, toys=done.position, people=99, goals=5))
        await caught_up(asked(world, within=SHORT))
        await world.positions.wait("acme", {"toys": 99}, [], within=SHORT)


async def check_all_sources_are_waited_for(place: Place) -> None:
    """Of several positions each must be reached; the answer names those that were not."""
    async with place.open() as world:
        counted, tagged = await world.count("c-1"), await world.tag("c-1", "new")
        waiting = asked(world, toys=counted.position, tags=tagged.position)
        await still_waits(waiting, world.runner(topic="tags.events").step)
        await world.runner().step()
        await caught_up(waiting)
        await world.tag("c-1", "newer")
        with pytest.raises(NotCaughtUp) as error:
            await asked(world, within=SHORT, toys=counted.position, tags=tagged.position + 1)
        assert error.value.waiting == {"tags": tagged.position + 1}


async def check_tenants_are_apart(place: Place) -> None:
    """What one tenant's history has reached says nothing of another's."""
    async with place.open() as world:
        for _ in range(3):
            await world.count("c-1", tenant="beta")
        await world.drain()
        await world.count("c-1")
        await still_waits(waiting := asked(world, toys=1), nothing)
        await world.drain()
        await caught_up(waiting)


async def check_runners_of_other_processes_count(place: Place) -> None:
    """Where the runners are elsewhere, their checkpoints in the read store are all that there is to go by."""
    async with place.open() as asking, place.open() as running:
        written = await asking.count("c-1", 2)
        waiting = asked(asking, toys=written.position)
        await still_waits(waiting, nothing)
        await running.drain()
        await caught_up(waiting)
        assert (await asking.row("c-1")).total == 2
    async with place.open() as later:
        await caught_up(asked(later, within=SHORT, toys=written.position))


async def check_a_crowd_is_woken(place: Place) -> None:
    """Many that wait for different positions are woken as theirs is reached, with runners at work as in a process."""
    async with place.open() as world:
        waiting = [asked(world, toys=number) for number in range(1, 41)]
        running = asyncio.create_task(world.runner().run())
        try:
            for number in range(1, 41):
                written = await world.count(f"c-{number % 7}")
                assert written.position == number
            await asyncio.wait(waiting, timeout=LONG)
            assert [one.exception() if one.done() else one for one in waiting] == [None] * 40
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


CHECKS = [
    check_commands_answer_with_their_position,
    check_waiting_ends_with_the_commit,
    check_waiting_gives_up_in_time,
    check_only_what_is_folded_is_waited_for,
    check_all_sources_are_waited_for,
    check_tenants_are_apart,
    check_runners_of_other_processes_count,
    check_a_crowd_is_woken,
]


@pytest.mark.parametrize("check", CHECKS)
async def test_the_promise(check: Any, tmp_path: Path) -> None:
    await check(Place(tmp_path).but(reads=HeldReads))


# --- planted faults ---------------------------------------------------------------------------------------------


class AnswersWithOffsets(SQLiteEventStore):
    """Planted: the store's own numbering, in which other tenants' volume shows."""

    async def append(self, request: Append) -> CommandRecord:
        return replace(await super().append(request), position=await self.end())


class SaysSoBefore(Runner):
    """Planted: reports what it is about to write."""

    async def _apply(self, owner: Ownership, records: Sequence[Record]) -> None:
        for record in records:
            self.positions.advance(self.consumer.name, self.topic, record.tenant, record.sequence)
        await super()._apply(owner, records)


Wait = Mapping[str, int]


class WaitsForEver(Positions):
    """Planted: no end to patience."""

    async def wait(self, tenant: str, after: Wait, models: Iterable[ReadModel], *, within: float) -> None:
        await super().wait(tenant, after, models, within=within * 1000)


class GivesUpSilently(Positions):
    """Planted: answers from what there is when it took too long."""

    async def wait(self, tenant: str, after: Wait, models: Iterable[ReadModel], *, within: float) -> None:
        with suppress(NotCaughtUp):
            await super().wait(tenant, after, models, within=within)


class WaitsForAll(Positions):
    """Planted: waits for services that nothing here will ever fold."""

    async def wait(self, tenant: str, after: Wait, models: Iterable[ReadModel], *, within: float) -> None:
        wider = [replace(model, topics=tuple(f"{service}.events" for service in after)) for model in models]
        await super().wait(tenant, after, wider, within=within)


class WaitsForOne(Positions):
    """Planted: content when one of several is reached."""

    async def _behind(self, needed: Mapping[Reached, int], age: float) -> list[Reached]:
        behind = await super()._behind(needed, age)
        return behind if len(behind) == len(needed) else []


class MixesTenants(Positions):
    """Planted: one position a topic."""

    def advance(self, projection: str, topic: str, tenant: str, sequence: int) -> None:
        for each in ("acme", "beta"):
            super().advance(projection, topic, each, sequence)


class KnowsItsOwnOnly(Positions):
    """Planted: believes that all runners are in this process."""

    async def _behind(self, needed: Mapping[Reached, int], age: float) -> list[Reached]:
        return [place for place, sequence in needed.items() if self._reached.get(place, -1) < sequence]


FAULTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "offsets": (check_commands_answer_with_their_position, {"store": AnswersWithOffsets}),
    "says so before": (check_waiting_ends_with_the_commit, {"runner": SaysSoBefore}),
    "waits for ever": (check_waiting_gives_up_in_time, {"positions": WaitsForEver}),
    "gives up silently": (check_waiting_gives_up_in_time, {"positions": GivesUpSilently}),
    "waits for all": (check_only_what_is_folded_is_waited_for, {"positions": WaitsForAll}),
    "waits for one": (check_all_sources_are_waited_for, {"positions": WaitsForOne}),
    "mixes tenants": (check_tenants_are_apart, {"positions": MixesTenants}),
    "knows its own only": (check_runners_of_other_processes_count, {"positions": KnowsItsOwnOnly}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_out(fault: str, tmp_path: Path) -> None:
    check, parts = FAULTS[fault]
    with pytest.raises((AssertionError, NotCaughtUp, pytest.fail.Exception)):
        await check(Place(tmp_path).but(reads=HeldReads).but(**parts))
