"""What a person's facts make of them: known at once, standing somewhere on a day, here or gone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from libs.events.catalog.people import (
    AbsencePlanned,
    AbsenceWithdrawn,
    EmailClaimed,
    PersonAdded,
    PersonChanged,
    PersonDeactivated,
    PersonReactivated,
    PersonRef,
    PositionChanged,
    RoleGranted,
    RoleRevoked,
)
from libs.events.testing import EPOCH, fact_of
from services.people.domain.state import PERSON, Absence, Person, Position
from tests.people.scenes import ADA, ADDED, NOBODY, STREAM

FIRST = date(2026, 1, 1)


def folded(*facts: Any, days: int = 0) -> Person:
    """Ada after these facts, each so many days after the one before."""
    ada = PERSON.initial
    for version, fact in enumerate(facts, start=1):
        at = EPOCH + timedelta(days=days * (version - 1))
        ada = PERSON.fold(ada, fact_of(fact, stream=STREAM, version=version, time=at))
    return ada


def placed(on: date, manager: str | None) -> PositionChanged:
    return PositionChanged(person_id="ada", effective_on=on, manager_id=manager, changed=["manager_id"])


def test_a_person_is_who_and_what_their_facts_say() -> None:
    first = fact_of(msgspec.structs.replace(ADDED, manager_id="bob", roles=["admin"]), stream=STREAM)
    later = EPOCH + timedelta(days=1)
    second = replace(
        fact_of(RoleGranted(person_id="ada", role="service"), stream=STREAM, version=2, time=later), actor="bob"
    )
    assert PERSON.fold(PERSON.fold(PERSON.initial, first), second) == Person(
        id="ada",
        version=2,
        display_name="Ada Byron",
        email="Ada@example.org",
        positions=[Position(manager_id="bob", named=("manager_id",))],
        managers=["bob"],
        states=["active"],
        roles=["admin", "service"],
        name_key="ada byron",
        email_key="ada@example.org",
        created_at=EPOCH,
        created_by="tester",
        updated_at=later,
        updated_by="bob",
    )


def test_roles_are_held_once_and_until_they_are_taken() -> None:
    granted = RoleGranted(person_id="ada", role="admin")
    ada = folded(ADDED, granted, granted)
    assert (ada.roles, ada.version) == (["admin"], 3)
    assert folded(ADDED, granted, RoleRevoked(person_id="ada", role="admin")).roles == []


def test_what_is_said_anew_takes_the_place_of_what_was_known() -> None:
    added = msgspec.structs.replace(ADDED, locale="en", external_id="É-1", job_title="Engineer")
    ada = folded(added, PersonChanged(person_id="ada", display_name="ADA K", email="a@x", changed=["display_name"]))
    assert (ada.display_name, ada.name_key, ada.email, ada.email_key) == ("ADA K", "ada k", "a@x", "a@x")
    assert (ada.locale, ada.external_id, ada.external_key) == (None, None, None)
    assert ada.position(FIRST).job_title == "Engineer"
    assert folded(added).external_key == "é-1"


def test_a_person_is_here_or_gone_on_a_day() -> None:
    ada = folded(ADDED, PersonDeactivated(person_id="ada"), PersonReactivated(person_id="ada"), days=10)
    joined = EPOCH.date()
    states = {0: "active", 9: "active", 10: "deactivated", 19: "deactivated", 20: "active", 99: "active"}
    assert {offset: ada.state_on(joined + timedelta(days=offset)) for offset in states} == states
    assert (ada.state, ada.states) == ("active", ["active", "deactivated"])
    same_day = folded(ADDED, PersonDeactivated(person_id="ada"), PersonReactivated(person_id="ada"))
    assert same_day.state_on(joined) == "active"


def test_absences_are_kept_until_they_are_withdrawn() -> None:
    planned = AbsencePlanned(person_id="ada", absence_id="a1", first_day=FIRST, last_day=FIRST)
    kept = Absence(id="a1", first_day=FIRST, last_day=FIRST, version=2, created_at=EPOCH, created_by="tester")
    assert folded(ADDED, planned).absences == [kept]
    assert folded(ADDED, planned, AbsenceWithdrawn(person_id="ada", absence_id="a1")).absences == []


def test_an_erased_person_has_no_text_and_nothing_to_be_found_by() -> None:
    erased = PersonAdded(
        person_id="ada",
        display_name=None,
        email=None,
        manager_id="bob",
        external_ref=PersonRef(system="hr", id=None),
    )
    paths = ("display_name", "email", "job_title", "external_ref.id")
    ada = PERSON.fold(PERSON.initial, replace(fact_of(erased, stream=STREAM), erased=paths))
    assert (ada.display_name, ada.email, ada.name_key, ada.email_key, ada.external_key) == (None,) * 5
    assert (ada.id, ada.above(FIRST), ada.erased) == ("ada", "bob", list(paths))
    restated = PersonChanged(person_id="ada", display_name=None, email=None, locale="en", changed=["locale"])
    ada = PERSON.fold(ada, replace(fact_of(restated, stream=STREAM, version=2), erased=("display_name", "email")))
    assert ada.erased == ["display_name", "email", "job_title"]
    moved = replace(fact_of(placed(FIRST, "bob"), stream=STREAM, version=3), erased=("job_title",))
    assert PERSON.fold(ada, moved).erased == ["display_name", "email", "job_title"]


def test_a_fact_that_means_nothing_here_still_counts_as_a_version() -> None:
    ada = folded(ADDED, EmailClaimed(person_id="ada"))
    assert (ada.version, ada.display_name) == (2, "Ada Byron")


# --- positions --------------------------------------------------------------------------------------------------


def test_before_the_first_position_there_is_none() -> None:
    begun = NOBODY.given(msgspec.structs.replace(ADDED, manager_id="bob", effective_on=FIRST)).state
    assert begun is not None
    assert begun.position(FIRST - timedelta(days=1)) == Position()
    assert begun.position(FIRST) == Position(effective_on=FIRST, manager_id="bob", named=("manager_id",))
    assert begun.upcoming(FIRST - timedelta(days=1)) == begun.positions
    assert begun.next_change(FIRST - timedelta(days=1)) == FIRST
    always = ADA.state
    assert always is not None
    assert always.next_change(date.min) is None


def test_a_position_stated_before_later_ones_holds_until_the_next() -> None:
    april, march, february = date(2026, 4, 1), date(2026, 3, 1), date(2026, 2, 1)
    ada = folded(ADDED, placed(april, "dan"), placed(february, "bob"), placed(march, "cy"))
    assert [one.manager_id for one in ada.positions] == [None, "bob", "cy", "dan"]
    assert [ada.above(day) for day in (FIRST, february, march, april)] == [None, "bob", "cy", "dan"]
    again = folded(ADDED, placed(april, "dan"), placed(march, "cy"), placed(march, "eve"))
    assert [one.manager_id for one in again.positions] == [None, "eve", "dan"]
    assert again.managers == ["dan", "cy", "eve"]


DAYS = st.integers(0, 8).map(lambda number: FIRST + timedelta(days=number))


@given(st.lists(st.tuples(DAYS, st.sampled_from("abc")), max_size=8))
def test_positions_are_what_painting_them_on_a_calendar_gives(stated: list[tuple[date, str]]) -> None:
    """Each fact holds from its day to the next day on which a position began already."""
    calendar: dict[date, str | None] = {FIRST + timedelta(days=number): None for number in range(9)}
    begun: set[date] = set()
    for day, manager in stated:
        until = min((other for other in begun if other > day), default=date.max)
        calendar |= {one: manager for one in calendar if day <= one < until}
        begun.add(day)
    ada = folded(ADDED, *(placed(day, manager) for day, manager in stated))
    assert {day: ada.above(day) for day in calendar} == calendar
    assert [one.effective_on for one in ada.positions] == [None, *sorted(begun)]
