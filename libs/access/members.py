"""A service's own replica of who works where, folded from `people.events`: one declaration for every service.

It holds ids, roles and managers, and no person's text.
"""

from __future__ import annotations

import msgspec

from libs.events.catalog.people import PersonAdded, RoleGranted
from libs.events.declare import Collection, On, Projection
from libs.events.envelope import Fact


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person as other services know them. `roles` are those beyond `employee`."""

    id: str
    manager_id: str | None
    roles: list[str]
    state: str = "active"


MEMBERS = Collection("members", Member)


def on_person_added(row: Member | None, fact: Fact[PersonAdded]) -> Member:
    """A new person's row."""
    return Member(id=fact.entity_id, manager_id=fact.data.manager_id, roles=list(fact.data.roles))


def on_role_granted(row: Member, fact: Fact[RoleGranted]) -> Member:
    """The row with one more role; granting it again changes nothing."""
    return msgspec.structs.replace(row, roles=list(dict.fromkeys([*row.roles, fact.data.role])))


def replica(service: str) -> Projection:
    """The declaration of a service's replica."""
    return Projection(
        name=f"{service}.members",
        version=1,
        topics=("people.events",),
        on=(On(PersonAdded, MEMBERS, on_person_added), On(RoleGranted, MEMBERS, on_role_granted)),
    )
