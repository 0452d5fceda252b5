"""Many streams in one append: all or nothing, once, sealed, each with its own time and author."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from libs.events.append import Addition
from libs.events.caller import Caller
from libs.events.errors import ConcurrencyConflict, HolderErased, IdempotencyKeyReused
from libs.events.handle import Kernel, NewStream
from libs.events.testing import EPOCH
from tests.events import toy
from tests.events.world import NOTICED, Place, World, caller_of

CANARY = "Kanarienvogel"


def made(counter: str, owner: str = "ann", at: datetime | None = None) -> NewStream:
    """A counter that begins, with a label."""
    return NewStream("counter", counter, 0, [toy.CounterMade(owner_id=owner, label=CANARY)], owner, at)


def counted(counter: str, version: int, *by: int, at: datetime | None = None) -> NewStream:
    """A counter that moves."""
    return NewStream("counter", counter, version, [toy.Counted(by=one) for one in by], time=at)


def days_ago(days: int) -> datetime:
    """Before the clock of the tests begins."""
    return EPOCH - timedelta(days=days)


async def stored(world: World) -> list[tuple[str, int, str, datetime]]:
    """Stream, version, actor and time of every event, in order."""
    return [(one.subject[13:], one.version, one.actor, one.time) for one in await world.envelopes()]


async def check_a_history_is_kept_as_it_is_told(place: Place) -> None:
    """Order, versions, authors and times; a stream may come again, and one that is there goes on."""
    async with place.open() as world:
        told = [
            made("c-1", "ann", days_ago(9)),
            made("c-2", "ben", days_ago(8)),
            counted("c-1", 1, 1, 2, at=days_ago(7)),
            counted("c-2", 1, 4, at=days_ago(7)),
            counted("c-1", 3, 8, at=days_ago(6)),
        ]
        assert await world.kernel.append_streams(caller_of(actor="importer"), told) == 6
        assert await stored(world) == [
            ("c-1", 1, "ann", days_ago(9)),
            ("c-2", 1, "ben", days_ago(8)),
            ("c-1", 2, "importer", days_ago(7)),
            ("c-1", 3, "importer", days_ago(7)),
            ("c-2", 2, "importer", days_ago(7)),
            ("c-1", 4, "importer", days_ago(6)),
        ]
        assert (await world.state("c-1")).total == 11
        assert await world.kernel.append_streams(caller_of(), [counted("c-1", 4, 16)]) == 7
        assert (await world.state("c-1")).total == 27
        assert (await world.count("c-1", 32)).version == 6
        await world.drain()
        assert (await world.row("c-1")).total == 59


async def check_time_never_goes_back(place: Place) -> None:
    """What comes too late for its own time gets that of the event before it."""
    async with place.open() as world:
        await world.make("c-0")
        await world.kernel.append_streams(caller_of(), [made("c-1", at=days_ago(5))])
        assert [one.time for one in await world.envelopes()] == [EPOCH, EPOCH]
        told = [made("c-1", at=days_ago(3)), made("c-2", at=days_ago(5)), made("c-3", at=days_ago(1))]
        await world.kernel.append_streams(caller_of(tenant="beta"), told)
        assert [one.time for one in await world.envelopes("beta")] == [days_ago(3), days_ago(3), days_ago(1)]


async def check_all_or_nothing(place: Place) -> None:
    """One stream that stands elsewhere, one whose holder was erased, one told twice: nothing is stored."""
    async with place.open() as world:
        await world.make("c-2")
        await world.keyring.destroy("acme", "cat")
        for last, error in (
            (made("c-2"), ConcurrencyConflict),
            (counted("c-2", 7, 1), ConcurrencyConflict),
            (counted("c-1", 2, 1), ConcurrencyConflict),
            (made("c-1"), ConcurrencyConflict),
            (made("c-4", "cat"), HolderErased),
        ):
            with pytest.raises(error):
                await world.kernel.append_streams(caller_of(), [made("c-1"), made("c-3"), last])
            assert len(await world.history()) == 1
            assert await world.state("c-1") == toy.CounterState()
        with pytest.raises(ValueError, match="nothing"):
            await world.kernel.append_streams(caller_of(), [])


async def check_it_happens_once(place: Place) -> None:
    """A repeat answers with the same position, whatever came since; the same key for something else is refused."""
    async with place.open() as world:
        first = await world.kernel.append_streams(caller_of("seed", body="1"), [made("c-1"), made("c-2")])
        await world.count("c-1")
        again = await world.kernel.append_streams(caller_of("seed", body="1"), [made("c-1"), made("c-2")])
        assert (first, again) == (2, 2)
        with pytest.raises(IdempotencyKeyReused):
            await world.kernel.append_streams(caller_of("seed", body="2"), [made("c-3")])
        assert len(await world.history()) == 3


async def check_words_are_sealed(place: Place) -> None:
    """Each under its own holder's key: when one is erased, the others' words stay."""
    async with place.open() as world:
        await world.kernel.append_streams(caller_of(), [made(f"c-{one}", one) for one in ("ann", "ben", "cat")])
        assert not [one for one in await world.history() if CANARY.encode() in one.body]
        await world.keyring.destroy("acme", "ben")
        labels = [fact.data.label for one in ("ann", "ben", "cat") for fact in await facts(world, f"c-{one}")]
        assert labels == [CANARY, None, CANARY]


async def facts(world: World, counter: str) -> list[Any]:
    """A counter's facts."""
    return await world.kernel.facts(f"acme/counter/{counter}", limit=10)


