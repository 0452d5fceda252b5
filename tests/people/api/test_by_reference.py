"""`PUT …/by-ref/…`: another system says who there is, once or again and again, one at a time or all at once."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from tests.people.api.house import NOBODY, Client, House, day, made, read, refused

SAM = {"display_name": "Sam", "email": "sam@acme.example"}


def person(external_id: str, system: str = "hr") -> str:
    return f"/people/by-ref/{system}/{quote(external_id, safe='')}"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/people/by-ref/HR/1", SAM, 404, "not_found"),
        ("/people/by-ref/-hr/1", SAM, 404, "not_found"),
        (f"/people/by-ref/{'h' * 65}/1", SAM, 404, "not_found"),
        (f"/people/by-ref/hr/{'x' * 201}", SAM, 404, "not_found"),
        ("/people/by-ref/hr/%20", SAM, 404, "not_found"),
        ("/people/by-ref/hr/a%00b", SAM, 404, "not_found"),
        ("/people/by-ref/hr", SAM, 404, "not_found"),
        ("/people/by-ref/hr/1", {}, 400, "invalid_body"),
        ("/people/by-ref/hr/1", {"display_name": "Sam"}, 400, "invalid_body"),
        ("/people/by-ref/hr/1", {**SAM, "email": "sam"}, 422, "invalid_email"),
        ("/people/by-ref/hr/1", {**SAM, "manager_id": NOBODY}, 422, "unknown_manager"),
        ("/people/by-ref/hr/1", {**SAM, "external_ref": {"id": "2"}}, 422, "invalid_value"),
        ("/people/by-ref/hr/1", {**SAM, "external_ref": {"system": "crm"}}, 422, "invalid_value"),
        ("/people/by-ref/hr/1", {**SAM, "state": "active"}, 400, "invalid_body"),
        ("/units/by-ref/hr/1", {}, 400, "invalid_body"),
        ("/units/by-ref/hr/1", {"name": "S", "parent_id": NOBODY}, 422, "unknown_unit"),
        ("/units/by-ref/hr/1", {"name": "S", "external_ref": {"id": "2"}}, 422, "invalid_value"),
        ("/units/by-ref/HR/1", {"name": "S"}, 404, "not_found"),
    ],
)
async def test_what_cannot_be_is_refused(
    house: House, admin: Client, path: str, body: Any, status: int, code: str
) -> None:
    before = await house.facts()
    refused(await admin.ask("PUT", path, body), status, code)
    assert await house.facts() == before


async def test_only_administrators_put(house: House, admin: Client) -> None:
    kim = house.as_(await admin.person("kim"))
    refused(await kim.ask("PUT", person("1"), SAM), 403, "forbidden")
    refused(await kim.ask("PUT", "/units/by-ref/hr/1", {"name": "S"}), 403, "forbidden")


async def test_a_person_is_added_then_changed(house: House, admin: Client) -> None:
    maya = await admin.person("maya")
    full = {**SAM, "job_title": "Agent", "locale": "en", "external_ref": {"url": "https://hr.example/1"}}
    added = await admin.ask("PUT", person("1"), full)
    sam = made(added)
    assert added.headers["Location"] == f"/people/{sam['id']}"
    assert sam["external_ref"] == {"system": "hr", "id": "1", "url": "https://hr.example/1"}
    before = await house.facts()
    again = await admin.ask("PUT", person("1"), full)
    assert (read(again), "Location" in again.headers) == (sam, False)
    assert await house.facts() == before
    body = {**SAM, "display_name": "Sam O.", "manager_id": maya, "effective_on": day(5), "roles": ["service"]}
    changed = read(await admin.ask("PUT", person("1"), body))
    assert (changed["id"], changed["display_name"], changed["roles"]) == (sam["id"], "Sam O.", ["employee", "service"])
    # What the body leaves out stays.
    assert (changed["job_title"], changed["locale"], changed["external_ref"]) == ("Agent", "en", sam["external_ref"])
    assert [(one["effective_on"], one["manager_id"]) for one in changed["upcoming"]] == [(day(5), maya)]
    cleared = read(await admin.ask("PUT", person("1"), {**SAM, "external_ref": {"url": None}}))
    assert cleared["external_ref"]["url"] is None


@pytest.mark.parametrize("external_id", ["4711", "a b", "ä€𝄞", "a%2Fb?c#d&e=f", "..x", "O'Neil;--", "x" * 200])
async def test_an_id_may_hold_anything_but_a_slash(admin: Client, external_id: str) -> None:
    sam = made(await admin.ask("PUT", person(external_id), SAM))
    assert sam["external_ref"]["id"] == external_id
    assert read(await admin.ask("PUT", person(external_id), SAM))["id"] == sam["id"]


async def test_systems_and_kinds_are_kept_apart(admin: Client) -> None:
    ids = {
        made(await admin.ask("PUT", person("1"), SAM))["id"],
        made(await admin.ask("PUT", person("1", "crm"), {**SAM, "email": "s2@acme.example"}))["id"],
        made(await admin.ask("PUT", "/units/by-ref/hr/1", {"name": "S"}))["id"],
        made(await admin.ask("PUT", "/units/by-ref/crm/1", {"name": "S"}))["id"],
    }
    assert len(ids) == 4


async def test_who_was_added_by_hand_is_found_by_their_record(admin: Client) -> None:
    sam = await admin.person("sam", external_ref={"system": "hr", "id": "1"})
    assert read(await admin.ask("PUT", person("1"), SAM))["id"] == sam
    await admin.patch(f"/people/{sam}", {"external_ref": None})
    refused(await admin.ask("PUT", person("1"), SAM), 409, "email_taken")


async def test_a_repeated_request_is_answered_as_the_first_was(house: House, admin: Client) -> None:
    first = await admin.ask("PUT", person("1"), SAM, Idempotency_Key="k")
    before = await house.facts()
    again = await admin.ask("PUT", person("1"), SAM, Idempotency_Key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert await house.facts() == before


async def test_if_match_guards_what_is_changed(admin: Client) -> None:
    refused(await admin.ask("PUT", person("1"), SAM, If_Match='"1"'), 412, "precondition_failed")
    made(await admin.ask("PUT", person("1"), SAM))
    stale = await admin.ask("PUT", person("1"), {**SAM, "locale": "en"}, If_Match='"7"')
    refused(stale, 412, "precondition_failed")
    read(await admin.ask("PUT", person("1"), {**SAM, "locale": "en"}, If_Match='"1"'))


async def test_many_who_put_one_record_at_once_make_one_person(admin: Client) -> None:
    for number in range(3):
        body = {"display_name": "Sam", "email": f"sam{number}@acme.example"}
        answers = await asyncio.gather(*(admin.ask("PUT", person(str(number)), body) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
        assert len({answer.json()["id"] for answer in answers}) == 1
    units = await asyncio.gather(*(admin.ask("PUT", "/units/by-ref/hr/1", {"name": "S"}) for _ in range(8)))
    assert sorted(answer.status_code for answer in units) == [200] * 7 + [201]


async def test_a_unit_is_made_then_changed(admin: Client) -> None:
    top = await admin.unit("Top")
    unit = made(await admin.ask("PUT", "/units/by-ref/hr/S1", {"name": "Service", "parent_id": top}))
    changed = read(await admin.ask("PUT", "/units/by-ref/hr/S1", {"name": "Support"}))
    assert (changed["id"], changed["name"], changed["parent_id"]) == (unit["id"], "Support", top)
    assert read(await admin.ask("PUT", "/units/by-ref/hr/S1", {"name": "Support", "parent_id": None}))["version"] == 3
    refused(
        await admin.ask("PUT", "/units/by-ref/hr/S1", {"name": "Support", "parent_id": unit["id"]}), 409, "unit_cycle"
    )


async def test_nobody_comes_to_lead_themselves_by_another_systems_word(admin: Client) -> None:
    sam = made(await admin.ask("PUT", person("1"), SAM))["id"]
    kim = await admin.person("kim", manager_id=sam)
    refused(await admin.ask("PUT", person("1"), {**SAM, "manager_id": kim}), 409, "manager_cycle")
