"""Promise 10: a rule across streams holds by a guard stream: of those who race for it one wins, the others see him."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.recorder import GroupCaller, GroupRecorder
from libs.events.envelope import stream_name
from libs.events.errors import TooManyConflicts
from libs.events.handle import Guard, Kernel, Outcome
from libs.events.ports import CommandRecord
from libs.events.registry import Event
from tests.events import toy
from tests.events.world import NOTICED, Check, Place, World, caller_of, store_with

PROCESSES, NAMES = 3, 15
Look = Callable[[], Awaitable[Sequence[Guard]]]


async def _claimed(world: World, name: str) -> list[str]:
    """Who holds a name: the guard's own events."""
    claims = [one for one in await world.envelopes() if one.subject == stream_name("acme", "name", name)]
    assert [one.version for one in claims] == list(range(1, len(claims) + 1))
    return [one.data["counter_id"] for one in claims]


async def _no_orphans(world: World) -> None:
    """Whoever counted by a claim has his claim, and the other way round."""
    envelopes = await world.envelopes()
    counted = sorted(one.subject for one in envelopes if one.type == "toys.counted.v1")
    claimed = sorted(
        stream_name("acme", "counter", one.data["counter_id"])
        for one in envelopes
        if one.type == "toys.name-claimed.v1"
    )
    assert counted == claimed


async def check_of_ten_one_gets_the_name(place: Place) -> None:
    async with place.open() as world:
        answers = await asyncio.gather(*(world.claim(f"c-{at}", "peak") for at in range(10)), return_exceptions=True)
        winners = [f"c-{at}" for at, answer in enumerate(answers) if isinstance(answer, Outcome)]
        assert len(winners) == 1
        assert sum(isinstance(answer, toy.NameTaken) for answer in answers) == 9, answers
        assert await _claimed(world, "peak") == winners
        await _no_orphans(world)
        assert len(await world.history()) == 2
        with pytest.raises(toy.NameTaken):
            await world.claim("late", "peak")
        assert isinstance(await world.claim("late", "ridge"), Outcome)


async def check_a_crowd_gets_its_answers(place: Place) -> None:
    """Far more racers than attempts, and every one of them moves the guard: they queue up, nobody is sent away."""
    guard = stream_name("acme", "name", "hut")
    async with place.open() as world:

        async def stay(counter: str) -> Outcome:
            async def sign() -> Sequence[Guard]:
                there = (await world.kernel.load(toy.NAME, guard)).version
                return [Guard(guard, there, [toy.NameClaimed(counter_id=counter)])]

            return await world.kernel.handle(toy.COUNTER, counter, caller_of(), toy.count(1), guards=sign)

        guests = [f"c-{at}" for at in range(60)]
        answers = await asyncio.gather(*(stay(guest) for guest in guests), return_exceptions=True)
        assert all(isinstance(answer, Outcome) for answer in answers), answers
        assert sorted(await _claimed(world, "hut")) == sorted(guests)
        await _no_orphans(world)


async def check_of_two_processes_one_gets_the_name(place: Place) -> None:
    async with place.open() as world, place.open() as elsewhere:
        for name in ("peak", "ridge", "pass"):
            asked = [(world if at % 2 else elsewhere).claim(f"{name}-{at}", name) for at in range(10)]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            assert [type(answer) for answer in answers].count(Outcome) == 1, answers
            assert sum(isinstance(answer, toy.NameTaken) for answer in answers) == 9, answers
            assert len(await _claimed(world, name)) == 1
        await _no_orphans(world)


async def check_losers_try_again_upon_what_the_winner_did(place: Place) -> None:
    """A hut has three places; each guest looks who is there, and ten come at once."""
    guard = stream_name("acme", "name", "hut")
    async with place.open() as world:
        seen: list[int] = []

        async def stay(counter: str) -> Outcome:
            async def free() -> Sequence[Guard]:
                there = (await world.kernel.load(toy.NAME, guard)).version
                seen.append(there)
                if there >= 3:
                    raise toy.NameTaken
                return [Guard(guard, there, [toy.NameClaimed(counter_id=counter)])]

            return await world.kernel.handle(toy.COUNTER, counter, caller_of(), toy.count(1), guards=free)

        answers = await asyncio.gather(*(stay(f"c-{at}") for at in range(10)), return_exceptions=True)
        guests = [f"c-{at}" for at, answer in enumerate(answers) if isinstance(answer, Outcome)]
        assert len(guests) == 3, answers
        assert sum(isinstance(answer, toy.NameTaken) for answer in answers) == 7, answers
        assert sorted(await _claimed(world, "hut")) == guests
        await _no_orphans(world)
        assert set(seen) == {0, 1, 2, 3}, "each saw the guests before him"


async def check_a_guard_that_is_only_looked_at_holds_too(place: Place) -> None:
    gate = stream_name("acme", "name", "gate")
    async with place.open() as world:
        looked = 0

        async def open_gate() -> Sequence[Guard]:
            nonlocal looked
            looked += 1
            found = await world.kernel.load(toy.NAME, gate)
            if found.state is not None:
                raise toy.NameTaken
            if looked == 1:
                # Between looking and appending, somebody shuts it.
                await world.claim("keeper", "gate")
            return [Guard(gate, found.version, [])]

        with pytest.raises(toy.NameTaken):
            await world.kernel.handle(toy.COUNTER, "c", caller_of("k-1"), toy.count(1), guards=open_gate)
        assert looked == 2
        assert (await world.state("c")).total == 0
        assert await world.store.find_command("acme", "k-1") is None


