"""Who sees and may do what: by role, by relation, in the own tenant alone; the table of rights names every route."""

from __future__ import annotations

import json
from typing import Any

import httpx2
from fastapi import FastAPI
from fastapi.routing import APIRoute

from services.people.policy import OFFERED, POLICY
from tests.people.api.house import NOBODY, Client, House, day, refused


async def test_every_route_has_its_row_and_every_row_its_route(house: House) -> None:
    app = house.service.app
    assert isinstance(app, FastAPI)
    routes = {
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods
    }
    assert routes == set(POLICY.routes)
    assert {offer.action for offers in OFFERED.values() for offer in offers.values()} <= set(POLICY.actions)


async def test_without_the_gateway_nobody_is_anybody(house: House, admin: Client) -> None:
    for path in ("/people", "/me", "/units", f"/people/{admin.id}"):
        refused(await house.http.get(path), 401, "token_invalid")
    refused(await house.as_(NOBODY).ask("GET", "/people"), 403, "unknown_principal")


async def test_details_are_for_oneself_those_above_administrators_and_partners(house: House, admin: Client) -> None:
    ceo = await admin.person("ceo")
    maya = await admin.person("maya", manager_id=ceo)
    sam = await admin.person("sam", manager_id=maya, hired_on="2020-01-01", external_id="E-1")
    kim = await admin.person("kim", manager_id=maya)
    pat = await admin.person("pat", roles=["hr_partner"])
    lee = await admin.person("lee", roles=["compliance", "service"])
    for asker, shown in (
        (sam, True),
        (maya, True),
        (ceo, True),
        (admin.id, True),
        (pat, True),
        (kim, False),
        (lee, False),
    ):
        client = house.as_(asker)
        one = await client.get(f"/people/{sam}")
        [listed] = [each for each in await client.list("/people") if each["id"] == sam]
        assert one == listed
        assert {name: one[name] for name in ("hired_on", "external_id") if name in one} == (
            {"hired_on": "2020-01-01", "external_id": "E-1"} if shown else {}
        )
        # Who may not see the number does not find out by it.
        found = [each["id"] for each in await client.list("/people?external_id=e-1")]
        assert found == ([sam] if shown else [])


async def test_what_may_be_done_is_said_with_every_answer(house: House, admin: Client) -> None:
    maya = await admin.person("maya")
    sam = await admin.person("sam", manager_id=maya)
    kim = await admin.person("kim")
    all_of_it = ["change", "change_settings", "plan_absence", "deactivate", "erase"]
    for asker, actions in (
        (admin.id, all_of_it),
        (maya, ["plan_absence"]),
        (sam, ["change_settings", "plan_absence"]),
        (kim, []),
    ):
        assert (await house.as_(asker).get(f"/people/{sam}"))["allowed_actions"] == actions
    assert (await house.as_(sam).get("/me"))["allowed_actions"] == ["change_settings", "plan_absence"]
    assert (await admin.get("/me"))["allowed_actions"] == ["change", "change_settings", "plan_absence", "erase"]


# --- other tenants ----------------------------------------------------------------------------------------------


def told(answer: httpx2.Response, asked: str) -> tuple[Any, ...]:
    """Everything an answer tells, with the id that was asked for taken out."""
    said = json.loads(answer.text.replace(asked, "ID"))
    said.pop("trace_id", None)
    return answer.status_code, sorted(said.items(), key=str), answer.headers.get("ETag")


async def test_what_is_another_tenants_answers_as_what_nobody_has(house: House, admin: Client) -> None:
    maya, unit = await admin.person("maya", external_ref={"system": "hr", "id": "1"}), await admin.unit("Service")
    sam = await admin.person("sam", manager_id=maya, unit_id=unit)
    absence = (await admin.post(f"/people/{sam}/absences", {"from": day(0), "to": day(1)}))["id"]
    stranger = await house.admin("other")
    new = {"display_name": "X", "email": "x@other.example"}
    asked = [
        ("GET", "/people/{0}", None, maya),
        ("PATCH", "/people/{0}", {"locale": "en"}, maya),
        ("POST", "/people/{0}/deactivate", None, maya),
        ("POST", "/people/{0}/reactivate", None, maya),
        ("GET", "/people/{0}/reports", None, maya),
        ("GET", "/people/{0}/absences", None, sam),
        ("POST", "/people/{0}/absences", {"from": day(0), "to": day(1)}, sam),
        ("GET", f"/people/{stranger.id}/absences/{{0}}", None, absence),
        ("DELETE", f"/people/{stranger.id}/absences/{{0}}", None, absence),
        ("GET", "/people?manager_id={0}", None, maya),
        ("GET", "/people?unit_id={0}", None, unit),
        ("GET", "/units/{0}", None, unit),
        ("PATCH", "/units/{0}", {"name": "X"}, unit),
        ("GET", "/units?lead_id={0}", None, maya),
        ("POST", "/people", {**new, "manager_id": "{0}"}, maya),
        ("POST", "/people", {**new, "unit_id": "{0}"}, unit),
        ("POST", "/units", {"name": "X", "parent_id": "{0}"}, unit),
        ("POST", "/units", {"name": "X", "lead_id": "{0}"}, maya),
        ("PATCH", f"/people/{stranger.id}", {"manager_id": "{0}"}, maya),
    ]
    before = await house.facts()
    for method, path, body, theirs in asked:
        answers = []
        for one in (theirs, NOBODY):
            filled = {name: value.replace("{0}", one) for name, value in body.items()} if body else None
            answers.append(told(await stranger.ask(method, path.format(one), filled), one))
        assert answers[0] == answers[1], (method, path)
        assert answers[0][0] in (200, 404, 422)
    assert await house.facts() == before


async def test_addresses_and_records_are_taken_within_a_tenant_only(house: House, admin: Client) -> None:
    reference = {"external_ref": {"system": "hr", "id": "1"}}
    sam = await admin.post("/people", {"display_name": "Sam", "email": "sam@x.example", **reference})
    stranger = await house.admin("other")
    assert await stranger.list("/people?email=sam@x.example") == []
    answer = await stranger.ask("PUT", "/people/by-ref/hr/1", {"display_name": "Sam", "email": "sam@x.example"})
    assert answer.status_code == 201
    assert answer.json()["id"] != sam["id"]
    assert [one["display_name"] for one in await admin.list("/people")] == ["Ada Min", "Sam"]
