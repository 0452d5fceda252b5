"""The rows of people and units: what projections write and queries read."""

from __future__ import annotations

from datetime import datetime

import msgspec

from libs.events.declare import Collection, Index, Many, Words
from services.people.domain.state import Person, Unit

PEOPLE = Collection(
    "people",
    Person,
    (
        Index("updated_at"),
        Index("created_at"),
        Index("name_key"),
        Index("email_key"),
        Index("external_key"),
        Index("state", "updated_at"),
        Index("state", "created_at"),
        Index("state", "name_key"),
        Many("managers"),
        Many("units"),
        Many("states"),
        Words("display_name"),
    ),
)
"""A row a person: their folded state. Managers, units and states are found by all there ever were; a day is judged."""

UNITS = Collection(
    "units",
    Unit,
    (
        Index("updated_at"),
        Index("created_at"),
        Index("name_key"),
        Index("parent_id", "updated_at"),
        Index("parent_id", "created_at"),
        Index("parent_id", "name_key"),
        Index("lead_id", "updated_at"),
        Index("lead_id", "created_at"),
        Index("lead_id", "name_key"),
        Words("name"),
    ),
)
"""A row a unit: its folded state."""


class ErasureRow(msgspec.Struct, frozen=True, kw_only=True):
    """Whose erasure it is and how far; what else there is to say stands in the person's stream."""

    id: str
    person_id: str
    state: str
    created_at: datetime
    updated_at: datetime


ERASURES = Collection(
    "erasures",
    ErasureRow,
    (
        Index("created_at"),
        Index("updated_at"),
        Index("person_id", "created_at"),
        Index("person_id", "updated_at"),
        Index("state", "created_at"),
        Index("state", "updated_at"),
    ),
)
"""A row an erasure, found by its own id."""
