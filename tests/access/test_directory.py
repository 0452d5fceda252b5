"""The directory on a real replica: who leads whom on a day, who is below and beside, and how little is read for it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.access.directory import PAGE
from libs.access.members import UnitMember
from libs.access.relations import DEEPEST
from libs.events.catalog.people import PersonDeactivated
from tests.access.organisation import TENANT, TODAY, Organisation, asker, organisation

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
MANAGER = {"manager", "manager_chain"}


async def small(people: Organisation) -> Organisation:
    people.add("ceo")
    for person, manager in (("head", "ceo"), ("lead", "head"), ("ana", "lead"), ("ben", "lead"), ("cleo", "head")):
        people.add(person, manager)
    await people.fold()
    return people


# --- relations --------------------------------------------------------------------------------------------------


async def test_relations_are_those_of_the_day(people: Organisation) -> None:
    await small(people)
    people.move("ana", "cleo", TODAY)
    people.move("ana", "ceo", TOMORROW)
    await people.fold()
    by_day = {
        day: [await people.directory.relations(asker(who), "ana", day=day) for who in ("lead", "cleo", "head", "ceo")]
        for day in (YESTERDAY, TODAY, TOMORROW)
    }
    assert by_day == {
        YESTERDAY: [MANAGER, set(), {"manager_chain"}, {"manager_chain"}],
        TODAY: [set(), MANAGER, {"manager_chain"}, {"manager_chain"}],
        TOMORROW: [set(), set(), {"peer"}, MANAGER],
    }


async def test_today_is_the_clocks_day_in_utc(people: Organisation) -> None:
    await small(people)
    people.move("ana", "cleo", TOMORROW)
    await people.fold()
    assert people.directory.today() == TODAY
    assert await people.directory.relations(asker("cleo"), "ana") == set()
    people.clock.move(timedelta(hours=14, minutes=59))
    assert await people.directory.relations(asker("cleo"), "ana") == set()
    people.clock.move(timedelta(minutes=1))
    assert people.directory.today() == TOMORROW
    assert await people.directory.relations(asker("cleo"), "ana") == MANAGER


async def test_who_left_still_passes_on_who_leads(people: Organisation) -> None:
    await small(people)
    people.state("person/lead", PersonDeactivated(person_id="lead"))
    await people.fold()
    assert await people.directory.relations(asker("head"), "ana") == {"manager_chain"}
    assert await people.directory.reports(TENANT, "head", depth=None, most=10) == ["cleo", "lead", "ana", "ben"]


@pytest.mark.parametrize(
    ("who", "owners", "look_ups"),
    [
        ("ana", ["ana"], 0),
        # Who leads nobody is above nobody: one look-up says all, however many are asked for.
        ("ana", ["ceo", "head", "lead", "ben", "cleo"], 1),
        ("lead", ["ana", "ben", "lead"], 1),
        ("cleo", ["ana", "ben"], 1),
        # Ana and Ben: their lead's manager; all others are known by then.
        ("ceo", ["ana", "ben", "cleo"], 2),
    ],
)
async def test_relations_to_many_cost_a_look_up_a_level_at_most(
    people: Organisation, who: str, owners: list[str], look_ups: int
) -> None:
    await small(people)
    found, asked = await people.asked(people.directory.relations_to(asker(who), owners))
    assert set(found) == set(owners)
    assert asked == Counter({"get_many": look_ups} if look_ups else {})


async def test_nobody_is_related_to_nobody(people: Organisation) -> None:
    await small(people)
    assert await people.directory.relations_to(asker("ana"), []) == {}
    assert await people.directory.relations_to(asker("ceo"), ["nobody", "ana"]) == {
        "nobody": set(),
        "ana": {"manager_chain"},
    }


async def test_a_long_chain_is_bounded(people: Organisation) -> None:
    people.add(f"p{DEEPEST + 2}")
    for at in range(DEEPEST + 2):
        people.add(f"p{at}", f"p{at + 1}")
    await people.fold()
    assert await people.directory.relations(asker(f"p{DEEPEST}"), "p0") == {"manager_chain"}
    assert await people.directory.relations(asker(f"p{DEEPEST + 1}"), "p0") == set()
    below = await people.directory.reports(TENANT, f"p{DEEPEST + 1}", depth=None, most=1000)
    assert below == [f"p{at}" for at in range(DEEPEST, 0, -1)]


# --- reports and peers ------------------------------------------------------------------------------------------


async def test_reports_by_depth_nearest_first(people: Organisation) -> None:
    await small(people)
    found = {
        depth: await people.directory.reports(TENANT, "ceo", depth=depth, most=10) for depth in (0, 1, 2, 3, 99, None)
    }
    everybody = ["head", "cleo", "lead", "ana", "ben"]
    assert found == {0: [], 1: ["head"], 2: everybody[:3], 3: everybody, 99: everybody, None: everybody}
    assert await people.directory.reports(TENANT, "ana", depth=None, most=10) == []
    assert await people.directory.reports(TENANT, "nobody", depth=None, most=10) == []


async def test_reports_are_those_of_the_day(people: Organisation) -> None:
    await small(people)
    people.move("lead", "cleo", TOMORROW)
    people.add("dan", "cleo", on=TODAY)
    await people.fold()
    by_day = {
        day: await people.directory.reports(TENANT, "cleo", day=day, depth=None, most=10)
        for day in (YESTERDAY, TODAY, TOMORROW)
    }
    assert by_day == {YESTERDAY: [], TODAY: ["dan"], TOMORROW: ["dan", "lead", "ana", "ben"]}
    assert await people.directory.reports(TENANT, "cleo", depth=None, most=10) == ["dan"]


async def test_too_many_reports_are_none(people: Organisation) -> None:
    await small(people)
    assert await people.directory.reports(TENANT, "ceo", depth=None, most=5) is not None
    assert await people.directory.reports(TENANT, "ceo", depth=None, most=4) is None
    assert await people.directory.reports(TENANT, "ceo", depth=1, most=1) == ["head"]
    assert await people.directory.reports(TENANT, "ceo", depth=1, most=0) is None


async def test_more_reports_than_a_page_holds(people: Organisation) -> None:
    people.add("ceo")
    names = [f"p{number:05}" for number in range(2 * PAGE + 1)]
    for name in names:
        people.add(name, "ceo")
    for name in names:
        people.add(f"{name}.below", name)
    await people.fold()
    found, asked = await people.asked(people.directory.reports(TENANT, "ceo", most=10_000))
    assert (found, asked) == (names, Counter({"find": 3}))
    assert await people.directory.reports(TENANT, "ceo", depth=2, most=10_000) == [
        *names,
        *(f"{name}.below" for name in names),
    ]
    found, asked = await people.asked(people.directory.reports(TENANT, "ceo", most=PAGE // 2))
    assert (found, asked) == (None, Counter({"find": 1}))


async def test_peers_have_the_same_manager_today(people: Organisation) -> None:
    await small(people)
    assert await people.directory.peers(TENANT, "ana", 10) == ["ben"]
    assert await people.directory.peers(TENANT, "cleo", 10) == ["lead"]
    assert await people.directory.peers(TENANT, "ceo", 10) == []
    assert await people.directory.peers(TENANT, "nobody", 10) == []
    people.move("cleo", "lead", TODAY)
    people.move("ben", "ceo", TOMORROW)
    await people.fold()
    assert await people.directory.peers(TENANT, "ana", 2) == ["ben", "cleo"]
    assert await people.directory.peers(TENANT, "ana", 1) is None
    assert await people.directory.peers(TENANT, "ana", 1, day=TOMORROW) == ["cleo"]


async def test_units_by_id(people: Organisation) -> None:
    people.unit("all", lead="ceo")
    people.unit("sales", "all")
    await people.fold()
    assert await people.directory.units(TENANT, ["sales", "all", "none", "sales"]) == {
        "all": UnitMember(id="all", parent_id=None, lead_id="ceo"),
        "sales": UnitMember(id="sales", parent_id="all", lead_id=None),
    }
    assert await people.directory.units("other", ["sales"]) == {}


# --- against the definition -------------------------------------------------------------------------------------

NAMES = [f"p{number}" for number in range(8)]
DAYS = [YESTERDAY, TODAY, TOMORROW]
MANAGERS = st.one_of(st.none(), st.sampled_from(NAMES))
STATED = st.lists(st.tuples(st.sampled_from(NAMES), MANAGERS, st.sampled_from(DAYS)), max_size=12)


@settings(max_examples=60)
@given(first=st.lists(MANAGERS, min_size=8, max_size=8), stated=STATED, day=st.sampled_from([None, *DAYS]))
async def test_any_organisation_with_circles_on_any_day(
    first: list[str | None], stated: list[tuple[str, str | None, date]], day: date | None
) -> None:
    """Many at once are what one after the other is; reports and peers are the same relations seen from above."""
    begun = [one for one in stated if one[2] <= (day or TODAY)]
    # Python's sort keeps the order in which positions of one day were stated.
    later = {name: manager for name, manager, _ in sorted(begun, key=lambda one: one[2])}
    managers = dict(zip(NAMES, first, strict=True)) | later
    with TemporaryDirectory() as folder:
        async with organisation(Path(folder)) as people:
            for name, manager in zip(NAMES, first, strict=True):
                people.add(name, manager)
            for name, manager, since in stated:
                people.move(name, manager, since)
            await people.fold()
            for who in NAMES:
                await compare(people, who, managers, day)


async def compare(people: Organisation, who: str, managers: dict[str, str | None], day: date | None) -> None:
    """Everything the directory says of somebody, beside what follows from who leads whom."""
    directory = people.directory
    together = await directory.relations_to(asker(who), NAMES, day=day)
    assert together == {owner: await directory.relations(asker(who), owner, day=day) for owner in NAMES}
    below = levels(who, managers)
    for depth in range(len(NAMES) + 1):
        reports = await directory.reports(TENANT, who, day=day, depth=depth, most=len(NAMES))
        assert reports == [person for level in below[1 : depth + 1] for person in sorted(level)]
    peers = {name for name in NAMES if name != who and managers[name] == managers[who] is not None}
    assert set(await directory.peers(TENANT, who, len(NAMES), day=day) or ()) == peers
    led = set().union(*below[1:])
    for owner, found in together.items():
        direct = owner != who and managers[owner] == who
        assert ("self" in found) == (owner == who)
        assert ("manager" in found) == direct
        # In a circle a peer may be above as well; then they are a peer and nothing more.
        assert ("peer" in found) == (owner in peers and not direct)
        assert ("manager_chain" in found) == (owner in led and (owner not in peers or direct))


def levels(who: str, managers: dict[str, str | None]) -> list[set[str]]:
    """Who is how far below somebody, level by level."""
    found = [{who}]
    while found[-1]:
        known = set().union(*found)
        found.append({name for name, manager in managers.items() if manager in found[-1]} - known)
    return found
