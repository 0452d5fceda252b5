"""Facts of people → rows. A row is the very fold that commands decide on, so the two cannot disagree."""

from __future__ import annotations

from libs.access.members import replica
from libs.events.catalog.people import UnitChanged, UnitCreated
from libs.events.declare import Projection, rows_of
from services.people.domain.state import PERSON, PERSON_FACTS, UNIT
from services.people.read_models import PEOPLE, UNITS

PERSON_ROWS = Projection(
    name="people.people", version=4, topics=("people.events",), on=rows_of(PERSON, PEOPLE, *PERSON_FACTS)
)

UNIT_ROWS = Projection(
    name="people.units",
    version=1,
    topics=("people.events",),
    on=rows_of(UNIT, UNITS, UnitCreated, UnitChanged),
    words=(UnitCreated, UnitChanged),
)

MEMBERS = replica("people")
