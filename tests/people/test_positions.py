"""What changes from a day on holds until a later day for which it was said anew: the fold, against dated patches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from libs.access.members import Member, on_person_added, on_position_changed
from libs.events.catalog.people import PersonAdded, PositionChanged
from libs.events.testing import fact_of
from services.people.domain import decide
from services.people.domain.commands import ChangePerson
from services.people.domain.state import PERSON, Person
from tests.people.scenes import ADDED, LEAD, STREAM, TEAM, TODAY, around

FIELDS = ("manager_id", "unit_id", "job_title")
MARCH, APRIL, MAY, JUNE = (date(2026, month, 1) for month in (3, 4, 5, 6))
BOSS = msgspec.structs.replace(ADDED, manager_id="old", unit_id="sales", job_title="Agent")

Patch = tuple[date, Mapping[str, str | None]]


def said(on: date, *, beside: Mapping[str, str | None] | None = None, **changes: str | None) -> PositionChanged:
    """A change of these fields; `beside` is what it restates."""
    return PositionChanged(person_id="ada", effective_on=on, **{**(beside or {}), **changes}, changed=list(changes))


def both(*facts: PersonAdded | PositionChanged) -> tuple[Person, Member]:
    """The person and the replica's row after the same facts."""
    person, row = PERSON.initial, None
    for version, data in enumerate(facts, start=1):
        fact: Any = fact_of(data, stream=STREAM, version=version)
        person = PERSON.fold(person, fact)
        row = on_person_added(row, fact) if row is None else on_position_changed(row, fact)
    assert row is not None
    return person, row


def stands(day: date, *facts: PersonAdded | PositionChanged) -> tuple[str | None, ...]:
    """Where Ada stands on a day, as the person and the replica's row say alike."""
    person, row = both(*facts)
    position = person.position(day)
    assert (row.at(day).manager_id, row.at(day).unit_id) == (position.manager_id, position.unit_id)
    return tuple(getattr(position, name) for name in FIELDS)


# --- what was said for one day only -----------------------------------------------------------------------------


def test_a_new_manager_outlasts_what_was_planned_before_they_came() -> None:
    planned = said(JUNE, job_title="Lead", beside={"manager_id": "old", "unit_id": "sales"})
    facts = BOSS, planned, said(MARCH, manager_id="new", beside={"unit_id": "sales", "job_title": "Agent"})
    assert stands(MARCH, *facts) == ("new", "sales", "Agent")
    assert stands(JUNE, *facts) == ("new", "sales", "Lead")


def test_a_new_title_outlasts_a_manager_who_was_planned_before() -> None:
    facts = BOSS, said(JUNE, manager_id="new", beside={"job_title": "Agent"}), said(MARCH, job_title="Lead")
    assert stands(MAY, *facts) == ("old", "sales", "Lead")
    assert stands(JUNE, *facts) == ("new", "sales", "Lead")


def test_it_ends_where_the_same_is_said_anew() -> None:
    facts = BOSS, said(MAY, manager_id="planned"), said(JUNE, job_title="Lead"), said(MARCH, manager_id="new")
    assert [stands(day, *facts)[0] for day in (MARCH, APRIL, MAY, JUNE)] == ["new", "new", "planned", "planned"]


def test_nobody_in_between_is_nobody_until_somebody_is_named() -> None:
    facts = BOSS, said(JUNE, manager_id="new"), said(MAY, unit_id="care"), said(MARCH, manager_id=None)
    assert [stands(day, *facts) for day in (MARCH, MAY, JUNE)] == [
        (None, "sales", "Agent"),
        (None, "care", "Agent"),
        ("new", "care", "Agent"),
    ]


def test_of_one_day_the_last_word_counts_and_other_words_stay() -> None:
    facts = BOSS, said(MAY, manager_id="first", job_title="Lead"), said(MAY, manager_id="second")
    assert stands(MAY, *facts) == ("second", "sales", "Lead")
    # Both words are May's own: what is said for March changes neither.
    facts = *facts, said(MARCH, manager_id="x", unit_id="y", job_title="z")
    assert stands(MAY, *facts) == ("second", "y", "Lead")


