"""What `allowed_actions` says of an agreement is what the API does: an action is offered where it would say something.

Where somebody stands for whom is the same for all; each try is on a goal of its own, brought to its state first.
"""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.goals.api.company import METRIC, Company, read

ACTIONS = ("propose", "agree", "request_changes")
PEOPLE = ("sam", "maya", "rosa", "kim", "alex")
"""The owner, the direct manager, who leads her, a contributor, and somebody who only sees the goal."""
STEPS = {
    "none": (),
    "proposed by the owner": (("sam", "propose"),),
    "proposed by the manager": (("maya", "propose"),),
    "proposed by another editor": (("rosa", "propose"),),
    "agreed to by the owner alone": (("rosa", "propose"), ("sam", "agree")),
    "agreed to by the manager alone": (("rosa", "propose"), ("maya", "agree")),
    "changes requested by the owner": (("maya", "propose"), ("sam", "request_changes")),
    "changes requested by the manager": (("sam", "propose"), ("maya", "request_changes")),
    "agreed": (("sam", "propose"), ("maya", "agree")),
    "agreed the other way round": (("maya", "propose"), ("sam", "agree")),
}
CHANGED = {**{f"{name}, then changed": steps for name, steps in STEPS.items() if name.startswith("agreed")}}


async def goal_at(acme: Company, steps: tuple[tuple[str, str], ...], *, changed: bool = False) -> str:
    goal = await acme.goal("sam", metric=METRIC, visibility="public", contributor_ids=[acme.ids["kim"]])
    path = f"goals/{goal['id']}"
    for who, action in steps:
        read(await say(acme, who, path, action))
    if changed:
        read(await acme.sam.patch(path, json={"title": "Another"}))
    return path


async def say(acme: Company, who: str, path: str, action: str) -> httpx2.Response:
    return await acme.clients[who].post(f"{path}/agreement", json={"action": action})


async def offered(acme: Company, who: str, path: str) -> dict[str, Any]:
    return read(await acme.clients[who].get(path))


def as_offered(before: dict[str, Any], answer: httpx2.Response, action: str) -> bool:
    """Whether the API did with an action what was said of it: it takes it, repeats it, or refuses it."""
    if action in before["allowed_actions"]:
        return answer.status_code == 200 and answer.json()["version"] == before["version"] + 1
    if answer.status_code == 200:
        # Said already; or, proposed where it stands proposed, another word for agreeing, which is offered instead.
        repeated = answer.json()["version"] == before["version"]
        return repeated or (action == "propose" and "agree" in before["allowed_actions"])
    return answer.status_code in (403, 409)


@pytest.mark.parametrize("name", [*STEPS, *CHANGED])
async def test_what_is_offered_is_what_is_done(acme: Company, name: str) -> None:
    steps, changed = (STEPS | CHANGED)[name], name in CHANGED
    wrong = []
    for who in PEOPLE:
        for action in ACTIONS:
            path = await goal_at(acme, steps, changed=changed)
            before = await offered(acme, who, path)
            answer = await say(acme, who, path, action)
            if not as_offered(before, answer, action):
                wrong.append((who, action, action in before["allowed_actions"], answer.status_code))
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "owner", "manager", "editor"),
    [
        ("none", ["propose"], ["propose"], ["propose"]),
        ("proposed by the owner", ["request_changes"], ["agree", "request_changes"], []),
        ("proposed by the manager", ["agree", "request_changes"], ["request_changes"], []),
        ("proposed by another editor", ["agree", "request_changes"], ["agree", "request_changes"], []),
        ("changes requested by the manager", ["propose"], ["propose"], ["propose"]),
        ("agreed", [], [], []),
        ("agreed, then changed", ["agree", "request_changes"], ["agree", "request_changes"], []),
    ],
)
async def test_owner_and_manager_are_offered_what_is_theirs_to_say(
    acme: Company, name: str, owner: list[str], manager: list[str], editor: list[str]
) -> None:
    path = await goal_at(acme, (STEPS | CHANGED)[name], changed=name in CHANGED)
    for who, expected in (("sam", owner), ("maya", manager), ("rosa", editor), ("kim", []), ("alex", [])):
        before = await offered(acme, who, path)
        assert [one for one in before["allowed_actions"] if one in ACTIONS] == expected, who


async def test_who_has_no_manager_any_more_may_complete_it_alone(acme: Company) -> None:
    path = await goal_at(acme, STEPS["proposed by the owner"])
    await acme.leaves("maya")
    before = await offered(acme, "sam", path)
    assert "agree" in before["allowed_actions"]
    agreed = read(await say(acme, "sam", path, "agree"))
    assert (agreed["agreement"]["state"], "agree" in agreed["allowed_actions"]) == ("agreed", False)
    assert agreed["allowed_actions"] == (await offered(acme, "sam", path))["allowed_actions"]


async def test_a_manager_who_comes_after_it_was_agreed_may_say_yes_too(acme: Company) -> None:
    goal = await acme.goal("rosa", metric=METRIC, visibility="public")
    path = f"goals/{goal['id']}"
    assert read(await say(acme, "rosa", path, "propose"))["agreement"]["state"] == "agreed"
    moved = await acme.admin.patch(f"people/{acme.ids['rosa']}", json={"manager_id": await acme.joins("nora")})
    read(moved)
    before = await offered(acme, "nora", path)
    assert [one for one in before["allowed_actions"] if one in ACTIONS] == ["agree"]
    agreed = read(await say(acme, "nora", path, "agree"))
    assert agreed["agreement"]["manager_at"] is not None
    assert "agree" not in agreed["allowed_actions"]
