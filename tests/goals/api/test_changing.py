"""PATCH /goals/{id} and POST …/transfer: absent keeps, null clears, objects merge; an owner decides who sees it."""

from __future__ import annotations

from typing import Any

import pytest

from libs.events.catalog.goals import GoalChanged, GoalTransferred
from tests.goals.api.company import METRIC, QUARTER, UNKNOWN, Company, pointers, read, refused

FULL = {"description": "Why.", "metric": METRIC, "period": QUARTER, "labels": ["a"], "check_in_every": "week"}


async def test_what_is_not_named_stays(acme: Company) -> None:
    goal = await acme.goal("sam", **FULL, external_ref={"system": "t", "id": "1", "url": "https://t.example"})
    await acme.told()
    change = {"title": "Another", "metric": {"target": 35}, "period": {"end": "2027-01-31"}, "description": None}
    answer = await acme.sam.patch(f"goals/{goal['id']}", json=change)
    found = read(answer)
    assert answer.headers["ETag"] == '"2"'
    assert found["metric"] == {**METRIC, "target": 35, "current": 50}
    assert found["period"] == QUARTER | {"end": "2027-01-31"}
    same = {"labels", "check_in_every", "external_ref", "kind", "weight", "owner_id", "progress_driver"}
    assert {name: found[name] for name in same} == {name: goal[name] for name in same}
    assert (found["title"], found["description"], found["version"]) == ("Another", None, 2)
    fact: GoalChanged = await acme.only(GoalChanged)
    assert set(fact.changed) == {"title", "metric", "period", "description"}


async def test_null_clears_what_can_be_cleared(acme: Company) -> None:
    goal = await acme.goal("sam", **FULL, contributor_ids=[acme.ids["kim"]], progress_driver="manual")
    cleared = dict.fromkeys(("description", "metric", "period", "check_in_every", "labels", "contributor_ids"))
    found = read(await acme.sam.patch(f"goals/{goal['id']}", json=cleared))
    assert {name: found[name] for name in cleared} == cleared | {"labels": [], "contributor_ids": []}


@pytest.mark.parametrize(
    "name", ["title", "weight", "clamp", "commitment", "focus", "visibility", "progress_driver", "metric/target"]
)
async def test_null_for_what_a_goal_must_have_is_refused(acme: Company, name: str) -> None:
    goal = await acme.goal("sam", metric=METRIC)
    await acme.told()
    outer, _, inner = name.partition("/")
    problem = refused(
        await acme.sam.patch(f"goals/{goal['id']}", json={outer: {inner: None} if inner else None}),
        422,
        "invalid_value",
    )
    assert pointers(problem) == [f"/{name}"]
    assert await acme.told() == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"owner_id": UNKNOWN}, 400, "invalid_body"),
        ({"parent_id": None}, 400, "invalid_body"),
        ({"kind": "objective"}, 400, "invalid_body"),
        ({"draft": True}, 400, "invalid_body"),
        ({"title": 7}, 400, "invalid_body"),
        ({"title": ""}, 422, "invalid_value"),
        ({"weight": -1}, 422, "invalid_value"),
        ({"metric": {"target": 50}}, 422, "metric_without_span"),
        ({"metric": None}, 422, "driver_without_metric"),
        ({"period": {"end": "2026-09-30"}}, 422, "period_ends_before_it_begins"),
        ({"external_ref": {"url": "https://t.example"}}, 422, "external_ref_incomplete"),
        ({"contributor_ids": [UNKNOWN]}, 422, "unknown_person"),
        ({"unit_id": UNKNOWN}, 422, "unknown_unit"),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(
    acme: Company, change: dict[str, Any], status: int, code: str
) -> None:
    goal = await acme.goal("sam", metric=METRIC, period=QUARTER)
    await acme.told()
    refused(await acme.sam.patch(f"goals/{goal['id']}", json=change), status, code)
    assert await acme.told() == []


