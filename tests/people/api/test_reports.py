"""Who works below somebody: level by level, on a day, in pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

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
    for wrong in ("depth=0", "depth=21", "depth=x", "depth=-1", "depth=1.0", "depth=", "sort=name", "cursor=x"):
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
