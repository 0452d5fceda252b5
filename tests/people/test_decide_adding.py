"""The rules of somebody who joins, and of roles and leaving, as sentences: given facts, when a command, then facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, get_args

import msgspec
import pytest

from libs.events.catalog.people import (
    PersonAdded,
    PersonDeactivated,
    PersonReactivated,
    PersonRef,
    RoleGranted,
)
from libs.events.errors import Conflict, NotFound, Rejected
from services.people.domain import decide, errors
from services.people.domain.commands import GrantRole, Reference, Role
from services.people.domain.errors import (
    CannotDeactivateYourself,
    EffectiveOnWithoutPosition,
    ImplausibleHiredOn,
    InvalidEmail,
    InvalidLocale,
    PersonNotFound,
    UnknownManager,
    UnknownRole,
    UnknownTimezone,
    UnknownUnit,
)
from services.people.domain.state import Person, Unit
from tests.people.scenes import ADA, ADDED, GONE, LEAD, NOBODY, TEAM, TODAY, adding


def granting(role: Any) -> Callable[[Person], Sequence[Any]]:
    """The decider of a command to give Ada a role."""
    return lambda person: decide.grant_role(person, GrantRole(person_id="ada", role=role))


# --- adding -----------------------------------------------------------------------------------------------------


def test_a_manager_works_here() -> None:
    NOBODY.when(adding(Person(), manager_id="nobody")).then_refused(UnknownManager)
    NOBODY.when(adding(GONE, manager_id="bob")).then_refused(UnknownManager)


def test_a_unit_is_one_there_is() -> None:
    NOBODY.when(adding(unit=Unit(), unit_id="nothing")).then_refused(UnknownUnit)


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


@pytest.mark.parametrize(
    "written",
    ["", "e", "english ", "en_GB", "en-", "-en", "en--GB", "en-GB-", "123", "en-GB-x", "en-a", "Deutsch!",
     "en-ABCDEFGHI",     "d\N{LATIN SMALL LETTER E WITH ACUTE}", "en\n"],
)  # fmt: skip
def test_a_locale_is_a_language_tag(written: str) -> None:
    NOBODY.when(adding(locale=written)).then_refused(InvalidLocale)


@pytest.mark.parametrize(
    "written",
    ["en", "de-AT", "zh-Hant-TW", "es-419", "sl-rozaj-biske", "de-CH-1901", "en-a-myext-b-another", "en-x-dialect",
     "zh-cmn-Hans-CN", "mas", "EN-gb", "de-DE-u-co-phonebk"],
)  # fmt: skip
def test_language_tags_are_taken_as_they_are_written(written: str) -> None:
    NOBODY.when(adding(locale=written)).then(msgspec.structs.replace(ADDED, locale=written))


@pytest.mark.parametrize("written", ["", "Vienna", "europe/vienna", "Europe/Vienna ", "+02:00", "CEST", "localtime"])
def test_a_timezone_is_one_there_is(written: str) -> None:
    NOBODY.when(adding(timezone=written)).then_refused(UnknownTimezone)


def test_nobody_is_hired_years_ahead() -> None:
    furthest = TODAY + timedelta(days=2 * 366)
    NOBODY.when(adding(hired_on=furthest + timedelta(days=1))).then_refused(ImplausibleHiredOn)
    NOBODY.when(adding(hired_on=furthest)).then(msgspec.structs.replace(ADDED, hired_on=furthest))


def test_a_day_without_what_begins_on_it_means_nothing() -> None:
    NOBODY.when(adding(effective_on=TODAY)).then_refused(EffectiveOnWithoutPosition)
    begun = msgspec.structs.replace(ADDED, job_title="Engineer", effective_on=TODAY)
    NOBODY.when(adding(effective_on=TODAY, job_title="Engineer")).then(begun)


def test_somebody_joins_with_as_little_as_name_and_address() -> None:
    NOBODY.when(adding()).then(ADDED)


def test_a_person_is_stated_as_they_were_described() -> None:
    described = {
        "manager_id": "bob",
        "unit_id": "team",
        "job_title": "Engineer",
        "external_id": "E-17",
        "hired_on": date(2020, 2, 29),
        "locale": "de-AT",
        "timezone": "Europe/Vienna",
        "effective_on": date(2026, 2, 1),
    }
    reference = Reference("hr", "4711", "https://hr.example/4711")
    asked = adding(LEAD, TEAM, roles=("admin", "hr_partner", "admin"), external_ref=reference, **described)
    NOBODY.when(asked).then(
        PersonAdded(
            person_id="ada",
            display_name="Ada Byron",
            email="Ada@example.org",
            roles=["admin", "hr_partner"],
            external_ref=PersonRef(system="hr", id="4711", url="https://hr.example/4711"),
            **described,
        )
    )


# --- roles ------------------------------------------------------------------------------------------------------


def test_nobody_is_given_no_role() -> None:
    NOBODY.when(granting("admin")).then_refused(PersonNotFound)


@pytest.mark.parametrize("role", get_args(Role))
def test_a_role_is_given_once(role: str) -> None:
    granted = RoleGranted(person_id="ada", role=role)
    ADA.when(granting(role)).then(granted)
    ADA.given(granted).when(granting(role)).then()


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


# --- leaving and coming back ------------------------------------------------------------------------------------


def test_nobody_leaves_who_was_never_here() -> None:
    NOBODY.when(lambda person: decide.deactivate(person, "bob")).then_refused(PersonNotFound)
    NOBODY.when(decide.reactivate).then_refused(PersonNotFound)


def test_nobody_deactivates_themselves() -> None:
    ADA.when(lambda person: decide.deactivate(person, "ada")).then_refused(CannotDeactivateYourself)


def test_leaving_and_coming_back_happen_once() -> None:
    left, back = PersonDeactivated(person_id="ada"), PersonReactivated(person_id="ada")
    ADA.when(decide.reactivate).then()
    ADA.when(lambda person: decide.deactivate(person, "bob")).then(left)
    ADA.given(left).when(lambda person: decide.deactivate(person, "bob")).then()
    ADA.given(left).when(decide.reactivate).then(back)
    ADA.given(left, back).when(decide.reactivate).then()
    ADA.given(left, back).when(lambda person: decide.deactivate(person, "bob")).then(left)


# --- their kinds and codes --------------------------------------------------------------------------------------

KINDS = {
    NotFound: ("PersonNotFound", "AbsenceNotFound", "UnitNotFound"),
    Conflict: ("ManagerCycle", "UnitCycle", "EmailTaken", "ReferenceTaken", "CannotDeactivateYourself"),
    Rejected: (
        "UnknownManager",
        "UnknownLead",
        "UnknownUnit",
        "IncompleteReference",
        "InvalidEmail",
        "InvalidLocale",
        "UnknownTimezone",
        "ImplausibleHiredOn",
        "EffectiveOnWithoutPosition",
        "UnknownRole",
        "AbsenceEndsBeforeItBegins",
        "TooManyAbsences",
    ),
}


def test_a_refusal_has_the_kind_of_its_rule_and_the_code_of_its_name() -> None:
    for kind, names in KINDS.items():
        for name in names:
            rule = getattr(errors, name)
            snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
            assert issubclass(rule, kind), name
            assert rule.code == snake
            assert rule.detail
