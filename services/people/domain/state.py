"""A person as their facts leave them, and the guard that makes an e-mail address unique."""

from __future__ import annotations

import unicodedata
from datetime import datetime

import msgspec

from libs.events.catalog.people import EmailClaimed, PersonAdded, RoleGranted
from libs.events.declare import Aggregate, fold_by_type
from libs.events.envelope import Fact


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One person. Version 0: nobody. Texts are None where they were erased (`erased` says which).

    `name_key` and `email_key` are the texts case-folded, to sort and to find by.
    """

    id: str = ""
    version: int = 0
    display_name: str | None = None
    email: str | None = None
    job_title: str | None = None
    manager_id: str | None = None
    roles: list[str] = []
    state: str = "active"
    name_key: str | None = None
    email_key: str | None = None
    erased: list[str] = []
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Who has an address; None while nobody does."""

    person_id: str | None = None


def address_key(email: str) -> str:
    """An address as it is compared: neither case nor the spelling of a letter in Unicode matters."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", email).casefold())


def _added(person: Person, fact: Fact[PersonAdded]) -> Person:
    data = fact.data
    return Person(
        id=fact.entity_id,
        display_name=data.display_name,
        email=data.email,
        job_title=data.job_title,
        manager_id=data.manager_id,
        roles=list(data.roles),
        name_key=data.display_name.casefold() if data.display_name is not None else None,
        email_key=address_key(data.email) if data.email is not None else None,
        erased=list(fact.erased),
        created_at=fact.time,
        created_by=fact.actor,
    )


def _granted(person: Person, fact: Fact[RoleGranted]) -> Person:
    return msgspec.structs.replace(person, roles=list(dict.fromkeys([*person.roles, fact.data.role])))


fold = fold_by_type({PersonAdded: _added, RoleGranted: _granted})
"""The person after one more fact. Pure; facts that change nothing here still count as a version."""


def fold_claim(claim: Claim, fact: Fact[EmailClaimed]) -> Claim:
    """The address's owner after one more fact of its stream."""
    return Claim(person_id=fact.data.person_id)


PERSON: Aggregate[Person] = Aggregate("person", Person(), fold)
EMAIL: Aggregate[Claim] = Aggregate("email", Claim(), fold_claim)
