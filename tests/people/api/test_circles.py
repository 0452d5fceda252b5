"""Nobody leads themselves and no unit belongs to itself, on any day and however many move at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from libs.events.testing import SteppingClock
from tests.people.api.house import NOON, Client, House, day, opened, refused


async def move(asker: Client, person: str, manager: str | None, offset: int = 0) -> httpx2.Response:
    """Gives somebody a manager from a day on."""
    return await asker.ask("PATCH", f"/people/{person}", {"manager_id": manager, "effective_on": day(offset)})


async def chain(asker: Client, *names: str) -> list[str]:
    """People of whom each leads the next."""
    made: list[str] = []
    for name in names:
        made.append(await asker.person(name, **({"manager_id": made[-1]} if made else {})))
    return made


async def test_nobody_leads_themselves(house: House, admin: Client) -> None:
    top, middle, low = await chain(admin, "top", "middle", "low")
    before = await house.facts()
    for person, manager in ((top, top), (top, middle), (top, low), (middle, low)):
        for offset in (-400, 0, 400):
            refused(await move(admin, person, manager, offset), 409, "manager_cycle")
    assert await house.facts() == before
    assert (await move(admin, low, top)).status_code == 200


async def test_a_planned_change_counts_from_its_day(admin: Client) -> None:
    a, b = await admin.person("a"), await admin.person("b")
    assert (await move(admin, b, a, 10)).status_code == 200
    refused(await move(admin, a, b, 10), 409, "manager_cycle")
    refused(await move(admin, a, b, 30), 409, "manager_cycle")
    # From today on means: also on the day on which b comes to report to a.
    refused(await move(admin, a, b, 0), 409, "manager_cycle")
    # Until then somebody else may lead a, and b after that.
    other = await admin.person("other")
    assert (await move(admin, a, other, 9)).status_code == 200
    assert (await move(admin, a, b, 5)).status_code == 200


async def test_a_circle_in_the_past_is_one_too(admin: Client) -> None:
    a, b = await admin.person("a"), await admin.person("b")
    assert (await move(admin, b, a, -30)).status_code == 200
    assert (await move(admin, b, None, -10)).status_code == 200
    refused(await move(admin, a, b, -20), 409, "manager_cycle")
    assert (await move(admin, a, b, -10)).status_code == 200


async def test_a_change_far_up_the_line_counts(admin: Client) -> None:
    a, b, c = await admin.person("a"), await admin.person("b"), await admin.person("c")
    assert (await move(admin, b, c)).status_code == 200
    assert (await move(admin, c, a, 20)).status_code == 200
    refused(await move(admin, a, b), 409, "manager_cycle")


async def test_a_line_turned_around_step_by_step_is_none(admin: Client) -> None:
    a, b = await chain(admin, "a", "b")
    assert (await move(admin, b, None)).status_code == 200
    assert (await move(admin, a, b)).status_code == 200


# --- racing -----------------------------------------------------------------------------------------------------


def loops(managers: dict[str, str | None]) -> bool:
    """Whether anybody stands above themselves."""
    for start, current in managers.items():
        met: set[str] = set()
        while current is not None and current not in met:
            met.add(current)
            current = managers[current]
        if start in met:
            return True
    return False


async def race(askers: Sequence[Client], moves: Sequence[tuple[str, str]]) -> list[int]:
    """All moves at once, each by another asker; the status of each."""
    answers = await asyncio.gather(
        *(move(asker, person, manager) for asker, (person, manager) in zip(askers, moves, strict=True))
    )
    return [answer.status_code for answer in answers]


async def test_two_who_move_below_each_other_at_once(admin: Client) -> None:
    for number in range(5):
        a, b = await admin.person(f"a{number}"), await admin.person(f"b{number}")
        assert sorted(await race([admin, admin], [(a, b), (b, a)])) == [200, 409]


async def test_a_ring_of_many_closed_at_once_stays_open(admin: Client) -> None:
    people = [await admin.person(f"p{number}") for number in range(8)]
    moves = list(zip(people, [*people[1:], people[0]], strict=True))
    statuses = await race([admin] * 8, moves)
    assert sorted(statuses) == [200] * 7 + [409]
    managers = {one["id"]: one["manager_id"] for one in await admin.list("/people")}
    assert not loops(managers)


async def test_two_processes_race_for_the_same_circle(tmp_path: Path) -> None:
    """They share nothing but the folder, so nothing but the store can tell them apart."""
    async with AsyncExitStack() as stack:
        houses = [await stack.enter_async_context(opened(tmp_path / "data", SteppingClock(NOON))) for _ in range(2)]
        admin = await houses[0].admin()
        other = houses[1].as_(admin.id)
        for number in range(10):
            a, b = await admin.person(f"a{number}"), await admin.person(f"b{number}")
            assert sorted(await race([admin, other], [(a, b), (b, a)])) == [200, 409]


# --- units ------------------------------------------------------------------------------------------------------


async def under(asker: Client, unit: str, parent: str | None) -> httpx2.Response:
    return await asker.ask("PATCH", f"/units/{unit}", {"parent_id": parent})


async def test_no_unit_belongs_to_itself(house: House, admin: Client) -> None:
    top = await admin.unit("Top")
    middle = await admin.unit("Middle", parent_id=top)
    low = await admin.unit("Low", parent_id=middle)
    before = await house.facts()
    for unit, parent in ((top, top), (top, middle), (top, low), (middle, low)):
        refused(await under(admin, unit, parent), 409, "unit_cycle")
    assert await house.facts() == before
    assert (await under(admin, low, top)).status_code == 200
    assert (await under(admin, middle, low)).status_code == 200


async def test_a_ring_of_units_closed_at_once_stays_open(admin: Client) -> None:
    units = [await admin.unit(f"U{number}") for number in range(6)]
    rings: list[Any] = [under(admin, one, other) for one, other in zip(units, [*units[1:], units[0]], strict=True)]
    answers = await asyncio.gather(*rings)
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [409]
    assert not loops({one["id"]: one["parent_id"] for one in await admin.list("/units")})


@pytest.mark.parametrize("offset", [0, 7])
async def test_a_long_line_is_walked_to_its_end(admin: Client, offset: int) -> None:
    people = await chain(admin, *(f"p{number}" for number in range(60)))
    refused(await move(admin, people[0], people[-1], offset), 409, "manager_cycle")
