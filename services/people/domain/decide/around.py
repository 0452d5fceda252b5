"""What a command about people is judged against, beside the state of its own stream."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from services.people.domain.errors import UnknownLead, UnknownManager, UnknownUnit
from services.people.domain.state import ACTIVE, Person, Unit

NOBODY, NO_UNIT = Person(), Unit()


@dataclass(frozen=True, kw_only=True)
class Around:
    """Today's date, the time zones there are, and what a command names, as their streams say: version 0 is nothing."""

    today: date
    zones: Collection[str] = ()
    manager: Person = NOBODY
    unit: Unit = NO_UNIT

    def check_manager(self) -> None:
        """Raises UnknownManager unless who is named as manager works here."""
        if not works_here(self.manager):
            raise UnknownManager

    def check_unit(self) -> None:
        """Raises UnknownUnit unless the unit that is named exists."""
        if self.unit.version == 0:
            raise UnknownUnit


def check_lead(lead: Person) -> None:
    """Raises UnknownLead unless who is named as lead works here."""
    if not works_here(lead):
        raise UnknownLead


def works_here(person: Person) -> bool:
    """Whether somebody exists and is active."""
    return person.version > 0 and person.state == ACTIVE
