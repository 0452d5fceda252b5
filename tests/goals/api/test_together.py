"""Agreement, alignment and moves: who has a say, what counts at once, and that nothing comes to hang under itself."""

from __future__ import annotations

from typing import Any

import pytest

from libs.events.catalog.goals import AgreementGiven, AgreementProposed, GoalMoved
from tests.goals.api.company import METRIC, UNKNOWN, Company, after, items, read, refused

PROPOSE, AGREE, OBJECT = ({"action": action} for action in ("propose", "agree", "request_changes"))
ACCEPT, DECLINE, DETACH = ({"action": action} for action in ("accept", "decline", "detach"))


# --- agreement --------------------------------------------------------------------------------------------------


async def test_owner_and_manager_agree(acme: Company) -> None:
    goal = await acme.goal("sam")
    path = f"goals/{goal['id']}/agreement"
    await acme.told()
    proposed = read(await acme.sam.post(path, json=PROPOSE | {"note": "As we said."}))["agreement"]
    assert (proposed["state"], proposed["manager_at"], proposed["agreed_version"]) == ("proposed", None, None)
    assert proposed["owner_at"] is not None
    fact: AgreementProposed = await acme.only(AgreementProposed)
    assert (fact.part, fact.complete, fact.note) == ("owner", False, "As we said.")
    agreed = read(await acme.maya.post(path, json=AGREE))["agreement"]
    assert (agreed["state"], agreed["agreed_version"]) == ("agreed", 3)
    assert (await acme.only(AgreementGiven)).part == "manager"
    read(await acme.maya.post(path, json=AGREE))
    read(await acme.sam.post(path, json=AGREE))
    assert await acme.told() == []


async def test_a_manager_asks_for_changes(acme: Company) -> None:
    goal = await acme.goal("sam")
    path = f"goals/{goal['id']}/agreement"
    read(await acme.sam.post(path, json=PROPOSE))
    asked = read(await acme.maya.post(path, json=OBJECT | {"note": "Too little."}))["agreement"]
    assert (asked["state"], asked["owner_at"]) == ("changes_requested", None)
    refused(await acme.maya.post(path, json=AGREE), 409, "nothing_proposed")
    refused(await acme.maya.post(path, json=OBJECT), 409, "nothing_proposed")
    assert read(await acme.maya.post(path, json=PROPOSE))["agreement"]["state"] == "proposed"
    assert read(await acme.sam.post(path, json=AGREE))["agreement"]["state"] == "agreed"


async def test_who_has_no_manager_agrees_alone(acme: Company) -> None:
    goal = await acme.goal("rosa")
    agreed = read(await acme.rosa.post(f"goals/{goal['id']}/agreement", json=PROPOSE))["agreement"]
    assert (agreed["state"], agreed["manager_at"]) == ("agreed", None)


async def test_nobody_waits_for_a_manager_who_left(acme: Company) -> None:
    goal = await acme.goal("sam")
    await acme.leaves("maya")
    agreed = read(await acme.sam.post(f"goals/{goal['id']}/agreement", json=PROPOSE))["agreement"]
    assert agreed["state"] == "agreed"


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"title": "Another"}, "proposed"),
        ({"weight": 2}, "proposed"),
        ({"metric": {"target": 30}}, "proposed"),
        ({"period": {"end": "2027-01-31"}}, "proposed"),
        ({"description": "Why.", "labels": ["x"], "visibility": "team", "clamp": False}, "agreed"),
    ],
)
async def test_what_was_agreed_on_is_agreed_on_anew(acme: Company, change: dict[str, Any], state: str) -> None:
    goal = await acme.goal("sam", metric=METRIC, period={"start": "2026-10-01", "end": "2026-12-31"})
    path = f"goals/{goal['id']}"
    await acme.sam.post(f"{path}/agreement", json=PROPOSE)
    read(await acme.maya.post(f"{path}/agreement", json=AGREE))
    agreement = read(await acme.sam.patch(path, json=change))["agreement"]
    assert agreement["state"] == state
    assert (agreement["owner_at"] is None, agreement["agreed_version"] is None) == (state == "proposed",) * 2


