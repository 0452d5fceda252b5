"""What stands beside a goal: milestones, comments, followers, requests for support and their answers."""

from __future__ import annotations

from typing import Any

import pytest

from libs.events.catalog.goals import CommentAdded, MilestoneAdded, SupportAnswered
from tests.goals.api.company import UNKNOWN, Company, after, ended, ids, items, made, pointers, read, refused

STEP = {"title": "Half way", "due_on": "2026-12-01"}

# --- milestones -------------------------------------------------------------------------------------------------


async def test_a_milestone_is_set_changed_reached_and_taken_back(acme: Company) -> None:
    goal = await acme.goal("sam")
    path = f"goals/{goal['id']}/milestones"
    await acme.told()
    answer = await acme.sam.post(path, json=STEP)
    found = made(answer)
    one = f"{path}/{found['id']}"
    assert answer.headers["Location"] == f"/api/v1/{one}"
    assert found | STEP | {"reached_on": None, "author_id": acme.ids["sam"]} == found
    assert (await acme.only(MilestoneAdded)).milestone_id == found["id"]
    assert read(await acme.maya.patch(one, json={"due_on": "2026-12-24"}))["due_on"] == "2026-12-24"
    assert read(await acme.sam.patch(one, json={}))["title"] == "Half way"
    reached = await acme.sam.post(f"{one}/reach")
    assert read(reached)["reached_on"] == acme.installation.parts.clock.now().date().isoformat()
    assert read(await acme.sam.post(f"{one}/reach"))["reached_on"] == reached.json()["reached_on"]
    assert read(await acme.kim.get(one, headers=after(reached)))["due_on"] == "2026-12-24"
    gone = await acme.sam.delete(one)
    ended(gone)
    refused(await acme.sam.get(one, headers=after(gone)), 404, "milestone_not_found")
    refused(await acme.sam.delete(one), 404, "milestone_not_found")
    assert await acme.told() == [
        ("goal", "MilestoneChanged"),
        ("goal", "MilestoneReached"),
        ("goal", "MilestoneRemoved"),
    ]


async def test_milestones_come_by_due_date_in_pages(acme: Company) -> None:
    goal = await acme.goal("sam")
    path = f"goals/{goal['id']}/milestones"
    for day in ("2026-12-03", "2026-12-01", "2026-12-02"):
        last = await acme.sam.post(path, json=STEP | {"due_on": day})
    page = read(await acme.kim.get(f"{path}?limit=2", headers=after(last)))
    rest = read(await acme.kim.get(path, params={"limit": 2, "cursor": page["next_cursor"]}))
    assert [one["due_on"][-1] for one in (*page["items"], *rest["items"])] == ["1", "2", "3"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("fields", "status", "pointer"),
    [
        ({"title": ""}, 422, "/title"),
        ({"title": "x" * 201}, 422, "/title"),
        ({"due_on": "2026-13-01"}, 422, "/due_on"),
        ({"due_on": None}, 400, "/due_on"),
        ({"done": True}, 400, "/done"),
    ],
)
async def test_a_malformed_milestone_is_refused(
    acme: Company, fields: dict[str, Any], status: int, pointer: str
) -> None:
    goal = await acme.goal("sam")
    await acme.told()
    answer = await acme.sam.post(f"goals/{goal['id']}/milestones", json=STEP | fields)
    assert answer.status_code == status
    assert pointers(answer.json()) == [pointer]
    assert await acme.told() == []


async def test_milestones_are_the_editors(acme: Company) -> None:
    goal = await acme.goal("sam", contributor_ids=[acme.ids["alex"]])
    path = f"goals/{goal['id']}/milestones"
    one = f"{path}/{made(await acme.sam.post(path, json=STEP))['id']}"
    await acme.told()
    for name in ("alex", "kim"):
        client = acme.clients[name]
        refused(await client.post(path, json=STEP), 403, "forbidden")
        refused(await client.patch(one, json={"title": "x"}), 403, "forbidden")
        refused(await client.post(f"{one}/reach"), 403, "forbidden")
        refused(await client.delete(one), 403, "forbidden")
    refused(await acme.sam.patch(f"{path}/{UNKNOWN}", json={"title": "x"}), 404, "milestone_not_found")
    refused(await acme.sam.patch(one, json={"title": None}), 422, "invalid_value")
    assert await acme.told() == []


async def test_a_goal_has_a_hundred_milestones_at_most(acme: Company) -> None:
    goal = await acme.goal("sam")
    path = f"goals/{goal['id']}/milestones"
    for _ in range(100):
        made(await acme.sam.post(path, json=STEP))
    refused(await acme.sam.post(path, json=STEP), 422, "too_many_milestones")


# --- comments ---------------------------------------------------------------------------------------------------