async def test_nothing_changed_is_no_event(acme: Company) -> None:
    goal = await acme.goal("sam", **FULL)
    await acme.told()
    for change in ({}, {"title": "A goal"}, {"metric": {"start": 50}}, {"labels": ["a", "a"]}):
        assert read(await acme.sam.patch(f"goals/{goal['id']}", json=change))["version"] == 1
    assert await acme.told() == []


async def test_a_stale_change_is_refused(acme: Company) -> None:
    goal = await acme.goal("sam")
    path = f"goals/{goal['id']}"
    read(await acme.sam.patch(path, json={"title": "Second"}, headers={"If-Match": '"1"'}))
    refused(
        await acme.sam.patch(path, json={"title": "Third"}, headers={"If-Match": '"1"'}), 412, "precondition_failed"
    )
    read(await acme.sam.patch(path, json={"title": "Third"}, headers={"If-Match": "*"}))


async def test_editors_change_and_others_do_not(acme: Company) -> None:
    goal = await acme.goal("sam", contributor_ids=[acme.ids["alex"]])
    path = f"goals/{goal['id']}"
    for name in ("sam", "maya", "rosa"):
        read(await acme.clients[name].patch(path, json={"title": name}))
    for name in ("alex", "kim", "admin"):
        refused(await acme.clients[name].patch(path, json={"title": name}), 403, "forbidden")
    read(await acme.sam.patch(path, json={"visibility": "private"}))
    refused(await acme.kim.patch(path, json={"title": "kim"}), 404, "goal_not_found")


async def test_who_made_it_private_for_themselves_still_gets_an_answer(acme: Company) -> None:
    goal = await acme.goal("sam")
    path, key = f"goals/{goal['id']}", {"Idempotency-Key": "hide"}
    first = await acme.rosa.patch(path, json={"visibility": "private"}, headers=key)
    again = await acme.rosa.patch(path, json={"visibility": "private"}, headers=key)
    assert read(first)["visibility"] == read(again)["visibility"] == "private"
    refused(await acme.rosa.patch(path, json={"visibility": "private"}), 404, "goal_not_found")


async def test_a_goals_weight_is_for_those_it_counts_for(acme: Company) -> None:
    parent = await acme.goal("alex")
    child = await acme.goal("sam", parent_id=parent["id"])
    path = f"goals/{child['id']}"
    # Proposed, it is still the goal's own editors'.
    read(await acme.sam.patch(path, json={"weight": 2}))
    refused(await acme.alex.patch(path, json={"weight": 3}), 403, "forbidden")
    read(await acme.alex.post(f"{path}/alignment", json={"action": "accept"}))
    await acme.told()
    refused(await acme.sam.patch(path, json={"weight": 4}), 403, "forbidden")
    refused(await acme.sam.patch(path, json={"weight": 4, "title": "x"}), 403, "forbidden")
    refused(await acme.alex.patch(path, json={"weight": 4, "title": "x"}), 403, "forbidden")
    assert await acme.told() == []
    assert read(await acme.alex.patch(path, json={"weight": 5}))["weight"] == 5
    # Rosa leads both.
    assert read(await acme.rosa.patch(path, json={"weight": 6, "title": "x"}))["weight"] == 6


@pytest.mark.parametrize(
    ("end", "body", "code"),
    [("close", {"score": 0.5}, "closed"), ("cancel", {"reason": "Over."}, "cancelled"), ("archive", None, "archived")],
)
async def test_what_counts_in_a_parent_that_ended_is_not_weighed_anew(
    acme: Company, end: str, body: Any, code: str
) -> None:
    parent = await acme.goal("sam")
    path = f"goals/{(await acme.goal('sam', parent_id=parent['id']))['id']}"
    read(await acme.sam.post(f"goals/{parent['id']}/{end}", json=body))
    await acme.told()
    refused(await acme.sam.patch(path, json={"weight": 4}), 409, f"goal_{code}")
    refused(await acme.sam.post(f"{path}/move", json={"parent_id": parent["id"], "weight": 4}), 409, f"goal_{code}")
    read(await acme.sam.patch(path, json={"weight": 1}))
    assert await acme.told() == []
    assert read(await acme.sam.patch(path, json={"weight": 1, "title": "Another"}))["title"] == "Another"


