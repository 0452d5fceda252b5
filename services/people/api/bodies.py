"""What clients send to people and units: request bodies, and their way into commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from libs.web.fields import Date, Id, Model, line, words
from libs.web.patch import ABSENT, Kept, Patch
from libs.web.references import KnownReferenceBody, ReferenceBody, ReferencePatch, given, named
from services.people.domain.commands import (
    AddPerson,
    ChangePerson,
    ChangeUnit,
    CreateUnit,
    PlanAbsence,
    Reference,
    RequestErasure,
    Role,
)

Name = Annotated[str, line(200)]
Email = Annotated[str, line(254)]
Roles = Annotated[list[Role], Field(max_length=10)]
Number = Annotated[str, line(100)]
"""A number or name under which another system knows a person."""
Locale = Annotated[str, line(64)]
Timezone = Annotated[str, line(64)]

_MANAGER, _UNIT = "0191d3a0-0000-7000-8000-0000000000a3", "0191d3a0-0000-7000-8000-0000000000b1"
_POSITION = frozenset({"manager_id", "unit_id", "job_title"})
_URL = "https://hr.example/people/4711"
_SAM: dict[str, Any] = {
    "display_name": "Sam Okafor",
    "email": "sam@acme.example",
    "manager_id": _MANAGER,
    "unit_id": _UNIT,
    "job_title": "Support Agent",
    "hired_on": "2025-03-01",
    "locale": "en-GB",
    "timezone": "Europe/London",
}


class PersonFields(Model):
    """What a person is. Manager, unit and job title hold from `effective_on` on; left out: they always did."""

    display_name: Name
    email: Email
    job_title: Name | None = None
    manager_id: Id | None = None
    unit_id: Id | None = None
    roles: Annotated[Roles, Field(default_factory=list)]
    external_id: Number | None = None
    hired_on: Date | None = None
    locale: Locale | None = None
    timezone: Timezone | None = None
    effective_on: Date | None = None

    def adding(self, reference: Reference | None) -> AddPerson:
        """Somebody new like this, who stands for the record of another system if one is given."""
        same = {name: getattr(self, name) for name in PersonFields.model_fields if name != "roles"}
        if _POSITION & self.model_fields_set and not any(same[name] for name in _POSITION):
            # Nobody and nothing from that day on is what a new person has anyway.
            same["effective_on"] = None
        return AddPerson(**same, roles=tuple(self.roles), external_ref=reference)


class PersonBody(PersonFields):
    """Somebody who joins."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SAM]})

    external_ref: ReferenceBody | None = None

    def command(self) -> AddPerson:
        """The body as a command."""
        return self.adding(given(Reference, self.external_ref))


class PersonByReferenceBody(PersonFields):
    """Somebody who stands for a record of another system: added, or changed where they are there. Absent: it stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SAM | {"external_ref": {"url": _URL}}]})

    external_ref: KnownReferenceBody | None = None

    def commands(self, system: str, external_id: str) -> tuple[AddPerson, Callable[[str], ChangePerson]]:
        """The body as both commands. Raises Problem when it names another record than the path."""
        changes = {name: getattr(self, name) for name in PersonFields.model_fields if name in self.model_fields_set}
        effective_on = changes.pop("effective_on", None)
        changes |= _link(self.external_ref)

        def change(person_id: str) -> ChangePerson:
            return ChangePerson(person_id=person_id, changes=changes, effective_on=effective_on)

        return self.adding(named(Reference, self.external_ref, system, external_id)), change


class PersonPatch(Patch):
    """What is to be said anew of a person. Manager, unit and job title change on `effective_on`, else today.

    What changes holds until a later day for which it changes as well; what does not carries on from the day before.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"manager_id": _MANAGER, "job_title": "Team Lead", "effective_on": "2027-01-01"},
                {"locale": "de-AT", "timezone": "Europe/Vienna"},
            ]
        }
    )

    display_name: Kept[Name] = ABSENT
    email: Kept[Email] = ABSENT
    job_title: Name | None = ABSENT
    manager_id: Id | None = ABSENT
    unit_id: Id | None = ABSENT
    roles: Roles | None = ABSENT
    external_id: Number | None = ABSENT
    hired_on: Date | None = ABSENT
    locale: Locale | None = ABSENT
    timezone: Timezone | None = ABSENT
    effective_on: Date | None = ABSENT
    external_ref: ReferencePatch | None = ABSENT

    def command(self, person_id: str) -> ChangePerson:
        """The body as a command for one person."""
        changes = self.changes()
        effective_on = changes.pop("effective_on", None)
        return ChangePerson(person_id=person_id, changes=changes, effective_on=effective_on)


class AbsenceBody(Model):
    """Days away, first and last included. Nobody is asked why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"from": "2026-12-21", "to": "2027-01-03"}]})

    first_day: Annotated[Date, Field(alias="from")]
    last_day: Annotated[Date, Field(alias="to")]

    def command(self, person_id: str) -> PlanAbsence:
        """The body as a command for one person."""
        return PlanAbsence(person_id=person_id, first_day=self.first_day, last_day=self.last_day)


class ErasureBody(Model):
    """Why somebody is to be forgotten."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Asked for it on leaving, letter of 3 May."}]})

    reason: Annotated[str, words(2000)]

    def command(self, person_id: str) -> RequestErasure:
        """The body as a command for one person."""
        return RequestErasure(person_id=person_id, reason=self.reason)


_UNIT_FIELDS: dict[str, Any] = {"name": "Customer Service", "parent_id": _UNIT, "lead_id": _MANAGER}


class UnitFields(Model):
    """What a unit is."""

    name: Name
    parent_id: Id | None = None
    lead_id: Id | None = None

    def creating(self, reference: Reference | None) -> CreateUnit:
        """A new unit like this, that stands for the record of another system if one is given."""
        return CreateUnit(name=self.name, parent_id=self.parent_id, lead_id=self.lead_id, external_ref=reference)


class UnitBody(UnitFields):
    """A new part of the organisation."""

    model_config = ConfigDict(json_schema_extra={"examples": [_UNIT_FIELDS]})

    external_ref: ReferenceBody | None = None

    def command(self) -> CreateUnit:
        """The body as a command."""
        return self.creating(given(Reference, self.external_ref))


class UnitByReferenceBody(UnitFields):
    """A unit that stands for a record of another system: made, or changed where it is there. Absent: it stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [_UNIT_FIELDS]})

    external_ref: KnownReferenceBody | None = None

    def commands(self, system: str, external_id: str) -> tuple[CreateUnit, Callable[[str], ChangeUnit]]:
        """The body as both commands. Raises Problem when it names another record than the path."""
        changes = {name: getattr(self, name) for name in UnitFields.model_fields if name in self.model_fields_set}
        changes |= _link(self.external_ref)

        def change(unit_id: str) -> ChangeUnit:
            return ChangeUnit(unit_id=unit_id, changes=changes)

        return self.creating(named(Reference, self.external_ref, system, external_id)), change


class UnitPatch(Patch):
    """What is to be said anew of a unit; `parent_id` null puts it at the top."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"parent_id": None, "lead_id": _MANAGER}]})

    name: Kept[Name] = ABSENT
    parent_id: Id | None = ABSENT
    lead_id: Id | None = ABSENT
    external_ref: ReferencePatch | None = ABSENT

    def command(self, unit_id: str) -> ChangeUnit:
        """The body as a command for one unit."""
        return ChangeUnit(unit_id=unit_id, changes=self.changes())


def _link(body: KnownReferenceBody | None) -> dict[str, Any]:
    return {"external_ref": {"url": body.url}} if body is not None and "url" in body.model_fields_set else {}