async def test_only_owner_and_manager_have_a_say(acme: Company) -> None:
    goal = await acme.goal("sam")
    path = f"goals/{goal['id']}/agreement"
    refused(await acme.kim.post(path, json=PROPOSE), 403, "forbidden")
    # Rosa leads Maya: she may propose, but it is not hers to agree to.
    assert read(await acme.rosa.post(path, json=PROPOSE))["agreement"]["owner_at"] is None
    for name in ("rosa", "kim", "admin"):
        for body in (AGREE, OBJECT):
            refused(await acme.clients[name].post(path, json=body), 403, "forbidden")
    refused(await acme.sam.post(path, json={"action": "nod"}), 422, "invalid_value")
    refused(await acme.sam.post(path, json={}), 400, "invalid_body")


# --- alignment --------------------------------------------------------------------------------------------------


async def test_the_parents_editors_accept(acme: Company) -> None:
    parent = await acme.goal("alex")
    child = await acme.goal("sam", parent_id=parent["id"], visibility="private", metric=METRIC | {"current": 45})
    path = f"goals/{child['id']}"
    # A proposal shows a goal to whom it is proposed.
    assert read(await acme.alex.get(path))["alignment"] == "proposed"
    refused(await acme.sam.post(f"{path}/alignment", json=ACCEPT), 403, "forbidden")
    refused(await acme.kim.post(f"{path}/alignment", json=ACCEPT), 404, "goal_not_found")
    answer = await acme.alex.post(f"{path}/alignment", json=ACCEPT | {"weight": 3})
    found = read(answer)
    assert (found["alignment"], found["weight"], found["parent_id"]) == ("accepted", 3, parent["id"])
    assert read(await acme.alex.get(f"goals/{parent['id']}/rollup", headers=after(answer)))["progress"] == 0.5
    await acme.told()
    read(await acme.alex.post(f"{path}/alignment", json=ACCEPT))
    assert await acme.told() == []
    refused(await acme.alex.post(f"{path}/alignment", json=DECLINE), 409, "alignment_accepted")


async def test_declined_or_detached_a_goal_is_a_root(acme: Company) -> None:
    parent = await acme.goal("alex")
    for name, body in (("alex", DECLINE), ("alex", DETACH), ("sam", DETACH), ("rosa", DETACH)):
        child = await acme.goal("sam", parent_id=parent["id"])
        path = f"goals/{child['id']}/alignment"
        found = read(await acme.clients[name].post(path, json=body))
        assert (found["alignment"], found["parent_id"]) == ("none", None)
        await acme.told()
        read(await acme.sam.post(path, json=DETACH))
        for again in (ACCEPT, DECLINE):
            refused(await acme.sam.post(path, json=again), 409, "no_alignment_proposed")
        assert await acme.told() == []


async def test_who_declines_what_they_then_do_not_see_still_gets_an_answer(acme: Company) -> None:
    parent = await acme.goal("alex")
    child = await acme.goal("sam", parent_id=parent["id"], visibility="private")
    path, key = f"goals/{child['id']}/alignment", {"Idempotency-Key": "no"}
    first = await acme.alex.post(path, json=DECLINE, headers=key)
    again = await acme.alex.post(path, json=DECLINE, headers=key)
    assert read(first)["version"] == read(again)["version"] == 2
    # Nor does a repeat tell how it went on.
    read(await acme.sam.post(f"goals/{child['id']}/close", json={"score": 0.9}))
    later = read(await acme.alex.post(path, json=DECLINE, headers=key))
    assert (later["state"], later["progress"], later["score"], later["version"]) == ("open", 0, None, 2)
    refused(await acme.alex.post(path, json=DECLINE), 404, "goal_not_found")


