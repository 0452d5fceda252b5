"""How far the erasure of a person is, as the facts of their stream leave it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from libs.events.catalog.people import (
    CleanModel,
    ErasureCompleted,
    ErasureConfirmed,
    ErasureRequested,
    PersonErased,
    SealedEvents,
)
from libs.events.envelope import Fact

REQUESTED, CONFIRMED, DONE = "requested", "confirmed", "done"


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """One person's only erasure. `version` counts its facts; the reason is None where its author was erased.

    `erased_at` is when the key was destroyed; `digest`, `sealed` and `models` stand once it is done. Where a restore
    took back who agreed, nobody did: `confirmed_at` and `confirmed_by` are None, and where it took back who asked as
    well, `created_by` is who said it again.
    """

    id: str
    version: int = 1
    state: str = REQUESTED
    reason: str | None = None
    erased: list[str] = []
    created_at: datetime
    created_by: str
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None
    erased_at: datetime | None = None
    key_digest: str | None = None
    sealed: list[SealedEvents] = []
    models: list[CleanModel] = []
    digest: str | None = None
    updated_at: datetime
    updated_by: str


def _requested(person: Any, fact: Fact[ErasureRequested]) -> Any:
    return replace(person, erasure=_begun(fact, reason=fact.data.reason, erased=list(fact.erased)))


def _confirmed(person: Any, fact: Fact[ErasureConfirmed]) -> Any:
    return _onwards(person, fact, state=CONFIRMED, confirmed_at=fact.time, confirmed_by=fact.actor)


def _erased(person: Any, fact: Fact[PersonErased]) -> Any:
    if person.erasure is None:
        person = replace(person, erasure=_begun(fact, version=0))
    return _onwards(person, fact, state=CONFIRMED, erased_at=fact.time, key_digest=fact.data.key_digest)


def _completed(person: Any, fact: Fact[ErasureCompleted]) -> Any:
    data = fact.data
    return _onwards(person, fact, state=DONE, sealed=data.sealed, models=data.models, digest=data.digest)


def _begun(fact: Fact[Any], **fields: Any) -> Erasure:
    return Erasure(
        id=fact.data.erasure_id,
        created_at=fact.time,
        created_by=fact.actor,
        updated_at=fact.time,
        updated_by=fact.actor,
        **fields,
    )


def _onwards(person: Any, fact: Fact[Any], **fields: Any) -> Any:
    before = person.erasure
    moved = replace(before, version=before.version + 1, updated_at=fact.time, updated_by=fact.actor, **fields)
    return replace(person, erasure=moved)


ERASURE_FOLDS: Mapping[type[msgspec.Struct], Callable[[Any, Fact[Any]], Any]] = {
    ErasureRequested: _requested,
    ErasureConfirmed: _confirmed,
    PersonErased: _erased,
    ErasureCompleted: _completed,
}
"""What each fact of an erasure does to the person."""
