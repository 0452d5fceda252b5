"""The main story as a client lives it: a token, a person, a goal, a check-in, and reading it all back."""

from __future__ import annotations

import json
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx2

from tests.faults.promised import own_fields
from tests.journeys.team import METRIC, NOBODY, Team, after, made, read, refused
from tests.product import Product, held

# --- the story itself -------------------------------------------------------------------------------------------


def test_a_goal_is_set_checked_in_and_read_back(team: Team) -> None:
    body = {"title": " 20 % fewer escalations ", "kind": "key_result", "owner_id": team.ids["sam"], "metric": METRIC}
    answer = team.sam.post("/goals", json={**body, "check_in_every": "week"})
    goal = made(answer)
    assert UUID(goal["id"]).version == 7
    assert answer.headers["Location"] == f"/api/v1/goals/{goal['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert goal["title"] == "20 % fewer escalations"
    assert goal["metric"] == {**METRIC, "current": 50}
    assert (goal["state"], goal["status"], goal["progress"], goal["own_progress"]) == ("open", "not_started", 0, 0)
    assert (goal["created_by"], goal["updated_by"], goal["version"]) == (team.ids["sam"], team.ids["sam"], 1)
    offered = ["check_in", "edit", "propose", "add_milestone", "move", "transfer", "close", "cancel", "archive"]
    assert goal["allowed_actions"] == [*offered, "comment", "follow"]

    check_in = {"value": 46, "status": "on_track", "confidence": 0.7, "note": "Routing went live."}
    answer = team.sam.post(f"/goals/{goal['id']}/check-ins", json=check_in)
    recorded = made(answer)
    assert answer.headers["Location"] == f"/api/v1/goals/{goal['id']}/check-ins/{recorded['id']}"
    assert answer.headers["ETag"] == '"2"'
    assert recorded | check_in == recorded

    answer = team.sam.get(f"/goals/{goal['id']}", headers=after(answer))
    now = read(answer)
    assert answer.headers["ETag"] == '"2"'
    assert (now["status"], now["progress"], now["metric"]["current"]) == ("on_track", 0.4, 46)
    assert now["last_check_in_on"] == recorded["observed_on"] < now["next_check_in_on"]
    # The answer's place in the world is where it says it is.
    assert read(team.sam.get(f"/goals/{goal['id']}/check-ins/{recorded['id']}")) == recorded
    assert read(team.sam.get(f"/goals/{goal['id']}/check-ins")) == {"items": [recorded], "next_cursor": None}


def test_a_position_is_there_at_once_and_counts_up_within_the_tenant(team: Team) -> None:
    answers = [team.sam.post("/goals", json={"title": "G", "kind": "objective", "owner_id": team.ids["sam"]})]
    goal = made(answers[0])
    path = f"/goals/{goal['id']}/check-ins"
    answers += [team.sam.post(path, json={"status": "on_track", "progress": n / 10}) for n in range(5)]
    positions = [int(answer.headers["Cairn-Position"].removeprefix("goals:")) for answer in answers]
    assert positions == list(range(positions[0], positions[0] + 6))
    for number, answer in enumerate(answers[1:], start=2):
        read_back = read(team.sam.get(f"/goals/{goal['id']}", headers=after(answer)))
        assert read_back["version"] >= number


def test_a_position_that_has_not_come_is_waited_for_and_then_said(team: Team) -> None:
    goal = team.goal(team.sam, "sam")
    ahead = {"Cairn-After": "goals:1000000"}
    answer = team.sam.get(f"/goals/{goal['id']}", headers=ahead)
    refused(answer, 503, "not_caught_up")
    assert int(answer.headers["Retry-After"]) > 0
    # What no read model folds is not waited for.
    read(team.sam.get("/me", headers=ahead))


# --- lists ------------------------------------------------------------------------------------------------------


def test_check_ins_come_newest_first_page_by_page(team: Team) -> None:
    goal = team.goal(team.sam, "sam", metric=METRIC)
    path = f"/goals/{goal['id']}/check-ins"
    recorded = [made(team.sam.post(path, json={"value": 50 - n, "status": "on_track"})) for n in range(7)]
    assert [one["version"] for one in recorded] == [2, 3, 4, 5, 6, 7, 8]
    # The version is that of the goal, for `If-Match`, whichever check-in is looked at.
    wanted = [{**one, "version": 8} for one in recorded[::-1]]
    assert read(team.sam.get(path))["items"] == wanted
    found: list[Any] = []
    at = f"{path}?limit=3"
    for more in (True, True, False):
        answer = team.sam.get(at)
        page = read(answer)
        found += page["items"]
        assert (page["next_cursor"] is not None, "Link" in answer.headers) == (more, more)
        if more:
            link = answer.headers["Link"]
            assert link == f'</api/v1{path}?limit=3&cursor={page["next_cursor"]}>; rel="next"'
            at = link[1:].partition(">")[0].removeprefix("/api/v1")
    assert found == wanted
    # A cursor belongs to its list.
    other = team.goal(team.sam, "sam")
    cursor = read(team.sam.get(f"{path}?limit=1"))["next_cursor"]
    refused(team.sam.get(f"/goals/{other['id']}/check-ins?cursor={cursor}"), 422, "invalid_cursor")


def test_a_page_that_ends_with_the_list_has_no_next(team: Team) -> None:
    goal = team.goal(team.sam, "sam")
    path = f"/goals/{goal['id']}/check-ins"
    assert read(team.sam.get(path)) == {"items": [], "next_cursor": None}
    for _ in range(2):
        made(team.sam.post(path, json={"status": "delayed"}))
    assert len(read(team.sam.get(f"{path}?limit=1"))["items"]) == 1
    page = read(team.sam.get(f"{path}?limit=2"))
    assert (len(page["items"]), page["next_cursor"]) == (2, None)


