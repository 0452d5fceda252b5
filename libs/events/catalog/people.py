"""What the people service states: who works here, who leads whom, who has which role."""

from __future__ import annotations

from typing import Annotated

import msgspec

from libs.events.personal import Personal


class PersonAdded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody joined the tenant. `roles` are those beyond `employee`, which every active person has."""

    person_id: str
    display_name: Annotated[str | None, Personal("person_id")]
    email: Annotated[str | None, Personal("person_id")]
    job_title: Annotated[str | None, Personal("person_id")] = None
    manager_id: str | None = None
    roles: list[str] = []


class RoleGranted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person was given a role beyond `employee`."""

    person_id: str
    role: str


class EmailClaimed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Guards that an address belongs to one person: stated on the stream named by the address's keyed hash."""

    person_id: str
