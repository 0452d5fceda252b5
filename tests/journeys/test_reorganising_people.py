"""A reorganisation of people: new managers from a day on, units moved, somebody leaves; who sees what then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.journeys.team import (
    METRIC,
    Team,
    change,
    check_in,
    day,
    ids,
    items,
    look,
    made,
    read,
    refused,
    step,
)
from tests.product import Product


@pytest.fixture
def team(product: Product) -> Team:
    """A team for each story: they change who leads whom."""
    return Team(product)


def leads(team: Team, name: str, manager: str | None, **when: str) -> dict[str, object]:
    """Gives somebody another manager."""
    body = {"manager_id": team.ids[manager] if manager is not None else None, **when}
    return read(team.admin.patch(f"/people/{team.ids[name]}", json=body))


def reports(team: Team, name: str, **query: object) -> list[str]:
    """The names of those below somebody, with their levels."""
    found = items(team.alex, f"/people/{team.ids[name]}/reports", **query)
    return [f"{one['display_name'].lower()} {one['level']}" for one in found]


# --- managers ---------------------------------------------------------------------------------------------------


def test_a_new_manager_sees_and_decides_and_the_old_one_no_more(team: Team) -> None:
    private = team.goal(team.sam, "sam", visibility="private", metric=METRIC)
    for_team = team.goal(team.sam, "sam", visibility="team", metric=METRIC)
    asked = check_in(team.sam, for_team, value=48, note="Hard.", support_needed="Time.")
    step(team.sam, private, "agreement", action="propose")

    def seen(by: httpx2.Client) -> tuple[list[int], bool, bool]:
        """Which of the goals, whether their check-ins' words, and whether the request for support."""
        goals = [by.get(f"/goals/{goal['id']}").status_code for goal in (private, for_team)]
        said = by.get(f"/goals/{for_team['id']}/check-ins").json().get("items", [{}])
        return goals, "note" in said[0], asked["id"] in ids(by, "/support-requests")

    assert seen(team.maya) == ([200, 200], True, True)
    assert seen(team.kim) == ([404, 200], False, False)
    assert seen(team.alex) == ([404, 404], False, False)

    leads(team, "sam", "alex")
    assert seen(team.maya) == ([404, 404], False, False)
    assert seen(team.kim) == ([404, 404], False, False)
    assert seen(team.alex) == ([200, 200], True, True)
    refused(team.maya.post(f"/goals/{private['id']}/agreement", json={"action": "agree"}), 404, "goal_not_found")
    assert step(team.alex, private, "agreement", action="agree")["agreement"]["state"] == "agreed"
    answer = {"state": "promised", "answer": "From Monday on."}
    assert read(team.alex.post(f"/support-requests/{asked['id']}/answer", json=answer))["state"] == "promised"
    assert ids(team.alex, "/goals", manager_id=team.ids["alex"]) == {private["id"], for_team["id"]}
    assert ids(team.sam, "/goals", manager_id=team.ids["maya"]) == set()


def test_a_manager_from_a_day_to_come_leads_from_then_on(team: Team) -> None:
    goal = team.goal(team.sam, "sam", visibility="private")
    now = leads(team, "sam", "alex", effective_on=day(10))
    assert now["manager_id"] == team.ids["maya"]
    assert now["upcoming"] == [
        {"effective_on": day(10), "manager_id": team.ids["alex"], "unit_id": None, "job_title": None}
    ]
    assert look(team.maya, goal)["id"] == goal["id"]
    refused(team.alex.get(f"/goals/{goal['id']}"), 404, "goal_not_found")
    assert reports(team, "maya") == ["kim 1", "sam 1"] == reports(team, "maya", as_of=day(9))
    assert reports(team, "alex") == [] == reports(team, "alex", as_of=day(9))
    assert (reports(team, "maya", as_of=day(10)), reports(team, "alex", as_of=day(10))) == (["kim 1"], ["sam 1"])
    assert ids(team.kim, "/people", manager_id=team.ids["alex"]) == set()
    assert ids(team.kim, "/people", manager_id=team.ids["alex"], as_of=day(10)) == {team.ids["sam"]}
    # Whoever leads Sam then cannot hang under Sam now: on some day they would lead each other.
    refused(team.admin.patch(f"/people/{team.ids['alex']}", json={"manager_id": team.ids["sam"]}), 409, "manager_cycle")
    before = {"manager_id": team.ids["sam"], "effective_on": day(3)}
    refused(team.admin.patch(f"/people/{team.ids['alex']}", json=before), 409, "manager_cycle")