async def test_whoever_sees_a_goal_comments_on_it(acme: Company) -> None:
    goal, hidden = await acme.goal("sam"), await acme.goal("sam", visibility="private")
    checked = made(await acme.sam.post(f"goals/{goal['id']}/check-ins", json={"status": "on_track"}))
    path = f"goals/{goal['id']}/comments"
    await acme.told()
    answer = await acme.kim.post(path, json={"text": "Well done,\nall of you. ", "check_in_id": checked["id"]})
    found = made(answer)
    assert (found["text"], found["check_in_id"], found["author_id"]) == (
        "Well done,\nall of you.",
        checked["id"],
        acme.ids["kim"],
    )
    fact: CommentAdded = await acme.only(CommentAdded)
    assert (fact.goal_id, fact.text) == (goal["id"], "Well done,\nall of you.")
    second = await acme.alex.post(path, json={"text": "Yes."})
    assert ids(items(await acme.sam.get(path, headers=after(second)))) == [found["id"], second.json()["id"]]
    assert read(await acme.sam.get(f"{path}/{found['id']}"))["text"] == found["text"]
    refused(await acme.kim.post(f"goals/{hidden['id']}/comments", json={"text": "x"}), 404, "goal_not_found")
    refused(await acme.kim.get(f"goals/{hidden['id']}/comments"), 404, "goal_not_found")


async def test_a_comment_is_its_authors(acme: Company) -> None:
    goal, other = await acme.goal("sam"), await acme.goal("sam")
    path = f"goals/{goal['id']}/comments"
    one = f"{path}/{made(await acme.kim.post(path, json={'text': 'Hm.'}))['id']}"
    await acme.told()
    for name in ("sam", "maya", "admin"):
        refused(await acme.clients[name].patch(one, json={"text": "x"}), 403, "forbidden")
        refused(await acme.clients[name].delete(one), 403, "forbidden")
    assert await acme.told() == []
    found = read(await acme.kim.patch(one, json={"text": "Ah."}))
    assert (found["text"], found["version"]) == ("Ah.", 2)
    read(await acme.kim.patch(one, json={}))
    read(await acme.kim.patch(one, json={"text": "Ah."}))
    elsewhere = one.replace(goal["id"], other["id"])
    refused(await acme.kim.patch(elsewhere, json={"text": "x"}), 404, "comment_not_found")
    refused(await acme.kim.get(elsewhere), 404, "comment_not_found")
    gone = await acme.kim.delete(one)
    ended(gone)
    ended(await acme.kim.delete(one))
    for name, answer in (
        ("kim", await acme.kim.patch(one, json={"text": "x"})),
        ("sam", await acme.sam.delete(one)),
        ("sam", await acme.sam.get(one, headers=after(gone))),
    ):
        assert refused(answer, 404, "comment_not_found"), name
    assert items(await acme.sam.get(path, headers=after(gone))) == []
    assert await acme.told() == [("comment", "CommentChanged"), ("comment", "CommentRemoved")]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"text": " \n"}, 422, "invalid_value"),
        ({"text": "x" * 10_001}, 422, "invalid_value"),
        ({"text": "a\u0001"}, 422, "invalid_value"),
        ({}, 400, "invalid_body"),
        ({"text": "x", "check_in_id": UNKNOWN}, 422, "unknown_check_in"),
        ({"text": "x", "check_in_id": "x"}, 422, "invalid_value"),
    ],
)
async def test_a_comment_that_says_nothing_is_refused(
    acme: Company, fields: dict[str, Any], status: int, code: str
) -> None:
    goal = await acme.goal("sam")
    await acme.told()
    refused(await acme.kim.post(f"goals/{goal['id']}/comments", json=fields), status, code)
    assert await acme.told() == []


async def test_a_comment_may_be_about_a_goal_as_it_was_read(acme: Company) -> None:
    goal = await acme.goal("sam")
    path = f"goals/{goal['id']}/comments"
    made(await acme.kim.post(path, json={"text": "x"}, headers={"If-Match": '"1"'}))
    read(await acme.sam.patch(f"goals/{goal['id']}", json={"title": "Another"}))
    answer = await acme.kim.post(path, json={"text": "x"}, headers={"If-Match": '"1"'})
    refused(answer, 412, "precondition_failed")


# --- followers --------------------------------------------------------------------------------------------------


