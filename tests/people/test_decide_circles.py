"""Nobody leads themselves on any day: the walk up, against a naive look at every single day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.catalog.people import PersonAdded, PositionChanged
from libs.events.testing import Scenario, fact_of
from services.people.domain import decide
from services.people.domain.commands import ChangePerson
from services.people.domain.decide import Around, Linked
from services.people.domain.state import PERSON, Person, Unit

FIRST = date(2026, 1, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(12)]
NAMES = "abcdef"


def led(name: str, *positions: tuple[date | None, str | None]) -> Person:
    """Somebody with these managers from these days on."""
    added = PersonAdded(person_id=name, display_name=name, email=f"{name}@x")
    changes = [
        PositionChanged(person_id=name, effective_on=day or date.min, manager_id=manager, changed=["manager_id"])
        for day, manager in positions
    ]
    state = Scenario(PERSON, stream=f"acme/person/{name}").given(added, *changes).state
    assert state is not None
    return msgspec.structs.replace(state, id=name)


def closes(those: Mapping[str, Linked], moved: str, above: str, first: date, until: date | None) -> bool:
    """What the walk says of these people or units."""
    walk = decide.closes_circle(moved, above, first, until)
    try:
        wanted = next(walk)
        while True:
            wanted = walk.send(those.get(wanted, Person()))
    except StopIteration as end:
        return bool(end.value)


def test_nobody_is_their_own_manager() -> None:
    assert closes({"a": led("a")}, "a", "a", FIRST, None)


def test_nobody_is_led_by_whom_they_lead() -> None:
    people = {"a": led("a"), "b": led("b", (None, "a")), "c": led("c", (None, "b"))}
    assert closes(people, "a", "b", FIRST, None)
    assert closes(people, "a", "c", FIRST, None)
    assert not closes(people, "c", "a", FIRST, None)


def test_a_day_to_come_counts() -> None:
    later = {"a": led("a"), "b": led("b", (DAYS[5], "a"))}
    assert closes(later, "a", "b", FIRST, None)
    assert closes(later, "a", "b", DAYS[5], None)
    assert closes(later, "a", "b", FIRST, DAYS[6])
    assert not closes(later, "a", "b", FIRST, DAYS[5])


def test_a_day_gone_by_does_not_count() -> None:
    before = {"a": led("a"), "b": led("b", (None, "a"), (DAYS[5], None))}
    assert closes(before, "a", "b", DAYS[4], None)
    assert not closes(before, "a", "b", DAYS[5], None)


def test_a_day_far_up_and_far_off_counts() -> None:
    people = {
        "a": led("a"),
        "b": led("b", (DAYS[1], "c")),
        "c": led("c", (DAYS[3], "d"), (DAYS[7], None)),
        "d": led("d", (DAYS[4], "e"), (DAYS[6], "a"), (DAYS[8], None)),
    }
    assert closes(people, "a", "b", FIRST, None)
    assert not closes(people, "a", "b", FIRST, DAYS[6])
    assert not closes(people, "a", "b", DAYS[7], None)


def test_a_circle_of_others_ends_the_walk() -> None:
    people = {"b": led("b", (None, "c")), "c": led("c", (None, "b"))}
    assert not closes(people, "a", "b", FIRST, None)


def test_units_are_walked_alike() -> None:
    units = {"a": Unit(id="a"), "b": Unit(id="b", parent_id="a")}
    assert closes(units, "a", "b", FIRST, None)
    assert closes(units, "a", "a", FIRST, None)
    assert not closes(units, "b", "a", FIRST, None)


NAME, DAY = st.sampled_from(NAMES), st.sampled_from(DAYS)
TIMELINES = st.fixed_dictionaries(
    {name: st.lists(st.tuples(st.none() | DAY, st.none() | NAME), max_size=4) for name in NAMES}
)


@given(TIMELINES, NAME, NAME, DAY, st.none() | DAY)
def test_the_walk_sees_what_looking_at_every_day_sees(
    timelines: dict[str, list[tuple[date | None, str | None]]], moved: str, above: str, first: date, until: date | None
) -> None:
    people = {name: led(name, *positions) for name, positions in timelines.items()}

    def meets(day: date) -> bool:
        current: str | None = above
        for _ in range(len(NAMES) + 1):
            if current is None or current == moved:
                break
            current = people[current].position(day).manager_id
        return current == moved

    naive = any(meets(day) for day in DAYS if day >= first and (until is None or day < until))
    assert closes(people, moved, above, first, until) == naive


def test_a_new_manager_holds_until_a_position_that_names_one() -> None:
    ada = led("a", (DAYS[2], "b"), (DAYS[6], "c"))

    def new(manager: str | None, day: date | None = None) -> tuple[str, date, date | None] | None:
        command = ChangePerson(person_id="a", changes={"manager_id": manager}, effective_on=day)
        return decide.new_manager(ada, command, FIRST)

    assert new("d") == ("d", FIRST, DAYS[2])
    assert new("d", DAYS[2]) == ("d", DAYS[2], DAYS[6])
    assert new("d", DAYS[9]) == ("d", DAYS[9], None)
    assert new("b", DAYS[3]) is None
    assert new(None, DAYS[3]) is None
    assert decide.new_manager(ada, ChangePerson(person_id="a", changes={"job_title": "x"}), DAYS[3]) is None


def test_a_position_that_names_no_manager_is_reached_across() -> None:
    titled = PositionChanged(person_id="a", effective_on=DAYS[2], job_title="x", changed=["job_title"])
    ada = PERSON.fold(led("a", (DAYS[6], None)), fact_of(titled, stream="acme/person/a", version=3))
    command = ChangePerson(person_id="a", changes={"manager_id": "d"})
    assert decide.new_manager(ada, command, FIRST) == ("d", FIRST, DAYS[6])


# Few people and days, so that changes meet.
FEW, SOON = st.sampled_from(NAMES[:3]), st.sampled_from(DAYS[:4])
CHANGED = st.fixed_dictionaries({"manager_id": st.none() | FEW}) | st.fixed_dictionaries({"job_title": FEW})
CHANGES = st.lists(st.tuples(FEW, SOON, CHANGED), min_size=3, max_size=12)


@settings(max_examples=500)
@given(CHANGES)
def test_however_changes_are_stacked_nobody_leads_themselves_on_any_day(
    changes: list[tuple[str, date, dict[str, str | None]]],
) -> None:
    """Each is recorded if the guard lets it, with whatever was said for days before and after it."""
    people = {name: led(name) for name in NAMES}
    for name, day, fields in changes:
        command = ChangePerson(person_id=name, changes=fields, effective_on=day)
        new = decide.new_manager(people[name], command, FIRST)
        if new is not None and closes(people, name, *new):
            continue
        around = Around(today=FIRST, zones=(), manager=Person(version=1))
        for event in decide.change_person(people[name], command, around):
            fact = fact_of(event, stream=f"acme/person/{name}", version=people[name].version + 1)
            people[name] = PERSON.fold(people[name], fact)
    for day in DAYS:
        for name in NAMES:
            met, current = {name}, people[name].above(day)
            while current is not None:
                assert current not in met, (name, day)
                met.add(current)
                current = people[current].above(day)
