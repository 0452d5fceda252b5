"""A person as their facts leave them: the fold that commands decide on, that rows keep and old answers are made of."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from libs.access import dated
from libs.events.catalog.people import (
    AbsencePlanned,
    AbsenceWithdrawn,
    PersonAdded,
    PersonChanged,
    PersonDeactivated,
    PersonReactivated,
    PersonRef,
    PositionChanged,
    RoleGranted,
    RoleRevoked,
)
from libs.events.declare import Aggregate, fold_by_type
from libs.events.envelope import Fact
from services.people.domain.state.erasure import ERASURE_FOLDS, REQUESTED, Erasure

ACTIVE, DEACTIVATED = "active", "deactivated"


class Position(dated.Dated, frozen=True, kw_only=True):
    """Where somebody stands from a day on, until their next position begins."""

    manager_id: str | None = None
    unit_id: str | None = None
    job_title: str | None = None


class StateDay(msgspec.Struct, frozen=True, kw_only=True):
    """From this day on (UTC) a person works here, or no longer does."""

    day: date
    state: str


class Absence(msgspec.Struct, frozen=True, kw_only=True):
    """When a person is away, first and last day included; `version` is the person's that planned it."""

    id: str
    first_day: date
    last_day: date
    version: int
    created_at: datetime
    created_by: str


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One person. Version 0: nobody. Texts are None where they were erased (`erased` says which).

    `positions` stand in order of their days, so the future ones are there already. `managers`, `units` and `states`
    are all that there ever were, to find by; what holds on a day `position` and `state_on` say. `name_key`,
    `email_key` and `external_key` are texts as they are compared.
    """

    id: str = ""
    version: int = 0
    display_name: str | None = None
    email: str | None = None
    external_id: str | None = None
    hired_on: date | None = None
    locale: str | None = None
    timezone: str | None = None
    external_ref: PersonRef | None = None
    positions: list[Position] = []
    roles: list[str] = []
    state: str = ACTIVE
    state_days: list[StateDay] = []
    absences: list[Absence] = []
    name_key: str | None = None
    email_key: str | None = None
    external_key: str | None = None
    managers: list[str] = []
    units: list[str] = []
    states: list[str] = []
    erased: list[str] = []
    erasure: Erasure | None = None
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @property
    def gone(self) -> bool:
        """Whether they are erased, or will be whatever happens."""
        return self.erasure is not None and self.erasure.state != REQUESTED

    def position(self, day: date) -> Position:
        """What holds on a day; an empty position before the first one begins."""
        return dated.held(self.positions, day) or Position()

    def upcoming(self, day: date) -> list[Position]:
        """The positions that begin after a day, the next one first."""
        return [one for one in self.positions if one.effective_on is not None and one.effective_on > day]

    def state_on(self, day: date) -> str:
        """Whether they worked here on a day, as far as facts tell: who was added later counts as active before."""
        held = [one.state for one in self.state_days if one.day <= day]
        return held[-1] if held else ACTIVE

    def above(self, day: date) -> str | None:
        """Who leads them on a day."""
        return self.position(day).manager_id

    def next_change(self, day: date) -> date | None:
        """The first day after `day` for which it was said anew who leads them: until then it is who does on `day`."""
        return next((one.effective_on for one in self.upcoming(day) if "manager_id" in one.named), None)


def compared(text: str) -> str:
    """A text as it is compared: neither case nor the spelling of a letter in Unicode matters."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def address_key(email: str) -> str:
    """An e-mail address as it is compared."""
    return compared(email)


_ALONE = ("display_name", "email", "external_id", "hired_on", "locale", "timezone", "external_ref")
"""What is known of a person at once, whatever the day."""


def known_alone(person: Person | PersonAdded | PersonChanged) -> dict[str, Any]:
    """What is known of a person at once: every field that a change restates whole."""
    return {name: getattr(person, name) for name in _ALONE}