async def test_nothing_is_accepted_under_what_is_over(acme: Company) -> None:
    parent = await acme.goal("alex")
    child = await acme.goal("sam", parent_id=parent["id"])
    path = f"goals/{child['id']}/alignment"
    read(await acme.alex.post(f"goals/{parent['id']}/close", json={"score": 1}))
    refused(await acme.alex.post(path, json=ACCEPT), 409, "goal_closed")
    read(await acme.alex.post(f"goals/{parent['id']}/archive"))
    refused(await acme.alex.post(path, json=ACCEPT), 409, "goal_archived")
    read(await acme.alex.post(path, json=DECLINE))


async def test_a_weight_goes_with_accepting_only(acme: Company) -> None:
    parent = await acme.goal("alex")
    child = await acme.goal("sam", parent_id=parent["id"])
    path = f"goals/{child['id']}/alignment"
    for body in (DECLINE | {"weight": 1}, ACCEPT | {"weight": -1}):
        refused(await acme.alex.post(path, json=body), 422, "invalid_value")


# --- moves ------------------------------------------------------------------------------------------------------


async def test_a_move_counts_at_once_for_who_edits_the_parent(acme: Company) -> None:
    goal, near, far = await acme.goal("sam"), await acme.goal("sam"), await acme.goal("alex")
    path = f"goals/{goal['id']}/move"
    await acme.told()
    found = read(await acme.sam.post(path, json={"parent_id": near["id"], "weight": 2}))
    assert (found["parent_id"], found["alignment"], found["weight"]) == (near["id"], "accepted", 2)
    assert await acme.told() == [("goal", "GoalMoved"), ("tree", "TreeChanged")]
    found = read(await acme.sam.post(path, json={"parent_id": far["id"]}))
    assert (found["parent_id"], found["alignment"], found["weight"]) == (far["id"], "proposed", 2)
    fact: GoalMoved = await acme.only(GoalMoved)
    assert (fact.previous_parent_id, fact.parent_id) == (near["id"], far["id"])
    found = read(await acme.sam.post(path, json={"parent_id": None}))
    assert (found["parent_id"], found["alignment"]) == (None, "none")
    assert await acme.told() == [("goal", "GoalMoved")]
    read(await acme.sam.post(path, json={"parent_id": None}))
    assert await acme.told() == []


async def test_where_it_hangs_already_it_stays(acme: Company) -> None:
    parent = await acme.goal("alex")
    child = await acme.goal("sam", parent_id=parent["id"])
    path = f"goals/{child['id']}/move"
    await acme.told()
    here = {"parent_id": parent["id"]}
    assert read(await acme.sam.post(path, json=here))["alignment"] == "proposed"
    assert await acme.told() == []
    # Rosa edits both.
    assert read(await acme.rosa.post(path, json=here))["alignment"] == "accepted"
    refused(await acme.sam.post(path, json=here | {"weight": 9}), 403, "forbidden")
    assert await acme.told() == [("goal", "GoalMoved")]


@pytest.mark.parametrize(
    ("end", "body", "code"),
    [
        ("close", {"score": 1}, "goal_closed"),
        ("cancel", {"reason": "x"}, "goal_cancelled"),
        ("archive", {}, "goal_archived"),
    ],
)
async def test_what_has_ended_takes_nothing_by_a_move_to_where_it_hangs(
    acme: Company, end: str, body: dict[str, Any], code: str
) -> None:
    parent = await acme.goal("alex")
    child = await acme.goal("sam", parent_id=parent["id"])
    read(await acme.alex.post(f"goals/{parent['id']}/{end}", json=body or None))
    await acme.told()
    path, here = f"goals/{child['id']}/move", {"parent_id": parent["id"]}
    # Rosa edits both.
    refused(await acme.rosa.post(path, json=here), 409, code)
    refused(await acme.sam.post(path, json=here | {"weight": 2}), 409, code)
    assert read(await acme.sam.post(path, json=here))["alignment"] == "proposed"
    assert await acme.told() == []


