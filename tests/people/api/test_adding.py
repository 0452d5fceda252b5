"""Adding people: what is refused leaves nothing behind, what is taken is there at once and once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.people.api.house import NOBODY, Client, House, day, made, read, refused

PLANTED = "Alice Example"
NEW = {"display_name": "Sam Okafor", "email": "sam@acme.example"}
WRONG = [
    ({"display_name": None}, 400, "invalid_body"),
    ({"display_name": 7}, 400, "invalid_body"),
    ({"display_name": ""}, 422, "invalid_value"),
    ({"display_name": "   "}, 422, "invalid_value"),
    ({"display_name": "x" * 201}, 422, "invalid_value"),
    ({"display_name": f"{PLANTED}\x07"}, 422, "invalid_value"),
    ({"email": PLANTED}, 422, "invalid_email"),
    ({"email": "a@b@c"}, 422, "invalid_email"),
    ({"email": f"{'a' * 251}@b.c"}, 422, "invalid_value"),
    ({"email": None}, 400, "invalid_body"),
    ({"job_title": "x" * 201}, 422, "invalid_value"),
    ({"job_title": ["x"]}, 400, "invalid_body"),
    ({"manager_id": PLANTED}, 422, "invalid_value"),
    ({"manager_id": NOBODY}, 422, "unknown_manager"),
    ({"unit_id": NOBODY}, 422, "unknown_unit"),
    ({"unit_id": 1}, 400, "invalid_body"),
    ({"roles": ["employee"]}, 422, "invalid_value"),
    ({"roles": [PLANTED]}, 422, "invalid_value"),
    ({"roles": "admin"}, 400, "invalid_body"),
    ({"roles": ["admin"] * 11}, 422, "invalid_value"),
    ({"external_id": "x" * 101}, 422, "invalid_value"),
    ({"external_id": 4711}, 400, "invalid_body"),
    ({"hired_on": "01.02.2020"}, 422, "invalid_value"),
    ({"hired_on": "1899-12-31"}, 422, "invalid_value"),
    ({"hired_on": "2029-01-01"}, 422, "implausible_hired_on"),
    ({"locale": "en_GB"}, 422, "invalid_locale"),
    ({"locale": PLANTED}, 422, "invalid_locale"),
    ({"timezone": "Mars/Olympus"}, 422, "unknown_timezone"),
    ({"timezone": "../etc/passwd"}, 422, "unknown_timezone"),
    ({"timezone": "localtime"}, 422, "unknown_timezone"),
    ({"effective_on": "2026-02-30"}, 422, "invalid_value"),
    ({"effective_on": "2026-07-01"}, 422, "effective_on_without_position"),
    ({"external_ref": "hr/4711"}, 400, "invalid_body"),
    ({"external_ref": {"system": "hr"}}, 400, "invalid_body"),
    ({"external_ref": {"system": "HR", "id": "1"}}, 422, "invalid_value"),
    ({"external_ref": {"system": "h" * 65, "id": "1"}}, 422, "invalid_value"),
    ({"external_ref": {"system": "hr", "id": "x" * 201}}, 422, "invalid_value"),
    ({"external_ref": {"system": "hr", "id": "a\nb"}}, 422, "invalid_value"),
    ({"external_ref": {"system": "hr", "id": "1", "url": "javascript:alert(1)"}}, 422, "invalid_value"),
    ({"external_ref": {"system": "hr", "id": "1", "key": PLANTED}}, 400, "invalid_body"),
    ({"state": "deactivated"}, 400, "invalid_body"),
    ({"id": NOBODY}, 400, "invalid_body"),
]


@pytest.mark.parametrize(("fields", "status", "code"), WRONG, ids=lambda value: str(value)[:50])
async def test_somebody_who_cannot_be_is_refused_and_leaves_nothing(
    house: House, admin: Client, fields: dict[str, Any], status: int, code: str
) -> None:
    before = await house.facts()
    answer = await admin.ask("POST", "/people", {**NEW, **fields})
    refused(answer, status, code)
    assert PLANTED not in answer.text
    assert await house.facts() == before


async def test_only_administrators_add_people(house: House, admin: Client) -> None:
    for roles in ([], ["hr_partner", "compliance", "service"]):
        sam = house.as_(await admin.person(f"sam{len(roles)}", roles=roles))
        refused(await sam.ask("POST", "/people", {**NEW, "email": "x@y"}), 403, "forbidden")


async def test_somebody_is_added_as_described(house: House, admin: Client) -> None:
    maya, unit = await admin.person("maya"), await admin.unit("Service")
    body = {
        **NEW,
        "display_name": "  Sam Okafor ",
        "manager_id": maya.upper(),
        "unit_id": unit,
        "job_title": "Agent",
        "roles": ["hr_partner", "hr_partner"],
        "external_id": "E-17",
        "hired_on": "2025-03-01",
        "locale": "en-GB",
        "timezone": "Europe/London",
        "external_ref": {"system": "hr", "id": "47:11 ö", "url": "https://hr.example/47"},
    }
    answer = await admin.ask("POST", "/people", body)
    sam = made(answer)
    assert answer.headers["Location"] == f"/people/{sam['id']}"
    assert (answer.headers["ETag"], answer.headers["Cairn-Position"].split(":")[0]) == ('"1"', "people")
    described = {**body, "display_name": "Sam Okafor", "manager_id": maya, "roles": ["employee", "hr_partner"]}
    assert sam.items() >= described.items()
    assert (sam["version"], sam["state"], sam["upcoming"], sam["erased"]) == (1, "active", [], [])
    assert (sam["created_by"], sam["updated_by"]) == (admin.id, admin.id)
    assert sam["allowed_actions"] == ["change", "change_settings", "plan_absence", "deactivate", "erase"]
    read_back = await admin.ask("GET", f"/people/{sam['id']}")
    assert (read(read_back), read_back.headers["ETag"]) == (sam, '"1"')
    assert (await house.as_(sam["id"]).get("/me")).items() >= described.items()


async def test_somebody_may_begin_later(house: House, admin: Client) -> None:
    maya = await admin.person("maya")
    sam = await admin.post("/people", {**NEW, "manager_id": maya, "effective_on": day(30)})
    assert (sam["manager_id"], sam["job_title"]) == (None, None)
    begins = {"effective_on": day(30), "manager_id": maya, "unit_id": None, "job_title": None}
    assert sam["upcoming"] == [begins]
    assert await admin.list(f"/people?manager_id={maya}") == []
    [then] = await admin.list(f"/people?manager_id={maya}&as_of={day(30)}")
    assert (then["id"], then["manager_id"], then["upcoming"]) == (sam["id"], maya, [])


async def test_an_address_is_one_persons(house: House, admin: Client) -> None:
    await admin.post("/people", NEW)
    before = await house.facts()
    refused(await admin.ask("POST", "/people", {**NEW, "email": "SAM@Acme.example"}), 409, "email_taken")
    assert await house.facts() == before


async def test_an_outside_record_is_one_persons(house: House, admin: Client) -> None:
    reference = {"external_ref": {"system": "hr", "id": "1"}}
    await admin.person("sam", **reference)
    before = await house.facts()
    body = {"display_name": "Kim", "email": "kim@acme.example", **reference}
    refused(await admin.ask("POST", "/people", body), 409, "reference_taken")
    assert await house.facts() == before
    # A unit may stand for the record of the same name.
    await admin.unit("Sales", **reference)
    await admin.person("kim", external_ref={"system": "hr2", "id": "1"})


async def test_of_many_who_claim_one_address_at_once_one_gets_it(admin: Client) -> None:
    bodies = [{"display_name": f"Sam {number}", "email": "Sam@acme.example"} for number in range(8)]
    answers = await asyncio.gather(*(admin.ask("POST", "/people", body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert len(await admin.list("/people?email=sam@acme.example")) == 1


async def test_a_repeated_request_is_answered_as_the_first_was(house: House, admin: Client) -> None:
    first = await admin.ask("POST", "/people", NEW, Idempotency_Key="k1")
    sam = made(first)["id"]
    before = await house.facts()
    again = await admin.ask("POST", "/people", NEW, Idempotency_Key="k1")
    assert (again.status_code, again.content, again.headers["Location"]) == (201, first.content, f"/people/{sam}")
    assert again.headers["Cairn-Position"] == first.headers["Cairn-Position"]
    await admin.patch(f"/people/{sam}", {"display_name": "Sam Two"})
    again = await admin.ask("POST", "/people", NEW, Idempotency_Key="k1")
    assert (made(again)["display_name"], again.headers["ETag"]) == ("Sam Okafor", '"1"')
    other = {**NEW, "display_name": "Kim"}
    refused(await admin.ask("POST", "/people", other, Idempotency_Key="k1"), 422, "idempotency_key_reused")
    assert await house.facts() == [*before, "people.person-changed.v2"]
