"""The rows of people: what projections write and queries read."""

from __future__ import annotations

from libs.events.declare import Collection, Index, Words
from services.people.domain.state import Person

PEOPLE = Collection(
    "people",
    Person,
    (
        Index("name_key"),
        Index("email_key"),
        Index("manager_id", "name_key"),
        Index("state", "name_key"),
        Words("display_name"),
    ),
)
"""A row a person: their folded state, listed by name, found by address, manager and words of the name."""
