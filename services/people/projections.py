"""Facts of people → rows. A person's row is the very fold that commands decide on, so the two cannot disagree."""

from __future__ import annotations

from typing import Any

from libs.access.members import replica
from libs.events.catalog.people import PersonAdded, RoleGranted
from libs.events.declare import On, Projection
from libs.events.envelope import Fact
from services.people.domain.state import Person, fold
from services.people.read_models import PEOPLE


def on_person_event(row: Person | None, fact: Fact[Any]) -> Person:
    """The person's row after one more of their facts."""
    return fold(row or Person(), fact)


PERSON_ROWS = Projection(
    name="people.people",
    version=1,
    topics=("people.events",),
    on=(On(PersonAdded, PEOPLE, on_person_event), On(RoleGranted, PEOPLE, on_person_event)),
)

MEMBERS = replica("people")
