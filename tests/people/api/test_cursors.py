"""Cursors stand in addresses and in the logs of proxies: they lead on, and tell nobody's name."""

from __future__ import annotations

import base64

import pytest

from tests.events.canaries import forms
from tests.people.api.house import Client, House, day, refused

NAMES = ("Zaphkiel Whimbrel", "Dotterel Ünïcorn", "Sanderling Wren", "Turnstone Lark")
LISTS = [
    f"/{kind}?sort={sort}" for kind in ("people", "units") for sort in ("name", "-name", "created_at", "updated_at")
]


@pytest.fixture
async def boss(admin: Client) -> str:
    """Four people and four units of the same names, below one person who is away twice."""
    boss = await admin.person("boss")
    for number, name in enumerate(NAMES):
        fields = {"display_name": name, "email": f"p{number}@acme.example", "manager_id": boss}
        await admin.post("/people", fields)
        await admin.unit(name)
    for offset in (10, 20):
        await admin.post(f"/people/{boss}/absences", {"from": day(offset), "to": day(offset)})
    return boss


def tells(cursor: str, name: str) -> bool:
    """Whether a cursor holds a word of the name, in any form, as it is or decoded."""
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    return any(form in held for word in name.split() for form in forms(word) for held in (raw, cursor.encode()))


@pytest.mark.parametrize(
    "path",
    [
        *LISTS,
        *(f"/people/{{boss}}/reports?depth=3&sort={sort}" for sort in ("name", "-name", "created_at", "updated_at")),
        "/people/{boss}/absences?",
    ],
)
async def test_no_cursor_tells_a_name(admin: Client, boss: str, path: str) -> None:
    path, cursors = path.format(boss=boss), []
    page = await admin.get(f"{path}&limit=1")
    while page["next_cursor"] is not None:
        cursors.append(page["next_cursor"])
        page = await admin.get(f"{path}&limit=1&cursor={cursors[-1]}")
    assert cursors
    assert [(one, name) for one in cursors for name in NAMES if tells(one, name)] == []


def test_the_search_finds_a_name() -> None:
    told = base64.urlsafe_b64encode(f'["mark","{NAMES[1].casefold()}","1"]'.encode()).decode()
    assert tells(told, NAMES[1])
    assert tells("sanderling", NAMES[2])


@pytest.mark.parametrize("kind", ["people", "units"])
async def test_a_page_goes_on_where_it_ended_although_its_last_row_was_renamed(
    admin: Client, boss: str, kind: str
) -> None:
    field = {"people": "display_name", "units": "name"}[kind]
    everybody = [one[field] for one in await admin.list(f"/{kind}")]
    page = await admin.get(f"/{kind}?limit=2")
    await admin.patch(f"/{kind}/{page['items'][-1]['id']}", {field: "Zzz"})
    rest = await admin.get(f"/{kind}?cursor={page['next_cursor']}")
    assert [one[field] for one in rest["items"]] == [*everybody[2:], "Zzz"]


@pytest.mark.parametrize("kind", ["people", "units"])
async def test_an_altered_or_borrowed_cursor_is_refused(house: House, admin: Client, boss: str, kind: str) -> None:
    cursor = (await admin.get(f"/{kind}?limit=1"))["next_cursor"]
    other = await house.admin("beta")
    refused(await other.ask("GET", f"/{kind}?cursor={cursor}"), 422, "invalid_cursor")
    for wrong in ("", "A", cursor[:-4], f"{cursor}AAAA", f"AAAA{cursor[4:]}", cursor[::-1]):
        refused(await admin.ask("GET", f"/{kind}?cursor={wrong}"), 422, "invalid_cursor")
    refused(
        await admin.ask("GET", f"/{'units' if kind == 'people' else 'people'}?cursor={cursor}"), 422, "invalid_cursor"
    )


async def test_the_longest_name_has_a_cursor_too(admin: Client) -> None:
    for number in range(2):
        name = "\u0390" * 199 + str(number)
        await admin.post("/people", {"display_name": name, "email": f"long{number}@acme.example"})
    assert len(await admin.list("/people?limit=1")) == 3