def test_what_somebody_joins_without_is_not_taken_from_them_on_that_day() -> None:
    joins = msgspec.structs.replace(ADDED, manager_id="old", effective_on=MAY)
    facts = joins, said(MARCH, manager_id="new", job_title="Agent")
    assert stands(MARCH, *facts) == ("new", None, "Agent")
    assert stands(MAY, *facts) == ("old", None, "Agent")


def test_who_leads_is_said_anew_only_on_days_that_name_a_manager() -> None:
    ada, _ = both(BOSS, said(APRIL, job_title="Lead"), said(MAY, manager_id=None), said(JUNE, unit_id="care"))
    assert [ada.next_change(day) for day in (TODAY, MARCH, APRIL, MAY, JUNE)] == [MAY, MAY, MAY, None, None]
    assert ada.managers == ["old"]


# --- against a list of dated patches ----------------------------------------------------------------------------

DAYS = [TODAY + timedelta(days=number) for number in range(-3, 6)]
VALUES = st.none() | st.sampled_from("abc")
PATCHES = st.lists(
    st.tuples(st.sampled_from(DAYS), st.dictionaries(st.sampled_from(FIELDS), VALUES, min_size=1)), max_size=8
)
BEGINNINGS = st.builds(
    lambda day, fields: msgspec.structs.replace(ADDED, effective_on=day, **fields),
    st.none() | st.sampled_from(DAYS),
    st.fixed_dictionaries(dict.fromkeys(FIELDS, VALUES)),
)


def naive(patches: Sequence[Patch], day: date) -> tuple[str | None, ...]:
    """All patches up to a day on top of each other: in order of their days, then as they were recorded."""
    result: dict[str, str | None] = dict.fromkeys(FIELDS)
    # Python's sort keeps the order in which those of one day were recorded.
    for begun, fields in sorted(patches, key=lambda patch: patch[0]):
        result |= fields if begun <= day else {}
    return tuple(result.values())


def begins(added: PersonAdded) -> Patch:
    """A beginning as the first of the patches."""
    fields = {name: getattr(added, name) for name in FIELDS if getattr(added, name) is not None}
    return added.effective_on or date.min, fields


@given(BEGINNINGS, PATCHES, VALUES)
def test_facts_lie_on_top_of_each_other_as_patches_do(
    added: PersonAdded, patches: list[Patch], restated: str | None
) -> None:
    """Whatever a fact restates beside what it changes: it may have been recorded when that held."""
    beside = dict.fromkeys(FIELDS, restated)
    facts = added, *(said(day, beside=beside, **fields) for day, fields in patches)
    for day in DAYS:
        assert stands(day, *facts) == naive([begins(added), *patches], day)
    person, row = both(*facts)
    days = [one.effective_on for one in person.positions]
    assert days == sorted(set(days), key=lambda one: one or date.min) == [one.effective_on for one in row.positions]
    assert {one.manager_id for one in person.positions} - {None} == set(row.managers) <= set(person.managers)


@given(BEGINNINGS, PATCHES)
def test_commands_lie_on_top_of_each_other_as_patches_do(added: PersonAdded, patches: list[Patch]) -> None:
    """A patch counts for what it changed on its day; a new manager holds as far as the circle guard looks."""
    facts: list[Any] = [added]
    counted = [begins(added)]
    for day, fields in patches:
        person, _ = both(*facts)
        command = ChangePerson(person_id="ada", changes=fields, effective_on=day)
        new = decide.new_manager(person, command, TODAY)
        facts += decide.change_person(person, command, around(LEAD, TEAM))
        held = dict(zip(FIELDS, naive(counted, day), strict=True))
        counted.append((day, {name: value for name, value in fields.items() if value != held[name]}))
        after, _ = both(*facts)
        for one in DAYS:
            assert stands(one, *facts) == naive(counted, one)
            reached = new is not None and new[1] <= one and (new[2] is None or one < new[2])
            if reached:
                assert new is not None
                assert after.above(one) == new[0]
            elif after.above(one) is not None:
                assert after.above(one) == person.above(one)
