"""Check-ins and corrections of them: what one may say of which goal, who may, and that a fact stays a fact."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from libs.events.catalog.goals import CheckInCorrected, CheckInRecorded, SupportRequested
from tests.goals.api.company import METRIC, UNKNOWN, Company, after, items, made, pointers, read, refused

WORDS = ("confidence", "note", "adjustments", "support_needed", "blockers")


async def check_in(acme: Company, goal: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return made(await acme.sam.post(f"goals/{goal['id']}/check-ins", json={"status": "on_track", **fields}))


@pytest.mark.parametrize(
    ("fields", "status", "code", "pointer"),
    [
        ({"status": "done"}, 422, "invalid_value", "/status"),
        ({"status": None}, 400, "invalid_body", "/status"),
        ({"value": "47"}, 400, "invalid_body", "/value"),
        ({"value": 10**13}, 422, "invalid_value", "/value"),
        ({"confidence": 1.5}, 422, "invalid_value", "/confidence"),
        ({"progress": -0.5}, 422, "invalid_value", "/progress"),
        ({"note": "x" * 10_001}, 422, "invalid_value", "/note"),
        ({"note": "a\u0007"}, 422, "invalid_value", "/note"),
        ({"observed_on": "yesterday"}, 422, "invalid_value", "/observed_on"),
        ({"source": {"system": "jira", "url": "ftp://x"}}, 422, "invalid_value", "/source/url"),
        ({"author_id": UNKNOWN}, 400, "invalid_body", "/author_id"),
    ],
)
async def test_a_malformed_check_in_is_refused(
    acme: Company, fields: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    goal = await acme.goal("sam")
    await acme.told()
    answer = await acme.sam.post(f"goals/{goal['id']}/check-ins", json={"status": "on_track", **fields})
    assert pointers(refused(answer, status, code)) == [pointer]
    assert await acme.told() == []


async def test_a_check_in_says_what_its_goal_measures(acme: Company) -> None:
    measured, estimated = await acme.goal("sam", metric=METRIC), await acme.goal("sam")
    tomorrow = (acme.installation.parts.clock.now().date() + timedelta(days=1)).isoformat()
    await acme.told()
    for goal, fields, code in (
        (measured, {"progress": 0.5}, "progress_with_metric"),
        (estimated, {"value": 47}, "value_without_metric"),
        (estimated, {"observed_on": tomorrow}, "observed_in_future"),
    ):
        answer = await acme.sam.post(f"goals/{goal['id']}/check-ins", json={"status": "on_track", **fields})
        refused(answer, 422, code)
    assert await acme.told() == []
    assert (await check_in(acme, measured, value=47))["value"] == 47
    assert (await check_in(acme, estimated, progress=0.25))["progress"] == 0.25
    assert (await check_in(acme, estimated))["progress"] is None


async def test_everything_said_is_answered_and_stated(acme: Company) -> None:
    goal = await acme.goal("sam", metric=METRIC)
    said = {
        "status": "off_track",
        "value": 49.5,
        "confidence": 0.2,
        "note": "Hard.\nVery.",
        "adjustments": "More people.",
        "blockers": "The tool.",
        "observed_on": "2026-11-02",
        "source": {"system": "jira", "url": "https://jira.example/17"},
    }
    await acme.told()
    answer = await acme.sam.post(f"goals/{goal['id']}/check-ins", json=said)
    found = made(answer)
    assert found | said == found
    assert (found["goal_id"], found["author_id"], found["corrected"]) == (goal["id"], acme.ids["sam"], False)
    assert answer.headers["Location"] == f"/api/v1/goals/{goal['id']}/check-ins/{found['id']}"
    fact: CheckInRecorded = await acme.only(CheckInRecorded)
    assert (fact.check_in_id, fact.note) == (found["id"], said["note"])
    moved = read(await acme.sam.get(f"goals/{goal['id']}", headers=after(answer)))
    assert (moved["status"], moved["progress"], moved["metric"]["current"]) == ("off_track", 0.05, 49.5)


async def test_who_takes_part_checks_in_and_nobody_else(acme: Company) -> None:
    goal = await acme.goal("sam", contributor_ids=[acme.ids["alex"]])
    path = f"goals/{goal['id']}/check-ins"
    for name in ("sam", "alex", "maya", "rosa"):
        made(await acme.clients[name].post(path, json={"status": "on_track"}))
    await acme.told()
    for name in ("kim", "admin"):
        refused(await acme.clients[name].post(path, json={"status": "on_track"}), 403, "forbidden")
    hidden = await acme.goal("sam", visibility="private")
    refused(await acme.kim.post(f"goals/{hidden['id']}/check-ins", json={"status": "on_track"}), 404, "goal_not_found")
    refused(await acme.kim.post(f"goals/{UNKNOWN}/check-ins", json={"status": "on_track"}), 404, "goal_not_found")
    assert await acme.told() == [("goal", "GoalCreated")]


async def test_asking_for_support_opens_a_request(acme: Company) -> None:
    goal = await acme.goal("sam")
    await acme.told()
    found = await check_in(acme, goal, support_needed="A day of the vendor.")
    facts = await acme.news()
    assert [type(fact.data) for fact in facts] == [CheckInRecorded, SupportRequested]
    request = facts[1]
    assert request.entity_id == request.data.check_in_id == found["id"]
    assert (request.data.text, request.data.goal_id) == ("A day of the vendor.", goal["id"])
    await check_in(acme, goal, support_needed="")
    assert await acme.told() == [("goal", "CheckInRecorded")]


# --- corrections ------------------------------------------------------------------------------------------------


async def test_a_correction_stands_beside_what_was_recorded(acme: Company) -> None:
    goal = await acme.goal("sam", metric=METRIC)
    first = await check_in(acme, goal, value=47, note="Miscounted.", observed_on="2026-11-02")
    path = f"goals/{goal['id']}/check-ins/{first['id']}/correct"
    await acme.told()
    answer = await acme.sam.post(path, json={"value": 45, "note": None, "reason": "Counted twice."})
    found = read(answer)
    assert (found["value"], found["note"], found["status"], found["corrected"]) == (45, None, "on_track", True)
    assert (found["recorded"]["value"], found["recorded"]["note"]) == (47, "Miscounted.")
    [correction] = found["corrections"]
    assert (correction["reason"], correction["value"]) == ("Counted twice.", 45)
    fact: CheckInCorrected = await acme.only(CheckInCorrected)
    assert (fact.recorded_version, fact.cleared, fact.value) == (2, ["note"], 45)
    # A second correction is about what was recorded, not about the first one.
    found = read(await acme.sam.post(path, json={"status": "delayed", "reason": "Late after all."}))
    assert (found["value"], found["note"], found["status"], len(found["corrections"])) == (
        47,
        "Miscounted.",
        "delayed",
        2,
    )
    moved = read(await acme.sam.get(f"goals/{goal['id']}", headers=after(answer)))
    assert moved["status"] in ("on_track", "delayed")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({}, 400, "invalid_body"),
        ({"reason": "x"}, 422, "nothing_corrected"),
        ({"reason": " ", "value": 45}, 422, "invalid_value"),
        ({"reason": "x", "status": None}, 422, "invalid_value"),
        ({"reason": "x", "observed_on": None}, 422, "invalid_value"),
        ({"reason": "x", "progress": 0.5}, 422, "progress_with_metric"),
        ({"reason": "x", "observed_on": "2999-01-01"}, 422, "observed_in_future"),
        ({"reason": "x", "external_ref": None}, 400, "invalid_body"),
    ],
)
async def test_a_correction_that_makes_no_sense_is_refused(
    acme: Company, fields: dict[str, Any], status: int, code: str
) -> None:
    goal = await acme.goal("sam", metric=METRIC)
    found = await check_in(acme, goal, value=47)
    await acme.told()
    refused(await acme.sam.post(f"goals/{goal['id']}/check-ins/{found['id']}/correct", json=fields), status, code)
    assert await acme.told() == []


async def test_only_its_author_corrects_a_check_in_that_is_there(acme: Company, other: Company) -> None:
    goal, another = await acme.goal("sam"), await acme.goal("sam")
    found = await check_in(acme, goal)
    theirs = await other.goal("sam")
    foreign = made(await other.sam.post(f"goals/{theirs['id']}/check-ins", json={"status": "on_track"}))
    await acme.told()
    fix = {"status": "delayed", "reason": "x"}
    for name in ("maya", "rosa", "kim", "admin"):
        path = f"goals/{goal['id']}/check-ins/{found['id']}/correct"
        refused(await acme.clients[name].post(path, json=fix), 403, "forbidden")
    for goal_id, check_in_id, code in (
        (goal["id"], UNKNOWN, "check_in_not_found"),
        (another["id"], found["id"], "check_in_not_found"),
        (goal["id"], foreign["id"], "check_in_not_found"),
        (theirs["id"], foreign["id"], "goal_not_found"),
        (UNKNOWN, found["id"], "goal_not_found"),
    ):
        path = f"goals/{goal_id}/check-ins/{check_in_id}/correct"
        refused(await acme.sam.post(path, json=fix), 404, code)
    refused(await acme.sam.post(f"goals/{goal['id']}/check-ins/x/correct", json=fix), 404, "not_found")
    assert await acme.told() == []


async def test_a_correction_may_be_the_first_to_ask_for_support(acme: Company) -> None:
    goal = await acme.goal("sam")
    found = await check_in(acme, goal)
    path = f"goals/{goal['id']}/check-ins/{found['id']}/correct"
    await acme.told()
    read(await acme.sam.post(path, json={"support_needed": "Help.", "reason": "Forgot."}))
    assert await acme.told() == [("goal", "CheckInCorrected"), ("support", "SupportRequested")]
    read(await acme.sam.post(path, json={"support_needed": "More help.", "reason": "Forgot."}))
    assert await acme.told() == [("goal", "CheckInCorrected")]


async def test_a_check_in_far_back_is_found_without_its_row(acme: Company) -> None:
    """Rows only hint: also where none is written yet, and a check-in is not among the newest."""
    goal = await acme.goal("sam")
    goals = next(one for one in acme.installation.services if one.name == "goals")
    path = f"goals/{goal['id']}/check-ins"
    await goals.stop()
    try:
        first = await check_in(acme, goal)
        for _ in range(60):
            await check_in(acme, goal)
        fix = {"status": "delayed", "reason": "x"}
        found = await goals.handlers.recorded(acme.tenant, goal["id"], first["id"])
        assert (found.version, found.data.check_in_id) == (2, first["id"])
        refused(await acme.sam.post(f"{path}/{UNKNOWN}/correct", json=fix), 404, "check_in_not_found")
    finally:
        await goals.start()
    last = await acme.sam.post(f"{path}/{first['id']}/correct", json=fix)
    assert read(last)["status"] == "delayed"


# --- who reads what ---------------------------------------------------------------------------------------------


async def test_words_are_for_those_who_take_part(acme: Company) -> None:
    goal = await acme.goal("sam", contributor_ids=[acme.ids["alex"]])
    said = {"note": "Hard.", "confidence": 0.5, "support_needed": "Help.", "blockers": "Tool.", "adjustments": "More."}
    answer = await acme.sam.post(f"goals/{goal['id']}/check-ins", json={"status": "delayed", "progress": 0.5, **said})
    found = made(answer)
    path = f"goals/{goal['id']}/check-ins"
    for name in ("sam", "alex", "maya", "rosa", "kim", "admin"):
        [listed] = items(await acme.clients[name].get(path, headers=after(answer)))
        one = read(await acme.clients[name].get(f"{path}/{found['id']}"))
        assert listed == one
        assert (one["status"], one["progress"]) == ("delayed", 0.5)
        told = {word: one[word] for word in WORDS if word in one}
        assert told == (said if name in ("sam", "alex", "maya", "rosa") else {})
    refused(await acme.kim.get(f"{path}/{UNKNOWN}"), 404, "check_in_not_found")


async def test_check_ins_come_in_pages(acme: Company) -> None:
    goal = await acme.goal("sam")
    made_ids = [(await check_in(acme, goal))["id"] for _ in range(5)]
    last = await acme.sam.patch(f"goals/{goal['id']}", json={"title": "Between"})
    path, found = f"goals/{goal['id']}/check-ins", []
    page = read(await acme.sam.get(f"{path}?limit=2", headers=after(last)))
    while True:
        found += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        answer = await acme.sam.get(path, params={"limit": 2, "cursor": page["next_cursor"]})
        page = read(answer)
    assert found == made_ids[::-1]
    refused(await acme.sam.get(f"{path}?limit=0"), 422, "invalid_parameter")
    refused(await acme.sam.get(f"{path}?cursor=x"), 422, "invalid_cursor")
