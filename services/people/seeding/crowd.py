"""An organisation of any size, always of the same shape: everybody leads ten people until there is nobody left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from libs.events.catalog.people import EmailClaimed, PersonAdded, UnitCreated
from libs.events.handle import NewStream
from services.people.domain.state import EMAIL, PERSON, UNIT, address_key

SPAN_OF_CONTROL = 10
PEOPLE_A_UNIT = 50

_FIRST = ("Ada", "Ben", "Chiara", "Dmitri", "Elif", "Femi", "Greta", "Hugo", "Isla", "Jamal", "Kenji", "Lara", "Milan")
_LAST = ("Abbott", "Bauer", "Castro", "Dahl", "Endo", "Farkas", "Garcia", "Haas", "Ito", "Jansen", "Kaya", "Lopez")
_NAMES = tuple(f"{first} {last}" for last, first in product(_LAST, _FIRST))
_UNITS = ("Customer Service", "Field Service", "Platform", "Product", "Sales", "Partners", "Finance", "Operations")


@dataclass(frozen=True)
class Crowd:
    """The people in order of rank: person `n` is led by person `(n - 1) // 10`, the first by nobody.

    Fifty who follow each other are a unit; it lies under the unit of whoever leads the first of them.
    """

    ids: tuple[str, ...]
    units: tuple[str, ...]
    domain: str
    mark: str
    """Tells this crowd's addresses from those of another in the same tenant."""

    def address(self, number: int) -> str:
        """The e-mail address of a person."""
        return f"{_NAMES[number % len(_NAMES)].replace(' ', '.').lower()}.{self.mark}{number}@{self.domain}"

    def manager(self, number: int) -> int | None:
        """Who leads a person."""
        return (number - 1) // SPAN_OF_CONTROL if number else None


def units_for(people: int) -> int:
    """How many units so many people make."""
    return -(-people // PEOPLE_A_UNIT)


async def crowd(
    people: Crowd, numbers: range, at: datetime, email_name: Callable[[str], Awaitable[str]], actor: str
) -> list[NewStream]:
    """Some of the people as facts, and the units that begin with them.

    Whoever leads them must stand in the log already or among them.
    """
    found: list[NewStream] = []
    for number in numbers:
        manager, address = people.manager(number), people.address(number)
        added = PersonAdded(
            person_id=people.ids[number],
            display_name=_NAMES[number % len(_NAMES)],
            email=address,
            job_title="Chief Executive" if manager is None else "Team Member",
            manager_id=people.ids[manager] if manager is not None else None,
            unit_id=people.units[number // PEOPLE_A_UNIT],
        )
        claim = EmailClaimed(person_id=people.ids[number])
        found.append(NewStream(PERSON.kind, people.ids[number], 0, (added,), actor, at))
        found.append(NewStream(EMAIL.kind, await email_name(address_key(address)), 0, (claim,), actor, at))
        if number % PEOPLE_A_UNIT == 0:
            found.append(_unit(people, number, actor, at))
    return found


def _unit(people: Crowd, first: int, actor: str, at: datetime) -> NewStream:
    place, lead = first // PEOPLE_A_UNIT, people.manager(first)
    above = lead // PEOPLE_A_UNIT if lead is not None else None
    created = UnitCreated(
        unit_id=people.units[place],
        name=f"{_UNITS[place % len(_UNITS)]} {place + 1}",
        parent_id=people.units[above] if above is not None else None,
        lead_id=people.ids[lead if lead is not None else first],
    )
    return NewStream(UNIT.kind, people.units[place], 0, (created,), actor, at)
