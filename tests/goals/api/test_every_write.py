"""What holds of every route that changes something: preconditions, repeats, other tenants, positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from fastapi.routing import APIRoute

from tests.goals.api.company import UNKNOWN, Company, made, read, refused

WHY = {"reason": "Because."}


@dataclass(frozen=True)
class Write:
    """A route with a request that it takes: `{…}` in its path and body are what `scene` made."""

    method: str
    path: str
    body: Any = None
    by: str = "sam"
    status: int = 200
    route: str = ""

    @property
    def template(self) -> str:
        """The route as the service declares it."""
        return f"{self.method} {self.route or self.path}"


WRITES = [
    Write("POST", "/goals", {"title": "New", "kind": "objective", "owner_id": "{sam}"}, status=201),
    Write(
        "PUT",
        "/goals/by-ref/tickets/17",
        {"title": "New", "kind": "objective", "owner_id": "{sam}"},
        status=201,
        route="/goals/by-ref/{system}/{external_id}",
    ),
    Write("PATCH", "/goals/{goal_id}", {"title": "Another"}),
    Write("POST", "/goals/{goal_id}/publish", route="/goals/{goal_id}/publish"),
    Write("POST", "/goals/{goal_id}/agreement", {"action": "propose"}),
    Write("POST", "/goals/{goal_id}/alignment", {"action": "accept"}, by="alex"),
    Write("POST", "/goals/{goal_id}/transfer", {"owner_id": "{kim}", **WHY}),
    Write("POST", "/goals/{goal_id}/move", {"parent_id": None}),
    Write("POST", "/goals/{goal_id}/close", {"score": 1}),
    Write("POST", "/goals/{goal_id}/cancel", WHY),
    Write("POST", "/goals/{goal_id}/archive"),
    Write("POST", "/goals/{goal_id}/restore"),
    Write("POST", "/goals/{goal_id}/reopen", WHY),
    Write("POST", "/goals/{goal_id}/check-ins", {"status": "on_track", "support_needed": "Help."}, status=201),
    Write(
        "PUT",
        "/goals/{goal_id}/check-ins/by-ref/tickets/17",
        {"status": "on_track"},
        status=201,
        route="/goals/{goal_id}/check-ins/by-ref/{system}/{external_id}",
    ),
    Write("POST", "/goals/{goal_id}/check-ins/{check_in_id}/correct", {"status": "delayed", **WHY}),
    Write("POST", "/support-requests/{request_id}/answer", {"state": "given", "answer": "Done."}, by="maya"),
    Write("POST", "/goals/{goal_id}/comments", {"text": "Well done."}, status=201),
    Write("PATCH", "/goals/{goal_id}/comments/{comment_id}", {"text": "Hm."}),
    Write("DELETE", "/goals/{goal_id}/comments/{comment_id}", status=204),
    Write("POST", "/goals/{goal_id}/milestones", {"title": "Half way", "due_on": "2026-12-01"}, status=201),
    Write("PATCH", "/goals/{goal_id}/milestones/{milestone_id}", {"title": "Nearly"}),
    Write("POST", "/goals/{goal_id}/milestones/{milestone_id}/reach"),
    Write("DELETE", "/goals/{goal_id}/milestones/{milestone_id}", status=204),
    Write("POST", "/goals/{goal_id}/follow", status=201),
    Write("DELETE", "/goals/{goal_id}/follow", by="kim", status=204),
]
STATES = {"publish": "draft", "restore": "archived", "reopen": "closed"}
every_write = pytest.mark.parametrize("write", WRITES, ids=lambda write: write.template)


async def scene(acme: Company, write: Write) -> dict[str, str]:
    """A goal in the state that the write needs, with everything there can be beside it."""
    parent = await acme.goal("alex")
    goal = await acme.goal("sam", parent_id=parent["id"], draft=True)
    path = f"goals/{goal['id']}"
    state = STATES.get(write.path.rpartition("/")[2], "open")
    milestone = made(await acme.sam.post(f"{path}/milestones", json={"title": "A step", "due_on": "2026-12-01"}))
    comment = made(await acme.sam.post(f"{path}/comments", json={"text": "Hello."}))
    made(await acme.kim.post(f"{path}/follow"))
    known = {"goal_id": goal["id"], "milestone_id": milestone["id"], "comment_id": comment["id"], **acme.ids}
    if state == "draft":
        return known
    read(await acme.sam.post(f"{path}/publish"))
    check_in = made(await acme.sam.post(f"{path}/check-ins", json={"status": "on_track", "support_needed": "Help."}))
    if state != "open":
        body = {"score": 1} if state == "closed" else None
        read(await acme.sam.post(f"{path}/{'close' if state == 'closed' else 'archive'}", json=body))
    await acme.told()
    return known | {"check_in_id": check_in["id"], "request_id": check_in["id"]}


async def send(client: httpx2.AsyncClient, write: Write, known: dict[str, str], **headers: str) -> httpx2.Response:
    body = write.body
    if isinstance(body, dict):
        body = {name: value.format(**known) if isinstance(value, str) else value for name, value in body.items()}
    path = write.path.format(**known).removeprefix("/")
    return await client.request(
        write.method, path, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def told(answer: httpx2.Response) -> tuple[Any, ...]:
    names = ("ETag", "Location", "Cairn-Position")
    return (answer.status_code, answer.content, *(answer.headers.get(name) for name in names))


def test_every_route_that_changes_something_is_here(still: Company) -> None:
    [goals] = [service for service in still.installation.services if service.name == "goals"]
    routes = [route for route in goals.app.router.routes if isinstance(route, APIRoute) and route.include_in_schema]
    there = {f"{method} {route.path}" for route in routes for method in route.methods if method != "GET"}
    assert {write.template for write in WRITES} == there


@every_write
async def test_it_is_done_once_and_a_repeat_answers_the_same(acme: Company, write: Write) -> None:
    known = await scene(acme, write)
    await acme.told()
    first = await send(acme.clients[write.by], write, known, Idempotency_Key="once")
    assert first.status_code == write.status, first.text
    news = await acme.news()
    assert news
    assert first.headers["Cairn-Position"] == f"goals:{news[-1].sequence}"
    assert (write.status == 201) == ("Location" in first.headers)
    assert (write.status == 204) == ("ETag" not in first.headers)
    again = await send(acme.clients[write.by], write, known, Idempotency_Key="once")
    # What comes up from check-ins is as now.
    kept = {"progress", "status", "last_check_in_on", "next_check_in_on", "hints"}
    assert told(again)[0] == told(first)[0]
    assert told(again)[2:] == told(first)[2:]
    if write.status != 204:
        assert {k: v for k, v in again.json().items() if k not in kept} == {
            k: v for k, v in first.json().items() if k not in kept
        }
    assert await acme.told() == []
    other = await acme.clients[write.by].post(
        "goals",
        json={"title": "x", "kind": "objective", "owner_id": acme.ids[write.by]},
        headers={"Idempotency-Key": "once"},
    )
    refused(other, 422, "idempotency_key_reused")
    assert await acme.told() == []


@every_write
async def test_a_precondition_that_does_not_hold_stops_it(acme: Company, write: Write) -> None:
    known = await scene(acme, write)
    await acme.told()
    refused(await send(acme.clients[write.by], write, known, If_Match='"999"'), 412, "precondition_failed")
    refused(await send(acme.clients[write.by], write, known, If_Match="999"), 400, "malformed_if_match")
    assert await acme.told() == []
    assert (await send(acme.clients[write.by], write, known, If_Match="*")).status_code == write.status


@every_write
async def test_it_waits_for_what_it_must_know_of(acme: Company, write: Write) -> None:
    known = await scene(acme, write)
    await acme.told()
    refused(await send(acme.clients[write.by], write, known, Cairn_After="goals"), 400, "malformed_position")
    assert await acme.told() == []
    answer = await send(acme.clients[write.by], write, known, Cairn_After=f"goals:{acme.seen}, people:1")
    assert answer.status_code == write.status


@pytest.mark.parametrize("write", [one for one in WRITES if "_id}" in one.path], ids=lambda write: write.template)
async def test_another_tenants_id_is_an_unknown_one(acme: Company, other: Company, write: Write) -> None:
    known = await scene(acme, write)
    await acme.told()
    strange = {name: UNKNOWN for name in known if name.endswith("_id")} | other.ids
    answers = [await send(other.clients[write.by], write, ids | other.ids) for ids in (known, strange)]
    texts = set()
    for answer in answers:
        code = "support_request_not_found" if "support" in write.path else "goal_not_found"
        problem = refused(answer, 404, code)
        texts.add(answer.text.replace(problem["instance"], ""))
    assert len(texts) == 1
    assert await acme.told() == await other.told() == []
    # Ids of another form are no ids of anything.
    for name in (
        name for name in ("goal_id", "check_in_id", "request_id", "comment_id", "milestone_id") if name in write.path
    ):
        refused(await send(acme.clients[write.by], write, known | {name: "x"}), 404, "not_found")
