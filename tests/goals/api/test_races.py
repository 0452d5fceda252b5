"""Commands that race: whatever the order, no circle, no child under what is over, no record with two goals."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx2
import pytest

from libs.events.catalog.goals import GoalClosed
from services.goals.domain.measure import outcome, rounded
from tests.goals.api.company import METRIC, Company, ids, read

ROUNDS = 5


async def move(acme: Company, goal_id: str, under: str) -> httpx2.Response:
    return await acme.sam.post(f"goals/{goal_id}/move", json={"parent_id": under})


def statuses(answers: Sequence[httpx2.Response]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


async def test_two_moves_do_not_close_a_circle(acme: Company) -> None:
    for _ in range(ROUNDS):
        one, two = await acme.goal("sam"), await acme.goal("sam")
        raced = await asyncio.gather(move(acme, one["id"], two["id"]), move(acme, two["id"], one["id"]))
        assert statuses(raced) == [200, 409]
        [lost] = [answer.json() for answer in raced if answer.status_code == 409]
        assert lost["code"] == "goal_cycle"


async def test_a_ring_of_moves_stays_open(acme: Company) -> None:
    """Each of them alone would be fine, and so would any of them but the last."""
    ring = ids([await acme.goal("sam") for _ in range(6)])
    moves = zip(ring, [*ring[1:], ring[0]], strict=True)
    raced = await asyncio.gather(*(move(acme, goal, under) for goal, under in moves))
    assert statuses(raced) == [200] * 5 + [409]
    parents = {goal: read(await acme.sam.get(f"goals/{goal}", headers=_last(raced)))["parent_id"] for goal in ring}
    assert list(parents.values()).count(None) == 1


async def test_no_child_comes_to_hang_under_a_goal_that_is_closed(acme: Company) -> None:
    for number in range(ROUNDS):
        parent, child = await acme.goal("sam"), await acme.goal("sam")
        body = {"title": "Late", "kind": "objective", "owner_id": acme.ids["sam"], "parent_id": parent["id"]}
        closing = acme.sam.post(f"goals/{parent['id']}/close", json={"score": 1})
        others = [acme.sam.post("goals", json=body), move(acme, child["id"], parent["id"])]
        raced = [closing, *others] if number % 2 else [*others, closing]
        answers = await asyncio.gather(*raced)
        assert set(statuses(answers)) <= {200, 201, 409}
        positions = {
            answer.request.url.path: int(answer.headers["Cairn-Position"].partition(":")[2])
            for answer in answers
            if answer.is_success
        }
        closed = positions.pop(f"/api/v1/goals/{parent['id']}/close")
        # Whatever hangs there was there before.
        assert all(position < closed for position in positions.values())
        assert {answer.json()["code"] for answer in answers if not answer.is_success} <= {"goal_closed"}


async def test_nothing_is_weighed_anew_in_a_goal_that_is_closed(acme: Company) -> None:
    for number in range(2 * ROUNDS):
        parent = await acme.goal("sam")
        below = ids([await acme.goal("sam", parent_id=parent["id"]) for _ in range(3)])
        weighing = [acme.sam.patch(f"goals/{goal}", json={"weight": 2}) for goal in below]
        closing = acme.sam.post(f"goals/{parent['id']}/close", json={"score": 1})
        answers = await asyncio.gather(*weighing[: number % 4], closing, *weighing[number % 4 :])
        assert set(statuses(answers)) <= {200, 409}
        closed = answers.pop(number % 4)
        read(closed)
        _, _, end = closed.headers["Cairn-Position"].partition(":")
        weighed = [answer.headers["Cairn-Position"].partition(":")[2] for answer in answers if answer.is_success]
        assert all(int(position) < int(end) for position in weighed)


async def test_a_goal_closed_amid_check_ins_stands_where_it_was_judged(acme: Company) -> None:
    for _ in range(2 * ROUNDS):
        parent = await acme.goal("sam")
        body = {"kind": "key_result", "parent_id": parent["id"], "metric": METRIC}
        below = ids([await acme.goal("sam", **body) for _ in range(3)])
        told = [
            acme.sam.post(f"goals/{goal}/check-ins", json={"status": "on_track", "value": value})
            for value in (47, 43)
            for goal in below
        ]
        closing = asyncio.create_task(acme.sam.post(f"goals/{parent['id']}/close"))
        assert statuses(await asyncio.gather(*told)) == [201] * len(told)
        found, stands = read(await closing), read(await acme.sam.get(f"goals/{parent['id']}"))
        judged = float([fact.data for fact in await acme.news() if isinstance(fact.data, GoalClosed)][-1].judged)
        assert stands["progress"] == pytest.approx(judged, abs=1e-9)
        assert found["outcome"] == stands["outcome"] == outcome(rounded(judged), "aspirational")


async def test_a_record_comes_to_stand_for_one_goal(acme: Company) -> None:
    body = {"title": "Synced", "kind": "objective", "owner_id": acme.ids["sam"]}
    puts = [acme.sam.put("goals/by-ref/tickets/1", json=body | {"description": str(number)}) for number in range(6)]
    raced = await asyncio.gather(*puts)
    assert statuses(raced) == [200] * 5 + [201]
    assert len({answer.json()["id"] for answer in raced}) == 1
    record = {"external_ref": {"system": "tickets", "id": "2"}}
    raced = await asyncio.gather(*(acme.sam.post("goals", json=body | record) for _ in range(4)))
    assert statuses(raced) == [201, 409, 409, 409]


async def test_a_record_comes_to_stand_for_one_check_in(acme: Company) -> None:
    goal = await acme.goal("sam")
    path = f"goals/{goal['id']}/check-ins/by-ref/tickets/1"
    raced = await asyncio.gather(*(acme.sam.put(path, json={"status": "on_track"}) for _ in range(6)))
    assert statuses(raced) == [200] * 5 + [201]
    assert len({answer.json()["id"] for answer in raced}) == 1
    assert [kind for _, kind in await acme.told()] == ["GoalCreated", "CheckInRecorded", "ReferenceClaimed"]


async def test_two_agree_at_once(acme: Company) -> None:
    goal = await acme.goal("sam")
    path = f"goals/{goal['id']}/agreement"
    read(await acme.rosa.post(path, json={"action": "propose"}))
    both = [client.post(path, json={"action": "agree"}) for client in (acme.sam, acme.maya)]
    answers = [read(answer) for answer in await asyncio.gather(*both)]
    assert sorted(answer["agreement"]["state"] for answer in answers) == ["agreed", "proposed"]


async def test_one_follows_once(acme: Company) -> None:
    goal = await acme.goal("sam")
    await acme.told()
    raced = await asyncio.gather(*(acme.kim.post(f"goals/{goal['id']}/follow") for _ in range(4)))
    assert statuses(raced) == [200, 200, 200, 201]
    assert {answer.json()["version"] for answer in raced} == {1}
    assert await acme.told() == [("follow", "GoalFollowed")]


def _last(answers: Sequence[httpx2.Response]) -> dict[str, str]:
    positions = [int(answer.headers["Cairn-Position"].partition(":")[2]) for answer in answers if answer.is_success]
    return {"Cairn-After": f"goals:{max(positions)}"}


async def test_what_leaves_a_parent_after_that_is_private_is_private(acme: Company) -> None:
    for number in range(2 * ROUNDS):
        parent = await acme.goal("sam")
        below = ids([await acme.goal("sam", parent_id=parent["id"], kind="key_result") for _ in range(3)])
        leaving = [acme.sam.post(f"goals/{goal}/alignment", json={"action": "detach"}) for goal in below]
        hiding = acme.sam.patch(f"goals/{parent['id']}", json={"visibility": "private"})
        answers = await asyncio.gather(*leaving[: number % 4], hiding, *leaving[number % 4 :])
        assert statuses(answers) == [200] * 4
        end = position(answers.pop(number % 4))
        for answer in answers:
            assert answer.json()["visibility"] == ("private" if position(answer) > end else "team")


def position(answer: httpx2.Response) -> int:
    return int(answer.headers["Cairn-Position"].partition(":")[2])
