"""Changing people: who may, what is refused, what moves with it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.people.api.house import NOBODY, Client, House, read, refused

WRONG = [
    ({"display_name": None}, 422, "invalid_value"),
    ({"display_name": ""}, 422, "invalid_value"),
    ({"email": None}, 422, "invalid_value"),
    ({"email": "nobody"}, 422, "invalid_email"),
    ({"email": 1}, 400, "invalid_body"),
    ({"manager_id": NOBODY}, 422, "unknown_manager"),
    ({"manager_id": "x"}, 422, "invalid_value"),
    ({"unit_id": NOBODY}, 422, "unknown_unit"),
    ({"roles": ["root"]}, 422, "invalid_value"),
    ({"hired_on": "2999-01-01"}, 422, "implausible_hired_on"),
    ({"locale": "x"}, 422, "invalid_locale"),
    ({"timezone": "Nowhere"}, 422, "unknown_timezone"),
    ({"effective_on": "2026-07-01"}, 422, "effective_on_without_position"),
    ({"effective_on": "2026-07-01", "display_name": "X"}, 422, "effective_on_without_position"),
    ({"effective_on": "soon", "manager_id": None}, 422, "invalid_value"),
    ({"external_ref": {"system": "hr"}}, 422, "incomplete_reference"),
    ({"external_ref": {"system": "hr", "id": None}}, 422, "invalid_value"),
    ({"external_ref": {"system": "H R", "id": "1"}}, 422, "invalid_value"),
    ({"state": "active"}, 400, "invalid_body"),
    ([], 400, "invalid_body"),
]


@pytest.mark.parametrize(("body", "status", "code"), WRONG, ids=str)
async def test_a_change_that_cannot_be_is_refused_and_changes_nothing(
    house: House, admin: Client, body: Any, status: int, code: str
) -> None:
    sam = await admin.person("sam")
    before = await house.facts()
    refused(await admin.ask("PATCH", f"/people/{sam}", body), status, code)
    assert await house.facts() == before


async def test_nobody_is_changed_who_is_not_there(admin: Client) -> None:
    refused(await admin.ask("PATCH", f"/people/{NOBODY}", {"locale": "en"}), 404, "person_not_found")
    refused(await admin.ask("PATCH", "/people/sam", {"locale": "en"}), 404, "not_found")


async def test_people_change_their_own_settings_and_nothing_else(house: House, admin: Client) -> None:
    sam, kim = await admin.person("sam"), await admin.person("kim", roles=["hr_partner"])
    own = house.as_(sam)
    for body in ({"display_name": "S"}, {"job_title": "CEO"}, {"roles": ["admin"]}, {"locale": "en", "email": "s@x"}):
        refused(await own.ask("PATCH", f"/people/{sam}", body), 403, "forbidden")
    refused(await own.ask("PATCH", f"/people/{kim}", {"locale": "en"}), 403, "forbidden")
    refused(await house.as_(kim).ask("PATCH", f"/people/{sam}", {"locale": "en"}), 403, "forbidden")
    refused(await own.ask("PATCH", f"/people/{NOBODY}", {"locale": "en"}), 404, "person_not_found")
    changed = await own.patch(f"/people/{sam}", {"locale": "de-AT", "timezone": "Europe/Vienna"})
    assert (changed["locale"], changed["timezone"], changed["version"]) == ("de-AT", "Europe/Vienna", 2)
    assert changed["updated_by"] == sam
    cleared = await own.patch(f"/people/{sam}", {"locale": None})
    assert (cleared["locale"], cleared["timezone"]) == (None, "Europe/Vienna")


async def test_a_managers_word_changes_no_person(house: House, admin: Client) -> None:
    maya = await admin.person("maya")
    sam = await admin.person("sam", manager_id=maya)
    refused(await house.as_(maya).ask("PATCH", f"/people/{sam}", {"locale": "en"}), 403, "forbidden")


async def test_what_is_left_out_stays_and_null_clears(house: House, admin: Client) -> None:
    full = {"job_title": "Agent", "external_id": "E1", "hired_on": "2020-01-01", "locale": "en", "roles": ["service"]}
    sam = await admin.person("sam", **full, external_ref={"system": "hr", "id": "1"})
    before = await house.facts()
    answer = await admin.ask("PATCH", f"/people/{sam}", {})
    assert (read(answer)["version"], answer.headers["ETag"]) == (1, '"1"')
    same = {"locale": "en", "roles": ["service"], "external_ref": {"id": "1"}, "job_title": "Agent"}
    assert read(await admin.ask("PATCH", f"/people/{sam}", same))["version"] == 1
    assert await house.facts() == before
    changed = await admin.patch(f"/people/{sam}", {"external_id": None, "external_ref": {"url": "https://hr.example"}})
    assert (changed["external_id"], changed["hired_on"], changed["job_title"]) == (None, "2020-01-01", "Agent")
    assert changed["external_ref"] == {"system": "hr", "id": "1", "url": "https://hr.example"}
    cleared = await admin.patch(
        f"/people/{sam}", {"external_ref": None, "hired_on": None, "job_title": None, "roles": None}
    )
    assert [cleared[name] for name in ("external_ref", "hired_on", "job_title")] == [None] * 3
    assert cleared["roles"] == ["employee"]
    assert await admin.get(f"/people/{sam}") == cleared
    assert (await house.facts())[len(before) :] == [
        "people.person-changed.v2",
        "people.person-changed.v2",
        "people.position-changed.v1",
        "people.role-revoked.v1",
        "people.reference-released.v1",
    ]


async def test_a_stale_change_is_refused(house: House, admin: Client) -> None:
    sam = await admin.person("sam")
    await admin.patch(f"/people/{sam}", {"locale": "en"}, If_Match='"1"')
    before = await house.facts()
    stale = await admin.ask("PATCH", f"/people/{sam}", {"locale": "de"}, If_Match='"1"')
    refused(stale, 412, "precondition_failed")
    assert await house.facts() == before


# --- addresses and references -----------------------------------------------------------------------------------


async def test_a_new_address_frees_the_old_one(admin: Client) -> None:
    sam, kim = await admin.person("sam"), await admin.person("kim")
    refused(await admin.ask("PATCH", f"/people/{sam}", {"email": "KIM@acme.example"}), 409, "email_taken")
    await admin.patch(f"/people/{sam}", {"email": "sam2@acme.example"})
    await admin.patch(f"/people/{kim}", {"email": "sam@acme.example"})
    assert [one["id"] for one in await admin.list("/people?email=sam@acme.example")] == [kim]
    assert [one["id"] for one in await admin.list("/people?email=sam2@acme.example")] == [sam]
    await admin.person("kim")


async def test_another_spelling_is_the_same_address(house: House, admin: Client) -> None:
    sam = await admin.person("sam")
    changed = await admin.patch(f"/people/{sam}", {"email": "Sam@Acme.example"})
    assert changed["email"] == "Sam@Acme.example"
    assert (await house.facts())[-1] == "people.person-changed.v2"
    refused(await admin.ask("POST", "/people", {"display_name": "S", "email": "sam@acme.example"}), 409, "email_taken")


async def test_who_is_found_by_an_address_on_the_machine_is_who_has_it_now(house: House, admin: Client) -> None:
    sam = await admin.person("sam")
    await admin.patch(f"/people/{sam}", {"email": "sam2@acme.example"})
    handlers = house.service.handlers
    assert await handlers.identify("acme", None, "sam2@acme.example", ["service"]) == sam
    other = await handlers.identify("acme", None, "sam@acme.example", [])
    assert other != sam


async def test_two_people_swap_addresses_at_once_and_nobody_loses_theirs(admin: Client) -> None:
    """Neither can have the other's while that one has it, so both are refused, however they race."""
    sam, kim = await admin.person("sam"), await admin.person("kim")
    answers = await asyncio.gather(
        admin.ask("PATCH", f"/people/{sam}", {"email": "kim@acme.example"}),
        admin.ask("PATCH", f"/people/{kim}", {"email": "sam@acme.example"}),
    )
    assert [answer.status_code for answer in answers] == [409, 409]


