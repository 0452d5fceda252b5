"""Facts of people → rows. A row is the very fold that commands decide on, so the two cannot disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from libs.access.members import replica
from libs.events.catalog.people import (
    ErasureCompleted,
    ErasureConfirmed,
    ErasureRequested,
    PersonErased,
    UnitChanged,
    UnitCreated,
)
from libs.events.declare import On, Projection, rows_of
from libs.events.envelope import Fact
from services.people.domain.state import CONFIRMED, DONE, PERSON, PERSON_FACTS, REQUESTED, UNIT
from services.people.read_models import ERASURES, PEOPLE, UNITS, ErasureRow

PERSON_ROWS = Projection(
    name="people.people", version=5, topics=("people.events",), on=rows_of(PERSON, PEOPLE, *PERSON_FACTS)
)

UNIT_ROWS = Projection(
    name="people.units",
    version=1,
    topics=("people.events",),
    on=rows_of(UNIT, UNITS, UnitCreated, UnitChanged),
    words=(UnitCreated, UnitChanged),
)


def on_erasure_requested(row: ErasureRow | None, fact: Fact[ErasureRequested]) -> ErasureRow:
    """A new erasure."""
    return _new(fact)


def on_person_erased(row: ErasureRow | None, fact: Fact[PersonErased]) -> ErasureRow:
    """There is no way back; after a restore it may be the first that is said of an erasure."""
    return replace(row or _new(fact), state=CONFIRMED, updated_at=fact.time)


def on_erasure_moved(row: ErasureRow, fact: Fact[Any]) -> ErasureRow:
    """How far it is now."""
    return replace(row, state=_STATES[type(fact.data)], updated_at=fact.time)


def _new(fact: Fact[ErasureRequested] | Fact[PersonErased]) -> ErasureRow:
    data, at = fact.data, fact.time
    return ErasureRow(id=data.erasure_id, person_id=data.person_id, state=REQUESTED, created_at=at, updated_at=at)


def _of_erasure(fact: Fact[Any]) -> Sequence[str]:
    return (fact.data.erasure_id,)


_STATES: Mapping[type[Any], str] = {ErasureConfirmed: CONFIRMED, ErasureCompleted: DONE}

ERASURE_ROWS = Projection(
    name="people.erasures-asked",
    version=1,
    topics=("people.events",),
    on=(
        On(ErasureRequested, ERASURES, on_erasure_requested, rows=_of_erasure),
        On(PersonErased, ERASURES, on_person_erased, rows=_of_erasure),
        *(On(event, ERASURES, on_erasure_moved, rows=_of_erasure) for event in _STATES),
    ),
    words=(),
)

MEMBERS = replica("people")
