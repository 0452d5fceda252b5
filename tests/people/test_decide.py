"""The rules of people as sentences: given facts, when a command, then facts or the rule that it breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import msgspec
import pytest

from libs.events.catalog.people import EmailClaimed, PersonAdded, RoleGranted
from libs.events.errors import Conflict, NotFound, Rejected
from libs.events.testing import EPOCH, Scenario, fact_of
from services.people.domain import decide
from services.people.domain.commands import AddPerson, GrantRole, Role
from services.people.domain.errors import EmailTaken, InvalidEmail, PersonNotFound, UnknownManager, UnknownRole
from services.people.domain.state import EMAIL, PERSON, Claim, Person, address_key

STREAM = "acme/person/ada"
NOBODY: Scenario[Person] = Scenario(PERSON, stream=STREAM)
ADDED = PersonAdded(person_id="ada", display_name="Ada Byron", email="Ada@example.org")
LEAD = Person(id="bob", version=3)


def adding(manager: Person | None = None, **fields: Any) -> Callable[[Person], Sequence[Any]]:
    """The decider of a command to add Ada."""
    command = AddPerson(**{"display_name": "Ada Byron", "email": "Ada@example.org", **fields})
    return lambda _: decide.add_person(command, "ada", manager)


def granting(role: Any) -> Callable[[Person], Sequence[Any]]:
    """The decider of a command to give Ada a role."""
    return lambda person: decide.grant_role(person, GrantRole(person_id="ada", role=role))


def claiming(person_id: str) -> Callable[[Claim], Sequence[Any]]:
    """The decider of a claim to an address."""
    return lambda claim: decide.claim_email(claim, person_id)


# --- adding -----------------------------------------------------------------------------------------------------


def test_a_manager_works_here() -> None:
    NOBODY.when(adding(Person(), manager_id="nobody")).then_refused(UnknownManager)
    gone = msgspec.structs.replace(LEAD, state="deactivated")
    NOBODY.when(adding(gone, manager_id="bob")).then_refused(UnknownManager)


@pytest.mark.parametrize(
    "written",
    ["", "ada", "@", "ada@", "@example.org", "a@b@c", "a da@example.org", "ada@exa mple.org", "ada@example.org\n",
     "\x00ada@example.org", "ada@example.org\x7f", "a" * 243 + "@example.org"],
)  # fmt: skip
def test_an_address_is_one_that_mail_could_be_sent_to(written: str) -> None:
    NOBODY.when(adding(email=written)).then_refused(InvalidEmail)


@pytest.mark.parametrize("written", ["a@b", "ada+lists@example.org", "ådå@exämple.org", "a" * 242 + "@example.org"])
def test_an_address_is_taken_as_it_is_written(written: str) -> None:
    NOBODY.when(adding(email=written)).then(msgspec.structs.replace(ADDED, email=written))


def test_somebody_joins_with_as_little_as_name_and_address() -> None:
    NOBODY.when(adding()).then(ADDED)


def test_a_person_is_stated_as_they_were_described() -> None:
    asked = adding(LEAD, manager_id="bob", job_title="Engineer", roles=("admin", "hr_partner", "admin"))
    NOBODY.when(asked).then(
        PersonAdded(
            person_id="ada",
            display_name="Ada Byron",
            email="Ada@example.org",
            job_title="Engineer",
            manager_id="bob",
            roles=["admin", "hr_partner"],
        )
    )


# --- one address, one person ------------------------------------------------------------------------------------


def test_an_address_is_claimed_once() -> None:
    free: Scenario[Claim] = Scenario(EMAIL, stream="acme/email/0f3a")
    free.when(claiming("ada")).then(EmailClaimed(person_id="ada"))
    taken = free.given(EmailClaimed(person_id="ada"))
    taken.when(claiming("bob")).then_refused(EmailTaken)
    taken.when(claiming("ada")).then_refused(EmailTaken)


@pytest.mark.parametrize("written", ["ADA@EXAMPLE.ORG", "ada@example.org", "Ada@Example.org"])
def test_case_makes_no_other_address(written: str) -> None:
    assert address_key(written) == "ada@example.org"
    assert address_key("straße@example.org") == address_key("STRASSE@example.org")
    assert address_key("a.da@example.org") != address_key("ada@example.org")


# --- roles ------------------------------------------------------------------------------------------------------


def test_nobody_is_given_no_role() -> None:
    NOBODY.when(granting("admin")).then_refused(PersonNotFound)


@pytest.mark.parametrize("role", get_args(Role))
def test_a_role_is_given_once(role: str) -> None:
    ada = NOBODY.given(ADDED)
    granted = RoleGranted(person_id="ada", role=role)
    ada.when(granting(role)).then(granted)
    ada.given(granted).when(granting(role)).then()


def test_a_role_from_the_first_day_is_not_given_again() -> None:
    NOBODY.given(msgspec.structs.replace(ADDED, roles=["admin"])).when(granting("admin")).then()
    NOBODY.given(msgspec.structs.replace(ADDED, roles=["admin"])).when(granting("service")).then(
        RoleGranted(person_id="ada", role="service")
    )


@pytest.mark.parametrize("names", [["employee"], ["Admin"], [""], ["admin", "root"]])
def test_there_are_no_other_roles(names: list[str]) -> None:
    with pytest.raises(UnknownRole):
        decide.known_roles(names)


def test_roles_are_named_once() -> None:
    assert decide.known_roles(["service", "admin", "service"]) == ("service", "admin")
    assert decide.known_roles([]) == ()


def test_refusals_are_of_the_kind_and_code_that_the_contract_names() -> None:
    assert (UnknownManager.code, EmailTaken.code, PersonNotFound.code) == (
        "unknown_manager",
        "email_taken",
        "person_not_found",
    )
    assert (InvalidEmail.code, UnknownRole.code) == ("invalid_email", "unknown_role")
    assert all(issubclass(rule, Rejected) for rule in (UnknownManager, InvalidEmail, UnknownRole))
    assert issubclass(EmailTaken, Conflict)
    assert issubclass(PersonNotFound, NotFound)


# --- the fold ---------------------------------------------------------------------------------------------------


def test_a_person_is_who_and_what_their_facts_say() -> None:
    first = fact_of(msgspec.structs.replace(ADDED, manager_id="bob", roles=["admin"]), stream=STREAM)
    later = EPOCH + timedelta(days=1)
    second = replace(
        fact_of(RoleGranted(person_id="ada", role="service"), stream=STREAM, version=2, time=later), actor="bob"
    )
    ada = PERSON.fold(PERSON.fold(PERSON.initial, first), second)
    assert ada == Person(
        id="ada",
        version=2,
        display_name="Ada Byron",
        email="Ada@example.org",
        manager_id="bob",
        roles=["admin", "service"],
        name_key="ada byron",
        email_key="ada@example.org",
        created_at=EPOCH,
        created_by="tester",
        updated_at=later,
        updated_by="bob",
    )


def test_granting_twice_folds_to_one_role() -> None:
    granted = RoleGranted(person_id="ada", role="admin")
    ada = NOBODY.given(ADDED, granted, granted)
    assert ada.state is not None
    assert (ada.state.roles, ada.state.version) == (["admin"], 3)


def test_an_erased_person_has_no_text_and_nothing_to_be_found_by() -> None:
    erased = PersonAdded(person_id="ada", display_name=None, email=None, job_title=None, manager_id="bob")
    fact = replace(fact_of(erased, stream=STREAM), erased=("display_name", "email", "job_title"))
    ada = PERSON.fold(PERSON.initial, fact)
    assert (ada.display_name, ada.email, ada.job_title, ada.name_key, ada.email_key) == (None,) * 5
    assert (ada.id, ada.manager_id, ada.erased) == ("ada", "bob", ["display_name", "email", "job_title"])


def test_a_fact_that_means_nothing_here_still_counts_as_a_version() -> None:
    ada = NOBODY.given(ADDED).state
    assert ada is not None
    other = PERSON.fold(ada, fact_of(EmailClaimed(person_id="ada"), stream=STREAM, version=2))
    assert (other.version, other.display_name) == (2, "Ada Byron")