async def check_who_always_loses_is_told_and_leaves_nothing(place: Place) -> None:
    gate = stream_name("acme", "name", "gate")
    async with place.open() as world:
        await world.claim("keeper", "gate")

        async def stale() -> Sequence[Guard]:
            return [Guard(gate, 0, [toy.NameClaimed(counter_id="c")])]

        with pytest.raises(TooManyConflicts):
            await world.kernel.handle(toy.COUNTER, "c", caller_of("k-1"), toy.count(1), guards=stale)
        assert len(await world.history()) == 2
        assert await _claimed(world, "gate") == ["keeper"]
        assert (await world.count("c", key="k-1")).position == 3, "the key is free"


def _claim_elsewhere(folder: Path, number: int, start: Barrier, told: Queue[Any]) -> None:
    async def claim() -> list[str]:
        async with Place(folder).but(store=store_with(lock_timeout=30)).open() as world:
            start.wait(60)
            asked = [world.claim(f"{number}-{at}", f"peak-{at}") for at in range(NAMES)]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            return [type(answer).__name__ for answer in answers]

    told.put(asyncio.run(claim()))


async def test_processes_race_for_names(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    told: Queue[Any] = context.Queue()
    start = context.Barrier(PROCESSES)
    workers = [
        context.Process(target=_claim_elsewhere, args=(tmp_path, number, start, told)) for number in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    answers = [await asyncio.to_thread(told.get, True, 60) for _ in workers]
    for worker in workers:
        await asyncio.to_thread(worker.join, 60)
    for at in range(NAMES):
        assert sorted(answer[at] for answer in answers) == ["NameTaken"] * (PROCESSES - 1) + ["Outcome"]
    async with Place(tmp_path).open() as world:
        for at in range(NAMES):
            assert len(await _claimed(world, f"peak-{at}")) == 1
        await _no_orphans(world)


CHECKS: list[Check] = [
    check_of_ten_one_gets_the_name,
    check_a_crowd_gets_its_answers,
    check_of_two_processes_one_gets_the_name,
    check_losers_try_again_upon_what_the_winner_did,
    check_a_guard_that_is_only_looked_at_holds_too,
    check_who_always_loses_is_told_and_leaves_nothing,
]


@pytest.mark.parametrize("check", CHECKS)
async def test_guard_streams(tmp_path: Path, check: Check) -> None:
    await check(Place(tmp_path))


# --- planted faults -----------------------------------------------------------------------------------------------


class ChecksTheStreamOnly(GroupRecorder):
    """Planted: guards are appended to where they stand, whatever version was read."""

    def _append(self, raw: sqlite3.Connection, caller: GroupCaller) -> CommandRecord | list[int]:
        first = dict(list(caller.expected.items())[:1])
        return super()._append(raw, replace(caller, expected=first))


class AppendsTheGuardAfterwards(Kernel):
    """Planted: the stream first, the guard in a transaction of its own."""

    async def _append(self, run: Any, version: int, events: Sequence[Event], guards: Sequence[Guard]) -> CommandRecord:
        record = await super()._append(run, version, events, ())
        for guard in guards:
            command = replace(run.command, id=self.new_id())
            await super()._append(replace(run, stream=guard.stream, command=command), guard.version, guard.events, ())
        return record


class LooksOnce(Kernel):
    """Planted: a lost race is run again upon the guard that was read first."""

    async def handle(self, *rest: Any, guards: Look | None = None, **more: Any) -> Any:
        read: list[Sequence[Guard]] = []

        async def once() -> Sequence[Guard]:
            if guards is not None and not read:
                read.append(await guards())
            return read[0] if read else ()

        return await super().handle(*rest, guards=once, **more)


class NeverTriesAgain(Kernel):
    """Planted: a lost race is the caller's trouble."""

    async def _attempt(self, run: Any, queued: bool) -> Outcome:
        tried = self.__dict__.setdefault("tried", set())
        if run.command.id in tried:
            raise TooManyConflicts(run.stream)
        tried.add(run.command.id)
        return await super()._attempt(run, queued)


class NeverQueues(Kernel):
    """Planted: whoever lost a race for a guard simply races again."""

    def _lock(self, name: str) -> asyncio.Lock:
        return asyncio.Lock() if name.startswith("guard ") else super()._lock(name)


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ({"kernel": NeverQueues}, check_a_crowd_gets_its_answers),
        ({"store": store_with(ChecksTheStreamOnly)}, check_of_ten_one_gets_the_name),
        ({"store": store_with(ChecksTheStreamOnly)}, check_a_guard_that_is_only_looked_at_holds_too),
        ({"kernel": AppendsTheGuardAfterwards}, check_of_ten_one_gets_the_name),
        ({"kernel": AppendsTheGuardAfterwards}, check_of_two_processes_one_gets_the_name),
        ({"kernel": AppendsTheGuardAfterwards}, check_losers_try_again_upon_what_the_winner_did),
        ({"kernel": AppendsTheGuardAfterwards}, check_who_always_loses_is_told_and_leaves_nothing),
        ({"kernel": LooksOnce}, check_losers_try_again_upon_what_the_winner_did),
        ({"kernel": NeverTriesAgain}, check_losers_try_again_upon_what_the_winner_did),
    ],
)
async def test_a_planted_fault_is_noticed(tmp_path: Path, fault: dict[str, Any], check: Check) -> None:
    with pytest.raises(NOTICED):
        await check(Place(tmp_path).but(**fault))
