"""Who works below somebody: level by level, on a day, in pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.people.queries import reports as queries
from tests.people.api.house import MOST, NOBODY, Client, House, day, refused


@pytest.fixture
async def tree(admin: Client) -> dict[str, str]:
    """Ceo over Bea and Abe; Abe over Dan and Cyd; Cyd over Eve; Bea over Fay."""
    ids: dict[str, str] = {}
    for name, above in (
        ("ceo", None), ("bea", "ceo"), ("abe", "ceo"), ("dan", "abe"), ("cyd", "abe"), ("eve", "cyd"), ("fay", "bea"),
    ):  # fmt: skip
        ids[name] = await admin.person(name, **({"manager_id": ids[above]} if above else {}))
    return ids


async def below(asker: Client, person: str, query: str = "", limit: int = 50) -> list[tuple[str, int]]:
    """Names and levels of everybody who is shown, gathered page by page."""
    found: list[tuple[str, int]] = []
    cursor = ""
    while True:
        page = await asker.get(f"/people/{person}/reports?limit={limit}{query}{cursor}")
        found += [(one["display_name"], one["level"]) for one in page["items"]]
        if page["next_cursor"] is None:
            return found
        assert len(page["items"]) == limit
        assert len(found) < MOST, "the list has no end"
        cursor = f"&cursor={page['next_cursor']}"


async def test_what_cannot_be_asked_is_refused(admin: Client) -> None:
    for wrong in (
        "depth=0",
        "depth=21",
        "depth=x",
        "depth=-1",
        "depth=1.0",
        "depth=",
        "sort=level",
        "updated_since=1",
        "cursor=x",
    ):
        answer = await admin.ask("GET", f"/people/{admin.id}/reports?{wrong}")
        assert (answer.status_code, answer.json()["code"].partition("_")[0]) == (422, "invalid")
    refused(await admin.ask("GET", f"/people/{NOBODY}/reports"), 404, "person_not_found")
    refused(await admin.ask("GET", "/people/me/reports"), 404, "not_found")


async def test_a_cursor_belongs_to_its_list(admin: Client, tree: dict[str, str]) -> None:
    path = f"/people/{tree['ceo']}/reports?limit=1"
    cursor = (await admin.get(path))["next_cursor"]
    refused(await admin.ask("GET", f"{path}&depth=2&cursor={cursor}"), 422, "invalid_cursor")
    refused(await admin.ask("GET", f"{path}&as_of={day(0)}&cursor={cursor}"), 422, "invalid_cursor")
    other = f"/people/{tree['abe']}/reports?limit=1&cursor={cursor}"
    refused(await admin.ask("GET", other), 422, "invalid_cursor")


async def test_people_are_shown_down_the_lines_with_their_level(admin: Client, tree: dict[str, str]) -> None:
    everybody = [("Abe", 1), ("Cyd", 2), ("Eve", 3), ("Dan", 2), ("Bea", 1), ("Fay", 2)]
    ceo = tree["ceo"]
    assert await below(admin, ceo) == [("Abe", 1), ("Bea", 1)]
    assert await below(admin, ceo, "&depth=2") == [one for one in everybody if one[1] < 3]
    for depth in (3, 20):
        for limit in (1, 2, 3, 5, 6, 500):
            assert await below(admin, ceo, f"&depth={depth}", limit) == everybody
    assert await below(admin, tree["cyd"], "&depth=20") == [("Eve", 1)]
    assert await below(admin, tree["eve"], "&depth=20") == []
    answer = await admin.ask("GET", f"/people/{ceo}/reports?limit=1")
    assert f"cursor={answer.json()['next_cursor']}" in answer.headers["Link"]


async def test_a_report_is_a_person(house: House, admin: Client, tree: dict[str, str]) -> None:
    [eve] = await admin.list(f"/people/{tree['cyd']}/reports")
    assert eve == {**await admin.get(f"/people/{tree['eve']}"), "level": 1}
    seen = {one["id"]: one for one in await house.as_(tree["abe"]).list(f"/people/{tree['ceo']}/reports?depth=3")}
    shown = {name for name, person in tree.items() if "hired_on" in seen.get(person, {})}
    assert shown == {"abe", "cyd", "dan", "eve"}


async def test_lines_are_those_of_the_day(house: House, admin: Client, tree: dict[str, str]) -> None:
    await admin.patch(f"/people/{tree['cyd']}", {"manager_id": tree["bea"], "effective_on": day(10)})
    before = [("Abe", 1), ("Cyd", 2), ("Eve", 3), ("Dan", 2), ("Bea", 1), ("Fay", 2)]
    after = [("Abe", 1), ("Dan", 2), ("Bea", 1), ("Cyd", 2), ("Eve", 3), ("Fay", 2)]
    ceo = tree["ceo"]
    for limit in (1, 50):
        assert await below(admin, ceo, "&depth=9", limit) == before
        assert await below(admin, ceo, f"&depth=9&as_of={day(9)}", limit) == before
        assert await below(admin, ceo, f"&depth=9&as_of={day(10)}", limit) == after
    house.clock.move(timedelta(days=10))
    assert await below(admin, ceo, "&depth=9") == after
    assert await below(admin, ceo, f"&depth=9&as_of={day(0)}") == before


async def test_who_has_left_is_left_out_and_whom_they_lead_is_not(
    house: House, admin: Client, tree: dict[str, str]
) -> None:
    house.clock.move(timedelta(days=2))
    await admin.ask("POST", f"/people/{tree['abe']}/deactivate")
    left = [("Cyd", 2), ("Eve", 3), ("Dan", 2), ("Bea", 1), ("Fay", 2)]
    for limit in (1, 2, 50):
        assert await below(admin, tree["ceo"], "&depth=9", limit) == left
        assert await below(admin, tree["ceo"], f"&depth=9&as_of={day(1)}", limit) == [
            ("Abe", 1),
            *left,
        ]
    assert await below(admin, tree["ceo"]) == [("Bea", 1)]
    assert await below(admin, tree["abe"]) == [("Cyd", 1), ("Dan", 1)]


async def test_a_page_goes_on_where_it_ended_although_people_move(admin: Client, tree: dict[str, str]) -> None:
    path = f"/people/{tree['ceo']}/reports?depth=9&limit=2"
    page = await admin.get(path)
    assert [one["display_name"] for one in page["items"]] == ["Abe", "Cyd"]
    await admin.patch(f"/people/{tree['cyd']}", {"manager_id": tree["fay"]})
    await admin.patch(f"/people/{tree['abe']}", {"display_name": "Zed"})
    rest: list[Any] = []
    while page["next_cursor"] is not None and len(rest) < MOST:
        page = await admin.get(f"{path}&cursor={page['next_cursor']}")
        rest += [one["display_name"] for one in page["items"]]
    # Nobody who stayed is missed: below Cyd, then below Abe, then what follows Abe by the new name.
    assert rest == ["Eve", "Dan"]
    fresh = [one["display_name"] for one in await admin.list(f"/people/{tree['ceo']}/reports?depth=9")]
    assert fresh == ["Bea", "Fay", "Cyd", "Eve", "Zed", "Dan"]


async def test_many_reports_come_in_pages(admin: Client) -> None:
    boss = await admin.person("boss")
    for number in range(120):
        await admin.person(f"p{number:03}", manager_id=boss)
    expected = [(f"P{number:03}", 1) for number in range(120)]
    for limit in (7, 100, 120, 500):
        assert await below(admin, boss, "&depth=3", limit) == expected


# --- in other orders, and since a time --------------------------------------------------------------------------


async def hires(house: House, admin: Client) -> dict[str, str]:
    """As `tree`, but each a minute after another, and Bea changed last."""
    ids: dict[str, str] = {}
    for name, above in (
        ("ceo", None), ("bea", "ceo"), ("abe", "ceo"), ("dan", "abe"), ("cyd", "abe"), ("eve", "cyd"), ("fay", "bea"),
    ):  # fmt: skip
        house.clock.move(timedelta(minutes=1))
        ids[name] = await admin.person(name, **({"manager_id": ids[above]} if above else {}))
    house.clock.move(timedelta(minutes=1))
    await admin.patch(f"/people/{ids['bea']}", {"locale": "en"})
    return ids


ORDERS = {
    "name": ["Abe", "Cyd", "Eve", "Dan", "Bea", "Fay"],
    "-name": ["Bea", "Fay", "Abe", "Dan", "Cyd", "Eve"],
    "created_at": ["Bea", "Fay", "Abe", "Dan", "Cyd", "Eve"],
    "-created_at": ["Abe", "Cyd", "Eve", "Dan", "Bea", "Fay"],
    "updated_at": ["Abe", "Dan", "Cyd", "Eve", "Bea", "Fay"],
    "-updated_at": ["Bea", "Fay", "Abe", "Cyd", "Eve", "Dan"],
}


async def test_those_of_one_person_come_in_the_order_asked_for(house: House, admin: Client) -> None:
    people = await hires(house, admin)
    for sort, expected in ORDERS.items():
        for limit in (1, 2, 4, 500):
            found = await below(admin, people["ceo"], f"&depth=9&sort={sort}", limit)
            assert [name for name, _ in found] == expected, (sort, limit)


@pytest.mark.parametrize("depth", [1, 2, 3, 9])
async def test_who_changed_since_is_found_below_who_did_not(house: House, admin: Client, depth: int) -> None:
    people = await hires(house, admin)
    levels = {"Abe": 1, "Bea": 1, "Cyd": 2, "Dan": 2, "Fay": 2, "Eve": 3}
    everybody = await admin.list(f"/people/{people['ceo']}/reports?depth={depth}")
    assert {one["display_name"] for one in everybody} == {name for name, level in levels.items() if level <= depth}
    for time in sorted({one["updated_at"] for one in everybody}):
        changed = {one["display_name"] for one in everybody if one["updated_at"] >= time}
        for sort, expected in ORDERS.items():
            for limit in (1, 2, 500):
                query = f"&depth={depth}&sort={sort}&updated_since={time}"
                found = await below(admin, people["ceo"], query, limit)
                assert [name for name, _ in found] == [name for name in expected if name in changed], (sort, time)


async def test_nobody_is_missed_while_people_change(house: House, admin: Client) -> None:
    people = await hires(house, admin)
    path = f"/people/{people['ceo']}/reports?depth=9&limit=1&sort=updated_at"
    page = await admin.get(path)
    assert [one["display_name"] for one in page["items"]] == ["Abe"]
    house.clock.move(timedelta(minutes=1))
    await admin.patch(f"/people/{people['abe']}", {"locale": "de"})
    rest: list[str] = []
    while page["next_cursor"] is not None and len(rest) < MOST:
        page = await admin.get(f"{path}&cursor={page['next_cursor']}")
        rest += [one["display_name"] for one in page["items"]]
    # Who changed comes again, with those below, because they stand at the end now.
    assert rest == ["Dan", "Cyd", "Eve", "Bea", "Fay", "Abe", "Dan", "Cyd", "Eve"]


async def test_a_page_that_takes_too_much_looking_ends_early(
    house: House, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_LOOKED_AT", 2)
    people = await hires(house, admin)
    since = (await admin.get(f"/people/{people['bea']}"))["updated_at"]
    path = f"/people/{people['ceo']}/reports?depth=9&updated_since={since}"
    page = await admin.get(path)
    pages = [page["items"]]
    while page["next_cursor"] is not None:
        page = await admin.get(f"{path}&cursor={page['next_cursor']}")
        pages.append(page["items"])
        assert len(pages) < MOST
    assert [[one["display_name"] for one in items] for items in pages] == [[], [], ["Bea"], []]
