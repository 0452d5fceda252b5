"""Rows of goals that could not be brought up to date: told to those who may see the goal, to nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from libs.access.principals import Principal
from libs.events.caller import Caller
from libs.events.declare import ReadModel
from libs.events.envelope import stream_name
from libs.events.ports import Advance, Checkpoint, Commit, Parked
from libs.events.testing import drain
from services.goals.domain.state import GOAL
from services.goals.projections import GOAL_ROWS, TALK, TREE
from services.people.domain.commands import AddPerson
from tests.events.installation import Installation, Parts, installed


async def join(home: Installation, name: str) -> str:
    """Somebody joins."""
    command = AddPerson(display_name=name, email=f"{name}@example.org")
    return (await home.people.handlers.admit(Caller("acme", "operator"), command)).resource


async def park(home: Installation, model: ReadModel, key: str) -> None:
    """Rows of a model wait for an event that could not be applied; the model went on without it."""
    topic, reads = "goals.events", home.goals.reading.reads
    owner = await reads.own(model.name, topic, 0)
    head = await home.embedded.folder.event_log("goals").tenant_head(topic, "acme")
    reached = (await reads.checkpoints(model.name, topic, ["acme"])).get("acme")
    advance = Advance("acme", reached, Checkpoint(head.store_id, head.sequence))
    parked = Parked(model.name, topic, "acme", key, 1, "malformed_event")
    await reads.commit(Commit(owner, owner.offset, [advance], parked=[parked]))


async def ask(home: Installation, path: str, asker: str, after: str = "goals:1") -> tuple[int, str]:
    """What becomes of a question that is to be answered as fresh as the last change."""
    principal = home.embedded.signer.header(Principal("acme", "cairn-development", asker))
    headers = {"cairn-principal": principal} | ({"cairn-after": after} if after else {})
    answer = await home.clients["goals"].get(path, headers=headers)
    return answer.status_code, answer.json().get("code", "")


async def scene(home: Installation, model: ReadModel, *, applied: bool) -> tuple[str, str, str]:
    """A private goal whose rows of that model are parked, out of date or missing; its owner, and a stranger."""
    owner, stranger = await join(home, "ann"), await join(home, "bob")
    await drain([*home.people.reading.runners, *home.goals.reading.runners])
    body = {"title": "Fewer escalations", "kind": "objective", "owner_id": owner, "visibility": "private"}
    goal_id = (await home.send("/goals", body, "k-1", owner)).json()["id"]
    runners = home.goals.reading.runners
    await drain([runner for runner in runners if applied or runner.consumer.name != model.name])
    await park(home, model, "acme" if model is TREE else stream_name("acme", GOAL.kind, goal_id))
    return goal_id, owner, stranger


OF_A_GOAL = {
    GOAL_ROWS.name: ("", "/rollup", "/check-ins", "/milestones"),
    TREE.name: ("", "/rollup", "/impact", "/trend", "/check-ins"),
    TALK.name: ("/comments", "/follow"),
}
LISTS = {
    GOAL_ROWS.name: ("/goals", "/goals/tree"),
    TREE.name: ("/goals", "/goals/tree"),
    TALK.name: ("/support-requests",),
}
every_model = pytest.mark.parametrize("model", [GOAL_ROWS, TREE, TALK], ids=lambda model: model.name)


@every_model
@pytest.mark.parametrize("applied", [True, False], ids=["out of date", "missing"])
async def test_only_who_may_see_a_goal_learns_that_it_is_parked(
    model: ReadModel, applied: bool, tmp_path: Path
) -> None:
    async with installed(tmp_path / "data", Parts()) as home:
        goal_id, owner, stranger = await scene(home, model, applied=applied)
        for part in OF_A_GOAL[model.name]:
            assert await ask(home, f"/goals/{goal_id}{part}", owner) == (503, "parked"), part
            assert await ask(home, f"/goals/{goal_id}{part}", stranger) == (404, "goal_not_found"), part
        for path in LISTS[model.name]:
            assert await ask(home, path, stranger) == (503, "parked"), path


@every_model
async def test_who_does_not_ask_for_the_latest_is_answered_from_what_there_is(model: ReadModel, tmp_path: Path) -> None:
    async with installed(tmp_path / "data", Parts()) as home:
        goal_id, owner, _ = await scene(home, model, applied=True)
        for part in OF_A_GOAL[model.name]:
            assert await ask(home, f"/goals/{goal_id}{part}", owner, after="") == (200, ""), part
        for path in LISTS[model.name]:
            assert await ask(home, path, owner, after="") == (200, ""), path


async def test_nothing_is_judged_by_a_tree_that_is_parked(tmp_path: Path) -> None:
    """With a score nothing has to be known of it."""
    async with installed(tmp_path / "data", Parts()) as home:
        goal_id, owner, _ = await scene(home, TREE, applied=True)
        before = len(await home.records())
        answer = await home.send(f"/goals/{goal_id}/close", {}, "k-2", owner)
        assert (answer.status_code, answer.json()["code"]) == (503, "parked")
        assert len(await home.records()) == before
        answer = await home.send(f"/goals/{goal_id}/close", {"score": 1}, "k-3", owner)
        assert (answer.status_code, answer.json()["outcome"]) == (200, "achieved")


async def test_nothing_is_judged_by_a_tree_that_is_behind(tmp_path: Path) -> None:
    async with installed(tmp_path / "data", Parts()) as home:
        owner = await join(home, "ann")
        await drain([*home.people.reading.runners, *home.goals.reading.runners])
        body = {"title": "Fewer escalations", "kind": "objective", "owner_id": owner}
        goal_id = (await home.send("/goals", body, "k-1", owner)).json()["id"]
        answer = await home.send(f"/goals/{goal_id}/close", {}, "k-2", owner)
        assert (answer.status_code, answer.json()["code"]) == (503, "not_caught_up")
        assert answer.headers["Retry-After"]
        await drain(home.goals.reading.runners)
        # What failed left nothing behind: the same request succeeds now.
        answer = await home.send(f"/goals/{goal_id}/close", {}, "k-2", owner)
        assert (answer.status_code, answer.json()["outcome"]) == (200, "missed")
