"""What follows from a command about a person's absences: planned, and withdrawn."""

from __future__ import annotations

from collections.abc import Sequence

from libs.events.catalog.people import AbsencePlanned, AbsenceWithdrawn
from services.people.domain.commands import PlanAbsence, WithdrawAbsence
from services.people.domain.decide.erasing import check_not_erased
from services.people.domain.errors import (
    AbsenceEndsBeforeItBegins,
    AbsenceNotFound,
    PersonNotFound,
    TooManyAbsences,
)
from services.people.domain.state import Absence, Person

MOST = 1000


def plan_absence(person: Person, command: PlanAbsence, absence_id: str) -> Sequence[AbsencePlanned]:
    """Days away. Raises PersonNotFound, HolderErased, AbsenceEndsBeforeItBegins, TooManyAbsences."""
    if person.version == 0:
        raise PersonNotFound
    check_not_erased(person)
    if command.last_day < command.first_day:
        raise AbsenceEndsBeforeItBegins
    if len(person.absences) >= MOST:
        raise TooManyAbsences
    planned = AbsencePlanned(
        person_id=person.id, absence_id=absence_id, first_day=command.first_day, last_day=command.last_day
    )
    return (planned,)


def withdraw_absence(person: Person, command: WithdrawAbsence) -> Sequence[AbsenceWithdrawn]:
    """The absence does not take place. Raises PersonNotFound, AbsenceNotFound."""
    if person.version == 0:
        raise PersonNotFound
    return (AbsenceWithdrawn(person_id=person.id, absence_id=absence_of(person, command.absence_id).id),)


def absence_of(person: Person, absence_id: str) -> Absence:
    """One of a person's absences. Raises AbsenceNotFound."""
    for absence in person.absences:
        if absence.id == absence_id:
            return absence
    raise AbsenceNotFound
