"""What follows from a command, given what is so already: the facts, or the rule that it breaks."""

from services.people.domain.decide.absences import absence_of, plan_absence, withdraw_absence
from services.people.domain.decide.around import Around
from services.people.domain.decide.circles import Linked, closes_circle
from services.people.domain.decide.claims import claim_email, claim_reference, release_email, release_reference
from services.people.domain.decide.erasing import (
    check_not_erased,
    complete_erasure,
    confirm_erasure,
    erase_again,
    erasure_of,
    lacks_erasure,
    receipt_of,
    request_erasure,
    state_erased,
)
from services.people.domain.decide.people import (
    add_person,
    change_person,
    deactivate,
    grant_role,
    known_after,
    known_roles,
    new_manager,
    reactivate,
)
from services.people.domain.decide.units import change_unit, create_unit, unit_after

__all__ = [
    "Around",
    "Linked",
    "absence_of",
    "add_person",
    "change_person",
    "change_unit",
    "check_not_erased",
    "claim_email",
    "claim_reference",
    "closes_circle",
    "complete_erasure",
    "confirm_erasure",
    "create_unit",
    "deactivate",
    "erase_again",
    "erasure_of",
    "grant_role",
    "known_after",
    "known_roles",
    "lacks_erasure",
    "new_manager",
    "plan_absence",
    "reactivate",
    "receipt_of",
    "release_email",
    "release_reference",
    "request_erasure",
    "state_erased",
    "unit_after",
    "withdraw_absence",
]
