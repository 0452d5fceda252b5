"""PUT …/by-ref/{system}/{id}: what stands for another system's record is created, then changed, never doubled."""

from __future__ import annotations

from typing import Any

import pytest

from libs.events.catalog.goals import CheckInCorrected, GoalChanged
from tests.goals.api.company import METRIC, UNKNOWN, Company, after, made, pointers, read, refused

PUT = "goals/by-ref/tickets/17"
RECORD = {"system": "tickets", "id": "17", "url": None}


def body(acme: Company, **fields: Any) -> dict[str, Any]:
    return {"title": "Synced", "kind": "objective", "owner_id": acme.ids["sam"], **fields}


async def test_a_goal_is_created_then_changed(acme: Company) -> None:
    first = await acme.sam.put(PUT, json=body(acme, labels=["a"], description="Why."))
    goal = made(first)
    assert goal["external_ref"] == RECORD
    assert first.headers["Location"] == f"/api/v1/goals/{goal['id']}"
    assert await acme.told() == [("goal", "GoalCreated"), ("reference", "ReferenceClaimed")]
    again = await acme.sam.put(PUT, json=body(acme, title="Synced again", description=None))
    found = read(again)
    assert "Location" not in again.headers
    # What is left out stays.
    assert (found["id"], found["title"], found["description"], found["labels"]) == (
        goal["id"],
        "Synced again",
        None,
        ["a"],
    )
    fact: GoalChanged = await acme.only(GoalChanged)
    assert set(fact.changed) == {"title", "description"}
    same = await acme.sam.put(PUT, json=body(acme, title="Synced again"))
    assert (read(same)["version"], await acme.told()) == (2, [])


async def test_a_link_goes_with_the_record(acme: Company) -> None:
    link = "https://tickets.example/17"
    found = made(await acme.sam.put(PUT, json=body(acme, external_ref={"url": link})))
    assert found["external_ref"] == RECORD | {"url": link}
    found = read(await acme.sam.put(PUT, json=body(acme, external_ref={"system": "tickets", "id": "17", "url": None})))
    assert found["external_ref"] == RECORD
    for other in ({"system": "crm"}, {"id": "18"}):
        problem = refused(await acme.sam.put(PUT, json=body(acme, external_ref=other)), 422, "invalid_value")
        assert pointers(problem) == [f"/external_ref/{next(iter(other))}"]


async def test_what_has_a_route_of_its_own_is_not_changed(acme: Company) -> None:
    goal = made(await acme.sam.put(PUT, json=body(acme)))
    parent = await acme.goal("sam")
    await acme.told()
    for fields, route in (
        ({"owner_id": acme.ids["kim"]}, "transfer"),
        ({"parent_id": parent["id"]}, "move"),
        ({"kind": "key_result"}, "kind"),
        ({"draft": True}, "publish"),
    ):
        problem = refused(await acme.maya.put(PUT, json=body(acme, **fields)), 422, "not_by_reference")
        assert route in problem["detail"]
    assert await acme.told() == []
    read(await acme.sam.put(PUT, json=body(acme, parent_id=None, draft=False, metric=METRIC)))
    assert read(await acme.sam.get(f"goals/{goal['id']}"))["kind"] == "objective"


async def test_rights_are_those_of_the_goal(acme: Company, other: Company) -> None:
    made(await acme.sam.put(PUT, json=body(acme, visibility="private")))
    await acme.told()
    # Whoever may not know of it learns only that the record is taken.
    refused(await acme.kim.put(PUT, json=body(acme, owner_id=acme.ids["kim"])), 409, "reference_taken")
    refused(await acme.kim.put("goals/by-ref/tickets/18", json=body(acme)), 403, "forbidden")
    read(await acme.maya.put(PUT, json=body(acme, visibility="public")))
    refused(await acme.kim.put(PUT, json=body(acme)), 403, "forbidden")
    made(await other.sam.put(PUT, json=body(other)))


async def test_a_repeat_answers_as_the_first_time(acme: Company) -> None:
    key = {"Idempotency-Key": "sync"}
    first = await acme.sam.put(PUT, json=body(acme), headers=key)
    read(await acme.sam.put(PUT, json=body(acme, title="Changed")))
    again = await acme.sam.put(PUT, json=body(acme), headers=key)
    assert (again.status_code, again.headers["ETag"], again.headers["Location"]) == (
        201,
        first.headers["ETag"],
        first.headers["Location"],
    )
    assert again.json()["title"] == "Synced"
    refused(await acme.sam.put(PUT, json=body(acme, title="Other"), headers=key), 422, "idempotency_key_reused")


async def test_a_stale_version_is_refused(acme: Company) -> None:
    refused(await acme.sam.put(PUT, json=body(acme), headers={"If-Match": '"1"'}), 412, "precondition_failed")
    made(await acme.sam.put(PUT, json=body(acme)))
    read(await acme.sam.put(PUT, json=body(acme, title="Second"), headers={"If-Match": '"1"'}))
    stale = await acme.sam.put(PUT, json=body(acme, title="Third"), headers={"If-Match": '"1"'})
    refused(stale, 412, "precondition_failed")


