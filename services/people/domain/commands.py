"""What one may ask of people and units, already parsed and typed: from the API or the command line to the handlers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

Role = Literal["hr_partner", "compliance", "admin", "service"]
"""Roles that a person can be given; every active person is an `employee` without being given anything."""


@dataclass(frozen=True)
class Reference:
    """A record of another system."""

    system: str
    id: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class AddPerson:
    """Somebody joins. `email` is as written; addresses are compared without regard to case.

    Manager, unit and job title hold from `effective_on` on, None: they always did.
    """

    display_name: str
    email: str
    job_title: str | None = None
    manager_id: str | None = None
    unit_id: str | None = None
    roles: tuple[Role, ...] = ()
    external_id: str | None = None
    hired_on: date | None = None
    locale: str | None = None
    timezone: str | None = None
    effective_on: date | None = None
    external_ref: Reference | None = None


@dataclass(frozen=True, kw_only=True)
class ChangePerson:
    """Say anew what is known of a person (RFC 7386): a field that `changes` lacks stays, None clears, objects merge.

    Keys are those of `AddPerson` but effective_on; `external_ref` is a mapping of `system`, `id` and `url`. Manager,
    unit and job title change on `effective_on`, None: today.
    """

    person_id: str
    changes: Mapping[str, Any]
    effective_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class GrantRole:
    """Give a person one more role."""

    person_id: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class PlanAbsence:
    """A person will be away, or was: first and last day are both days away."""

    person_id: str
    first_day: date
    last_day: date


@dataclass(frozen=True, kw_only=True)
class WithdrawAbsence:
    """An absence does not take place."""

    person_id: str
    absence_id: str


@dataclass(frozen=True, kw_only=True)
class RequestErasure:
    """Forget a person: destroy what their words are sealed with. Another administrator must agree."""

    person_id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ConfirmErasure:
    """Agree that somebody be erased."""

    erasure_id: str


@dataclass(frozen=True, kw_only=True)
class DestroyKey:
    """Destroy the key of somebody whose erasure is confirmed."""

    person_id: str
    erasure_id: str


@dataclass(frozen=True, kw_only=True)
class CompleteErasure:
    """State that every service has dropped the words of who was erased at this position of people's events."""

    person_id: str
    erasure_id: str
    position: int


@dataclass(frozen=True, kw_only=True)
class CreateUnit:
    """A new part of the organisation, under another one or at the top."""

    name: str
    parent_id: str | None = None
    lead_id: str | None = None
    external_ref: Reference | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeUnit:
    """Say anew what a unit is (RFC 7386); keys are those of `CreateUnit`."""

    unit_id: str
    changes: Mapping[str, Any]