def test_a_manager_since_a_day_gone_by_leads_already(team: Team) -> None:
    goal = team.goal(team.sam, "sam", visibility="private")
    now = leads(team, "sam", "alex", effective_on=day(-5))
    assert (now["manager_id"], now["upcoming"]) == (team.ids["alex"], [])
    assert look(team.alex, goal)["id"] == goal["id"]
    refused(team.maya.get(f"/goals/{goal['id']}"), 404, "goal_not_found")
    assert (reports(team, "maya", as_of=day(-6)), reports(team, "alex", as_of=day(-6))) == (["kim 1", "sam 1"], [])
    assert (reports(team, "maya", as_of=day(-5)), reports(team, "alex", as_of=day(-5))) == (["kim 1"], ["sam 1"])


def test_reports_go_as_deep_as_asked_on_any_day(team: Team) -> None:
    for name, manager in (("lee", "sam"), ("pat", "lee"), ("uma", "kim")):
        team.joins(name, manager)
    assert reports(team, "maya") == ["kim 1", "sam 1"]
    assert reports(team, "maya", depth=2) == ["kim 1", "uma 2", "sam 1", "lee 2"]
    assert reports(team, "maya", depth=20) == ["kim 1", "uma 2", "sam 1", "lee 2", "pat 3"]
    leads(team, "lee", "uma", effective_on=day(7))
    assert reports(team, "maya", depth=20, as_of=day(6)) == ["kim 1", "uma 2", "sam 1", "lee 2", "pat 3"]
    assert reports(team, "maya", depth=20, as_of=day(7)) == ["kim 1", "uma 2", "lee 3", "pat 4", "sam 1"]
    found: list[str] = []
    cursor = None
    while cursor is not None or not found:
        query = {"depth": 20, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = read(team.alex.get(f"/people/{team.ids['maya']}/reports", params=query))
        found += [one["display_name"].lower() for one in page["items"]]
        cursor = page["next_cursor"]
    assert found == ["kim", "uma", "sam", "lee", "pat"]
    for depth in (0, 21, "x"):
        refused(team.sam.get(f"/people/{team.ids['maya']}/reports?depth={depth}"), 422, "invalid_parameter")


def test_two_who_would_lead_each_other_at_once_do_not(team: Team) -> None:
    for number in range(5):
        pair = [f"one-{number}", f"two-{number}"]
        for name in pair:
            team.joins(name)
        with ThreadPoolExecutor(2) as pool:
            asked = [
                pool.submit(team.admin.patch, f"/people/{team.ids[name]}", json={"manager_id": team.ids[other]})
                for name, other in (pair, pair[::-1])
            ]
            answers = [one.result() for one in asked]
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        [refusal] = [answer for answer in answers if answer.status_code == 409]
        refused(refusal, 409, "manager_cycle")


# --- units ------------------------------------------------------------------------------------------------------


def test_units_move_and_never_into_themselves(team: Team) -> None:
    company, service, desk = (made(team.admin.post("/units", json={"name": name})) for name in ("C", "S", "D"))
    for unit, parent in ((service, company), (desk, service)):
        moved = read(team.admin.patch(f"/units/{unit['id']}", json={"parent_id": parent["id"]}))
        assert (moved["parent_id"], moved["version"]) == (parent["id"], 2)
    assert ids(team.sam, "/units", parent_id=company["id"]) == {service["id"]}
    for below in (company, service, desk):
        refused(team.admin.patch(f"/units/{company['id']}", json={"parent_id": below["id"]}), 409, "unit_cycle")
    refused(team.sam.patch(f"/units/{desk['id']}", json={"parent_id": None}), 403, "forbidden")
    read(team.admin.patch(f"/units/{desk['id']}", json={"parent_id": company["id"], "lead_id": team.ids["kim"]}))
    assert ids(team.sam, "/units", parent_id=company["id"]) == {service["id"], desk["id"]}
    assert ids(team.sam, "/units", lead_id=team.ids["kim"]) == {desk["id"]}
    # Now there is room for it below.
    read(team.admin.patch(f"/units/{service['id']}", json={"parent_id": desk["id"]}))
    with ThreadPoolExecutor(2) as pool:
        roots = [made(team.admin.post("/units", json={"name": name})) for name in ("X", "Y")]
        asked = [
            pool.submit(team.admin.patch, f"/units/{one['id']}", json={"parent_id": other["id"]})
            for one, other in (roots, roots[::-1])
        ]
        assert sorted(one.result().status_code for one in asked) == [200, 409]


def test_people_change_units_on_a_day_and_goals_stay_where_they_are(team: Team) -> None:
    old, new = (made(team.admin.post("/units", json={"name": name})) for name in ("Old", "New"))
    read(team.admin.patch(f"/people/{team.ids['sam']}", json={"unit_id": old["id"], "effective_on": day(-9)}))
    goal = team.goal(team.sam, "sam", kind="objective", unit_id=old["id"])
    read(team.admin.patch(f"/people/{team.ids['sam']}", json={"unit_id": new["id"], "effective_on": day(4)}))
    there = [ids(team.kim, "/people", unit_id=new["id"], as_of=day(days)) for days in (-10, 0, 3, 4)]
    assert there == [set(), set(), set(), {team.ids["sam"]}]
    assert ids(team.kim, "/people", unit_id=old["id"], as_of=day(3)) == {team.ids["sam"]}
    assert ids(team.kim, "/people", unit_id=old["id"], as_of=day(-10)) == set()
    assert look(team.sam, goal)["unit_id"] == old["id"]


# --- somebody leaves --------------------------------------------------------------------------------------------


def test_who_leaves_can_do_nothing_more_and_what_they_did_stays(team: Team) -> None:
    lee = team.joins("lee", "sam")
    goal = team.goal(team.sam, "sam", metric=METRIC, visibility="public")
    theirs = team.goal(lee, "lee", metric=METRIC)
    said = check_in(team.sam, goal, value=45, note="Nearly.")
    gone = read(team.admin.post(f"/people/{team.ids['sam']}/deactivate"))
    assert (gone["state"], "reactivate" in gone["allowed_actions"]) == ("deactivated", True)
    assert read(team.admin.post(f"/people/{team.ids['sam']}/deactivate"))["version"] == gone["version"]
    for answer in (team.sam.get("/me"), team.sam.get(f"/goals/{goal['id']}"), team.sam.post("/goals", json={})):
        refused(answer, 403, "unknown_principal")

    assert look(team.alex, goal)["owner_id"] == team.ids["sam"]
    assert [one["id"] for one in items(team.maya, f"/goals/{goal['id']}/check-ins")] == [said["id"]]
    assert (reports(team, "maya"), reports(team, "maya", depth=2)) == (["kim 1"], ["kim 1", "lee 2"])
    assert team.ids["sam"] in ids(team.alex, "/people", state="deactivated")
    assert team.ids["sam"] not in ids(team.alex, "/people", state="active")
    body = {"title": "T", "kind": "objective", "owner_id": team.ids["sam"]}
    refused(team.maya.post("/goals", json=body), 422, "unknown_person")
    refused(team.maya.patch(f"/goals/{goal['id']}", json={"contributor_ids": body["owner_id"]}), 400, "invalid_body")
    new = {"display_name": "N", "email": "n@t.example", "manager_id": team.ids["sam"]}
    refused(team.admin.post("/people", json=new), 422, "unknown_manager")
    # Nobody waits for the word of a manager who left; the one above still leads.
    step(lee, theirs, "agreement", action="propose")
    assert look(lee, theirs)["agreement"]["state"] == "agreed"
    assert change(team.maya, theirs, title="Lee's, as Maya says")["title"] == "Lee's, as Maya says"
    handed = step(team.maya, goal, "transfer", owner_id=team.ids["kim"], reason="Sam left.")
    assert (handed["owner_id"], handed["progress"]) == (team.ids["kim"], 0.5)

    refused(
        team.admin.post(f"/people/{read(team.admin.get('/me'))['id']}/deactivate"), 409, "cannot_deactivate_yourself"
    )
    back = read(team.admin.post(f"/people/{team.ids['sam']}/reactivate"))
    assert back["state"] == "active"
    assert read(team.sam.get("/me"))["id"] == team.ids["sam"]
    assert reports(team, "maya") == ["kim 1", "sam 1"]
