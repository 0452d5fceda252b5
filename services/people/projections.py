"""Facts of people → rows. A person's row is the very fold that commands decide on, so the two cannot disagree."""

from __future__ import annotations

from libs.access.members import replica
from libs.events.catalog.people import PersonAdded, RoleGranted
from libs.events.declare import Projection, rows_of
from services.people.domain.state import PERSON
from services.people.read_models import PEOPLE

PERSON_ROWS = Projection(
    name="people.people",
    version=1,
    topics=("people.events",),
    on=rows_of(PERSON, PEOPLE, PersonAdded, RoleGranted),
)

MEMBERS = replica("people")
