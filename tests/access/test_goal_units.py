"""Whose unit it is: who may give it goals, for themselves or for somebody who may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.access.goal_streams import EVERYBODY, Goals
from tests.access.organisation import TODAY, asker


@pytest.fixture
async def units(here: Goals) -> Goals:
    """Care, with phone in it, which opa leads; ana works in phone, kim in care, ben elsewhere; top is over care."""
    people = here.people
    people.unit("top", lead="head")
    people.unit("care", "top")
    people.unit("phone", "care", lead="opa")
    people.unit("else")
    for person, manager, unit in (("ana", "lead", "phone"), ("kim", "opa", "care"), ("ben", "lead", "else")):
        people.move(person, manager, TODAY, unit=unit)
    await people.fold()
    return here


@pytest.mark.parametrize(
    ("unit", "people"),
    [
        # ceo is above opa, who leads it; head leads the unit at the top; ana belongs to it.
        ("phone", ["ceo", "head", "ana", "opa"]),
        # Nobody leads it; head leads the unit above, and ana and kim belong to it.
        ("care", ["head", "ana", "kim"]),
        ("top", ["ceo", "head", "ana", "kim"]),
        ("else", ["ben"]),
    ],
)
async def test_who_has_to_do_with_a_unit_gives_it_goals(units: Goals, unit: str, people: list[str]) -> None:
    found = [one for one in EVERYBODY if await units.rights.may_use_unit(asker(one), unit, one)]
    assert found == people


async def test_it_is_enough_that_the_owner_does(units: Goals) -> None:
    assert await units.rights.may_use_unit(asker("lead"), "phone", "ana")
    assert await units.rights.may_use_unit(asker("lead"), "phone", "opa")
    assert not await units.rights.may_use_unit(asker("lead"), "phone", "ben")
    # Who is above the lead may, and not whoever has such an owner.
    assert not await units.rights.may_use_unit(asker("oli"), "phone", "ceo")


async def test_who_belongs_to_it_today_does(units: Goals) -> None:
    units.people.move("ana", "lead", TODAY + timedelta(days=2), unit="else")
    await units.people.fold()
    assert await units.rights.may_use_unit(asker("ana"), "phone", "ana")
    assert not await units.rights.may_use_unit(asker("ana"), "else", "ana")
    units.people.clock.move(timedelta(days=2))
    assert not await units.rights.may_use_unit(asker("ana"), "phone", "ana")
    assert await units.rights.may_use_unit(asker("ana"), "else", "ana")