def _keys(data: PersonAdded | PersonChanged) -> dict[str, Any]:
    return {
        "name_key": data.display_name.casefold() if data.display_name is not None else None,
        "email_key": address_key(data.email) if data.email is not None else None,
        "external_key": compared(data.external_id) if data.external_id is not None else None,
    }


def _added(person: Person, fact: Fact[PersonAdded]) -> Person:
    data = fact.data
    return _placed(
        Person(
            id=fact.entity_id,
            **known_alone(data),
            **_keys(data),
            roles=list(dict.fromkeys(data.roles)),
            states=[ACTIVE],
            erased=list(fact.erased),
            created_at=fact.time,
            created_by=fact.actor,
        ),
        dated.first(data, Position()),
    )


def _changed(person: Person, fact: Fact[PersonChanged]) -> Person:
    kept = [path for path in person.erased if path == "job_title"]
    return msgspec.structs.replace(person, **known_alone(fact.data), **_keys(fact.data), erased=[*fact.erased, *kept])


def _position_changed(person: Person, fact: Fact[PositionChanged]) -> Person:
    person = msgspec.structs.replace(person, erased=list(dict.fromkeys([*person.erased, *fact.erased])))
    return _placed(person, dated.changed(person.positions, fact.data, Position()))


def _placed(person: Person, positions: Sequence[Position]) -> Person:
    managers = [*person.managers, *(one.manager_id for one in positions if one.manager_id is not None)]
    units = [*person.units, *(one.unit_id for one in positions if one.unit_id is not None)]
    return msgspec.structs.replace(
        person,
        positions=list(positions),
        managers=list(dict.fromkeys(managers)),
        units=list(dict.fromkeys(units)),
    )


def _granted(person: Person, fact: Fact[RoleGranted]) -> Person:
    return msgspec.structs.replace(person, roles=list(dict.fromkeys([*person.roles, fact.data.role])))


def _revoked(person: Person, fact: Fact[RoleRevoked]) -> Person:
    return msgspec.structs.replace(person, roles=[role for role in person.roles if role != fact.data.role])


def _deactivated(person: Person, fact: Fact[PersonDeactivated]) -> Person:
    return _turned(person, fact, DEACTIVATED)


def _reactivated(person: Person, fact: Fact[PersonReactivated]) -> Person:
    return _turned(person, fact, ACTIVE)


def _turned(person: Person, fact: Fact[Any], state: str) -> Person:
    return msgspec.structs.replace(
        person,
        state=state,
        state_days=[*person.state_days, StateDay(day=fact.time.date(), state=state)],
        states=list(dict.fromkeys([*person.states, state])),
    )


def _planned(person: Person, fact: Fact[AbsencePlanned]) -> Person:
    data = fact.data
    absence = Absence(
        id=data.absence_id,
        first_day=data.first_day,
        last_day=data.last_day,
        version=fact.version,
        created_at=fact.time,
        created_by=fact.actor,
    )
    return msgspec.structs.replace(person, absences=[*person.absences, absence])


def _withdrawn(person: Person, fact: Fact[AbsenceWithdrawn]) -> Person:
    left = [absence for absence in person.absences if absence.id != fact.data.absence_id]
    return msgspec.structs.replace(person, absences=left)


_FOLDS: Mapping[type[msgspec.Struct], Callable[[Any, Fact[Any]], Any]] = {
    PersonAdded: _added,
    PersonChanged: _changed,
    PositionChanged: _position_changed,
    RoleGranted: _granted,
    RoleRevoked: _revoked,
    PersonDeactivated: _deactivated,
    PersonReactivated: _reactivated,
    AbsencePlanned: _planned,
    AbsenceWithdrawn: _withdrawn,
    **ERASURE_FOLDS,
}

PERSON_FACTS = tuple(_FOLDS)
"""Every fact of a person's own stream."""

PERSON: Aggregate[Person] = Aggregate("person", Person(), fold_by_type(_FOLDS))
"""Pure; facts that change nothing here still count as a version."""