async def test_a_key_result_keeps_its_parents_visibility(acme: Company) -> None:
    parent = await acme.goal("sam", visibility="team")
    child = await acme.goal("sam", kind="key_result", parent_id=parent["id"])
    path = f"goals/{child['id']}"
    refused(await acme.sam.patch(path, json={"visibility": "public"}), 422, "visibility_of_parent")
    read(await acme.sam.patch(path, json={"visibility": "team"}))
    refused(await acme.sam.patch(path, json={"focus": "wellbeing"}), 422, "wellbeing_has_no_parent")


async def test_the_record_that_a_goal_stands_for_can_be_another(acme: Company) -> None:
    first = await acme.goal("sam", external_ref={"system": "t", "id": "1"})
    second = await acme.goal("sam")
    await acme.told()
    taken = {"external_ref": {"system": "t", "id": "1"}}
    refused(await acme.sam.patch(f"goals/{second['id']}", json=taken), 409, "reference_taken")
    assert await acme.told() == []
    found = read(await acme.sam.patch(f"goals/{first['id']}", json={"external_ref": {"id": "2"}}))
    assert found["external_ref"] == {"system": "t", "id": "2", "url": None}
    assert await acme.told() == [
        ("goal", "GoalChanged"),
        ("reference", "ReferenceClaimed"),
        ("reference", "ReferenceReleased"),
    ]
    # What was let go may be claimed; a link alone claims nothing.
    read(await acme.sam.patch(f"goals/{second['id']}", json=taken))
    read(await acme.sam.patch(f"goals/{second['id']}", json={"external_ref": {"url": "https://t.example/1"}}))
    read(await acme.sam.patch(f"goals/{second['id']}", json={"external_ref": None}))
    assert [kind for kind, _ in await acme.told()] == ["goal", "reference", "goal", "goal", "reference"]
    await acme.goal("sam", external_ref={"system": "t", "id": "1"})


async def test_whoever_left_stays_a_contributor_until_they_are_taken_out(acme: Company) -> None:
    goal = await acme.goal("sam", contributor_ids=[acme.ids["kim"]])
    await acme.leaves("kim")
    both = {"contributor_ids": [acme.ids["kim"], acme.ids["alex"]]}
    read(await acme.sam.patch(f"goals/{goal['id']}", json=both))
    read(await acme.sam.patch(f"goals/{goal['id']}", json={"contributor_ids": []}))
    refused(await acme.sam.patch(f"goals/{goal['id']}", json=both), 422, "unknown_person")


async def test_a_goals_text_goes_with_its_unit(acme: Company) -> None:
    unit = await acme.unit("sam")
    goal = await acme.goal("sam", description="Why.")
    await acme.told()
    assert read(await acme.sam.patch(f"goals/{goal['id']}", json={"unit_id": unit}))["unit_id"] == unit
    fact: GoalChanged = await acme.only(GoalChanged)
    assert (fact.unit_id, fact.title, fact.description, fact.changed) == (unit, "A goal", "Why.", ["unit_id"])


# --- out of one's own sight -------------------------------------------------------------------------------------


async def test_who_loses_sight_of_a_goal_by_a_command_is_offered_nothing(acme: Company) -> None:
    goal = await acme.goal("sam", visibility="private")
    path, key = f"goals/{goal['id']}", {"Idempotency-Key": "gone"}
    given = {"owner_id": acme.ids["alex"], "reason": "x"}
    first = await acme.sam.post(f"{path}/transfer", json=given, headers=key)
    assert read(first)["allowed_actions"] == []
    assert read(await acme.sam.post(f"{path}/transfer", json=given, headers=key))["allowed_actions"] == []
    for action, body in (("comments", {"text": "x"}), ("follow", None)):
        refused(await acme.sam.post(f"{path}/{action}", json=body), 404, "goal_not_found")
    # Rosa leads Maya, who leads Sam: she edits the goal, and hides it from herself.
    other = await acme.goal("sam")
    hidden = await acme.rosa.patch(f"goals/{other['id']}", json={"visibility": "private"})
    assert read(hidden)["allowed_actions"] == []
    refused(await acme.rosa.get(f"goals/{other['id']}"), 404, "goal_not_found")


