"""Lists of people: every filter alone and together, sorted, in pages that are full."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.people.api.house import MOST, NOBODY, Client, House, day, refused

WRONG = [
    "sort=email", "sort=", "sort=--name", "sort=Name", "sort=name,updated_at", "sort=name&sort=name",
    "state=active,gone", "state=", "state=inactive", "manager_id=me", "manager_id=", "unit_id=1,2", "email=", "q=",
    "q=%07", "external_id=", "limit=0", "limit=501", "limit=x", "cursor=x", "updated_since=yesterday",
    "updated_since=2026-01-01", "updated_since=2026-01-01T00:00:00", "as_of=tomorrow", "name=x", "depth=1",
    "external_id=" + "x" * 101, "email=" + "x" * 255, "manager_id=" + ",".join([NOBODY] * 101),
]  # fmt: skip


@pytest.mark.parametrize("query", WRONG, ids=lambda query: query[:30])
async def test_a_parameter_that_means_nothing_is_refused(admin: Client, query: str) -> None:
    answer = await admin.ask("GET", f"/people?{query}")
    assert (answer.status_code, answer.json()["code"]) in ((422, "invalid_parameter"), (422, "invalid_cursor"))


async def test_a_cursor_is_of_one_list(admin: Client) -> None:
    await admin.person("sam")
    cursor = (await admin.get("/people?limit=1"))["next_cursor"]
    for other in ("sort=-name", "state=active", f"as_of={day(0)}", "updated_since=2026-01-01T00:00:00Z"):
        refused(await admin.ask("GET", f"/people?limit=1&{other}&cursor={cursor}"), 422, "invalid_cursor")


@pytest.fixture
async def staff(house: House, admin: Client) -> dict[str, str]:
    """Eight people, an hour after one another; names in another order than they came in."""
    unit = await admin.unit("Service")
    ids = {"admin": admin.id, "unit": unit}
    for name, manager, at in (
        ("maya lind", None, unit),
        ("sam okafor", "maya", unit),
        ("ben okafor", "maya", None),
        ("zoe adler", "ben", unit),
        ("Émile zola", "ben", None),
        ("kim", "maya", unit),
    ):
        house.clock.move(timedelta(hours=1))
        short = name.split()[0].lower().replace("é", "e")
        fields: dict[str, Any] = {"email": f"{short}@acme.example", "unit_id": at}
        if manager is not None:
            fields["manager_id"] = ids[manager]
        ids[short] = await admin.person(name, **fields, external_id=f"E-{short}")
    await admin.ask("POST", f"/people/{ids['kim']}/deactivate")
    return ids


async def names(asker: Client, query: str, limit: int = 2) -> list[str]:
    """The first names that a list shows, gathered page by page; every page but the last is full."""
    found: list[str] = []
    cursor = ""
    while True:
        page = await asker.get(f"/people?{query}&limit={limit}{cursor}")
        found += [one["display_name"].split()[0] for one in page["items"]]
        if page["next_cursor"] is None:
            return found
        assert len(page["items"]) == limit
        assert len(found) < MOST, "the list has no end"
        cursor = f"&cursor={page['next_cursor']}"


async def test_everybody_is_listed_by_name(admin: Client, staff: dict[str, str]) -> None:
    ordered = ["Ada", "Ben", "Kim", "Maya", "Sam", "Zoe", "Émile"]
    assert await names(admin, "sort=name") == ordered
    assert await names(admin, "sort=name", limit=500) == ordered
    assert await names(admin, "sort=-name", limit=1) == ordered[::-1]
    answer = await admin.ask("GET", "/people?limit=3")
    assert f"cursor={answer.json()['next_cursor']}" in answer.headers["Link"]


async def test_people_are_sorted_by_when_they_came_and_changed(
    house: House, admin: Client, staff: dict[str, str]
) -> None:
    came = ["Ada", "Maya", "Sam", "Ben", "Zoe", "Émile", "Kim"]
    assert await names(admin, "sort=created_at") == came
    assert await names(admin, "sort=-created_at") == came[::-1]
    house.clock.move(timedelta(hours=1))
    await admin.patch(f"/people/{staff['maya']}", {"locale": "en"})
    changed = ["Ada", "Sam", "Ben", "Zoe", "Émile", "Kim", "Maya"]
    assert await names(admin, "sort=updated_at") == changed
    assert await names(admin, "sort=-updated_at&state=active") == ["Maya", "Émile", "Zoe", "Ben", "Sam", "Ada"]


async def test_what_changed_since_is_found(house: House, admin: Client, staff: dict[str, str]) -> None:
    at = (await admin.get(f"/people/{staff['zoe']}"))["updated_at"]
    assert await names(admin, f"updated_since={at}") == ["Kim", "Zoe", "Émile"]
    assert await names(admin, f"updated_since={at}&sort=-updated_at") == ["Kim", "Émile", "Zoe"]
    assert await names(admin, f"updated_since={at}&state=active&q=adler") == ["Zoe"]
    assert await names(admin, "updated_since=2026-06-16T00:00:00Z") == []
    assert await names(admin, "updated_since=2026-06-15T20:00:00%2B02:00") == ["Kim"]
    await admin.patch(f"/people/{staff['maya']}", {"job_title": "Head", "effective_on": day(90)})
    assert "Maya" in await names(admin, f"updated_since={at}")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=okafor", ["Ben", "Sam"]),
        ("q=OKAFOR%20sam", ["Sam"]),
        ("q=%C3%89MILE", ["Émile"]),
        ("q=oka", []),
        ("email=SAM@acme.example", ["Sam"]),
        ("email=sam@acme", []),
        ("external_id=e-SAM", ["Sam"]),
        ("external_id=E-sa", []),
        ("manager_id={maya}", ["Ben", "Kim", "Sam"]),
        ("manager_id={maya},{ben}", ["Ben", "Kim", "Sam", "Zoe", "Émile"]),
        ("manager_id={maya}&state=active", ["Ben", "Sam"]),
        ("manager_id={sam}", []),
        ("unit_id={unit}", ["Kim", "Maya", "Sam", "Zoe"]),
        ("unit_id={unit}&manager_id={ben}", ["Zoe"]),
        ("unit_id={unit}&manager_id={maya}&state=deactivated", ["Kim"]),
        ("state=active", ["Ada", "Ben", "Maya", "Sam", "Zoe", "Émile"]),
        ("state=deactivated", ["Kim"]),
        ("state=active,deactivated&q=kim", ["Kim"]),
        ("manager_id={nobody}", []),
        ("unit_id={nobody}", []),
        ("q=okafor&manager_id={maya}&unit_id={unit}&email=sam@acme.example&external_id=E-sam", ["Sam"]),
    ],
)
async def test_filters_find_what_all_of_them_name(
    admin: Client, staff: dict[str, str], query: str, found: list[str]
) -> None:
    filled = query.format(**staff, nobody=NOBODY)
    assert await names(admin, filled) == found
    assert await names(admin, f"{filled}&sort=-name", limit=1) == found[::-1]
    assert sorted(await names(admin, f"{filled}&sort=updated_at")) == sorted(found)


async def test_who_was_here_on_a_day_is_found_by_that_day(house: House, admin: Client, staff: dict[str, str]) -> None:
    house.clock.move(timedelta(days=10))
    await admin.ask("POST", f"/people/{staff['kim']}/reactivate")
    await admin.ask("POST", f"/people/{staff['sam']}/deactivate")
    states = {"active": (-1, 10), "deactivated": (0, 9)}
    for state, offsets in states.items():
        for offset in offsets:
            shown = await admin.list(f"/people?q=kim&as_of={day(offset)}")
            assert [one["state"] for one in shown] == [state]
            assert await names(admin, f"q=kim&state={state}&as_of={day(offset)}") == ["Kim"]
    assert await names(admin, f"state=deactivated&as_of={day(5)}") == ["Kim"]
    assert await names(admin, f"state=deactivated&as_of={day(10)}") == ["Sam"]
    assert await names(admin, f"state=active&manager_id={staff['maya']}&as_of={day(5)}") == ["Ben", "Sam"]


async def test_pages_stay_full_where_most_have_moved_on(house: House, admin: Client) -> None:
    """A hundred and fifty were once Maya's; of them every tenth still is."""
    maya, kim = await admin.person("maya"), await admin.person("kim")
    people = [await admin.person(f"p{number:03}", manager_id=maya) for number in range(150)]
    for number, person in enumerate(people):
        if number % 10:
            await admin.patch(f"/people/{person}", {"manager_id": kim})
    expected = [f"P{number:03}" for number in range(0, 150, 10)]
    for limit in (1, 4, 14, 15, 16, 500):
        assert await names(admin, f"manager_id={maya}", limit=limit) == expected
    assert await names(admin, f"manager_id={maya}&sort=-name", limit=4) == expected[::-1]
    assert len(await names(admin, f"manager_id={maya}&as_of={day(-1)}", limit=50)) == 150
