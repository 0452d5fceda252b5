"""A unit as its facts leave it."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from libs.events.catalog.people import UnitChanged, UnitCreated, UnitRef
from libs.events.declare import Aggregate, fold_by_type
from libs.events.envelope import Fact


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the organisation. Version 0: none. Texts are None where they were erased (`erased` says which).

    `name_key` is the name case-folded, to sort by.
    """

    id: str = ""
    version: int = 0
    name: str | None = None
    parent_id: str | None = None
    lead_id: str | None = None
    external_ref: UnitRef | None = None
    name_key: str | None = None
    erased: list[str] = []
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def above(self, day: date) -> str | None:
        """The unit that it belongs to; the same on every day."""
        return self.parent_id

    def next_change(self, day: date) -> date | None:
        """Nothing about a unit is said for a later day."""
        return None


def _created(unit: Unit, fact: Fact[UnitCreated]) -> Unit:
    return msgspec.structs.replace(
        _restated(unit, fact), id=fact.entity_id, created_at=fact.time, created_by=fact.actor
    )


def _restated(unit: Unit, fact: Fact[UnitCreated] | Fact[UnitChanged]) -> Unit:
    data = fact.data
    return msgspec.structs.replace(
        unit,
        name=data.name,
        parent_id=data.parent_id,
        lead_id=data.lead_id,
        external_ref=data.external_ref,
        name_key=data.name.casefold() if data.name is not None else None,
        erased=list(fact.erased),
    )


UNIT: Aggregate[Unit] = Aggregate("unit", Unit(), fold_by_type({UnitCreated: _created, UnitChanged: _restated}))
"""Pure; facts that change nothing here still count as a version."""
