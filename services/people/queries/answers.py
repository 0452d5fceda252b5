"""People, absences and units in the shapes of the public contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from libs.web.references import ExternalRefAnswer, reference_answer
from services.people.domain.decide import receipt_of
from services.people.domain.state import Absence, Erasure, Person, Position, Unit
from services.people.rights import may_read_details, offered


class PositionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Manager, unit and job title from a day on."""

    effective_on: date
    manager_id: str | None
    unit_id: str | None
    job_title: str | None


class PersonAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A person. Manager, unit, job title and state are those of the day asked for, today unless said otherwise.

    `upcoming` are the positions that begin later, each with what carries on until then. `roles` begin with `employee`;
    `erased` lists texts that were destroyed. `hired_on` and `external_id` are absent for who may not see them.
    """

    id: str
    version: int
    display_name: str | None
    email: str | None
    job_title: str | None
    manager_id: str | None
    unit_id: str | None
    upcoming: list[PositionAnswer]
    roles: list[str]
    state: str
    locale: str | None
    timezone: str | None
    external_ref: ExternalRefAnswer | None
    erased: list[str]
    created_at: datetime | None
    created_by: str
    updated_at: datetime | None
    updated_by: str
    allowed_actions: list[str]
    hired_on: date | UnsetType | None = UNSET
    external_id: str | UnsetType | None = UNSET


class ReportAnswer(PersonAnswer, frozen=True, kw_only=True):
    """A person below the one asked about; `level` is 1 for whom they lead themselves."""

    level: int


class AbsenceAnswer(msgspec.Struct, frozen=True, kw_only=True, rename={"first_day": "from", "last_day": "to"}):
    """When a person is away, first and last day included."""

    id: str
    person_id: str
    version: int
    first_day: date
    last_day: date
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    allowed_actions: list[str]


class ReceiptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased, when and by whose will. `events` counts by service what nobody can read any more.

    `models` hold no word of the person since these positions. `digest` is the SHA-256 of the rest as canonical JSON
    (RFC 8785), `key_digest` that of the destroyed key's id, null when nothing was ever sealed for the person. Where a
    restore took back who agreed, `confirmed_at` and `confirmed_by` are null; where also who asked, `requested_by` is
    `restore`.
    """

    erasure_id: str
    person_id: str
    tenant: str
    requested_at: str
    requested_by: str
    confirmed_at: str | None
    confirmed_by: str | None
    erased_at: str | None
    key_digest: str | None
    events: list[dict[str, str | int]]
    models: list[dict[str, str | int]]
    digest: str


class ErasureAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The erasure of a person: `requested`, `confirmed` or `done`; the receipt is there once it is done.

    From `confirmed` on nothing can stop it. `erased` names `reason` where its author was erased.
    """

    id: str
    person_id: str
    version: int
    state: str
    reason: str | None
    receipt: ReceiptAnswer | None
    erased: list[str]
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    allowed_actions: list[str]


class UnitAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A unit; `erased` lists texts that were destroyed."""

    id: str
    version: int
    name: str | None
    parent_id: str | None
    lead_id: str | None
    external_ref: ExternalRefAnswer | None
    erased: list[str]
    created_at: datetime | None
    created_by: str
    updated_at: datetime | None
    updated_by: str
    allowed_actions: list[str]


@dataclass(frozen=True)
class Moment:
    """The day that an answer is about: `today`, or the one that was asked for."""

    today: date
    as_of: date | None = None

    @property
    def day(self) -> date:
        """By which positions are judged."""
        return self.as_of or self.today

    def state(self, person: Person) -> str:
        """Whether somebody works here, then."""
        return person.state if self.as_of is None else person.state_on(self.as_of)


def person_answer(person: Person, relations: frozenset[str], moment: Moment) -> PersonAnswer:
    """A person at a moment, as who stands so to them may see them."""
    return PersonAnswer(**_person(person, relations, moment))


def report_answer(person: Person, relations: frozenset[str], moment: Moment, level: int) -> ReportAnswer:
    """The same of somebody below, so many levels."""
    return ReportAnswer(**_person(person, relations, moment), level=level)


def absence_answer(person_id: str, absence: Absence, relations: frozenset[str]) -> AbsenceAnswer:
    """An absence of a person. Nothing about it ever changes, so it was updated when it was planned."""
    return AbsenceAnswer(
        id=absence.id,
        person_id=person_id,
        version=absence.version,
        first_day=absence.first_day,
        last_day=absence.last_day,
        created_at=absence.created_at,
        created_by=absence.created_by,
        updated_at=absence.created_at,
        updated_by=absence.created_by,
        allowed_actions=offered("absence", relations),
    )


def erasure_answer(
    tenant: str, person: Person, erasure: Erasure, asker_id: str, roles: frozenset[str]
) -> ErasureAnswer:
    """A person's erasure, as an administrator sees it."""
    receipt = None
    if erasure.digest is not None:
        content = receipt_of(person.id, tenant, erasure, erasure.sealed, erasure.models)
        receipt = ReceiptAnswer(**content, digest=erasure.digest)
    # Neither who asked nor who is to be erased confirms.
    relations = roles | {"self"} if asker_id in (person.id, erasure.created_by) else roles
    return ErasureAnswer(
        **{name: getattr(erasure, name) for name in _ERASURE},
        person_id=person.id,
        receipt=receipt,
        allowed_actions=offered("erasure", relations, erasure.state),
    )


def unit_answer(unit: Unit, roles: frozenset[str]) -> UnitAnswer:
    """A unit."""
    same = {name: getattr(unit, name) for name in _UNIT}
    return UnitAnswer(**same, external_ref=reference_answer(unit.external_ref), allowed_actions=offered("unit", roles))


def _person(person: Person, relations: frozenset[str], moment: Moment) -> dict[str, Any]:
    position = person.position(moment.day)
    details = {"hired_on": person.hired_on, "external_id": person.external_id}
    return {
        **{name: getattr(person, name) for name in _PERSON},
        **{name: getattr(position, name) for name in _POSITION},
        **(details if may_read_details(relations) else {}),
        "upcoming": _upcoming(person.upcoming(moment.day)),
        "roles": ["employee", *person.roles],
        "state": moment.state(person),
        "external_ref": reference_answer(person.external_ref),
        "allowed_actions": _allowed(person, relations),
    }


def _allowed(person: Person, relations: frozenset[str]) -> list[str]:
    if person.gone:
        return []
    return [one for one in offered("person", relations, person.state) if one != "erase" or person.erasure is None]


def _upcoming(positions: Sequence[Position]) -> list[PositionAnswer]:
    return [
        PositionAnswer(effective_on=one.effective_on, **{name: getattr(one, name) for name in _POSITION})
        for one in positions
        if one.effective_on is not None
    ]


_POSITION = ("manager_id", "unit_id", "job_title")
_STATED = ("created_at", "created_by", "updated_at", "updated_by")
_PERSON = ("id", "version", "display_name", "email", "locale", "timezone", "erased", *_STATED)
_UNIT = ("id", "version", "name", "parent_id", "lead_id", "erased", *_STATED)

_ERASURE = ("id", "version", "state", "reason", "erased", *_STATED)

ANSWERS = (PersonAnswer, ReportAnswer, AbsenceAnswer, ErasureAnswer, UnitAnswer)
"""The shapes that this service answers with."""
