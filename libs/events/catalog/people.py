"""What the people service states: who works here, who leads whom from when, which units there are, who is away."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

from libs.events.catalog.skipping import Skipped
from libs.events.personal import Personal


class PersonRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The record of another system that this person stands for; unique per tenant by `system` and `id`."""

    system: str
    id: Annotated[str | None, Personal("person_id")]
    url: Annotated[str | None, Personal("person_id")] = None


class PersonAdded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody joined the tenant. `roles` are those beyond `employee`, which every active person has.

    Manager, unit and job title hold from `effective_on` on (None: always).
    """

    person_id: str
    display_name: Annotated[str | None, Personal("person_id")]
    email: Annotated[str | None, Personal("person_id")]
    job_title: Annotated[str | None, Personal("person_id")] = None
    manager_id: str | None = None
    unit_id: str | None = None
    roles: list[str] = []
    external_id: Annotated[str | None, Personal("person_id")] = None
    hired_on: date | None = None
    locale: Annotated[str | None, Personal("person_id")] = None
    timezone: Annotated[str | None, Personal("person_id")] = None
    effective_on: date | None = None
    external_ref: PersonRef | None = None


class PersonAddedV2(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody joined the tenant, when locale and timezone stood in clear. No longer written."""

    person_id: str
    display_name: Annotated[str | None, Personal("person_id")]
    email: Annotated[str | None, Personal("person_id")]
    job_title: Annotated[str | None, Personal("person_id")] = None
    manager_id: str | None = None
    unit_id: str | None = None
    roles: list[str] = []
    external_id: Annotated[str | None, Personal("person_id")] = None
    hired_on: date | None = None
    locale: str | None = None
    timezone: str | None = None
    effective_on: date | None = None
    external_ref: PersonRef | None = None


class PersonAddedV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody joined the tenant, when there were no units and nothing took effect later. No longer written."""

    person_id: str
    display_name: Annotated[str | None, Personal("person_id")]
    email: Annotated[str | None, Personal("person_id")]
    job_title: Annotated[str | None, Personal("person_id")] = None
    manager_id: str | None = None
    roles: list[str] = []


class PersonChanged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a person by itself, restated whole; `changed` names the fields that differ from before."""

    person_id: str
    display_name: Annotated[str | None, Personal("person_id")]
    email: Annotated[str | None, Personal("person_id")]
    external_id: Annotated[str | None, Personal("person_id")] = None
    hired_on: date | None = None
    locale: Annotated[str | None, Personal("person_id")] = None
    timezone: Annotated[str | None, Personal("person_id")] = None
    external_ref: PersonRef | None = None
    changed: list[str]


class PersonChangedV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a person by itself, when locale and timezone stood in clear. No longer written."""

    person_id: str
    display_name: Annotated[str | None, Personal("person_id")]
    email: Annotated[str | None, Personal("person_id")]
    external_id: Annotated[str | None, Personal("person_id")] = None
    hired_on: date | None = None
    locale: str | None = None
    timezone: str | None = None
    external_ref: PersonRef | None = None
    changed: list[str]


class PositionChanged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From `effective_on` on a person has this manager, unit and job title, until a later position begins.

    `changed` names those that differ from the position they had on that day: they hold until a later day for which
    they changed as well. The others are restated as they were when this was recorded; they carry on from the day
    before, also where that is changed afterwards.
    """

    person_id: str
    effective_on: date
    manager_id: str | None = None
    unit_id: str | None = None
    job_title: Annotated[str | None, Personal("person_id")] = None
    changed: list[str]


class ReportingChanged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Guards that nobody leads themselves: on the tenant's reporting stream with every new manager of who was there."""

    person_id: str
    manager_id: str


class PersonDeactivated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person no longer works here; what they did stays."""

    person_id: str


class PersonReactivated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person works here again."""

    person_id: str


class AbsencePlanned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person is away from the first to the last day, both included. No reason is kept."""

    person_id: str
    absence_id: str
    first_day: date
    last_day: date


class AbsenceWithdrawn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An absence does not take place."""

    person_id: str
    absence_id: str


class RoleGranted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person was given a role beyond `employee`."""

    person_id: str
    role: str


class RoleRevoked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person no longer has a role beyond `employee`."""

    person_id: str
    role: str


class ErasureRequested(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An administrator asks that a person be erased. The reason is the author's own."""

    person_id: str
    erasure_id: str
    author_id: str
    reason: Annotated[str | None, Personal("author_id")]


class ErasureConfirmed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another administrator agrees: from now on nothing personal is recorded of the person, who is gone for good."""

    person_id: str
    erasure_id: str
    author_id: str


class PersonErased(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The key of a person is destroyed: whoever keeps words of theirs drops them now.

    `key_digest` is the SHA-256 of the key's id; None: nothing was ever sealed for them.
    """

    person_id: str
    erasure_id: str
    key_digest: str | None


class SealedEvents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many events of a service hold text that nobody can read any more."""

    service: str
    events: int


class CleanModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A read model that holds no word of the person; it had applied the topic up to this position of the tenant."""

    model: str
    topic: str
    position: int


class ErasureCompleted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every service has dropped the person's words. `digest` is the SHA-256 of the receipt, without it, canonical."""

    person_id: str
    erasure_id: str
    sealed: list[SealedEvents]
    models: list[CleanModel]
    digest: str


class EmailClaimed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Guards that an address belongs to one person: stated on the stream named by the address's keyed hash."""

    person_id: str


class EmailReleased(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address belongs to nobody any more."""

    person_id: str


class UnitRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The record of another system that this unit stands for; unique per tenant by `system` and `id`."""

    system: str
    id: Annotated[str | None, Personal("unit_id")]
    url: Annotated[str | None, Personal("unit_id")] = None


class UnitCreated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the organisation. Its text is sealed under the unit's own key."""

    unit_id: str
    name: Annotated[str | None, Personal("unit_id")]
    parent_id: str | None = None
    lead_id: str | None = None
    external_ref: UnitRef | None = None


class UnitChanged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A unit is now like this, restated whole; `changed` names the fields that differ from before."""

    unit_id: str
    name: Annotated[str | None, Personal("unit_id")]
    parent_id: str | None = None
    lead_id: str | None = None
    external_ref: UnitRef | None = None
    changed: list[str]


class UnitTreeChanged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Guards that units form no circle: on the tenant's units stream with every new parent of one that was there."""

    unit_id: str
    parent_id: str


class ReferenceClaimed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outside record belongs to one person or unit: stated on the stream named by the record's keyed hash."""

    target_id: str


class ReferenceReleased(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The outside record belongs to nothing any more, and may be claimed anew."""

    target_id: str


class EventSkipped(Skipped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event of people that a projection goes on without."""
