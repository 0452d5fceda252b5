"""What people's streams fold to: a person, a unit, a claim."""

from services.people.domain.state.claims import ALL, EMAIL, REFERENCE, REPORTING, UNIT_TREE, Claim
from services.people.domain.state.erasure import CONFIRMED, DONE, REQUESTED, Erasure
from services.people.domain.state.person import (
    ACTIVE,
    DEACTIVATED,
    PERSON,
    PERSON_FACTS,
    Absence,
    Person,
    Position,
    StateDay,
    address_key,
    compared,
    known_alone,
)
from services.people.domain.state.unit import UNIT, Unit

__all__ = [
    "ACTIVE",
    "ALL",
    "CONFIRMED",
    "DEACTIVATED",
    "DONE",
    "EMAIL",
    "PERSON",
    "PERSON_FACTS",
    "REFERENCE",
    "REPORTING",
    "REQUESTED",
    "UNIT",
    "UNIT_TREE",
    "Absence",
    "Claim",
    "Erasure",
    "Person",
    "Position",
    "StateDay",
    "Unit",
    "address_key",
    "compared",
    "known_alone",
]
