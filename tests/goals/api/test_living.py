"""Publish, close, cancel, archive, restore, reopen: what a goal's state allows, and that a repeat changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from libs.events.catalog.goals import GoalClosed
from tests.goals.api.company import METRIC, Company, read, refused

WHY = {"reason": "Because."}
CLOSE = {"score": 0.5}
BODIES: dict[str, Any] = {"close": CLOSE, "cancel": WHY, "reopen": WHY}
WAYS: dict[str, list[str]] = {
    "draft": [],
    "open": ["publish"],
    "closed": ["publish", "close"],
    "cancelled": ["publish", "cancel"],
    "archived": ["publish", "archive"],
}
"""How a draft comes to each state."""
LEADS = {
    "publish": {"draft": "open"},
    "close": {"open": "closed"},
    "cancel": {"draft": "cancelled", "open": "cancelled"},
    "archive": {"draft": "archived", "open": "archived", "closed": "archived"},
    "restore": {"cancelled": "open", "archived": "open"},
    "reopen": {"closed": "open"},
}
REPEATS = {
    "publish": {"open"},
    "close": {"closed"},
    "cancel": {"cancelled"},
    "archive": {"archived"},
    "restore": {"draft", "open", "closed"},
    "reopen": {"open"},
}
CODES = {"draft": "goal_draft", "closed": "goal_closed", "cancelled": "goal_cancelled", "archived": "goal_archived"}


async def step(acme: Company, goal_id: str, action: str) -> Any:
    return await acme.sam.post(f"goals/{goal_id}/{action}", json=BODIES.get(action))


async def goal_in(acme: Company, state: str) -> str:
    goal = await acme.goal("sam", draft=True)
    for action in WAYS[state]:
        read(await step(acme, goal["id"], action))
    await acme.told()
    return str(goal["id"])


@pytest.mark.parametrize("state", list(WAYS))
@pytest.mark.parametrize("action", list(LEADS))
async def test_every_step_from_every_state(acme: Company, state: str, action: str) -> None:
    goal_id = await goal_in(acme, state)
    answer = await step(acme, goal_id, action)
    if state in LEADS[action]:
        assert read(answer)["state"] == LEADS[action][state]
        assert len(await acme.told()) == 1
    elif state in REPEATS[action]:
        assert read(answer)["state"] == state
        assert await acme.told() == []
    else:
        refused(answer, 409, CODES[state])
        assert await acme.told() == []


WORK: list[tuple[str, str, dict[str, Any]]] = [
    ("patch", "", {"title": "Another"}),
    ("post", "/check-ins", {"status": "on_track"}),
    ("post", "/milestones", {"title": "Half way", "due_on": "2026-12-01"}),
    ("post", "/agreement", {"action": "propose"}),
    ("post", "/move", {"parent_id": None, "weight": 2}),
    ("post", "/close", {"score": 0.9}),
]


@pytest.mark.parametrize("state", ["closed", "cancelled", "archived"])
@pytest.mark.parametrize("way", WORK, ids=lambda way: way[1] or way[0])
async def test_what_is_over_takes_no_work(acme: Company, state: str, way: tuple[str, str, dict[str, Any]]) -> None:
    goal_id = await goal_in(acme, state)
    method, path, body = way
    refused(await acme.sam.request(method, f"goals/{goal_id}{path}", json=body), 409, CODES[state])
    given = {"owner_id": acme.ids["kim"], "reason": "x"}
    refused(await acme.sam.post(f"goals/{goal_id}/transfer", json=given), 409, CODES[state])
    assert await acme.told() == []


async def test_what_is_over_is_still_talked_about(acme: Company) -> None:
    for state in ("closed", "cancelled", "archived"):
        goal_id = await goal_in(acme, state)
        assert (await acme.kim.post(f"goals/{goal_id}/comments", json={"text": "Pity."})).status_code == 201
        assert (await acme.kim.post(f"goals/{goal_id}/follow")).status_code == 201
        read(await acme.kim.get(f"goals/{goal_id}"))


async def test_a_draft_takes_everything_but_check_ins(acme: Company) -> None:
    goal_id = await goal_in(acme, "draft")
    refused(await acme.sam.post(f"goals/{goal_id}/check-ins", json={"status": "on_track"}), 409, "goal_draft")
    refused(await acme.sam.post(f"goals/{goal_id}/close"), 409, "goal_draft")
    read(await acme.sam.patch(f"goals/{goal_id}", json={"title": "Another"}))
    read(await acme.sam.post(f"goals/{goal_id}/agreement", json={"action": "propose"}))


@pytest.mark.parametrize(("state", "action"), [("draft", "archive"), ("draft", "cancel"), ("closed", "archive")])
async def test_restored_a_goal_is_what_it_was(acme: Company, state: str, action: str) -> None:
    goal_id = await goal_in(acme, state)
    before = read(await acme.sam.get(f"goals/{goal_id}"))
    read(await step(acme, goal_id, action))
    found = read(await step(acme, goal_id, "restore"))
    told = ("state", "score", "outcome", "progress")
    assert {name: found[name] for name in told} == {name: before[name] for name in told}


async def test_closing_with_a_score_judges_it(acme: Company) -> None:
    for commitment, score, outcome in (
        ("committed", 1, "achieved"),
        ("committed", 0.999999, "partly"),
        ("committed", 0.5, "partly"),
        ("committed", 0.499999, "missed"),
        ("aspirational", 0.7, "achieved"),
        ("aspirational", 0.35, "partly"),
        ("aspirational", 0, "missed"),
    ):
        goal = await acme.goal("sam", commitment=commitment)
        await acme.told()
        closed = {"score": score, "reflection": "We learned."}
        found = read(await acme.sam.post(f"goals/{goal['id']}/close", json=closed))
        assert (found["outcome"], found["score"], found["progress"]) == (outcome, score, score)
        assert (found["state"], found["status"]) == ("closed", "done")
        assert (await acme.only(GoalClosed)).reflection == "We learned."


async def test_closing_without_a_score_judges_what_comes_up(acme: Company) -> None:
    parent = await acme.goal("sam")
    for value in (44, 45):
        child = await acme.goal("sam", kind="key_result", parent_id=parent["id"], metric=METRIC)
        await acme.sam.post(f"goals/{child['id']}/check-ins", json={"status": "on_track", "value": value})
    # At once, without asking for any position: the roll-up is waited for.
    found = read(await acme.sam.post(f"goals/{parent['id']}/close"))
    assert (found["outcome"], found["score"]) == ("partly", None)
    assert float((await acme.only(GoalClosed)).judged) == pytest.approx(0.55)
    read(await acme.sam.post(f"goals/{parent['id']}/close", json={}))
    refused(await acme.sam.post(f"goals/{parent['id']}/close", json={"score": 0.5}), 409, "goal_closed")
    assert await acme.told() == []


async def test_reopened_a_goal_has_neither_score_nor_outcome(acme: Company) -> None:
    goal_id = await goal_in(acme, "closed")
    found = read(await step(acme, goal_id, "reopen"))
    assert (found["state"], found["score"], found["outcome"], found["status"]) == ("open", None, None, "not_started")


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [
        ("close", {"score": 1.1}, 422),
        ("close", {"score": -0.1}, 422),
        ("close", {"score": "1"}, 400),
        ("cancel", {}, 400),
        ("cancel", {"reason": " "}, 422),
        ("reopen", {}, 400),
        ("reopen", {"reason": ""}, 422),
        ("archive", {"reason": "x"}, 400),
        ("publish", {"x": 1}, 400),
    ],
)
async def test_malformed_steps_are_refused(acme: Company, action: str, body: dict[str, Any], status: int) -> None:
    goal = await acme.goal("sam")
    await acme.told()
    answer = await acme.sam.post(f"goals/{goal['id']}/{action}", json=body)
    assert answer.status_code == status, answer.text
    assert await acme.told() == []


@pytest.mark.parametrize("action", list(LEADS))
async def test_only_editors_end_a_goal(acme: Company, action: str) -> None:
    goal = await acme.goal("sam", contributor_ids=[acme.ids["alex"]])
    hidden = await acme.goal("sam", visibility="private")
    await acme.told()
    for name in ("kim", "alex", "admin"):
        answer = await acme.clients[name].post(f"goals/{goal['id']}/{action}", json=BODIES.get(action))
        refused(answer, 403, "forbidden")
    answer = await acme.kim.post(f"goals/{hidden['id']}/{action}", json=BODIES.get(action))
    refused(answer, 404, "goal_not_found")
    assert await acme.told() == []
