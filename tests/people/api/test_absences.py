"""Absences: who may plan, see and withdraw them, and that nobody is asked why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.people.api.house import NOBODY, Client, House, day, made, refused

WRONG = [
    ({}, 400, "invalid_body"),
    ({"from": day(1)}, 400, "invalid_body"),
    ({"from": day(1), "to": None}, 400, "invalid_body"),
    ({"from": day(1), "to": 20260701}, 400, "invalid_body"),
    ({"from": day(1), "to": "tomorrow"}, 422, "invalid_value"),
    ({"from": "1899-01-01", "to": day(1)}, 422, "invalid_value"),
    ({"from": day(1), "to": day(2), "reason": "flu"}, 400, "invalid_body"),
    ({"first_day": day(1), "last_day": day(2)}, 400, "invalid_body"),
    ({"from": day(2), "to": day(1)}, 422, "absence_ends_before_it_begins"),
]


@pytest.mark.parametrize(("body", "status", "code"), WRONG, ids=str)
async def test_days_that_cannot_be_are_refused(
    house: House, admin: Client, body: dict[str, Any], status: int, code: str
) -> None:
    before = await house.facts()
    answer = await admin.ask("POST", f"/people/{admin.id}/absences", body)
    problem = refused(answer, status, code)
    if body == {"from": day(1)}:
        assert [one["pointer"] for one in problem["errors"]] == ["/to"]
    assert "flu" not in answer.text
    assert await house.facts() == before


@pytest.fixture
async def family(house: House, admin: Client) -> dict[str, Client]:
    """Sam; Maya and above her Ceo, who lead him; Kim beside him; a partner of another unit."""
    ids: dict[str, str] = {}
    for name, above, roles in (
        ("ceo", None, []),
        ("maya", "ceo", []),
        ("sam", "maya", []),
        ("kim", "maya", []),
        ("pat", None, ["hr_partner"]),
    ):
        ids[name] = await admin.person(name, roles=roles, **({"manager_id": ids[above]} if above else {}))
    return {name: house.as_(person) for name, person in ids.items()} | {"admin": admin}


DAYS = {"from": day(10), "to": day(20)}


async def test_who_leads_somebody_may_know_when_they_are_away(family: dict[str, Client]) -> None:
    sam = family["sam"].id
    for name in ("sam", "maya", "ceo", "admin"):
        absence = await family[name].post(f"/people/{sam}/absences", DAYS)
        path = f"/people/{sam}/absences/{absence['id']}"
        assert absence.items() >= {**DAYS, "person_id": sam, "created_by": family[name].id}.items()
        for other in ("sam", "maya", "ceo", "admin"):
            assert await family[other].get(path) == absence
            assert absence in await family[other].list(f"/people/{sam}/absences")
        assert absence["allowed_actions"] == ["withdraw"]
        for stranger in ("kim", "pat"):
            for method, where, body in (
                ("GET", path, None),
                ("DELETE", path, None),
                ("GET", f"/people/{sam}/absences", None),
                ("POST", f"/people/{sam}/absences", DAYS),
                # What is there and what is not must look alike to them.
                ("GET", f"/people/{sam}/absences/{NOBODY}", None),
            ):
                refused(await family[stranger].ask(method, where, body), 403, "forbidden")
        assert (await family[name].ask("DELETE", path)).status_code == 204


async def test_what_is_not_there_is_not_found(family: dict[str, Client]) -> None:
    sam, admin = family["sam"], family["admin"]
    mine = await sam.post(f"/people/{sam.id}/absences", DAYS)
    for method, path, code in (
        ("GET", f"/people/{NOBODY}/absences", "person_not_found"),
        ("GET", f"/people/{sam.id}/absences/{NOBODY}", "absence_not_found"),
        ("DELETE", f"/people/{sam.id}/absences/{NOBODY}", "absence_not_found"),
        ("GET", f"/people/{family['kim'].id}/absences/{mine['id']}", "absence_not_found"),
        ("DELETE", f"/people/{NOBODY}/absences/{mine['id']}", "person_not_found"),
        ("GET", f"/people/{sam.id}/absences/mine", "not_found"),
    ):
        refused(await admin.ask(method, path), 404, code)
    refused(await admin.ask("POST", f"/people/{NOBODY}/absences", DAYS), 404, "person_not_found")


async def test_an_absence_is_withdrawn_once(house: House, family: dict[str, Client]) -> None:
    sam = family["sam"]
    absence = await sam.post(f"/people/{sam.id}/absences", DAYS)
    path = f"/people/{sam.id}/absences/{absence['id']}"
    gone = await sam.ask("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    before = await house.facts()
    for method in ("GET", "DELETE"):
        refused(await sam.ask(method, path), 404, "absence_not_found")
    assert await sam.list(f"/people/{sam.id}/absences") == []
    assert await house.facts() == before
    assert before[-2:] == ["people.absence-planned.v1", "people.absence-withdrawn.v1"]


async def test_if_match_is_about_the_absence(family: dict[str, Client]) -> None:
    sam = family["sam"]
    answer = await sam.ask("POST", f"/people/{sam.id}/absences", DAYS)
    path, tag = f"/people/{sam.id}/absences/{made(answer)['id']}", answer.headers["ETag"]
    assert answer.headers["Location"] == path
    # The person changes, the absence does not.
    await sam.patch(f"/people/{sam.id}", {"locale": "en"})
    assert (await sam.ask("GET", path)).headers["ETag"] == tag
    refused(await sam.ask("DELETE", path, If_Match='"99"'), 412, "precondition_failed")
    assert (await sam.ask("DELETE", path, If_Match=tag)).status_code == 204


async def test_a_repeated_request_plans_one_absence(family: dict[str, Client]) -> None:
    sam = family["sam"]
    path = f"/people/{sam.id}/absences"
    first = await sam.ask("POST", path, DAYS, Idempotency_Key="k")
    again = await sam.ask("POST", path, DAYS, Idempotency_Key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert len(await sam.list(path)) == 1
    await sam.ask("DELETE", f"{path}/{made(first)['id']}")
    assert (await sam.ask("POST", path, DAYS, Idempotency_Key="k")).content == first.content
    assert await sam.list(path) == []


async def test_absences_are_listed_by_their_first_day(family: dict[str, Client]) -> None:
    sam = family["sam"]
    for first, last in ((30, 31), (-5, -1), (10, 40), (10, 12), (0, 0)):
        await sam.post(f"/people/{sam.id}/absences", {"from": day(first), "to": day(last)})
    expected = [(day(-5), day(-1)), (day(0), day(0)), (day(10), day(40)), (day(10), day(12)), (day(30), day(31))]
    for limit in (1, 2, 5, 500):
        shown = await sam.list(f"/people/{sam.id}/absences?limit={limit}")
        assert [(one["from"], one["to"]) for one in shown] == expected
    cursor = (await sam.get(f"/people/{sam.id}/absences?limit=1"))["next_cursor"]
    other = family["maya"]
    refused(await other.ask("GET", f"/people/{other.id}/absences?cursor={cursor}"), 422, "invalid_cursor")


async def test_absences_come_in_the_order_asked_for(house: House, family: dict[str, Client]) -> None:
    sam = family["sam"]
    planned: list[Any] = []
    for first, last in ((30, 31), (10, 12), (30, 40), (20, 20)):
        house.clock.move(timedelta(minutes=1 if first != 20 else 0))
        planned.append(await sam.post(f"/people/{sam.id}/absences", {"from": day(first), "to": day(last)}))
    path = f"/people/{sam.id}/absences"
    by_day = sorted(planned, key=lambda one: (one["from"], one["id"]))
    by_time = sorted(planned, key=lambda one: (one["created_at"], one["id"]))
    for sort, ordered in {"from": by_day, "created_at": by_time, "updated_at": by_time}.items():
        for name, expected in ((sort, ordered), (f"-{sort}", ordered[::-1])):
            for limit in (1, 3, 500):
                assert await sam.list(f"{path}?sort={name}&limit={limit}") == expected
            for time in {one["created_at"] for one in planned}:
                left = [one for one in expected if one["updated_at"] >= time]
                assert await sam.list(f"{path}?sort={name}&updated_since={time}&limit=1") == left
    assert await sam.list(path) == by_day
    for wrong in ("sort=to", "sort=first_day", "updated_since=today"):
        refused(await sam.ask("GET", f"{path}?{wrong}"), 422, "invalid_parameter")