async def test_of_many_who_take_a_free_address_at_once_one_gets_it(admin: Client) -> None:
    people = [await admin.person(f"p{number}") for number in range(6)]
    answers = await asyncio.gather(
        *(admin.ask("PATCH", f"/people/{one}", {"email": "new@acme.example"}) for one in people)
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    [holder] = await admin.list("/people?email=new@acme.example")
    for one in set(people) - {holder["id"]}:
        assert (await admin.get(f"/people/{one}"))["version"] == 1


async def test_a_released_reference_can_be_claimed_by_another(admin: Client) -> None:
    reference = {"system": "hr", "id": "1"}
    sam, kim = await admin.person("sam", external_ref=reference), await admin.person("kim")
    refused(await admin.ask("PATCH", f"/people/{kim}", {"external_ref": reference}), 409, "reference_taken")
    await admin.patch(f"/people/{sam}", {"external_ref": {"id": "2"}})
    changed = await admin.patch(f"/people/{kim}", {"external_ref": reference})
    assert changed["external_ref"] == {**reference, "url": None}


async def test_roles_work_from_the_next_request_on(house: House, admin: Client) -> None:
    sam = await admin.person("sam")
    refused(await house.as_(sam).ask("POST", "/units", {"name": "U"}), 403, "forbidden")
    assert (await admin.patch(f"/people/{sam}", {"roles": ["admin"]}))["roles"] == ["employee", "admin"]
    await house.as_(sam).unit("U")
    await admin.patch(f"/people/{sam}", {"roles": []})
    refused(await house.as_(sam).ask("POST", "/units", {"name": "V"}), 403, "forbidden")
