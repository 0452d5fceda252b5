"""A quarter of check-ins: who says what, what is corrected, who is helped, how the company's number moves with it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

import httpx2
import pytest

from tests.journeys.team import (
    METRIC,
    Goal,
    Team,
    check_in,
    day,
    ids,
    items,
    look,
    made,
    progress,
    read,
    refused,
    step,
    today,
)

RECORDED, CORRECTED = "goals.check-in-recorded.v2", "goals.check-in-corrected.v2"


class Aims(NamedTuple):
    """What the company wants, three parts Sam's and one part Kim's, and what each of them does for it."""

    whole: Goal
    sams: Goal
    kims: Goal
    tickets: Goal
    calls: Goal
    escalations: Goal


@pytest.fixture
def aims(team: Team) -> Aims:
    whole = team.goal(team.maya, "maya", title="Customers recommend us", kind="objective")
    sams = team.goal(team.maya, "sam", title="Solved at once", kind="objective", parent_id=whole["id"], weight=3)
    kims = team.goal(team.maya, "kim", title="Solved for good", kind="objective", parent_id=whole["id"], weight=1)
    tickets = team.goal(team.sam, "sam", parent_id=sams["id"], metric={"start": 0, "target": 8, "unit": "tickets"})
    calls = team.goal(team.maya, "kim", parent_id=sams["id"])
    escalations = team.goal(team.kim, "kim", parent_id=kims["id"], metric=METRIC)
    return Aims(whole, sams, kims, tickets, calls, escalations)


# --- the number -------------------------------------------------------------------------------------------------


def test_the_companys_number_moves_as_calculated_by_hand(team: Team, aims: Aims) -> None:
    def numbers() -> list[float]:
        return progress(team.alex, aims.sams, aims.kims, aims.whole)

    def cause() -> list[str]:
        found = look(team.alex, aims.whole, "rollup")["caused_by"]
        return [found["goal_id"], found["event_type"]]

    assert numbers() == [0, 0, 0]
    first = check_in(team.sam, aims.tickets, value=4)  # 0.5
    assert numbers() == [(0.5 + 0) / 2, 0, (3 * 0.25 + 1 * 0) / 4]
    check_in(team.kim, aims.calls, progress=0.25)
    assert numbers() == [(0.5 + 0.25) / 2, 0, (3 * 0.375 + 1 * 0) / 4]
    check_in(team.kim, aims.escalations, "delayed", value=45)  # 0.5
    assert numbers() == [0.375, 0.5, (3 * 0.375 + 1 * 0.5) / 4]
    assert cause() == [aims.escalations["id"], RECORDED]

    # What was seen earlier and is told later counts for nothing now.
    earlier = check_in(team.sam, aims.tickets, "off_track", value=1, observed_on=day(-1))
    assert numbers() == [0.375, 0.5, 0.40625]
    assert look(team.alex, aims.tickets)["status"] == "on_track"
    # Nothing said about the number leaves the number.
    check_in(team.sam, aims.tickets, "delayed", note="No time to count.")
    assert (numbers(), look(team.alex, aims.tickets)["status"]) == ([0.375, 0.5, 0.40625], "delayed")

    path = f"/goals/{aims.tickets['id']}/check-ins"
    read(team.sam.post(f"{path}/{first['id']}/correct", json={"value": 6, "reason": "Two were counted once."}))
    assert numbers() == [(0.75 + 0.25) / 2, 0.5, (3 * 0.5 + 1 * 0.5) / 4]
    assert cause() == [aims.tickets["id"], CORRECTED]
    # It was today after all, and recorded after the first one: so it counts now.
    read(team.sam.post(f"{path}/{earlier['id']}/correct", json={"observed_on": day(), "reason": "It was today."}))
    assert numbers() == [(0.125 + 0.25) / 2, 0.5, (3 * 0.1875 + 1 * 0.5) / 4]
    # Another correction takes the place of the first.
    read(team.sam.post(f"{path}/{earlier['id']}/correct", json={"value": 2, "reason": "Yesterday, but two."}))
    assert numbers() == [0.5, 0.5, 0.5]


def test_above_the_target_counts_as_the_target_unless_it_is_not_clamped(team: Team, aims: Aims) -> None:
    check_in(team.sam, aims.tickets, value=12)
    assert progress(team.alex, aims.tickets, aims.sams) == [1, 0.5]
    assert look(team.alex, aims.tickets, "rollup")["own_progress"] == 1.5
    read(team.sam.patch(f"/goals/{aims.tickets['id']}", json={"clamp": False}))
    assert progress(team.alex, aims.tickets, aims.sams, aims.whole) == [1.5, 0.75, 0.5625]
    check_in(team.sam, aims.tickets, value=-4)
    assert progress(team.alex, aims.tickets, aims.sams, aims.whole) == [-0.5, 0, 0]


def test_impact_trend_and_today_say_the_same_number(team: Team, aims: Aims) -> None:
    check_in(team.sam, aims.tickets, value=4)
    check_in(team.kim, aims.escalations, value=45)
    impact = look(team.sam, aims.tickets, "impact")
    said = [(one["goal_id"], one["raw_weight"], one["weight"], one["points"], one["counts"]) for one in impact["items"]]
    assert said == [
        (aims.sams["id"], 1, 1 / 2, 1 / 2 * 0.5, True),
        (aims.whole["id"], None, 1 / 2 * 3 / 4, 1 / 2 * 3 / 4 * 0.5, True),
    ]
    whole = look(team.alex, aims.whole, "rollup")
    assert whole["progress"] == (3 * 0.25 + 1 * 0.5) / 4
    trend = look(team.alex, aims.whole, "trend")
    assert trend["items"] == [{"day": day(), "progress": whole["progress"]}]
    root = {"root_id": aims.whole["id"], "depth": 0}
    assert read(team.alex.get("/goals/tree", params={**root, "as_of": day()}))["nodes"] == [whole]
    refused(team.alex.get("/goals/tree", params={**root, "as_of": day(-1)}), 404, "goal_not_found")
    refused(team.alex.get("/goals/tree", params={**root, "as_of": day(2)}), 422, "as_of_in_future")


# --- corrections ------------------------------------------------------------------------------------------------


def test_both_what_was_said_and_what_should_have_been_stay(team: Team) -> None:
    goal = team.goal(team.sam, "sam", metric=METRIC)
    first = check_in(team.sam, goal, value=44, note="By the desk's report.", blockers="None.")
    path = f"/goals/{goal['id']}/check-ins/{first['id']}"
    change: dict[str, Any] = {"value": 46, "blockers": None, "reason": "Holidays were left out."}
    corrected = read(team.sam.post(f"{path}/correct", json=change))
    assert (corrected["value"], corrected["note"], corrected["blockers"]) == (46, "By the desk's report.", None)
    assert (corrected["recorded"]["value"], corrected["recorded"]["blockers"]) == (44, "None.")
    assert [one["reason"] for one in corrected["corrections"]] == [change["reason"]]
    assert items(team.maya, f"/goals/{goal['id']}/check-ins") == [{**corrected, "allowed_actions": []}]
    # Others see both numbers and nobody's words.
    seen = read(team.kim.get(path))
    assert (seen["value"], seen["recorded"]["value"], seen["corrected"]) == (46, 44, True)
    assert not {"note", "blockers", "confidence"} & (seen.keys() | seen["recorded"].keys())
    assert "reason" not in seen["corrections"][0]
    refused(team.maya.post(f"{path}/correct", json=change), 403, "forbidden")
    history = items(team.sam, f"/goals/{goal['id']}/history")
    assert [one["summary"] for one in history] == ["corrected a check-in", "checked in as on track", "set the goal"]
    assert {"field": "value", "from": 44, "to": 46} in history[0]["changes"]


# --- rhythm -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cadence", "days"), [("week", 7), ("two_weeks", 14)])
def test_the_next_check_in_is_due_by_the_rhythm(team: Team, cadence: str, days: int) -> None:
    goal = team.goal(team.sam, "sam", check_in_every=cadence)
    assert (goal["next_check_in_on"], goal["last_check_in_on"]) == (day(days), None)
    check_in(team.sam, goal, observed_on=day(-3))
    assert look(team.sam, goal)["next_check_in_on"] == day(days - 3)
    check_in(team.sam, goal)
    check_in(team.sam, goal, observed_on=day(-2))
    assert look(team.sam, goal)["next_check_in_on"] == day(days)
    assert step(team.sam, goal, "close")["next_check_in_on"] is None


def test_a_month_later_is_the_same_day_of_it_or_its_last(team: Team) -> None:
    goal = team.goal(team.sam, "sam", check_in_every="month")
    last_of_august = max(one for one in (date(today().year - n, 8, 31) for n in (0, 1)) if one <= today())
    check_in(team.sam, goal, observed_on=last_of_august.isoformat())
    assert look(team.sam, goal)["next_check_in_on"] == (last_of_august + timedelta(days=30)).isoformat()


# --- support ----------------------------------------------------------------------------------------------------


def test_who_asks_for_support_is_answered(team: Team) -> None:
    goal = team.goal(team.sam, "sam", metric=METRIC, visibility="public", contributor_ids=[team.ids["alex"]])
    asked = check_in(team.alex, goal, "delayed", value=48, support_needed="A day of the vendor.", blockers="The form.")
    [request] = items(team.maya, "/support-requests", state="open", goal_id=goal["id"])
    assert (request["id"], request["check_in_id"], request["text"]) == (
        asked["id"],
        asked["id"],
        "A day of the vendor.",
    )
    assert (request["state"], request["author_id"]) == ("open", team.ids["alex"])
    assert request["allowed_actions"] == ["answer"]

    def seen(by: httpx2.Client) -> bool:
        return request["id"] in ids(by, "/support-requests", state="open,promised")

    assert [seen(one) for one in (team.sam, team.maya, team.alex, team.kim)] == [True, True, True, False]
    refused(team.kim.get(f"/support-requests/{request['id']}"), 404, "support_request_not_found")
    assert ids(team.maya, "/support-requests", manager_id=team.ids["maya"], goal_id=goal["id"]) == {request["id"]}
    assert ids(team.maya, "/support-requests", manager_id=team.ids["alex"], goal_id=goal["id"]) == set()

    path = f"/support-requests/{request['id']}/answer"
    refused(team.sam.post(path, json={"state": "given", "answer": "I help myself."}), 403, "forbidden")
    refused(team.kim.post(path, json={"state": "given", "answer": "Me?"}), 404, "support_request_not_found")
    promised = read(team.maya.post(path, json={"state": "promised", "answer": "They come on Thursday."}))
    assert (promised["state"], promised["answered_by"]) == ("promised", team.ids["maya"])
    assert seen(team.sam)
    given = read(team.maya.post(path, json={"state": "given", "answer": "They were here."}))
    assert (given["state"], given["answer"], seen(team.sam)) == ("given", "They were here.", False)
    refused(team.maya.post(path, json={"state": "promised", "answer": "Again."}), 409, "support_answered")
    assert read(team.sam.get(f"/support-requests/{request['id']}")) == {**given, "allowed_actions": []}


def test_a_correction_may_ask_for_what_was_forgotten(team: Team) -> None:
    goal = team.goal(team.sam, "sam", metric=METRIC)
    said = check_in(team.sam, goal, value=48)
    assert items(team.maya, "/support-requests", goal_id=goal["id"]) == []
    path = f"/goals/{goal['id']}/check-ins/{said['id']}/correct"
    for text in ("Somebody from Product.", "Two from Product."):
        read(team.sam.post(path, json={"support_needed": text, "reason": "I forgot."}))
    [request] = items(team.maya, "/support-requests", goal_id=goal["id"])
    assert (request["text"], request["version"]) == ("Somebody from Product.", 1)
    # It stays where the goal does not.
    step(team.sam, goal, "cancel", reason="The form goes away.")
    answer = {"state": "declined", "answer": "No need any more."}
    assert read(team.maya.post(f"/support-requests/{request['id']}/answer", json=answer))["state"] == "declined"


def test_everybody_who_takes_part_checks_in_and_nobody_else(team: Team) -> None:
    goal = team.goal(team.sam, "sam", metric=METRIC, visibility="public", contributor_ids=[team.ids["kim"]])
    body = {"status": "on_track", "value": 45}
    path = f"/goals/{goal['id']}/check-ins"
    authors = [made(by.post(path, json=body))["author_id"] for by in (team.sam, team.kim, team.maya)]
    assert authors == [team.ids[name] for name in ("sam", "kim", "maya")]
    refused(team.alex.post(path, json=body), 403, "forbidden")
    assert [one["author_id"] for one in items(team.alex, path)] == authors[::-1]