# --- preconditions and repeats ----------------------------------------------------------------------------------


def test_a_stale_version_is_refused_and_the_current_one_taken(team: Team) -> None:
    goal = team.goal(team.sam, "sam")
    path, body = f"/goals/{goal['id']}/check-ins", {"status": "on_track"}
    made(team.sam.post(path, json=body, headers={"If-Match": '"1"'}))
    refused(team.sam.post(path, json=body, headers={"If-Match": '"1"'}), 412, "precondition_failed")
    refused(team.sam.post(path, json=body, headers={"If-Match": 'W/"2"'}), 412, "precondition_failed")
    made(team.sam.post(path, json=body, headers={"If-Match": '"2"'}))
    made(team.sam.post(path, json=body, headers={"If-Match": "*"}))
    assert len(read(team.sam.get(path))["items"]) == 3


def test_a_repeat_is_answered_as_the_first_whatever_came_since(team: Team) -> None:
    body = {"title": "Once", "kind": "key_result", "owner_id": team.ids["sam"], "metric": METRIC}
    key = {"Idempotency-Key": "goal-once"}
    first = team.sam.post("/goals", json=body, headers=key)
    goal = made(first)
    path = f"/goals/{goal['id']}/check-ins"
    check_in = {"value": 45, "status": "delayed", "note": "Halfway."}
    recorded = team.sam.post(path, json=check_in, headers={"Idempotency-Key": "check-in-once"})
    made(team.sam.post(path, json={"value": 41, "status": "on_track"}))

    for before, again in (
        (first, team.sam.post("/goals", json=body, headers=key)),
        (recorded, team.sam.post(path, json=check_in, headers={"Idempotency-Key": "check-in-once"})),
    ):
        assert same(before) == same(again)
    assert len(read(team.sam.get(path))["items"]) == 2


def same(answer: httpx2.Response) -> tuple[Any, ...]:
    """What a repeat must say again; where a goal stands comes from its check-ins, and is told as it is now."""
    headers = [answer.headers[name] for name in ("Location", "ETag", "Cairn-Position", "Content-Type")]
    return answer.status_code, headers, own_fields(made(answer))


def test_a_key_names_one_request_of_one_person(team: Team) -> None:
    body = {"title": "Keyed", "kind": "objective", "owner_id": team.ids["sam"]}
    key = {"Idempotency-Key": "one-request"}
    goal = made(team.sam.post("/goals", json=body, headers=key))
    refused(team.sam.post("/goals", json={**body, "title": "Other"}, headers=key), 422, "idempotency_key_reused")
    path = f"/goals/{goal['id']}/check-ins"
    refused(team.sam.post(path, json={"status": "on_track"}, headers=key), 422, "idempotency_key_reused")
    # Somebody else's key of the same name is another key.
    assert made(team.maya.post("/goals", json={**body, "owner_id": team.ids["maya"]}, headers=key))["id"] != goal["id"]


def test_a_refusal_is_not_remembered(team: Team) -> None:
    key = {"Idempotency-Key": "refused-first"}
    body = {"title": "Who?", "kind": "objective", "owner_id": NOBODY}
    refused(team.sam.post("/goals", json=body, headers=key), 422, "unknown_person")
    made(team.sam.post("/goals", json={**body, "owner_id": team.ids["sam"]}, headers=key))


def test_two_at_once_with_one_key_happen_once(team: Team, product: Product) -> None:
    goal = team.goal(team.sam, "sam")
    path, key = f"/goals/{goal['id']}/check-ins", {"Idempotency-Key": "two-at-once"}
    body = {"status": "on_track", "note": "Twice?"}
    with ThreadPoolExecutor(2) as pool:
        # While another process writes, the one that comes first has to wait with its command under way.
        with held(product.data / "events" / "goals.db"):
            both = {pool.submit(team.sam.post, path, json=body, headers=key) for _ in range(2)}
            done, waiting = wait(both, timeout=4, return_when=FIRST_COMPLETED)
        [second], [first] = [one.result() for one in done], [one.result() for one in waiting]
    refused(second, 409, "idempotency_key_in_flight")
    assert second.headers["Retry-After"] == "1"
    assert made(team.sam.post(path, json=body, headers=key)) == made(first)
    assert read(team.sam.get(path))["items"] == [made(first)]


# --- numbers ----------------------------------------------------------------------------------------------------


def test_numbers_come_back_as_they_were_sent(team: Team) -> None:
    exact = {"start": "-999999999999.999999", "target": "1000000000000", "current": "0.1"}
    metric = ", ".join(f'"{name}": {value}' for name, value in exact.items())
    body = f'{{"title": "N", "kind": "key_result", "owner_id": "{team.ids["sam"]}", "weight": 0.333333, '
    body += f'"metric": {{{metric}, "unit": "u"}}}}'
    answer = team.sam.post("/goals", content=body, headers={"Content-Type": "application/json"})
    made(answer)
    path = f"/goals/{answer.json()['id']}"
    for found in (answer, team.sam.get(path, headers=after(answer))):
        goal = json.loads(found.text, parse_float=Decimal, parse_int=Decimal)
        assert {name: goal["metric"][name] for name in exact} == {name: Decimal(exact[name]) for name in exact}
        assert goal["weight"] == Decimal("0.333333")
    sent = "123456789012.123456"
    content = f'{{"status": "on_track", "value": {sent}}}'
    answer = team.sam.post(f"{path}/check-ins", content=content, headers={"Content-Type": "application/json"})
    made(answer)
    for found in (answer, team.sam.get(f"{path}/check-ins")):
        assert f'"value":{sent},' in found.text
    goal = team.sam.get(path, headers=after(answer))
    assert f'"current":{sent},' in goal.text
