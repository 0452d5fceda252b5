"""What follows from a command about a person's erasure: asked for, confirmed by another, carried out, completed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from libs.events import canonical
from libs.events.catalog.people import (
    CleanModel,
    ErasureCompleted,
    ErasureConfirmed,
    ErasureRequested,
    PersonDeactivated,
    PersonErased,
    SealedEvents,
)
from libs.events.errors import Forbidden, HolderErased
from services.people.domain.commands import ConfirmErasure, RequestErasure
from services.people.domain.errors import AnotherMustConfirm, ErasureAskedMeanwhile, ErasureNotFound, PersonNotFound
from services.people.domain.state import ACTIVE, DONE, REQUESTED, Erasure, Person

ADMIN = "admin"


def check_not_erased(person: Person) -> None:
    """Raises HolderErased once the person's erasure is confirmed: there is no way back."""
    if person.gone:
        raise HolderErased


def request_erasure(
    person: Person, command: RequestErasure, erasure_id: str, author_id: str
) -> Sequence[ErasureRequested]:
    """Somebody asks; nothing when it was asked before. Raises PersonNotFound, ErasureAskedMeanwhile."""
    if person.version == 0:
        raise PersonNotFound
    if person.erasure is not None:
        if person.erasure.id != erasure_id:
            raise ErasureAskedMeanwhile
        return ()
    asked = ErasureRequested(person_id=person.id, erasure_id=erasure_id, author_id=author_id, reason=command.reason)
    return (asked,)


def confirm_erasure(
    person: Person, command: ConfirmErasure, by: Person
) -> Sequence[PersonDeactivated | ErasureConfirmed]:
    """Another administrator agrees; nothing when it was confirmed.

    Who confirms is there afterwards, and an administrator: so a tenant never erases its last one. Raises
    ErasureNotFound, AnotherMustConfirm, Forbidden.
    """
    erasure = erasure_of(person, command.erasure_id)
    if erasure.state != REQUESTED:
        return ()
    if by.id in (erasure.created_by, person.id):
        raise AnotherMustConfirm
    if by.state != ACTIVE or ADMIN not in by.roles:
        raise Forbidden
    confirmed = ErasureConfirmed(person_id=person.id, erasure_id=erasure.id, author_id=by.id)
    return (PersonDeactivated(person_id=person.id), confirmed) if person.state == ACTIVE else (confirmed,)


def state_erased(person: Person, erasure_id: str, key_id: str | None) -> Sequence[PersonErased]:
    """The key is destroyed; nothing when that was stated before. Raises ErasureNotFound."""
    if erasure_of(person, erasure_id).erased_at is not None:
        return ()
    return (_erased(person, erasure_id, key_id),)


def lacks_erasure(person: Person) -> bool:
    """Whether there is such a person, and no fact of their stream leads to their being erased."""
    return person.version > 0 and not person.gone


def erase_again(person: Person, erasure_id: str, key_id: str | None) -> Sequence[PersonDeactivated | PersonErased]:
    """A restore took back the erasure of somebody whose key stays destroyed; nothing where their stream leads to it.

    Of who asked and who agreed only what the stream still says is known; `erasure_id` is for an erasure that it lacks.
    """
    if not lacks_erasure(person):
        return ()
    erased = _erased(person, person.erasure.id if person.erasure is not None else erasure_id, key_id)
    return (PersonDeactivated(person_id=person.id), erased) if person.state == ACTIVE else (erased,)


def _erased(person: Person, erasure_id: str, key_id: str | None) -> PersonErased:
    digest = None if key_id is None else hashlib.sha256(key_id.encode()).hexdigest()
    return PersonErased(person_id=person.id, erasure_id=erasure_id, key_digest=digest)


def complete_erasure(
    person: Person, tenant: str, erasure_id: str, sealed: Sequence[SealedEvents], models: Sequence[CleanModel]
) -> Sequence[ErasureCompleted]:
    """Everything is clean; nothing when that was stated before. Raises ErasureNotFound."""
    erasure = erasure_of(person, erasure_id)
    if erasure.state == DONE:
        return ()
    content = receipt_of(person.id, tenant, erasure, sealed, models)
    digest = hashlib.sha256(canonical.encode(content)).hexdigest()
    completed = ErasureCompleted(
        person_id=person.id, erasure_id=erasure_id, sealed=list(sealed), models=list(models), digest=digest
    )
    return (completed,)


def erasure_of(person: Person, erasure_id: str) -> Erasure:
    """A person's erasure. Raises ErasureNotFound."""
    if person.erasure is None or person.erasure.id != erasure_id:
        raise ErasureNotFound
    return person.erasure


def receipt_of(
    person_id: str, tenant: str, erasure: Erasure, sealed: Sequence[SealedEvents], models: Sequence[CleanModel]
) -> dict[str, Any]:
    """What a receipt says, as its digest covers it: canonical JSON (RFC 8785) of this object."""
    times = {name: getattr(erasure, name) for name in ("confirmed_at", "erased_at")}
    return {
        "erasure_id": erasure.id,
        "person_id": person_id,
        "tenant": tenant,
        "requested_at": canonical.time_text(erasure.created_at),
        "requested_by": erasure.created_by,
        "confirmed_by": erasure.confirmed_by,
        **{name: None if time is None else canonical.time_text(time) for name, time in times.items()},
        "key_digest": erasure.key_digest,
        "events": [{"service": one.service, "events": one.events} for one in sealed],
        "models": [{"model": one.model, "topic": one.topic, "position": one.position} for one in models],
    }
