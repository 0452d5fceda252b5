"""Units: made, changed and found; what is refused changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.people.api.house import NOBODY, Client, House, made, read, refused

WRONG = [
    ({"name": ""}, 422, "invalid_value"),
    ({"name": "x" * 201}, 422, "invalid_value"),
    ({"name": "a\x00b"}, 422, "invalid_value"),
    ({"name": 1}, 400, "invalid_body"),
    ({"parent_id": NOBODY}, 422, "unknown_unit"),
    ({"parent_id": "top"}, 422, "invalid_value"),
    ({"lead_id": NOBODY}, 422, "unknown_lead"),
    ({"lead_id": 5}, 400, "invalid_body"),
    ({"external_ref": {"system": "hr", "id": ""}}, 422, "invalid_value"),
    ({"external_ref": {"system": "HR", "id": "1"}}, 422, "invalid_value"),
    ({"members": []}, 400, "invalid_body"),
]


@pytest.mark.parametrize(("fields", "status", "code"), WRONG, ids=str)
async def test_a_unit_that_cannot_be_is_refused(
    house: House, admin: Client, fields: dict[str, Any], status: int, code: str
) -> None:
    unit = await admin.unit("Service")
    before = await house.facts()
    refused(await admin.ask("POST", "/units", {"name": "Sales", **fields}), status, code)
    refused(await admin.ask("PATCH", f"/units/{unit}", fields), status, code)
    assert await house.facts() == before


async def test_a_unit_needs_a_name_for_ever(admin: Client) -> None:
    refused(await admin.ask("POST", "/units", {}), 400, "invalid_body")
    unit = await admin.unit("Service")
    refused(await admin.ask("PATCH", f"/units/{unit}", {"name": None}), 422, "invalid_value")
    refused(await admin.ask("PATCH", f"/units/{unit}", {"external_ref": {"url": None}}), 422, "incomplete_reference")


async def test_a_unit_that_is_not_there_is_not_found(admin: Client) -> None:
    refused(await admin.ask("GET", f"/units/{NOBODY}"), 404, "unit_not_found")
    refused(await admin.ask("PATCH", f"/units/{NOBODY}", {"name": "X"}), 404, "unit_not_found")
    refused(await admin.ask("GET", "/units/top"), 404, "not_found")
    # Somebody's id is no unit's, and the other way round.
    refused(await admin.ask("GET", f"/units/{admin.id}"), 404, "unit_not_found")
    refused(await admin.ask("POST", "/units", {"name": "X", "parent_id": admin.id}), 422, "unknown_unit")


async def test_only_administrators_make_and_change_units(house: House, admin: Client) -> None:
    lead = await admin.person("lead", roles=["hr_partner"])
    unit = await admin.unit("Service", lead_id=lead)
    refused(await house.as_(lead).ask("POST", "/units", {"name": "Mine"}), 403, "forbidden")
    refused(await house.as_(lead).ask("PATCH", f"/units/{unit}", {"name": "Mine"}), 403, "forbidden")
    refused(await house.as_(lead).ask("PATCH", f"/units/{NOBODY}", {"name": "Mine"}), 404, "unit_not_found")
    assert (await house.as_(lead).get(f"/units/{unit}"))["allowed_actions"] == []
    assert (await admin.get(f"/units/{unit}"))["allowed_actions"] == ["change"]


async def test_a_unit_is_made_and_changed_as_described(house: House, admin: Client) -> None:
    maya, top = await admin.person("maya"), await admin.unit("Acme")
    body = {"name": "Service", "parent_id": top, "lead_id": maya, "external_ref": {"system": "hr", "id": "S 1"}}
    answer = await admin.ask("POST", "/units", body)
    unit = made(answer)
    assert unit.items() >= {**body, "external_ref": {"system": "hr", "id": "S 1", "url": None}, "version": 1}.items()
    assert (answer.headers["Location"], answer.headers["ETag"]) == (f"/units/{unit['id']}", '"1"')
    path = f"/units/{unit['id']}"
    read_back = await admin.ask("GET", path)
    assert (read(read_back), read_back.headers["ETag"]) == (unit, '"1"')
    before = await house.facts()
    assert await admin.patch(path, {"name": "Service", "external_ref": {"system": "hr"}}) == unit
    assert await house.facts() == before
    house.clock.move(timedelta(minutes=1))
    changed = await admin.patch(path, {"parent_id": None, "lead_id": None, "external_ref": None}, If_Match='"1"')
    assert [changed[name] for name in ("name", "parent_id", "lead_id", "external_ref", "version")] == [
        "Service",
        None,
        None,
        None,
        2,
    ]
    assert changed["updated_at"] > unit["updated_at"]
    refused(await admin.ask("PATCH", path, {"name": "X"}, If_Match='"1"'), 412, "precondition_failed")
    # The record is free again.
    await admin.unit("Other", external_ref={"system": "hr", "id": "S 1"})
    reference = {"external_ref": {"system": "hr", "id": "S 1"}}
    refused(await admin.ask("PATCH", path, reference), 409, "reference_taken")


async def test_a_lead_who_left_stays_until_another_is_named(admin: Client) -> None:
    maya = await admin.person("maya")
    unit = await admin.unit("Service", lead_id=maya)
    await admin.ask("POST", f"/people/{maya}/deactivate")
    assert (await admin.patch(f"/units/{unit}", {"name": "S", "lead_id": maya}))["lead_id"] == maya
    refused(await admin.ask("POST", "/units", {"name": "X", "lead_id": maya}), 422, "unknown_lead")


@pytest.mark.parametrize(
    "query",
    ["sort=email", "parent_id=top", "lead_id=", "limit=0", "state=active", "cursor=x", "updated_since=now", "q="],
)
async def test_a_parameter_that_means_nothing_is_refused(admin: Client, query: str) -> None:
    answer = await admin.ask("GET", f"/units?{query}")
    assert (answer.status_code, answer.json()["code"]) in ((422, "invalid_parameter"), (422, "invalid_cursor"))


async def test_units_are_found_by_what_they_are(house: House, admin: Client) -> None:
    maya = await admin.person("maya")
    ids = {"maya": maya}
    for name, parent, lead in (
        ("Acme", None, None),
        ("Service", "Acme", maya),
        ("Sales", "Acme", None),
        ("Field Service", "Service", maya),
    ):
        house.clock.move(timedelta(hours=1))
        ids[name.split()[0]] = await admin.unit(name, parent_id=ids.get(parent or ""), lead_id=lead)
    since = (await admin.get(f"/units/{ids['Sales']}"))["created_at"]
    for query, found in (
        ("", ["Acme", "Field Service", "Sales", "Service"]),
        ("sort=-name", ["Service", "Sales", "Field Service", "Acme"]),
        ("sort=created_at", ["Acme", "Service", "Sales", "Field Service"]),
        ("sort=-updated_at", ["Field Service", "Sales", "Service", "Acme"]),
        (f"parent_id={ids['Acme']}", ["Sales", "Service"]),
        (f"parent_id={ids['Acme']},{ids['Service']}&sort=-name", ["Service", "Sales", "Field Service"]),
        (f"lead_id={maya}", ["Field Service", "Service"]),
        (f"lead_id={maya}&parent_id={ids['Acme']}", ["Service"]),
        ("q=SERVICE", ["Field Service", "Service"]),
        ("q=service field", ["Field Service"]),
        ("q=serv", []),
        (f"updated_since={since}", ["Field Service", "Sales"]),
        (f"parent_id={NOBODY}", []),
    ):
        for limit in (1, 2, 50):
            shown = await admin.list(f"/units?{query}&limit={limit}" if query else f"/units?limit={limit}")
            assert [one["name"] for one in shown] == found, query