async def test_what_holds_is_answered_at_once(acme: Company) -> None:
    """A key result says its parent's visibility in the answer of the very command."""
    secret = await acme.goal("sam", visibility="private")
    child = await acme.goal("sam", kind="key_result", visibility="public")
    path = f"goals/{child['id']}"
    moved = await acme.sam.post(f"{path}/move", json={"parent_id": secret["id"]})
    assert read(moved)["visibility"] == "private"
    assert read(await acme.sam.get(path, headers=after(moved)))["visibility"] == "private"
    [listed] = items(await acme.sam.get(f"goals?parent_id={secret['id']}", headers=after(moved)))
    assert listed["visibility"] == "private"
    read(await acme.sam.patch(f"goals/{secret['id']}", json={"visibility": "team"}))
    assert read(await acme.sam.patch(path, json={"title": "Changed"}))["visibility"] == "team"
    assert read(await acme.sam.post(f"{path}/move", json={"parent_id": None}))["visibility"] == "team"


async def test_nothing_hangs_under_itself(acme: Company) -> None:
    """Through goals that only propose to hang there, and drafts, and archived ones, too."""
    top = await acme.goal("alex")
    middle = await acme.goal("sam", parent_id=top["id"], draft=True)
    low = await acme.goal("sam", parent_id=middle["id"])
    await acme.told()
    assert (middle["alignment"], low["alignment"]) == ("proposed", "accepted")
    for moved, under in ((top, top), (top, middle), (top, low), (middle, low), (low, low)):
        answer = await acme.rosa.post(f"goals/{moved['id']}/move", json={"parent_id": under["id"]})
        refused(answer, 409, "goal_cycle")
    assert await acme.told() == []


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"parent_id": UNKNOWN}, 422, "unknown_parent"),
        ({"parent_id": "x"}, 422, "invalid_value"),
        ({}, 400, "invalid_body"),
        ({"parent_id": None, "weight": -1}, 422, "invalid_value"),
    ],
)
async def test_a_move_names_a_parent(acme: Company, fields: dict[str, Any], status: int, code: str) -> None:
    goal = await acme.goal("sam")
    await acme.told()
    refused(await acme.sam.post(f"goals/{goal['id']}/move", json=fields), status, code)
    assert await acme.told() == []


async def test_a_move_leads_to_what_one_sees_and_what_takes_it(acme: Company, other: Company) -> None:
    goal, leaf = await acme.goal("sam"), await acme.goal("sam", kind="key_result")
    wellbeing = await acme.goal("sam", focus="wellbeing")
    secret, foreign = await acme.goal("alex", visibility="private"), await other.goal("sam")
    over = await acme.goal("sam")
    read(await acme.sam.post(f"goals/{over['id']}/cancel", json={"reason": "x"}))
    await acme.told()
    for moved, under, status, code in (
        (goal, leaf, 422, "parent_is_key_result"),
        (goal, secret, 422, "unknown_parent"),
        (goal, foreign, 422, "unknown_parent"),
        (goal, over, 409, "goal_cancelled"),
        (wellbeing, goal, 422, "wellbeing_has_no_parent"),
        (over, goal, 409, "goal_cancelled"),
    ):
        answer = await acme.sam.post(f"goals/{moved['id']}/move", json={"parent_id": under["id"]})
        refused(answer, status, code)
    refused(await acme.kim.post(f"goals/{goal['id']}/move", json={"parent_id": None}), 403, "forbidden")
    assert await acme.told() == []


async def test_a_key_result_is_seen_as_its_parent_is(acme: Company) -> None:
    """Whatever it said for itself, from the very move on, on its own and in lists."""
    secret = await acme.goal("sam", visibility="private")
    child = await acme.goal("sam", kind="key_result", visibility="public")
    read(await acme.kim.get(f"goals/{child['id']}"))
    moved = await acme.sam.post(f"goals/{child['id']}/move", json={"parent_id": secret["id"]})
    read(moved)
    refused(await acme.kim.post(f"goals/{child['id']}/comments", json={"text": "x"}), 404, "goal_not_found")
    refused(await acme.kim.get(f"goals/{child['id']}", headers=after(moved)), 404, "goal_not_found")
    found = read(await acme.kim.get("goals?limit=500", headers=after(moved)))["items"]
    assert child["id"] not in [one["id"] for one in found]
