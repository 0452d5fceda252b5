"""A reorganisation of goals: given to others, moved between parents with every number exact, never in a circle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import httpx2
import pytest

from tests.journeys.company import tree
from tests.journeys.team import METRIC, NOBODY, Goal, Team, check_in, ids, items, look, made, progress, refused, step

OBJECTIVE = {"kind": "objective", "title": "Solved at once"}
TICKETS = {"start": 0, "target": 8, "unit": "tickets"}


class Two(NamedTuple):
    """Two companies' worth: each root has a middle, and the middles have one leaf and two."""

    left: Goal
    right: Goal
    under_left: Goal
    under_right: Goal
    alone: Goal
    first: Goal
    second: Goal


@pytest.fixture
def two(team: Team) -> Two:
    left, right = (team.goal(team.maya, "maya", **OBJECTIVE) for _ in range(2))
    under_left = team.goal(team.maya, "sam", **OBJECTIVE, parent_id=left["id"])
    under_right = team.goal(team.maya, "kim", **OBJECTIVE, parent_id=right["id"])
    alone = team.goal(team.maya, "sam", parent_id=under_left["id"], metric={**TICKETS, "current": 4})
    first = team.goal(team.maya, "kim", parent_id=under_right["id"], metric={**TICKETS, "current": 8}, weight=3)
    second = team.goal(team.maya, "kim", parent_id=under_right["id"], metric={**TICKETS, "current": 2})
    return Two(left, right, under_left, under_right, alone, first, second)


# --- given to others --------------------------------------------------------------------------------------------


def test_a_goal_goes_to_another_owner_with_all_that_belongs_to_it(team: Team) -> None:
    above = team.goal(team.maya, "maya", **OBJECTIVE)
    goal = team.goal(team.maya, "sam", parent_id=above["id"], metric=METRIC, description="By the desk's report.")
    check_in(team.sam, goal, value=45, note="Halfway.")
    path = f"/goals/{goal['id']}/transfer"
    refused(team.sam.post(path, json={"owner_id": NOBODY, "reason": "R"}), 422, "unknown_person")
    refused(team.kim.post(path, json={"owner_id": team.ids["kim"], "reason": "Mine."}), 403, "forbidden")
    refused(team.sam.post(path, json={"owner_id": team.ids["kim"], "reason": " "}), 422, "invalid_value")

    given = step(team.sam, goal, "transfer", owner_id=team.ids["kim"], reason="Kim knows the routing.")
    assert given["owner_id"] == team.ids["kim"]
    assert (given["title"], given["description"]) == (goal["title"], goal["description"])
    assert progress(team.kim, goal, above) == [0.5, 0.5]
    # What was said stays its author's, and is read by who answers for the goal now.
    [said] = items(team.kim, f"/goals/{goal['id']}/check-ins")
    assert (said["author_id"], said["note"]) == (team.ids["sam"], "Halfway.")
    seen_by_sam = items(team.sam, f"/goals/{goal['id']}/check-ins")
    assert "note" not in seen_by_sam[0]
    refused(team.sam.post(f"/goals/{goal['id']}/check-ins", json={"status": "on_track"}), 403, "forbidden")
    assert ids(team.maya, "/goals", owner_id=team.ids["kim"], parent_id=above["id"]) == {goal["id"]}
    told = items(team.kim, f"/goals/{goal['id']}/history")[0]
    assert (told["type"], told["summary"]) == ("goals.goal-transferred.v1", "gave it to another owner")
    assert {"field": "owner_id", "from": team.ids["sam"], "to": team.ids["kim"]} in told["changes"]


def test_who_gives_a_goal_away_may_lose_sight_of_it_and_still_hears_how_it_ended(team: Team) -> None:
    goal = team.goal(team.sam, "sam", visibility="private", contributor_ids=[team.ids["alex"]])
    body = {"owner_id": team.ids["alex"], "reason": "Alex does this from now on."}
    path, key = f"/goals/{goal['id']}/transfer", {"Idempotency-Key": f"give-{goal['id']}"}
    first = team.sam.post(path, json=body, headers=key)
    assert (first.status_code, first.json()["owner_id"]) == (200, team.ids["alex"])
    # The owner helps anyway, and is named once.
    assert first.json()["contributor_ids"] == []
    refused(team.sam.get(f"/goals/{goal['id']}"), 404, "goal_not_found")
    again = team.sam.post(path, json=body, headers=key)
    assert (again.status_code, again.headers["ETag"], again.json()["id"]) == (200, first.headers["ETag"], goal["id"])
    refused(team.sam.post(path, json=body), 404, "goal_not_found")


# --- moved ------------------------------------------------------------------------------------------------------


def numbers(team: Team, two: Two) -> list[float]:
    return progress(team.alex, two.left, two.under_left, two.right, two.under_right)


