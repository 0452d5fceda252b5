"""The people of the demonstration tenant by name: a company of four departments, as facts in order of time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from libs.events.catalog.people import EmailClaimed, PersonAdded, UnitCreated
from libs.events.handle import NewStream
from services.people.domain.state import EMAIL, PERSON, UNIT, address_key

EmailName = Callable[[str], Awaitable[str]]
"""`comparable address → the id of its guard stream`."""


class Colleague(NamedTuple):
    """Somebody of the company: their manager and unit by key, and a role beyond `employee`."""

    key: str
    name: str
    job: str
    manager: str | None
    unit: str | None
    role: str | None = None


UNITS: tuple[tuple[str, str, str | None, str], ...] = (
    ("company", "Acme", None, "nora"),
    ("service", "Customer Service", "company", "maya"),
    ("second-level", "Second-Level Support", "service", "tomas"),
    ("engineering", "Engineering", "company", "ines"),
    ("platform", "Platform", "engineering", "jon"),
    ("product", "Product", "engineering", "aiko"),
    ("sales", "Sales", "company", "victor"),
    ("enterprise", "Enterprise Sales", "sales", "grace"),
    ("small-business", "Small Business", "sales", "lena"),
    ("people", "People and Culture", "company", "ruth"),
)
"""Units: key, name, the unit above, who leads it."""

COMPANY = (
    Colleague("admin", "Robin Admin", "Administrator", None, None, "admin"),
    Colleague("nora", "Nora Berg", "Chief Executive", None, "company"),
    Colleague("maya", "Maya Lindqvist", "Head of Customer Service", "nora", "service"),
    Colleague("sam", "Sam Okafor", "Support Agent", "maya", "service"),
    Colleague("kim", "Kim Tran", "Support Agent", "maya", "service"),
    Colleague("leila", "Leila Haddad", "Support Agent", "maya", "service"),
    Colleague("ben", "Ben Novak", "Support Agent", "maya", "service"),
    Colleague("tomas", "Tomas Silva", "Team Lead", "maya", "second-level"),
    Colleague("jonas", "Jonas Weber", "Support Engineer", "tomas", "second-level"),
    Colleague("petra", "Petra Horvat", "Support Engineer", "tomas", "second-level"),
    Colleague("omar", "Omar Aziz", "Support Engineer", "tomas", "second-level"),
    Colleague("ines", "Ines Costa", "Head of Engineering", "nora", "engineering"),
    Colleague("jon", "Jon Eriksen", "Team Lead", "ines", "platform"),
    Colleague("lukas", "Lukas Brandt", "Engineer", "jon", "platform"),
    Colleague("mei", "Mei Chen", "Engineer", "jon", "platform"),
    Colleague("sofia", "Sofia Rossi", "Engineer", "jon", "platform"),
    Colleague("aiko", "Aiko Tanaka", "Team Lead", "ines", "product"),
    Colleague("rafael", "Rafael Moreno", "Engineer", "aiko", "product"),
    Colleague("hanna", "Hanna Virtanen", "Designer", "aiko", "product"),
    Colleague("tariq", "Tariq Malik", "Engineer", "aiko", "product"),
    Colleague("victor", "Victor Dubois", "Head of Sales", "nora", "sales"),
    Colleague("grace", "Grace Mensah", "Team Lead", "victor", "enterprise"),
    Colleague("paul", "Paul Keller", "Account Executive", "grace", "enterprise"),
    Colleague("emma", "Emma Clarke", "Account Executive", "grace", "enterprise"),
    Colleague("yusuf", "Yusuf Demir", "Account Executive", "grace", "enterprise"),
    Colleague("lena", "Lena Fischer", "Team Lead", "victor", "small-business"),
    Colleague("marco", "Marco Bianchi", "Account Manager", "lena", "small-business"),
    Colleague("chloe", "Chloe Martin", "Account Manager", "lena", "small-business"),
    Colleague("ruth", "Ruth Cohen", "Head of People", "nora", "people", "hr_partner"),
    Colleague("felix", "Felix Wagner", "Recruiter", "ruth", "people"),
    Colleague("nina", "Nina Petrova", "Learning Partner", "ruth", "people"),
)
"""Everybody, managers before their reports."""


async def company(
    domain: str,
    ids: Mapping[str, str],
    units: Mapping[str, str],
    at: datetime,
    email_name: EmailName,
    actor: str,
    joining: Collection[str],
) -> list[NewStream]:
    """The company as facts from `at` on, a second apart: those who are `joining`, and its units, which are all new.

    `ids` and `units` give ids by key.
    """
    found: list[NewStream] = []
    for colleague in (one for one in COMPANY if one.key in joining):
        at += timedelta(seconds=1)
        address = f"{colleague.key}@{domain}"
        added = PersonAdded(
            person_id=ids[colleague.key],
            display_name=colleague.name,
            email=address,
            job_title=colleague.job,
            manager_id=ids[colleague.manager] if colleague.manager is not None else None,
            unit_id=units[colleague.unit] if colleague.unit is not None else None,
            roles=[colleague.role] if colleague.role is not None else [],
        )
        claim = EmailClaimed(person_id=ids[colleague.key])
        found.append(NewStream(PERSON.kind, ids[colleague.key], 0, (added,), actor, at))
        found.append(NewStream(EMAIL.kind, await email_name(address_key(address)), 0, (claim,), actor, at))
    for key, name, parent, lead in UNITS:
        at += timedelta(seconds=1)
        unit = UnitCreated(
            unit_id=units[key], name=name, parent_id=units[parent] if parent is not None else None, lead_id=ids[lead]
        )
        found.append(NewStream(UNIT.kind, units[key], 0, (unit,), actor, at))
    return found