CHECKS = [
    check_a_history_is_kept_as_it_is_told,
    check_time_never_goes_back,
    check_all_or_nothing,
    check_it_happens_once,
    check_words_are_sealed,
]


@pytest.mark.parametrize("check", CHECKS)
async def test_many_streams(check: Any, tmp_path: Path) -> None:
    await check(Place(tmp_path))


# --- planted faults ---------------------------------------------------------------------------------------------


class OneByOne(Kernel):
    """Planted: an append a stream."""

    async def append_streams(self, caller: Caller, streams: Sequence[NewStream]) -> int:
        return [await super(OneByOne, self).append_streams(caller, [one]) for one in streams][-1]


class ForgetsItsCommand(Kernel):
    """Planted: every call is a new one."""

    async def append_streams(self, caller: Caller, streams: Sequence[NewStream]) -> int:
        return await super().append_streams(Caller(caller.tenant, caller.actor), streams)


class TellsItAsOfNow(Kernel):
    """Planted: the times and authors of the history are dropped."""

    async def append_streams(self, caller: Caller, streams: Sequence[NewStream]) -> int:
        bare = [NewStream(one.kind, one.entity_id, one.version, one.events) for one in streams]
        return await super().append_streams(caller, bare)


class BelievesTheLast(Kernel):
    """Planted: of what is expected of a stream only what is said last counts."""

    def _writer(self) -> Any:
        writer = super()._writer()

        class Careless(type(writer)):  # type: ignore[misc]
            async def append(self, caller: Caller, additions: Sequence[Addition], command: Any) -> Any:
                last = {one.stream: one for one in additions}
                return await super().append(caller, list(last.values()), command)

        return Careless(writer.service, writer.store, writer.reader, writer.clock, writer.new_id)


FAULTS: dict[str, tuple[Any, type[Kernel]]] = {
    "one by one": (check_all_or_nothing, OneByOne),
    "forgets its command": (check_it_happens_once, ForgetsItsCommand),
    "as of now": (check_a_history_is_kept_as_it_is_told, TellsItAsOfNow),
    "believes the last": (check_all_or_nothing, BelievesTheLast),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_out(fault: str, tmp_path: Path) -> None:
    check, kernel = FAULTS[fault]
    with pytest.raises((*NOTICED, ConcurrencyConflict)):
        await check(Place(tmp_path).but(kernel=kernel))