def test_old_and_new_ancestors_stand_exactly_as_if_it_had_always_been_there(team: Team, two: Two) -> None:
    # (3 * 1 + 1 * 0.25) / 4 on the right.
    assert numbers(team, two) == [0.5, 0.5, 0.8125, 0.8125]
    step(team.maya, two.first, "move", parent_id=two.under_left["id"])
    half_of_left = (1 * 0.5 + 3 * 1) / 4
    assert numbers(team, two) == [half_of_left, half_of_left, 0.25, 0.25]
    for goal in (two.left, two.under_left, two.right, two.under_right):
        cause = look(team.alex, goal, "rollup")["caused_by"]
        assert (cause["goal_id"], cause["event_type"]) == (two.first["id"], "goals.goal-moved.v2")
    leaves = [look(team.alex, goal, "rollup")["leaf_count"] for goal in (two.left, two.right)]
    assert leaves == [2, 1]

    step(team.maya, two.under_left, "move", parent_id=two.right["id"], weight=3)
    right = (1 * 0.25 + 3 * half_of_left) / 4
    assert numbers(team, two) == [0, half_of_left, right, 0.25]
    moved = step(team.maya, two.under_left, "move", parent_id=None)
    assert (moved["parent_id"], moved["alignment"], moved["weight"]) == (None, "none", 3)
    assert numbers(team, two) == [0, half_of_left, 0.25, 0.25]
    # Where it stands already nothing happens.
    assert step(team.maya, two.under_left, "move", parent_id=None)["version"] == moved["version"]


def test_a_move_under_a_goal_of_others_is_a_proposal_that_counts_nowhere(team: Team, two: Two) -> None:
    moved = step(team.sam, two.alone, "move", parent_id=two.under_right["id"])
    assert moved["alignment"] == "proposed"
    assert numbers(team, two) == [0, 0, 0.8125, 0.8125]
    impact = {one["goal_id"]: one["counts"] for one in look(team.sam, two.alone, "impact")["items"]}
    assert impact == {two.under_right["id"]: False, two.right["id"]: False}
    step(team.kim, two.alone, "alignment", action="accept", weight=4)
    assert numbers(team, two) == [0, 0, (4 * 0.5 + 3 * 1 + 1 * 0.25) / 8, (4 * 0.5 + 3 * 1 + 1 * 0.25) / 8]
    body = {"parent_id": two.under_left["id"]}
    refused(team.alex.post(f"/goals/{two.alone['id']}/move", json=body), 403, "forbidden")


def test_nothing_hangs_where_it_may_not(team: Team, two: Two) -> None:
    path = f"/goals/{two.left['id']}/move"
    for below in (two.left, two.under_left):
        refused(team.maya.post(path, json={"parent_id": below["id"]}), 409, "goal_cycle")
    refused(team.maya.post(path, json={"parent_id": two.first["id"]}), 422, "parent_is_key_result")
    refused(team.maya.post(path, json={"parent_id": NOBODY}), 422, "unknown_parent")
    hidden = team.goal(team.alex, "alex", **OBJECTIVE, visibility="private")
    refused(team.maya.post(path, json={"parent_id": hidden["id"]}), 422, "unknown_parent")
    closed = step(team.maya, team.goal(team.maya, "maya", **OBJECTIVE), "close")
    refused(team.maya.post(path, json={"parent_id": closed["id"]}), 409, "goal_closed")
    own = team.goal(team.sam, "sam", kind="objective", focus="wellbeing")
    refused(
        team.sam.post(f"/goals/{own['id']}/move", json={"parent_id": two.left["id"]}), 422, "wellbeing_has_no_parent"
    )
    assert numbers(team, two) == [0.5, 0.5, 0.8125, 0.8125]


# --- moves at once ----------------------------------------------------------------------------------------------


def race(moves: list[tuple[httpx2.Client, Goal, Goal]]) -> list[httpx2.Response]:
    """All at once, each on a connection of its own."""

    def move(by: httpx2.Client, goal: Goal, under: Goal) -> httpx2.Response:
        return by.post(f"/goals/{goal['id']}/move", json={"parent_id": under["id"]})

    with ThreadPoolExecutor(len(moves)) as pool:
        asked = [pool.submit(move, *one) for one in moves]
        return [one.result() for one in asked]


def test_of_two_moves_that_would_close_a_circle_together_one_wins(team: Team) -> None:
    for _ in range(8):
        # Far apart, so that only the two new edges together make a circle, and neither goal is the other's parent.
        heads = [team.goal(team.maya, "maya", **OBJECTIVE) for _ in range(2)]
        tails = [team.goal(team.maya, "sam", **OBJECTIVE, parent_id=head["id"]) for head in heads]
        answers = race([(team.maya, heads[0], tails[1]), (team.maya, heads[1], tails[0])])
        assert sorted(answer.status_code for answer in answers) == [200, 409], [one.text for one in answers]
        [lost] = [answer for answer in answers if answer.status_code == 409]
        refused(lost, 409, "goal_cycle")
        [root] = [head for head in heads if look(team.alex, head)["parent_id"] is None]
        assert len(tree(team.alex, root_id=root["id"])) == 4


def test_many_moves_at_once_that_close_no_circle_all_happen(team: Team) -> None:
    top = team.goal(team.maya, "maya", **OBJECTIVE)
    goals = [team.goal(team.maya, "maya", **OBJECTIVE) for _ in range(6)]
    answers = race([(team.maya, goal, top) for goal in goals])
    assert {answer.status_code for answer in answers} == {200}, [one.text for one in answers]
    assert len(tree(team.alex, root_id=top["id"])) == 7


def test_a_ring_of_moves_at_once_stays_open(team: Team) -> None:
    goals = [team.goal(team.maya, "maya", **OBJECTIVE) for _ in range(4)]
    answers = race([(team.maya, goals[n], goals[(n + 1) % 4]) for n in range(4)])
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409]
    [root] = [goal for goal in goals if look(team.alex, goal)["parent_id"] is None]
    assert len(tree(team.alex, root_id=root["id"])) == 4
    made(team.maya.post("/goals", json={**OBJECTIVE, "owner_id": team.ids["maya"], "parent_id": root["id"]}))
