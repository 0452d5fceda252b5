"""Looking back on the demonstration tenant's quarter: every day of it stands as the check-ins of that day say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from tests.journeys.company import Company, as_of, shown, tree
from tests.journeys.team import day, items, look, made, read, refused, today

DAYS_AGO = (0, 1, 3, 8, 21, 35, 44)
FOUNDED, BEGAN = 60, 50
"""Days ago on which nobody had goals yet, and on which they were set at the latest."""


@pytest.fixture(scope="module")
def said(company: Company) -> dict[str, list[dict[str, Any]]]:
    """By goal, its check-ins."""
    nora = company.by("nora")
    goals = items(nora, "/goals", limit=500)
    return {goal["id"]: items(nora, f"/goals/{goal['id']}/check-ins", limit=500) for goal in goals}


def measured(company: Company, said: Mapping[str, list[dict[str, Any]]], on: date) -> dict[str, float]:
    """How far each goal says it is itself, from what people had said by that day."""
    found: dict[str, float] = {}
    for goal in items(company.by("nora"), "/goals", limit=500):
        counts, metric = as_of(said[goal["id"]], on), goal["metric"]
        if counts is not None and metric is not None:
            found[goal["id"]] = (counts["value"] - metric["start"]) / (metric["target"] - metric["start"])
        elif counts is not None:
            found[goal["id"]] = counts["progress"]
        if goal["state"] == "closed" and goal["updated_at"][:10] <= on.isoformat():
            found[goal["id"]] = goal["score"]
    return found


@pytest.mark.parametrize("days_ago", DAYS_AGO)
def test_the_tree_stood_on_every_day_as_people_had_said(
    company: Company, said: dict[str, list[dict[str, Any]]], days_ago: int
) -> None:
    on = today() - timedelta(days=days_ago)
    nodes = tree(company.by("nora"), as_of=on.isoformat())
    assert len(nodes) == len(tree(company.by("nora"))) > 40
    wanted = shown(nodes, measured(company, said, on))
    assert {id: node["progress"] for id, node in nodes.items()} == pytest.approx(wanted, abs=1e-9)
    last = {id: as_of(said[id], on) for id in nodes}
    open_ones = [node for node in nodes.values() if node["state"] == "open"]
    for node in open_ones:
        found = last[node["id"]]
        assert node["status"] == (found["status"] if found is not None else "not_started")


def test_before_there_were_goals_there_was_no_tree(company: Company) -> None:
    nora = company.by("nora")
    root = company.goal("Customers recommend us")
    for days in (FOUNDED, BEGAN + 2, 36500):
        assert tree(nora, as_of=day(-days)) == {}
        refused(nora.get("/goals/tree", params={"root_id": root["id"], "as_of": day(-days)}), 404, "goal_not_found")
    refused(nora.get("/goals/tree", params={"as_of": day(2)}), 422, "as_of_in_future")


def test_a_trend_is_the_tree_of_each_of_its_days(company: Company) -> None:
    nora, root = company.by("nora"), company.goal("Customers recommend us")
    trend = look(nora, root, "trend")["items"]
    assert len(trend) >= 7
    assert [point["day"] for point in trend] == sorted(point["day"] for point in trend)
    for point in trend:
        nodes = tree(nora, root_id=root["id"], depth=0, as_of=point["day"])
        assert nodes[root["id"]]["progress"] == point["progress"]
    # In between it stays as it was.
    second, third = trend[1], trend[2]
    between = (date.fromisoformat(second["day"]) + timedelta(days=2)).isoformat()
    assert second["day"] < between < third["day"]
    part = read(nora.get(f"/goals/{root['id']}/trend", params={"from": between, "to": third["day"]}))["items"]
    assert part == [{"day": between, "progress": second["progress"]}, third]
    assert read(nora.get(f"/goals/{root['id']}/rollup"))["progress"] == trend[-1]["progress"]


def test_pace_is_measured_by_the_day_that_is_asked_about(company: Company) -> None:
    """Half the way of an aspirational goal is 0.35 of it: success is 0.7."""
    goal = company.goal("15 % fewer interactions per ticket")
    begins, ends = (date.fromisoformat(goal["period"][end]) for end in ("start", "end"))
    length = (ends - begins).days + 1
    paces = set()
    for days_ago in DAYS_AGO:
        on = today() - timedelta(days=days_ago)
        node = tree(company.by("nora"), root_id=goal["id"], depth=0, as_of=on.isoformat())[goal["id"]]
        assert node["expected_progress"] == pytest.approx(((on - begins).days + 1) / length * 0.7, abs=1e-12)
        behind = node["progress"] - node["expected_progress"] < -0.1
        assert node["pace"] == ("behind" if behind else "on_pace")
        paces.add(node["pace"])
    assert paces == {"behind", "on_pace"}


def test_whoever_is_silent_for_too_long_is_stale_but_not_while_away(company: Company) -> None:
    """People checked in once a week, and here a day without is too long."""
    nora = company.by("nora")
    goal = company.goal("A peer rating of 4.5 out of 5")

    def stale(days_ago: int) -> bool:
        node = tree(nora, root_id=goal["id"], depth=0, as_of=day(-days_ago))[goal["id"]]
        found: bool = node["stale"]
        return found

    assert [stale(days_ago) for days_ago in (0, 3, 4)] == [False, True, True]
    away = made(company.by("maya").post(f"/people/{goal['owner_id']}/absences", json={"from": day(-3), "to": day(-3)}))
    assert [stale(days_ago) for days_ago in (0, 3, 4)] == [False, False, True]
    path = f"/people/{goal['owner_id']}/absences/{away['id']}"
    assert company.by("maya").delete(path).status_code == 204
    assert [stale(days_ago) for days_ago in (0, 3, 4)] == [False, True, True]
    # Whoever follows others' numbers has nothing to say themselves.
    above = tree(nora, root_id=goal["parent_id"], depth=0, as_of=day(-3))[goal["parent_id"]]
    assert above["stale"] is False


def test_reports_as_they_are_show_what_is_unanswered(company: Company) -> None:
    """What the printed greeting promises to Maya: the request that waits, and the agreement that does."""
    maya = company.by("maya")
    [request] = items(maya, "/support-requests", state="open")
    assert request["text"].startswith("Somebody from Product")
    waiting = company.goal("Present a case to the whole department")
    assert (waiting["agreement"]["state"], waiting["agreement"]["manager_at"]) == ("proposed", None)
    assert {"agree", "request_changes"} <= set(look(maya, waiting)["allowed_actions"])
    voice = company.goal("Talk to forty customers")
    assert (voice["alignment"], "align" in look(company.by("nora"), voice)["allowed_actions"]) == ("proposed", True)