@pytest.mark.parametrize("path", ["Tickets/17", "tickets/%20", "tickets/" + "x" * 201, "-/1", "tickets/a%00b"])
async def test_a_malformed_record_is_nothing(acme: Company, path: str) -> None:
    refused(await acme.sam.put(f"goals/by-ref/{path}", json=body(acme)), 404, "not_found")


@pytest.mark.parametrize("fields", [{"title": None}, {"external_ref": {"x": 1}}, {"weight": None}, {"state": "open"}])
async def test_a_malformed_body_is_refused(acme: Company, fields: dict[str, Any]) -> None:
    refused(await acme.sam.put(PUT, json=body(acme, **fields)), 400, "invalid_body")
    assert await acme.told() == []


# --- check-ins --------------------------------------------------------------------------------------------------


async def test_a_check_in_is_recorded_then_corrected(acme: Company) -> None:
    goal = await acme.goal("sam", metric=METRIC)
    path = f"goals/{goal['id']}/check-ins/by-ref/tickets/17"
    await acme.told()
    said = {"status": "on_track", "value": 47, "note": "Read off.", "observed_on": "2026-11-02"}
    first = made(await acme.sam.put(path, json=said))
    assert first["external_ref"] == RECORD
    assert await acme.told() == [("goal", "CheckInRecorded"), ("reference", "ReferenceClaimed")]
    assert read(await acme.sam.put(path, json=said))["corrected"] is False
    assert await acme.told() == []
    # All that it says now is this, but for its day.
    found = read(await acme.sam.put(path, json={"status": "delayed", "value": 46}))
    assert (found["id"], found["value"], found["note"], found["observed_on"]) == (first["id"], 46, None, "2026-11-02")
    fact: CheckInCorrected = await acme.only(CheckInCorrected)
    assert (fact.reason, fact.status, fact.cleared) == ("Changed in tickets.", "delayed", ["note"])
    read(await acme.sam.put(path, json={"status": "delayed", "value": 46}))
    assert await acme.told() == []
    # Back to what was recorded first.
    found = read(await acme.sam.put(path, json=said | {"reason": "Their mistake."}))
    assert {name: found[name] for name in said} == said
    assert (await acme.only(CheckInCorrected)).reason == "Their mistake."
    read(await acme.sam.put(path, json=said))
    assert await acme.told() == []


async def test_nothing_new_about_an_older_check_in_is_answered_with_that_one(acme: Company) -> None:
    goal = await acme.goal("sam")
    path = f"goals/{goal['id']}/check-ins"
    first = made(await acme.sam.put(f"{path}/by-ref/tickets/17", json={"status": "on_track"}))
    made(await acme.sam.post(path, json={"status": "off_track"}))
    again = read(await acme.sam.put(f"{path}/by-ref/tickets/17", json={"status": "on_track"}))
    assert (again["id"], again["status"], again["version"]) == (first["id"], "on_track", 3)
    found = read(await acme.sam.put(f"{path}/by-ref/tickets/17", json={"status": "delayed"}))
    assert (found["id"], found["status"], found["version"]) == (first["id"], "delayed", 4)


async def test_a_check_in_stays_its_authors_and_its_goals(acme: Company) -> None:
    goal, other = await acme.goal("sam", visibility="private"), await acme.goal("sam")
    path = f"goals/{goal['id']}/check-ins/by-ref/tickets/17"
    made(await acme.sam.put(path, json={"status": "on_track"}))
    await acme.told()
    refused(await acme.maya.put(path, json={"status": "delayed"}), 403, "forbidden")
    refused(await acme.kim.put(path, json={"status": "delayed"}), 404, "goal_not_found")
    elsewhere = f"goals/{other['id']}/check-ins/by-ref/tickets/17"
    refused(await acme.sam.put(elsewhere, json={"status": "delayed"}), 409, "reference_taken")
    refused(await acme.kim.put(elsewhere, json={"status": "delayed"}), 403, "forbidden")
    unknown = f"goals/{UNKNOWN}/check-ins/by-ref/tickets/17"
    refused(await acme.sam.put(unknown, json={"status": "delayed"}), 404, "goal_not_found")
    assert await acme.told() == []
    # A goal and a check-in may stand for the same record.
    made(await acme.sam.put(PUT, json=body(acme)))


async def test_a_posted_check_in_may_stand_for_a_record_too(acme: Company) -> None:
    goal = await acme.goal("sam")
    path = f"goals/{goal['id']}/check-ins"
    said = {"status": "on_track", "external_ref": {"system": "tickets", "id": "17"}}
    first = await acme.sam.post(path, json=said)
    refused(await acme.sam.post(path, json=said), 409, "reference_taken")
    found = read(await acme.sam.put(f"{path}/by-ref/tickets/17", json={"status": "delayed"}, headers=after(first)))
    assert (found["id"], found["status"]) == (made(first)["id"], "delayed")
