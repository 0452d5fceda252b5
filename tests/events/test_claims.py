"""What only one may have, whichever service has it: claimed, let go, pinned, and known by whom it was had first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from libs.events.claims import Claims, Record, records
from libs.events.declare import Aggregate
from libs.events.envelope import Fact
from libs.events.errors import TooManyConflicts
from libs.events.handle import Guard, Outcome
from libs.events.registry import Event
from tests.events import toy
from tests.events.world import Place, World, caller_of

NOBODY = ""


@dataclass(frozen=True)
class Outside:
    """A record of another system."""

    system: str
    id: str | None


def _fold(_: str | None, fact: Fact[Any]) -> str | None:
    return fact.data.counter_id or None


def _claim(holder: str | None, whose: str) -> Sequence[Event]:
    if holder is not None:
        raise toy.NameTaken
    return [toy.NameClaimed(counter_id=whose)]


def _release(holder: str | None, whose: str) -> Sequence[Event]:
    return [toy.NameClaimed(counter_id=NOBODY)] if holder == whose else []


async def _name(tenant: str, kind: str, system: str, id: str) -> str:
    return f"{kind}.{system}.{id}"


HELD: Aggregate[str | None] = Aggregate("name", None, _fold)
ONE, TWO = Outside("jira", "1"), Outside("jira", "2")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with Place(tmp_path).open() as found:
        yield found


def claims(world: World, kind: str = "counter") -> Claims[str | None, Record, str]:
    return records(world.kernel, _name, kind, HELD, _claim, _release)


async def move(world: World, counter: str, before: Record | None, after: Record | None) -> Outcome:
    async def guards() -> Sequence[Guard]:
        return await claims(world).moved("acme", counter, before, after)

    return await world.kernel.handle(toy.COUNTER, counter, caller_of(), toy.count(1), guards=guards)


async def holders(world: World) -> list[str | None]:
    return [await claims(world).holder("acme", one) for one in (ONE, TWO)]


async def test_what_somebody_has_nobody_else_gets_until_they_let_it_go(world: World) -> None:
    await move(world, "c-1", None, ONE)
    with pytest.raises(toy.NameTaken):
        await move(world, "c-2", None, ONE)
    assert (await holders(world), (await world.state("c-2")).total) == (["c-1", None], 0)
    await move(world, "c-1", ONE, TWO)
    assert await holders(world) == [None, "c-1"]
    await move(world, "c-2", None, ONE)
    await move(world, "c-1", TWO, None)
    assert await holders(world) == ["c-2", None]
    assert await claims(world).first("acme", ONE) == "c-1"


async def test_who_never_had_it_lets_nothing_go(world: World) -> None:
    await move(world, "c-1", None, ONE)
    await move(world, "c-2", ONE, TWO)
    assert await holders(world) == ["c-1", "c-2"]


async def test_the_same_record_needs_no_guard(world: World) -> None:
    assert await claims(world).moved("acme", "c-1", ONE, Outside("jira", "1")) == []
    assert await claims(world).moved("acme", "c-1", None, None) == []
    assert len(await claims(world).moved("acme", "c-1", ONE, Outside("tickets", "1"))) == 2


async def test_kinds_and_tenants_have_records_of_their_own(world: World) -> None:
    await move(world, "c-1", None, ONE)
    assert await claims(world, "check-in").holder("acme", ONE) is None
    assert await claims(world).holder("globex", ONE) is None
    assert await claims(world).first("globex", ONE) is None


async def test_whose_record_was_erased_may_stand_for_another(world: World) -> None:
    await move(world, "c-1", Outside("jira", None), ONE)
    assert await holders(world) == ["c-1", None]


async def test_of_many_who_want_it_one_gets_it(world: World) -> None:
    asked = (move(world, f"c-{number}", None, ONE) for number in range(8))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(answer, Outcome) for answer in answers) == 1
    assert sum(isinstance(answer, toy.NameTaken) for answer in answers) == 7, answers


async def test_what_is_pinned_still_stands_when_the_command_is_appended(world: World) -> None:
    await move(world, "c-1", None, ONE)
    holder, pinned = await claims(world).pinned("acme", ONE)
    assert (holder, pinned.events) == ("c-1", ())
    await move(world, "c-1", ONE, None)
    late = world.kernel.handle(toy.COUNTER, "c-2", caller_of(), toy.count(1), guards=lambda: _given(pinned))
    with pytest.raises(TooManyConflicts):
        await late


async def _given(guard: Guard) -> Sequence[Guard]:
    return [guard]
