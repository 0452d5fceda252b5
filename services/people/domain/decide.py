"""What follows from a command, given a person's state: the facts, or the rule that it breaks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast, get_args

from libs.events.catalog.people import EmailClaimed, PersonAdded, RoleGranted
from services.people.domain.commands import AddPerson, GrantRole, Role
from services.people.domain.errors import EmailTaken, InvalidEmail, PersonNotFound, UnknownManager, UnknownRole
from services.people.domain.state import Claim, Person

LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")


def known_roles(names: Sequence[str]) -> tuple[Role, ...]:
    """The names as roles, each once. Raises UnknownRole."""
    for name in names:
        if name not in get_args(Role):
            raise UnknownRole
    return cast(tuple[Role, ...], tuple(dict.fromkeys(names)))


def add_person(command: AddPerson, person_id: str, manager: Person | None) -> Sequence[PersonAdded]:
    """A new person; `manager` is who `manager_id` names, None if nobody was named.

    Raises InvalidEmail, UnknownManager.
    """
    if len(command.email) > LONGEST_EMAIL or not command.email.isprintable() or not _EMAIL.fullmatch(command.email):
        raise InvalidEmail
    if manager is not None and (manager.version == 0 or manager.state != "active"):
        raise UnknownManager
    fact = PersonAdded(
        person_id=person_id,
        display_name=command.display_name,
        email=command.email,
        job_title=command.job_title,
        manager_id=command.manager_id,
        roles=list(dict.fromkeys(command.roles)),
    )
    return (fact,)


def claim_email(claim: Claim, person_id: str) -> Sequence[EmailClaimed]:
    """The address is now this person's. Raises EmailTaken."""
    if claim.person_id is not None:
        raise EmailTaken
    return (EmailClaimed(person_id=person_id),)


def grant_role(person: Person, command: GrantRole) -> Sequence[RoleGranted]:
    """One more role; nothing when the person has it. Raises PersonNotFound."""
    if person.version == 0:
        raise PersonNotFound
    if command.role in person.roles:
        return ()
    return (RoleGranted(person_id=command.person_id, role=command.role),)