async def test_who_lost_sight_of_a_goal_is_offered_nothing_by_a_repeat(acme: Company) -> None:
    goal = await acme.goal("sam", visibility="private")
    path, key = f"goals/{goal['id']}", {"Idempotency-Key": "moved"}
    moved = await acme.sam.post(f"{path}/move", json={"parent_id": None, "weight": 2}, headers=key)
    assert "edit" in read(moved)["allowed_actions"]
    read(await acme.sam.post(f"{path}/transfer", json={"owner_id": acme.ids["alex"], "reason": "x"}))
    again = read(await acme.sam.post(f"{path}/move", json={"parent_id": None, "weight": 2}, headers=key))
    assert (again["owner_id"], again["allowed_actions"]) == (acme.ids["sam"], [])


# --- transfer ---------------------------------------------------------------------------------------------------


async def test_a_goal_goes_to_another_owner(acme: Company) -> None:
    goal = await acme.goal("sam", contributor_ids=[acme.ids["kim"], acme.ids["alex"]], description="Why.")
    await acme.told()
    given = {"owner_id": acme.ids["kim"], "reason": "Sam changes teams."}
    found = read(await acme.sam.post(f"goals/{goal['id']}/transfer", json=given))
    assert (found["owner_id"], found["contributor_ids"]) == (acme.ids["kim"], [acme.ids["alex"]])
    fact: GoalTransferred = await acme.only(GoalTransferred)
    assert (fact.previous_owner_id, fact.reason, fact.description) == (acme.ids["sam"], given["reason"], "Why.")
    # Again, by who may still edit it: nothing.
    read(await acme.maya.post(f"goals/{goal['id']}/transfer", json=given))
    refused(await acme.sam.post(f"goals/{goal['id']}/transfer", json=given), 403, "forbidden")
    assert await acme.told() == []


async def test_who_gives_a_goal_away_may_lose_sight_of_it(acme: Company) -> None:
    goal = await acme.goal("sam", visibility="private")
    path, given = f"goals/{goal['id']}/transfer", {"owner_id": acme.ids["alex"], "reason": "x"}
    key = {"Idempotency-Key": "give"}
    first = await acme.sam.post(path, json=given, headers=key)
    assert read(first)["owner_id"] == acme.ids["alex"]
    again = await acme.sam.post(path, json=given, headers=key)
    assert (read(again)["version"], again.headers["Cairn-Position"]) == (2, first.headers["Cairn-Position"])
    refused(await acme.sam.post(path, json=given), 404, "goal_not_found")
    # Rosa leads Alex, so she sees what Alex owns; Maya did only while it was Sam's.
    refused(await acme.maya.post(path, json=given), 404, "goal_not_found")
    read(await acme.rosa.post(path, json=given | {"owner_id": acme.ids["maya"]}))


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"owner_id": UNKNOWN, "reason": "x"}, 422, "unknown_person"),
        ({"owner_id": "kim", "reason": "x"}, 422, "invalid_value"),
        ({"reason": "x"}, 400, "invalid_body"),
        ({"owner_id": UNKNOWN}, 400, "invalid_body"),
        ({"owner_id": UNKNOWN, "reason": " \n"}, 422, "invalid_value"),
    ],
)
async def test_a_transfer_names_somebody_who_works_here_and_why(
    acme: Company, given: dict[str, Any], status: int, code: str
) -> None:
    goal = await acme.goal("sam")
    await acme.told()
    refused(await acme.sam.post(f"goals/{goal['id']}/transfer", json=given), status, code)
    assert await acme.told() == []


async def test_nobody_who_left_or_of_another_tenant_gets_a_goal(acme: Company, other: Company) -> None:
    goal = await acme.goal("sam")
    await acme.leaves("kim")
    for person in (acme.ids["kim"], other.ids["sam"]):
        given = {"owner_id": person, "reason": "x"}
        refused(await acme.sam.post(f"goals/{goal['id']}/transfer", json=given), 422, "unknown_person")
