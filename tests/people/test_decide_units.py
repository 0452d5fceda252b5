"""The rules of units, absences, and of what only one may have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import msgspec
import pytest

from libs.events.catalog.people import (
    AbsencePlanned,
    AbsenceWithdrawn,
    EmailClaimed,
    EmailReleased,
    ReferenceClaimed,
    ReferenceReleased,
    UnitChanged,
    UnitCreated,
    UnitRef,
)
from libs.events.testing import Scenario
from services.people.domain import decide
from services.people.domain.commands import PlanAbsence, Reference, WithdrawAbsence
from services.people.domain.decide.absences import MOST
from services.people.domain.errors import (
    AbsenceEndsBeforeItBegins,
    AbsenceNotFound,
    EmailTaken,
    IncompleteReference,
    PersonNotFound,
    ReferenceTaken,
    TooManyAbsences,
    UnitNotFound,
    UnknownLead,
    UnknownUnit,
)
from services.people.domain.state import EMAIL, REFERENCE, Claim, Person, Unit, address_key
from tests.people.scenes import ADA, CREATED, GONE, LEAD, NO_UNIT, NOBODY, SALES, TEAM, creating, moving

FIRST, LAST = date(2026, 7, 1), date(2026, 7, 14)


def changed(*names: str, **fields: Any) -> UnitChanged:
    """The fact that says the unit anew."""
    return UnitChanged(unit_id="sales", **{"name": "Sales", **fields}, changed=list(names))


# --- units ------------------------------------------------------------------------------------------------------


def test_a_unit_belongs_to_one_there_is_and_is_led_by_who_works_here() -> None:
    NO_UNIT.when(creating(Unit(), parent_id="nothing")).then_refused(UnknownUnit)
    NO_UNIT.when(creating(lead=Person(), lead_id="nobody")).then_refused(UnknownLead)
    NO_UNIT.when(creating(lead=GONE, lead_id="bob")).then_refused(UnknownLead)
    SALES.when(moving(Unit(), parent_id="nothing")).then_refused(UnknownUnit)
    SALES.when(moving(lead=GONE, lead_id="bob")).then_refused(UnknownLead)


def test_a_unit_that_is_not_there_cannot_be_changed() -> None:
    NO_UNIT.when(moving(name="Sales")).then_refused(UnitNotFound)


def test_a_units_reference_is_whole() -> None:
    SALES.when(moving(external_ref={"system": "hr"})).then_refused(IncompleteReference)


def test_a_unit_is_stated_as_it_was_described() -> None:
    NO_UNIT.when(creating()).then(CREATED)
    NO_UNIT.when(creating(TEAM, LEAD, parent_id="team", lead_id="bob", external_ref=Reference("hr", "S1"))).then(
        UnitCreated(
            unit_id="sales", name="Sales", parent_id="team", lead_id="bob", external_ref=UnitRef(system="hr", id="S1")
        )
    )


def test_a_changed_unit_is_restated_whole() -> None:
    SALES.when(moving()).then()
    SALES.when(moving(name="Sales", parent_id=None)).then()
    SALES.when(moving(TEAM, LEAD, parent_id="team", lead_id="bob")).then(
        changed("parent_id", "lead_id", parent_id="team", lead_id="bob")
    )
    under = NO_UNIT.given(msgspec.structs.replace(CREATED, parent_id="team", lead_id="bob"))
    under.when(moving(parent_id=None)).then(changed("parent_id", lead_id="bob"))
    under.when(moving(lead=GONE, lead_id="bob", name="S")).then(
        changed("name", name="S", parent_id="team", lead_id="bob")
    )
    under.when(moving(external_ref={"system": "hr", "id": "S1"})).then(
        changed("external_ref", parent_id="team", lead_id="bob", external_ref=UnitRef(system="hr", id="S1"))
    )


def test_a_unit_is_what_its_facts_say() -> None:
    sales = SALES.given(changed("name", "lead_id", name="SÄLES", lead_id="bob")).state
    assert sales is not None
    assert (sales.id, sales.version, sales.name, sales.name_key) == ("sales", 2, "SÄLES", "säles")
    assert (sales.parent_id, sales.lead_id, sales.created_by, sales.updated_by) == (None, "bob", "tester", "tester")


# --- absences ---------------------------------------------------------------------------------------------------


def planning(first: date, last: date) -> Callable[[Person], Sequence[Any]]:
    command = PlanAbsence(person_id="ada", first_day=first, last_day=last)
    return lambda person: decide.plan_absence(person, command, "a1")


def withdrawing(absence_id: str) -> Callable[[Person], Sequence[Any]]:
    command = WithdrawAbsence(person_id="ada", absence_id=absence_id)
    return lambda person: decide.withdraw_absence(person, command)


PLANNED = AbsencePlanned(person_id="ada", absence_id="a1", first_day=FIRST, last_day=LAST)
WITHDRAWN = AbsenceWithdrawn(person_id="ada", absence_id="a1")


def test_only_who_is_there_can_be_away() -> None:
    NOBODY.when(planning(FIRST, LAST)).then_refused(PersonNotFound)
    NOBODY.when(withdrawing("a1")).then_refused(PersonNotFound)


def test_an_absence_ends_after_it_begins() -> None:
    ADA.when(planning(LAST, FIRST)).then_refused(AbsenceEndsBeforeItBegins)
    ADA.when(planning(FIRST, FIRST)).then(msgspec.structs.replace(PLANNED, last_day=FIRST))
    ADA.when(planning(FIRST, LAST)).then(PLANNED)


def test_an_absence_is_withdrawn_once() -> None:
    ADA.when(withdrawing("a1")).then_refused(AbsenceNotFound)
    ADA.given(PLANNED).when(withdrawing("a2")).then_refused(AbsenceNotFound)
    ADA.given(PLANNED).when(withdrawing("a1")).then(WITHDRAWN)
    ADA.given(PLANNED, WITHDRAWN).when(withdrawing("a1")).then_refused(AbsenceNotFound)


def test_nobody_plans_absences_without_end() -> None:
    many = [msgspec.structs.replace(PLANNED, absence_id=f"a{number}") for number in range(MOST)]
    full = ADA.given(*many)
    full.when(planning(FIRST, LAST)).then_refused(TooManyAbsences)
    full.given(WITHDRAWN).when(planning(FIRST, LAST)).then(PLANNED)


# --- one address, one person; one record, one of us -------------------------------------------------------------


def test_an_address_is_claimed_once_and_free_again_when_released() -> None:
    free: Scenario[Claim] = Scenario(EMAIL, stream="acme/email/0f3a")
    free.when(lambda claim: decide.claim_email(claim, "ada")).then(EmailClaimed(person_id="ada"))
    free.when(lambda claim: decide.release_email(claim, "ada")).then()
    taken = free.given(EmailClaimed(person_id="ada"))
    taken.when(lambda claim: decide.claim_email(claim, "bob")).then_refused(EmailTaken)
    taken.when(lambda claim: decide.claim_email(claim, "ada")).then_refused(EmailTaken)
    taken.when(lambda claim: decide.release_email(claim, "bob")).then()
    taken.when(lambda claim: decide.release_email(claim, "ada")).then(EmailReleased(person_id="ada"))
    again = taken.given(EmailReleased(person_id="ada"))
    again.when(lambda claim: decide.claim_email(claim, "bob")).then(EmailClaimed(person_id="bob"))


def test_an_outside_record_is_claimed_once_and_free_again_when_released() -> None:
    free: Scenario[Claim] = Scenario(REFERENCE, stream="acme/reference/0f3a")
    free.when(lambda claim: decide.claim_reference(claim, "ada")).then(ReferenceClaimed(target_id="ada"))
    taken = free.given(ReferenceClaimed(target_id="ada"))
    taken.when(lambda claim: decide.claim_reference(claim, "sales")).then_refused(ReferenceTaken)
    taken.when(lambda claim: decide.release_reference(claim, "sales")).then()
    taken.when(lambda claim: decide.release_reference(claim, "ada")).then(ReferenceReleased(target_id="ada"))
    again = taken.given(ReferenceReleased(target_id="ada"))
    again.when(lambda claim: decide.claim_reference(claim, "sales")).then(ReferenceClaimed(target_id="sales"))


@pytest.mark.parametrize("written", ["ADA@EXAMPLE.ORG", "ada@example.org", "Ada@Example.org"])
def test_case_makes_no_other_address(written: str) -> None:
    assert address_key(written) == "ada@example.org"
    assert address_key("straße@example.org") == address_key("STRASSE@example.org")
    assert address_key("a.da@example.org") != address_key("ada@example.org")
