"""The rules of what is said anew about a person: at once, or from a day on."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from libs.events.catalog.people import PersonChanged, PersonRef, PositionChanged, RoleGranted, RoleRevoked
from services.people.domain.errors import (
    EffectiveOnWithoutPosition,
    ImplausibleHiredOn,
    IncompleteReference,
    InvalidEmail,
    InvalidLocale,
    PersonNotFound,
    UnknownManager,
    UnknownTimezone,
    UnknownUnit,
)
from services.people.domain.state import Person, Unit
from tests.people.scenes import ADA, ADDED, GONE, LEAD, NOBODY, TEAM, TODAY, changing

FEBRUARY, MARCH, APRIL = date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)


def restated(*changed: str, **fields: Any) -> PersonChanged:
    """The fact that says Ada anew."""
    known = {"display_name": "Ada Byron", "email": "Ada@example.org", **fields}
    return PersonChanged(person_id="ada", **known, changed=list(changed))


def placed(on: date, *changed: str, **fields: Any) -> PositionChanged:
    """The fact that says where Ada stands from a day on."""
    return PositionChanged(person_id="ada", effective_on=on, **fields, changed=list(changed))


# --- what is refused --------------------------------------------------------------------------------------------


def test_nobody_can_be_changed_who_is_not_there() -> None:
    NOBODY.when(changing(display_name="Ada")).then_refused(PersonNotFound)
    NOBODY.when(changing()).then_refused(PersonNotFound)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"email": "ada"}, InvalidEmail),
        ({"locale": "English"}, None),
        ({"locale": "en_GB"}, InvalidLocale),
        ({"timezone": "Vienna"}, UnknownTimezone),
        ({"hired_on": date(2099, 1, 1)}, ImplausibleHiredOn),
        ({"external_ref": {"system": "hr"}}, IncompleteReference),
        ({"external_ref": {"id": "4711"}}, IncompleteReference),
        ({"external_ref": {"url": "https://hr.example"}}, IncompleteReference),
        ({"external_ref": {}}, IncompleteReference),
        ({"manager_id": "nobody"}, UnknownManager),
        ({"unit_id": "nothing"}, UnknownUnit),
    ],
    ids=str,
)
def test_a_change_is_judged_like_a_beginning(changes: dict[str, Any], rule: Any) -> None:
    asked = ADA.when(changing(Person(), Unit(), **changes))
    if rule is None:
        asked.then(restated("locale", locale="English"))
    else:
        asked.then_refused(rule)


def test_who_left_is_no_new_manager_but_stays_one() -> None:
    led = NOBODY.given(msgspec.structs.replace(ADDED, manager_id="bob"))
    ADA.when(changing(GONE, manager_id="bob")).then_refused(UnknownManager)
    led.when(changing(GONE, manager_id="bob")).then()
    led.when(changing(GONE, manager_id="bob", job_title="Engineer")).then(
        placed(TODAY, "job_title", manager_id="bob", job_title="Engineer")
    )


def test_a_day_needs_something_that_begins_on_it() -> None:
    ADA.when(changing(on=FEBRUARY)).then_refused(EffectiveOnWithoutPosition)
    ADA.when(changing(on=FEBRUARY, display_name="Ada")).then_refused(EffectiveOnWithoutPosition)
    ADA.when(changing(on=FEBRUARY, manager_id=None)).then()


# --- at once ----------------------------------------------------------------------------------------------------


def test_what_is_so_already_is_no_fact() -> None:
    ADA.when(changing()).then()
    ADA.when(changing(display_name="Ada Byron", email="Ada@example.org", locale=None, roles=())).then()


def test_what_is_known_is_restated_whole() -> None:
    ada = ADA.given(restated("locale", locale="en"))
    ada.when(changing(timezone="UTC", display_name="Ada King")).then(
        restated("display_name", "timezone", display_name="Ada King", locale="en", timezone="UTC")
    )
    ada.when(changing(locale=None)).then(restated("locale"))


def test_an_old_value_that_would_be_refused_today_hinders_no_other_change() -> None:
    odd = NOBODY.given(msgspec.structs.replace(ADDED, timezone="Mars/Olympus", hired_on=date(2090, 1, 1)))
    odd.when(changing(timezone="Mars/Olympus", locale="en")).then(
        restated("locale", locale="en", timezone="Mars/Olympus", hired_on=date(2090, 1, 1))
    )


def test_a_reference_is_merged() -> None:
    kept = PersonRef(system="hr", id="4711", url="https://hr.example/4711")
    ADA.when(changing(external_ref={"system": "hr", "id": "4711", "url": kept.url})).then(
        restated("external_ref", external_ref=kept)
    )
    ada = NOBODY.given(msgspec.structs.replace(ADDED, external_ref=kept))
    ada.when(changing(external_ref={"url": None})).then(
        restated("external_ref", external_ref=PersonRef(system="hr", id="4711"))
    )
    ada.when(changing(external_ref={"id": "4712"})).then(
        restated("external_ref", external_ref=PersonRef(system="hr", id="4712", url=kept.url))
    )
    ada.when(changing(external_ref={})).then()
    ada.when(changing(external_ref=None)).then(restated("external_ref"))


def test_roles_are_given_and_taken() -> None:
    ada = NOBODY.given(msgspec.structs.replace(ADDED, roles=["admin", "service"]))
    granted, revoked = RoleGranted(person_id="ada", role="hr_partner"), RoleRevoked(person_id="ada", role="admin")
    ada.when(changing(roles=("service", "hr_partner", "service"))).then(granted, revoked)
    ada.when(changing(roles=("service", "admin"))).then()
    ada.when(changing(roles=None)).then(revoked, RoleRevoked(person_id="ada", role="service"))


def test_one_command_may_change_everything() -> None:
    ADA.when(changing(LEAD, display_name="Ada King", manager_id="bob", roles=("admin",))).then(
        restated("display_name", display_name="Ada King"),
        placed(TODAY, "manager_id", manager_id="bob"),
        RoleGranted(person_id="ada", role="admin"),
    )


# --- from a day on ----------------------------------------------------------------------------------------------


def test_without_a_day_a_position_begins_today() -> None:
    ADA.when(changing(LEAD, TEAM, manager_id="bob", unit_id="team", job_title="Engineer")).then(
        placed(TODAY, "manager_id", "unit_id", "job_title", manager_id="bob", unit_id="team", job_title="Engineer")
    )


@pytest.mark.parametrize("on", [date(2025, 1, 1), FEBRUARY])
def test_a_position_begins_in_the_past_or_future(on: date) -> None:
    ADA.when(changing(on=on, job_title="Engineer")).then(placed(on, "job_title", job_title="Engineer"))


def test_what_a_change_leaves_out_stays_as_on_that_day() -> None:
    ada = ADA.given(
        placed(FEBRUARY, "job_title", job_title="Engineer"),
        placed(APRIL, "manager_id", job_title="Engineer", manager_id="bob"),
    )
    ada.when(changing(unit=TEAM, on=TODAY, unit_id="team")).then(placed(TODAY, "unit_id", unit_id="team"))
    ada.when(changing(unit=TEAM, on=MARCH, unit_id="team")).then(
        placed(MARCH, "unit_id", unit_id="team", job_title="Engineer")
    )
    ada.when(changing(unit=TEAM, on=APRIL, unit_id="team")).then(
        placed(APRIL, "unit_id", unit_id="team", job_title="Engineer", manager_id="bob")
    )


def test_what_holds_on_that_day_already_is_no_fact() -> None:
    ada = ADA.given(placed(FEBRUARY, "job_title", job_title="Engineer"))
    ada.when(changing(on=MARCH, job_title="Engineer")).then()
    ada.when(changing(on=TODAY, job_title=None)).then()
    ada.when(changing(on=TODAY, job_title="Engineer")).then(placed(TODAY, "job_title", job_title="Engineer"))
    ada.when(changing(on=FEBRUARY, job_title=None)).then(placed(FEBRUARY, "job_title"))


def test_what_was_planned_carries_on_what_changes_before_it() -> None:
    ada = NOBODY.given(
        msgspec.structs.replace(ADDED, manager_id="old", job_title="Agent"),
        placed(APRIL, "job_title", manager_id="old", job_title="Lead"),
        placed(TODAY, "manager_id", manager_id="bob", job_title="Agent"),
    )
    ada.when(changing(LEAD, on=APRIL, manager_id="bob")).then()
    ada.when(changing(unit=TEAM, on=APRIL, unit_id="team")).then(
        placed(APRIL, "unit_id", manager_id="bob", unit_id="team", job_title="Lead")
    )
    # Who is to come back is named for that day.
    ada.when(changing(LEAD, on=APRIL, manager_id="old")).then(
        placed(APRIL, "manager_id", manager_id="old", job_title="Lead")
    )


def test_only_what_differs_on_its_day_is_said_for_it() -> None:
    """A record that is sent whole, as other systems do, plans nothing but what becomes different."""
    ada = NOBODY.given(msgspec.structs.replace(ADDED, manager_id="old", job_title="Agent"))
    whole = changing(LEAD, on=APRIL, manager_id="old", unit_id=None, job_title="Lead")
    ada.when(whole).then(placed(APRIL, "job_title", manager_id="old", job_title="Lead"))
