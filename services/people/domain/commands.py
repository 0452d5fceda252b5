"""What one may ask of people, already parsed and typed: from the API or the command line to the handlers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["hr_partner", "compliance", "admin", "service"]
"""Roles that a person can be given; every active person is an `employee` without being given anything."""


@dataclass(frozen=True, kw_only=True)
class AddPerson:
    """Somebody joins. `email` is as written; addresses are compared without regard to case."""

    display_name: str
    email: str
    job_title: str | None = None
    manager_id: str | None = None
    roles: tuple[Role, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GrantRole:
    """Give a person one more role."""

    person_id: str
    role: Role
