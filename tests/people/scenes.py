"""How these tests say things: a person's and a unit's stream, and deciders of commands in one word each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from libs.events.catalog.people import PersonAdded, UnitCreated
from libs.events.testing import Scenario
from services.people.domain import decide
from services.people.domain.commands import AddPerson, ChangePerson, ChangeUnit, CreateUnit
from services.people.domain.decide import Around
from services.people.domain.state import PERSON, UNIT, Person, Unit

STREAM = "acme/person/ada"
TODAY = date(2026, 1, 5)
NOBODY: Scenario[Person] = Scenario(PERSON, stream=STREAM)
ADDED = PersonAdded(person_id="ada", display_name="Ada Byron", email="Ada@example.org")
ADA = NOBODY.given(ADDED)
LEAD = Person(id="bob", version=3)
GONE = Person(id="bob", version=4, state="deactivated")
TEAM = Unit(id="team", version=1)
ZONES = frozenset({"Europe/Vienna", "UTC"})

NO_UNIT: Scenario[Unit] = Scenario(UNIT, stream="acme/unit/sales")
CREATED = UnitCreated(unit_id="sales", name="Sales")
SALES = NO_UNIT.given(CREATED)


def around(manager: Person | None = None, unit: Unit | None = None) -> Around:
    """What commands are judged against: nobody and nothing but what is given."""
    return Around(today=TODAY, zones=ZONES, manager=manager or Person(), unit=unit or Unit())


def adding(manager: Person | None = None, unit: Unit | None = None, **fields: Any) -> Callable[[Person], Sequence[Any]]:
    """The decider of a command to add Ada."""
    command = AddPerson(**{"display_name": "Ada Byron", "email": "Ada@example.org", **fields})
    return lambda _: decide.add_person(command, "ada", around(manager, unit))


def changing(
    manager: Person | None = None, unit: Unit | None = None, *, on: date | None = None, **changes: Any
) -> Callable[[Person], Sequence[Any]]:
    """The decider of a command to change Ada."""
    command = ChangePerson(person_id="ada", changes=changes, effective_on=on)
    return lambda person: decide.change_person(person, command, around(manager, unit))


def creating(parent: Unit | None = None, lead: Person | None = None, **fields: Any) -> Callable[[Unit], Sequence[Any]]:
    """The decider of a command to make a unit."""
    command = CreateUnit(**{"name": "Sales", **fields})
    return lambda _: decide.create_unit(command, "sales", parent or Unit(), lead or Person())


def moving(parent: Unit | None = None, lead: Person | None = None, **changes: Any) -> Callable[[Unit], Sequence[Any]]:
    """The decider of a command to change a unit."""
    command = ChangeUnit(unit_id="sales", changes=changes)
    return lambda unit: decide.change_unit(unit, command, parent or Unit(), lead or Person())
