"""Closing a quarter: what counts as achieved at 70 to 80 %, what stays as it was, and how a goal is taken up again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.company import tree
from tests.journeys.team import METRIC, Goal, Team, check_in, ids, items, look, made, progress, read, refused, step

OBJECTIVE = {"kind": "objective", "title": "Solved at once"}
TENTHS = {"start": 0, "target": 10, "unit": "tickets"}


def ended(goal: Goal) -> tuple[Any, ...]:
    return goal["state"], goal["status"], goal["outcome"], goal["score"], goal["progress"]


# --- how it is judged -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "aspirational", "committed"),
    [
        (1, "achieved", "achieved"),
        (0.8, "achieved", "partly"),
        (0.7, "achieved", "partly"),
        (0.699999, "partly", "partly"),
        (0.5, "partly", "partly"),
        (0.499999, "partly", "missed"),
        (0.35, "partly", "missed"),
        (0.349999, "missed", "missed"),
        (0, "missed", "missed"),
    ],
)
def test_seventy_percent_is_success_unless_it_was_promised(
    team: Team, score: float, aspirational: str, committed: str
) -> None:
    for commitment, outcome in (("aspirational", aspirational), ("committed", committed)):
        goal = team.goal(team.sam, "sam", metric=METRIC, commitment=commitment)
        closed = step(team.sam, goal, "close", score=score, reflection="We learned to ask earlier.")
        assert ended(closed) == ("closed", "done", outcome, score, score)
        # The same by how far it came, without a word about the score.
        goal = team.goal(team.sam, "sam", commitment=commitment)
        check_in(team.sam, goal, "delayed", progress=score)
        assert ended(step(team.sam, goal, "close")) == ("closed", "done", outcome, None, score)


def test_a_close_without_a_score_judges_what_has_just_been_said_below(team: Team) -> None:
    """The last check-ins and the close follow each other at once, and nothing of them is missed."""
    goal = team.goal(team.maya, "maya", **OBJECTIVE, commitment="committed")
    leaves = [team.goal(team.maya, "sam", parent_id=goal["id"], metric=TENTHS) for _ in range(3)]
    for leaf, value in zip(leaves, (8, 7, 7.5), strict=True):
        assert team.sam.post(f"/goals/{leaf['id']}/check-ins", json={"status": "on_track", "value": value}).is_success
    closed = read(team.maya.post(f"/goals/{goal['id']}/close", json={}))
    assert (closed["outcome"], closed["progress"]) == ("partly", pytest.approx(0.75, abs=1e-15))


def test_a_sum_of_tenths_is_judged_as_people_read_it(team: Team) -> None:
    """0.1, 0.9 and 1.1 make 0.7 on paper, and 0.7000000000000001 or 0.6999999999999999 in a computer."""
    for values in ((1, 9, 11), (6, 7, 8), (7, 7, 7)):
        goal = team.goal(team.maya, "maya", **OBJECTIVE)
        for value in values:
            leaf = team.goal(team.maya, "sam", parent_id=goal["id"], metric=TENTHS, clamp=False)
            check_in(team.sam, leaf, value=value)
        assert step(team.maya, goal, "close")["outcome"] == "achieved"


# --- what stays as it is ----------------------------------------------------------------------------------------


def test_what_hangs_below_stays_and_the_number_above_counts_the_score(team: Team) -> None:
    top = team.goal(team.maya, "maya", **OBJECTIVE)
    middle = team.goal(team.maya, "sam", **OBJECTIVE, parent_id=top["id"])
    beside = team.goal(team.maya, "kim", parent_id=top["id"], metric=TENTHS)
    leaf = team.goal(team.maya, "sam", parent_id=middle["id"], metric={**TENTHS, "current": 5})
    assert progress(team.alex, top, middle, beside) == [0.25, 0.5, 0]

    step(team.sam, middle, "close", score=0.75)
    assert progress(team.alex, top, middle, leaf) == [0.375, 0.75, 0.5]
    node = look(team.alex, top, "rollup")
    assert (node["leaf_count"], node["child_count"]) == (2, 2)
    assert node["status_counts"] == {"not_started": 3, "on_track": 0, "delayed": 0, "off_track": 0, "done": 1}
    # Who goes on below moves no number above.
    check_in(team.sam, leaf, value=10)
    assert progress(team.alex, top, middle, leaf) == [0.375, 0.75, 1]
    assert look(team.alex, leaf)["state"] == "open"
    impact = {one["goal_id"]: (one["counts"], one["points"]) for one in look(team.alex, leaf, "impact")["items"]}
    assert impact == {middle["id"]: (False, 0), top["id"]: (False, 0)}
    for name, body in (("close", {"score": 0.5}), ("cancel", {"reason": "R"}), ("move", {"parent_id": None})):
        refused(team.sam.post(f"/goals/{middle['id']}/{name}", json=body), 409, "goal_closed")
    refused(team.sam.patch(f"/goals/{middle['id']}", json={"title": "T"}), 409, "goal_closed")
    new = {"title": "Late", "kind": "key_result", "owner_id": team.ids["sam"], "parent_id": middle["id"]}
    refused(team.sam.post("/goals", json=new), 409, "goal_closed")
    assert step(team.sam, middle, "close", score=0.75)["version"] == look(team.sam, middle)["version"]


def test_a_goal_closed_without_a_score_keeps_the_number_it_had(team: Team) -> None:
    goal = team.goal(team.maya, "maya", **OBJECTIVE)
    leaf = team.goal(team.maya, "sam", parent_id=goal["id"], metric={**TENTHS, "current": 5})
    assert ended(step(team.maya, goal, "close")) == (
        "closed",
        "done",
        "partly",
        None,
        0.5,
    )
    check_in(team.sam, leaf, value=9)
    assert progress(team.alex, goal, leaf) == [0.5, 0.9]
    reopened = step(team.maya, goal, "reopen", reason="Closed a week too early.")
    assert (reopened["state"], reopened["outcome"], reopened["score"]) == ("open", None, None)
    assert progress(team.alex, goal) == [0.9]


# --- taken up again ---------------------------------------------------------------------------------------------


def test_a_closed_goal_is_put_away_brought_back_and_taken_up_again(team: Team) -> None:
    top = team.goal(team.maya, "maya", **OBJECTIVE)
    goal = team.goal(team.maya, "sam", parent_id=top["id"], metric={**TENTHS, "current": 2})
    closed = step(team.sam, goal, "close", score=0.75, reflection="More than counted.")
    assert progress(team.alex, top) == [0.75]

    assert (step(team.sam, goal, "archive")["state"], progress(team.alex, top)) == ("archived", [0])
    assert goal["id"] not in tree(team.alex, root_id=top["id"])
    assert ids(team.sam, "/goals", parent_id=top["id"]) == set()
    assert ids(team.sam, "/goals", parent_id=top["id"], state="archived") == {goal["id"]}
    for name, body in (("check-ins", {"status": "on_track"}), ("close", {}), ("cancel", {"reason": "R"})):
        refused(team.sam.post(f"/goals/{goal['id']}/{name}", json=body), 409, "goal_archived")
    assert step(team.sam, goal, "archive")["state"] == "archived"

    restored = step(team.sam, goal, "restore")
    assert ended(restored) == ended(closed) == ("closed", "done", "achieved", 0.75, 0.75)
    assert progress(team.alex, top, goal) == [0.75, 0.75]
    refused(team.sam.post(f"/goals/{goal['id']}/reopen", json={}), 400, "invalid_body")
    reopened = step(team.sam, goal, "reopen", reason="Closed a week too early.")
    assert ended(look(team.sam, goal)) == ("open", "not_started", None, None, 0.2)
    assert reopened["version"] == restored["version"] + 1
    assert progress(team.alex, top, goal) == [0.2, 0.2]
    told = [one["summary"] for one in items(team.sam, f"/goals/{goal['id']}/history")]
    assert told == ["reopened it", "restored it", "archived it", "closed it as achieved", "set the goal"]


def test_a_cancelled_branch_hands_nothing_up_and_comes_back_as_it_was(team: Team) -> None:
    top = team.goal(team.maya, "maya", **OBJECTIVE)
    branch = team.goal(team.maya, "sam", **OBJECTIVE, parent_id=top["id"])
    leaf = team.goal(team.maya, "sam", parent_id=branch["id"], metric={**TENTHS, "current": 5})
    beside = team.goal(team.maya, "kim", parent_id=top["id"], metric={**TENTHS, "current": 10})
    assert progress(team.alex, top, branch) == [0.75, 0.5]

    cancelled = step(team.sam, branch, "cancel", reason="The product is no longer sold.")
    assert (cancelled["state"], cancelled["allowed_actions"]) == ("cancelled", ["restore", "comment", "follow"])
    node = look(team.alex, top, "rollup")
    assert (node["progress"], node["leaf_count"], node["child_count"]) == (1, 1, 2)
    assert sum(node["status_counts"].values()) == 2
    # It is shown for what it is, and below it everything holds as if it stood by itself.
    shown = tree(team.alex, root_id=top["id"])
    assert (shown[branch["id"]]["state"], shown[branch["id"]]["progress"]) == ("cancelled", 0.5)
    check_in(team.sam, leaf, value=8)
    assert progress(team.alex, top, branch, beside) == [1, 0.8, 1]
    for name, body in (("check-ins", {"status": "on_track"}), ("close", {}), ("archive", None)):
        refused(team.sam.post(f"/goals/{branch['id']}/{name}", json=body), 409, "goal_cancelled")
    assert step(team.sam, branch, "cancel", reason="Again.")["version"] == cancelled["version"]
    assert step(team.sam, branch, "restore")["state"] == "open"
    assert progress(team.alex, top, branch) == [(0.8 + 1) / 2, 0.8]


def test_what_is_over_is_still_found_read_and_talked_about(team: Team) -> None:
    goal = team.goal(team.sam, "sam", visibility="public", metric=TENTHS, labels=["over"])
    step(team.sam, goal, "close", score=0.3)
    for query in ({"state": "closed"}, {"status": "done"}, {"label": "over"}):
        assert goal["id"] in ids(team.alex, "/goals", **query, limit=500)
    assert "check_in" not in look(team.sam, goal)["allowed_actions"]
    refused(team.sam.post(f"/goals/{goal['id']}/check-ins", json={"status": "on_track"}), 409, "goal_closed")
    made(team.alex.post(f"/goals/{goal['id']}/comments", json={"text": "A pity."}))
    made(team.alex.post(f"/goals/{goal['id']}/follow"))
