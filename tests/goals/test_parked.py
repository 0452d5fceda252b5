"""A goal whose row could not be brought up to date: told to those who may see it, to nobody else."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from libs.access.principals import Principal
from libs.events.caller import Caller
from libs.events.envelope import stream_name
from libs.events.ports import Advance, Checkpoint, Commit, Parked
from libs.events.testing import drain
from services.goals.domain.state import GOAL
from services.goals.projections import GOAL_ROWS
from services.people.domain.commands import AddPerson
from tests.events.installation import Installation, Parts, installed


async def join(home: Installation, name: str) -> str:
    """Somebody joins."""
    command = AddPerson(display_name=name, email=f"{name}@example.org")
    return (await home.people.handlers.admit(Caller("acme", "operator"), command)).resource


async def park(home: Installation, goal_id: str) -> None:
    """The row of a goal waits for an event that could not be applied; the model went on without it."""
    topic, reads = "goals.events", home.goals.reading.reads
    owner = await reads.own(GOAL_ROWS.name, topic, 0)
    head = await home.embedded.folder.event_log("goals").tenant_head(topic, "acme")
    reached = (await reads.checkpoints(GOAL_ROWS.name, topic, ["acme"])).get("acme")
    advance = Advance("acme", reached, Checkpoint(head.store_id, head.sequence))
    key = stream_name("acme", GOAL.kind, goal_id)
    parked = Parked(GOAL_ROWS.name, topic, "acme", key, 1, "malformed_event")
    await reads.commit(Commit(owner, owner.offset, [advance], parked=[parked]))


async def ask(home: Installation, goal_id: str, asker: str, after: str = "goals:1") -> httpx2.Response:
    """A goal, as fresh as its last change."""
    principal = home.embedded.signer.header(Principal("acme", "cairn-development", asker))
    headers = {"cairn-principal": principal, "cairn-after": after}
    return await home.client.get(f"/goals/{goal_id}", headers=headers)


@pytest.mark.parametrize("applied", [True, False], ids=["out of date", "missing"])
async def test_only_who_may_see_a_goal_learns_that_it_is_parked(applied: bool, tmp_path: Path) -> None:
    async with installed(tmp_path / "data", Parts()) as home:
        owner, stranger = await join(home, "ann"), await join(home, "bob")
        await drain([*home.people.reading.runners, *home.goals.reading.runners])
        body = {"title": "Fewer escalations", "kind": "objective", "owner_id": owner, "visibility": "private"}
        goal_id = (await home.post("/goals", body, "k-1", owner))["id"]
        if applied:
            await drain(home.goals.reading.runners)
        await park(home, goal_id)
        seen, unseen = await ask(home, goal_id, owner), await ask(home, goal_id, stranger)
        assert (seen.status_code, seen.json()["code"]) == (503, "parked")
        assert (unseen.status_code, unseen.json()["code"]) == (404, "goal_not_found")
