"""What follows from a command about a person, given their state: the facts, or the rule that it breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast, get_args

import msgspec

from libs.events.catalog.people import (
    PersonAdded,
    PersonChanged,
    PersonDeactivated,
    PersonReactivated,
    PersonRef,
    PositionChanged,
    RoleGranted,
    RoleRevoked,
)
from services.people.domain.commands import AddPerson, ChangePerson, GrantRole, Reference, Role
from services.people.domain.decide import texts
from services.people.domain.decide.around import Around
from services.people.domain.decide.erasing import check_not_erased
from services.people.domain.errors import (
    CannotDeactivateYourself,
    EffectiveOnWithoutPosition,
    PersonNotFound,
    UnknownRole,
)
from services.people.domain.state import ACTIVE, DEACTIVATED, Person, Position, known_alone

POSITION = ("manager_id", "unit_id", "job_title")
"""What holds from a day on."""

Changed = PersonChanged | PositionChanged | RoleGranted | RoleRevoked


def known_roles(names: Sequence[str]) -> tuple[Role, ...]:
    """The names as roles, each once. Raises UnknownRole."""
    for name in names:
        if name not in get_args(Role):
            raise UnknownRole
    return cast(tuple[Role, ...], tuple(dict.fromkeys(names)))


def add_person(command: AddPerson, person_id: str, around: Around) -> Sequence[PersonAdded]:
    """A new person.

    Raises InvalidEmail, InvalidLocale, UnknownTimezone, ImplausibleHiredOn, EffectiveOnWithoutPosition,
    UnknownManager, UnknownUnit.
    """
    same = {name: getattr(command, name) for name in _SAME}
    _check_known(same, around)
    position = {name: getattr(command, name) for name in POSITION}
    if command.effective_on is not None and not any(position.values()):
        raise EffectiveOnWithoutPosition
    if command.manager_id is not None:
        around.check_manager()
    if command.unit_id is not None:
        around.check_unit()
    fact = PersonAdded(
        person_id=person_id,
        **same,
        **position,
        roles=list(dict.fromkeys(command.roles)),
        effective_on=command.effective_on,
        external_ref=_ref(command.external_ref),
    )
    return (fact,)


def change_person(person: Person, command: ChangePerson, around: Around) -> Sequence[Changed]:
    """What of a person is another now, or from a day on: nothing for what is so already.

    Raises PersonNotFound, HolderErased, IncompleteReference and what `add_person` raises. That nobody leads themselves
    is the reporting guard's.
    """
    if person.version == 0:
        raise PersonNotFound
    check_not_erased(person)
    return (*_restated(person, command, around), *_position(person, command, around), *_roles(person, command))


def known_after(person: Person, command: ChangePerson) -> dict[str, Any]:
    """What will be known of a person by itself. Raises IncompleteReference."""
    known = known_alone(person)
    known |= {name: value for name, value in command.changes.items() if name in known}
    if "external_ref" in command.changes:
        known["external_ref"] = _ref(texts.merged(person.external_ref, command.changes["external_ref"]))
    return known


def position_after(person: Person, command: ChangePerson, today: date) -> tuple[date, Position]:
    """The day from which on the change holds, and the position that it makes. Raises EffectiveOnWithoutPosition."""
    given = {name: command.changes[name] for name in POSITION if name in command.changes}
    if command.effective_on is not None and not given:
        raise EffectiveOnWithoutPosition
    day = command.effective_on or today
    return day, msgspec.structs.replace(person.position(day), **given)


def new_manager(person: Person, command: ChangePerson, today: date) -> tuple[str, date, date | None] | None:
    """Who will lead the person who does not yet, from which day on, and to before which; None when nobody new does.

    They lead until the next day that names a manager itself, whatever else begins before it.
    """
    day, position = position_after(person, command, today)
    if position.manager_id is None or position.manager_id == person.position(day).manager_id:
        return None
    return position.manager_id, day, person.next_change(day)


def grant_role(person: Person, command: GrantRole) -> Sequence[RoleGranted]:
    """One more role; nothing when the person has it. Raises PersonNotFound, HolderErased."""
    if person.version == 0:
        raise PersonNotFound
    check_not_erased(person)
    if command.role in person.roles:
        return ()
    return (RoleGranted(person_id=command.person_id, role=command.role),)


def deactivate(person: Person, by: str) -> Sequence[PersonDeactivated]:
    """A person no longer works here; nothing when they do not. Raises PersonNotFound, CannotDeactivateYourself."""
    if person.version == 0:
        raise PersonNotFound
    if person.id == by:
        raise CannotDeactivateYourself
    return () if person.state == DEACTIVATED else (PersonDeactivated(person_id=person.id),)


def reactivate(person: Person) -> Sequence[PersonReactivated]:
    """A person works here again; nothing when they do. Raises PersonNotFound, HolderErased."""
    if person.version == 0:
        raise PersonNotFound
    check_not_erased(person)
    return () if person.state == ACTIVE else (PersonReactivated(person_id=person.id),)


_SAME = ("display_name", "email", "external_id", "hired_on", "locale", "timezone")


def _check_known(known: Mapping[str, Any], around: Around) -> None:
    """Judges what is given of the fields that stand for themselves."""
    if known.get("email") is not None:
        texts.check_email(known["email"])
    if known.get("locale") is not None:
        texts.check_locale(known["locale"])
    if known.get("timezone") is not None:
        texts.check_timezone(known["timezone"], around.zones)
    if known.get("hired_on") is not None:
        texts.check_hired_on(known["hired_on"], around.today)


def _restated(person: Person, command: ChangePerson, around: Around) -> Sequence[PersonChanged]:
    before, known = known_alone(person), known_after(person, command)
    changed = [name for name, value in known.items() if value != before[name]]
    _check_known({name: known[name] for name in changed}, around)
    return (PersonChanged(person_id=person.id, **known, changed=changed),) if changed else ()


def _position(person: Person, command: ChangePerson, around: Around) -> Sequence[PositionChanged]:
    day, position = position_after(person, command, around.today)
    before = person.position(day)
    changed = [name for name in POSITION if getattr(position, name) != getattr(before, name)]
    if not changed:
        return ()
    if "manager_id" in changed and position.manager_id is not None:
        around.check_manager()
    if "unit_id" in changed and position.unit_id is not None:
        around.check_unit()
    stated = {name: getattr(position, name) for name in POSITION}
    return (PositionChanged(person_id=person.id, effective_on=day, **stated, changed=changed),)


def _roles(person: Person, command: ChangePerson) -> Sequence[RoleGranted | RoleRevoked]:
    if "roles" not in command.changes:
        return ()
    wanted = tuple(dict.fromkeys(command.changes["roles"] or ()))
    granted = [RoleGranted(person_id=person.id, role=role) for role in wanted if role not in person.roles]
    return (*granted, *(RoleRevoked(person_id=person.id, role=role) for role in person.roles if role not in wanted))


def _ref(reference: Reference | None) -> PersonRef | None:
    return PersonRef(system=reference.system, id=reference.id, url=reference.url) if reference is not None else None