async def test_one_follows_a_goal_and_stops_to(acme: Company) -> None:
    goal, hidden = await acme.goal("sam"), await acme.goal("sam", visibility="private")
    path = f"goals/{goal['id']}/follow"
    await acme.told()
    first = await acme.kim.post(path)
    assert (made(first)["id"], made(first)["person_id"]) == (acme.ids["kim"],) * 2
    again = await acme.kim.post(path)
    assert (read(again)["version"], again.headers["ETag"]) == (1, '"1"')
    [follower] = items(await acme.sam.get(path, headers=after(first)))
    assert follower == again.json() | {"allowed_actions": follower["allowed_actions"]}
    last = await acme.kim.delete(path)
    ended(last)
    ended(await acme.kim.delete(path))
    assert items(await acme.sam.get(path, headers=after(last))) == []
    assert await acme.told() == [("follow", "GoalFollowed"), ("follow", "GoalUnfollowed")]
    assert made(await acme.kim.post(path))["version"] == 3
    for method in ("POST", "DELETE", "GET"):
        answer = await acme.kim.request(method, f"goals/{hidden['id']}/follow")
        refused(answer, 404, "goal_not_found")


# --- support ----------------------------------------------------------------------------------------------------


async def asks(acme: Company, **fields: Any) -> tuple[str, dict[str, str]]:
    goal = await acme.goal("sam", **fields)
    said = {"status": "delayed", "support_needed": "A day of the vendor."}
    answer = await acme.sam.post(f"goals/{goal['id']}/check-ins", json=said)
    await acme.told()
    return made(answer)["id"], after(answer)


async def test_those_who_lead_answer_a_request(acme: Company) -> None:
    request_id, asked = await asks(acme)
    path = f"support-requests/{request_id}"
    [listed] = items(await acme.maya.get("support-requests?state=open", headers=asked))
    assert (listed["id"], listed["text"], listed["state"]) == (request_id, "A day of the vendor.", "open")
    promised = read(await acme.maya.post(f"{path}/answer", json={"state": "promised", "answer": "On Thursday."}))
    assert (promised["state"], promised["answer"], promised["answered_by"]) == (
        "promised",
        "On Thursday.",
        acme.ids["maya"],
    )
    fact: SupportAnswered = await acme.only(SupportAnswered)
    assert (fact.state, fact.answer) == ("promised", "On Thursday.")
    given = {"state": "given", "answer": "Done."}
    last = await acme.rosa.post(f"{path}/answer", json=given)
    assert read(last)["version"] == 3
    read(await acme.maya.post(f"{path}/answer", json=given))
    refused(await acme.maya.post(f"{path}/answer", json=given | {"state": "declined"}), 409, "support_answered")
    assert read(await acme.sam.get(path, headers=after(last)))["state"] == "given"
    assert await acme.told() == [("support", "SupportAnswered")]


async def test_requests_are_for_those_who_take_part(acme: Company, other: Company) -> None:
    request_id, asked = await asks(acme, contributor_ids=[acme.ids["alex"]])
    path, answer = f"support-requests/{request_id}", {"state": "given", "answer": "Done."}
    for name in ("sam", "alex"):
        assert read(await acme.clients[name].get(path, headers=asked))["allowed_actions"] == []
        refused(await acme.clients[name].post(f"{path}/answer", json=answer), 403, "forbidden")
    for client in (acme.kim, acme.admin):
        refused(await client.get(path, headers=asked), 404, "support_request_not_found")
        refused(await client.post(f"{path}/answer", json=answer), 404, "support_request_not_found")
        assert items(await client.get("support-requests", headers=asked)) == []
    refused(await other.maya.get(path), 404, "support_request_not_found")
    refused(await other.maya.post(f"{path}/answer", json=answer), 404, "support_request_not_found")
    refused(await acme.maya.get(f"support-requests/{UNKNOWN}"), 404, "support_request_not_found")
    assert await acme.told() == []


async def test_requests_are_found_by_who_asks_and_how_they_stand(acme: Company) -> None:
    request_id, asked = await asks(acme)
    found = read(await acme.maya.get(f"support-requests/{request_id}", headers=asked))
    for query, expected in (
        ({"state": "open,promised"}, [request_id]),
        ({"state": "given"}, []),
        ({"manager_id": acme.ids["maya"]}, [request_id]),
        ({"manager_id": acme.ids["alex"]}, []),
        ({"goal_id": f"{UNKNOWN},{found['goal_id']}"}, [request_id]),
        ({"goal_id": UNKNOWN}, []),
    ):
        assert ids(items(await acme.maya.get("support-requests", params=query, headers=asked))) == expected
    for query in ({"state": "lost"}, {"goal_id": "x"}, {"limit": "501"}, {"owner_id": UNKNOWN}):
        refused(await acme.maya.get("support-requests", params=query), 422, "invalid_parameter")


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"state": "open"}, 422), ({"answer": " "}, 422), ({"answer": None}, 400), ({"state": 7}, 400)],
)
async def test_a_malformed_answer_is_refused(acme: Company, fields: dict[str, Any], status: int) -> None:
    request_id, _ = await asks(acme)
    answer = {"state": "given", "answer": "Done.", **fields}
    assert (await acme.maya.post(f"support-requests/{request_id}/answer", json=answer)).status_code == status
    assert await acme.told() == []
