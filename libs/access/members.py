"""A service's own replica of who works where, folded from `people.events`: one declaration for every service.

It holds ids, roles, dates and who leads whom, and no person's text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import msgspec

from libs.access import dated
from libs.events.catalog.people import (
    AbsencePlanned,
    AbsenceWithdrawn,
    PersonAdded,
    PersonDeactivated,
    PersonReactivated,
    PositionChanged,
    RoleGranted,
    RoleRevoked,
    UnitChanged,
    UnitCreated,
)
from libs.events.declare import Collection, Many, On, Projection
from libs.events.envelope import Fact

ACTIVE = "active"
DEACTIVATED = "deactivated"


class Position(dated.Dated, frozen=True, kw_only=True, array_like=True):
    """Who leads a person and where they belong from a day on, until a later position begins."""

    manager_id: str | None = None
    unit_id: str | None = None


NOWHERE = Position()
"""Where somebody stands before their first position begins."""


class Absence(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Days on which a person is away, both included."""

    id: str
    first_day: date
    last_day: date


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person as other services know them. `roles` are those beyond `employee`, `state` is `active` or `deactivated`.

    `positions` are in order of the day they begin, one a day.
    """

    id: str
    roles: list[str] = []
    state: str = ACTIVE
    positions: list[Position] = []
    absences: list[Absence] = []

    @property
    def managers(self) -> list[str]:
        """Everybody who led, leads or will lead them."""
        return list(dict.fromkeys(one.manager_id for one in self.positions if one.manager_id is not None))

    def at(self, day: date) -> Position:
        """The position that holds on a day: the last one to begin."""
        return dated.held(self.positions, day) or NOWHERE

    def absent_on(self, day: date) -> bool:
        """Whether they are away on a day."""
        return any(one.first_day <= day <= one.last_day for one in self.absences)


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who was named as a manager at least once; who was not is above nobody, on any day."""

    id: str


class UnitMember(msgspec.Struct, frozen=True, kw_only=True):
    """A unit as other services know it: where it belongs and who leads it."""

    id: str
    parent_id: str | None
    lead_id: str | None


MEMBERS = Collection("members", Member, (Many("managers"),))
"""A row a person, found by whoever may lead them; then judged for the day."""

LEADS = Collection("leads", Lead)
"""A row a manager, past ones and future ones too."""

UNITS = Collection("unit_members", UnitMember)
"""A row a unit."""


def on_person_added(row: Member | None, fact: Fact[PersonAdded]) -> Member:
    """A new person's row."""
    data = fact.data
    return Member(id=fact.entity_id, roles=list(dict.fromkeys(data.roles)), positions=dated.first(data, NOWHERE))


def on_position_changed(row: Member, fact: Fact[PositionChanged]) -> Member:
    """The row with what changed from a day on."""
    return msgspec.structs.replace(row, positions=dated.changed(row.positions, fact.data, NOWHERE))


def on_person_deactivated(row: Member, fact: Fact[PersonDeactivated]) -> Member:
    """The row of somebody who no longer works here; whom they led, they lead until that is changed."""
    return msgspec.structs.replace(row, state=DEACTIVATED)


def on_person_reactivated(row: Member, fact: Fact[PersonReactivated]) -> Member:
    """The row of somebody who works here again."""
    return msgspec.structs.replace(row, state=ACTIVE)


def on_absence_planned(row: Member, fact: Fact[AbsencePlanned]) -> Member:
    """The row with one more absence, in order of its first day."""
    data = fact.data
    planned = Absence(id=data.absence_id, first_day=data.first_day, last_day=data.last_day)
    absences = sorted([*_without(row, data.absence_id), planned], key=lambda one: (one.first_day, one.id))
    return msgspec.structs.replace(row, absences=absences)


def on_absence_withdrawn(row: Member, fact: Fact[AbsenceWithdrawn]) -> Member:
    """The row without that absence."""
    return msgspec.structs.replace(row, absences=_without(row, fact.data.absence_id))


def on_role_granted(row: Member, fact: Fact[RoleGranted]) -> Member:
    """The row with one more role; granting it again changes nothing."""
    return msgspec.structs.replace(row, roles=list(dict.fromkeys([*row.roles, fact.data.role])))


def on_role_revoked(row: Member, fact: Fact[RoleRevoked]) -> Member:
    """The row without that role."""
    return msgspec.structs.replace(row, roles=[role for role in row.roles if role != fact.data.role])


def on_manager_named(row: Lead | None, fact: Fact[PersonAdded] | Fact[PositionChanged]) -> Lead | None:
    """That somebody leads; it stays so, because the past and the future may be asked for."""
    manager = fact.data.manager_id
    return Lead(id=manager) if manager is not None else row


def on_unit_stated(row: UnitMember | None, fact: Fact[UnitCreated] | Fact[UnitChanged]) -> UnitMember:
    """A unit as it is now."""
    return UnitMember(id=fact.entity_id, parent_id=fact.data.parent_id, lead_id=fact.data.lead_id)


def replica(service: str) -> Projection:
    """The declaration of a service's replica."""
    return Projection(name=f"{service}.members", version=3, topics=("people.events",), on=_ON, words=())


def _without(row: Member, absence_id: str) -> list[Absence]:
    return [one for one in row.absences if one.id != absence_id]


def _manager(fact: Fact[Any]) -> Sequence[str]:
    manager: str | None = fact.data.manager_id
    return () if manager is None else (manager,)


_PERSON: dict[type[msgspec.Struct], Callable[[Any, Fact[Any]], Member]] = {
    PersonAdded: on_person_added,
    PositionChanged: on_position_changed,
    PersonDeactivated: on_person_deactivated,
    PersonReactivated: on_person_reactivated,
    AbsencePlanned: on_absence_planned,
    AbsenceWithdrawn: on_absence_withdrawn,
    RoleGranted: on_role_granted,
    RoleRevoked: on_role_revoked,
}
_ON = (
    *(On(event, MEMBERS, apply) for event, apply in _PERSON.items()),
    On(PersonAdded, LEADS, on_manager_named, rows=_manager),
    On(PositionChanged, LEADS, on_manager_named, rows=_manager),
    On(UnitCreated, UNITS, on_unit_stated),
    On(UnitChanged, UNITS, on_unit_stated),
)
