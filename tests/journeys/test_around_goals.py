"""Around a goal: units, records of other systems, labels, helpers, followers, comments and milestones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx2

from tests.journeys.team import (
    METRIC,
    NOBODY,
    Team,
    after,
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

# --- units ------------------------------------------------------------------------------------------------------


def test_a_goal_of_a_unit_is_the_units_whoever_answers_for_it(team: Team) -> None:
    service = made(team.admin.post("/units", json={"name": "Customer Service", "lead_id": team.ids["maya"]}))
    sales = made(team.admin.post("/units", json={"name": "Sales", "lead_id": team.ids["maya"]}))
    theirs = made(team.admin.post("/units", json={"name": "Legal", "lead_id": team.ids["alex"]}))
    body = {"title": "T", "kind": "objective", "owner_id": team.ids["maya"], "unit_id": NOBODY}
    refused(team.maya.post("/goals", json=body), 422, "unknown_unit")
    refused(team.maya.post("/goals", json=body | {"unit_id": theirs["id"]}), 403, "forbidden")
    goal = team.goal(team.maya, "maya", kind="objective", unit_id=service["id"])
    below = team.goal(team.maya, "sam", kind="objective", unit_id=service["id"], parent_id=goal["id"])
    deeper = team.goal(team.maya, "kim", kind="objective", parent_id=below["id"])
    assert ids(team.alex, "/goals", unit_id=service["id"]) == {goal["id"], below["id"]}
    tree = read(team.alex.get("/goals/tree", params={"unit_id": service["id"], "depth": 5}))
    # The unit's tree begins at what hangs under nothing of the unit, and goes on with whatever hangs below.
    assert [node["id"] for node in tree["nodes"]] == [goal["id"], below["id"], deeper["id"]]

    moved = change(team.maya, below, unit_id=sales["id"])
    assert (moved["unit_id"], moved["title"], moved["parent_id"]) == (sales["id"], below["title"], goal["id"])
    assert ids(team.alex, "/goals", unit_id=service["id"]) == {goal["id"]}
    assert ids(team.alex, "/goals", unit_id=f"{service['id']},{sales['id']}") == {goal["id"], below["id"]}
    assert change(team.maya, below, unit_id=None)["unit_id"] is None
    assert ids(team.alex, "/goals", unit_id=sales["id"]) == set()


# --- records of other systems -----------------------------------------------------------------------------------


def put(by: httpx2.Client, path: str, expected: int, **body: object) -> dict[str, object]:
    answer = by.put(path, json=body)
    assert answer.status_code == expected, answer.text
    assert ("Location" in answer.headers) == (expected == 201)
    found: dict[str, object] = answer.json()
    return found


def test_a_goal_stands_for_a_record_and_is_set_once(team: Team) -> None:
    path, owner = "/goals/by-ref/tickets/PROJ-17", team.ids["sam"]
    body = {"title": "Fewer tickets", "kind": "smart", "owner_id": owner, "metric": METRIC, "labels": ["desk"]}
    body["period"] = {"start": day(-10), "end": day(80)}
    first = put(team.sam, path, 201, **body, external_ref={"url": "https://tickets.example/17"})
    assert first["external_ref"] == {"system": "tickets", "id": "PROJ-17", "url": "https://tickets.example/17"}
    again = put(team.sam, path, 200, **body)
    assert (again["id"], again["version"]) == (first["id"], 1)
    changed = put(team.sam, path, 200, **{**body, "title": "Far fewer tickets", "metric": {**METRIC, "target": 30}})
    assert (changed["id"], changed["version"], changed["title"]) == (first["id"], 2, "Far fewer tickets")
    assert changed["metric"] == {**METRIC, "target": 30, "current": 50}
    assert changed["labels"] == ["desk"]

    for other in ({"owner_id": team.ids["maya"]}, {"kind": "objective"}, {"draft": True}):
        problem = refused(team.sam.put(path, json={**body, **other}), 422, "not_by_reference")
        assert problem["facts"] == {"field": next(iter(other)), "goal_id": first["id"]}
    # The record is one goal's, also for those who may not see it.
    claim = {"title": "Mine", "kind": "objective", "owner_id": team.ids["alex"]}
    refused(team.alex.put(path, json=claim), 409, "reference_taken")
    record = {"system": "tickets", "id": "PROJ-17"}
    refused(team.alex.post("/goals", json={**claim, "external_ref": record}), 409, "reference_taken")
    # It lets go of it, and another may have it.
    read(team.sam.patch(f"/goals/{first['id']}", json={"external_ref": None}))
    assert put(team.alex, path, 201, **claim)["id"] != first["id"]


def test_a_check_in_stands_for_a_record_and_is_corrected_by_it(team: Team) -> None:
    goal = team.goal(team.sam, "sam", metric=METRIC)
    path = f"/goals/{goal['id']}/check-ins/by-ref/desk/week-47"
    source = {"system": "desk", "url": "https://desk.example/47"}
    first = put(team.sam, path, 201, status="on_track", value=45, source=source)
    assert first["external_ref"] == {"system": "desk", "id": "week-47", "url": None}
    again = put(team.sam, path, 200, status="on_track", value=45, source=source)
    assert (again["id"], again["version"]) == (first["id"], 2)
    changed = put(team.sam, path, 200, status="delayed", value=47, source=source, reason="The week was not over.")
    assert (changed["id"], changed["corrected"]) == (first["id"], True)
    assert (changed["value"], changed["status"]) == (47, "delayed")
    assert look(team.sam, goal)["metric"]["current"] == 47
    assert len(items(team.sam, f"/goals/{goal['id']}/check-ins")) == 1
    elsewhere = team.goal(team.sam, "sam", metric=METRIC)
    path = f"/goals/{elsewhere['id']}/check-ins/by-ref/desk/week-47"
    refused(team.sam.put(path, json={"status": "on_track"}), 409, "reference_taken")


def test_people_and_units_stand_for_records_too(team: Team) -> None:
    unit = put(team.admin, "/units/by-ref/hr/U1", 201, name="Support")
    assert put(team.admin, "/units/by-ref/hr/U1", 200, name="Customer Support")["id"] == unit["id"]
    person = {"display_name": "Pat", "email": "pat@t.example", "unit_id": unit["id"]}
    pat = put(team.admin, "/people/by-ref/hr/4711", 201, **person)
    again = put(team.admin, "/people/by-ref/hr/4711", 200, **person, job_title="Agent")
    assert (again["id"], again["job_title"]) == (pat["id"], "Agent")
    assert ids(team.sam, "/people", unit_id=unit["id"]) == {pat["id"]}
    refused(team.sam.put("/people/by-ref/hr/4711", json=person), 403, "forbidden")


def test_whoever_puts_the_same_record_at_once_means_the_same(team: Team) -> None:
    goal = team.goal(team.sam, "sam", metric=METRIC)
    new = {"title": "T", "kind": "objective", "owner_id": team.ids["sam"]}
    for by, path, body in (
        (team.sam, "/goals/by-ref/race/1", new),
        (team.sam, f"/goals/{goal['id']}/check-ins/by-ref/race/1", {"status": "on_track", "value": 45}),
        (team.admin, "/people/by-ref/race/1", {"display_name": "X", "email": "race@t.example"}),
        (team.admin, "/units/by-ref/race/1", {"name": "U"}),
    ):
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(by.put, path, json=body) for _ in range(4)]
            answers = [one.result() for one in asked]
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201], path
        assert len({answer.json()["id"] for answer in answers}) == 1


# --- who helps, and under which words it is found ---------------------------------------------------------------


def test_contributors_check_in_and_edit_nothing(team: Team) -> None:
    goal = team.goal(team.sam, "sam", metric=METRIC, visibility="private", contributor_ids=[team.ids["alex"]])
    assert ids(team.alex, "/goals", contributor_id=team.ids["alex"]) == {goal["id"]}
    assert check_in(team.alex, goal, value=45, note="Halfway.")["author_id"] == team.ids["alex"]
    assert look(team.alex, goal)["allowed_actions"] == ["check_in", "comment", "follow"]
    for method, path, body in (("PATCH", "", {"title": "Mine"}), ("POST", "/close", None), ("POST", "/archive", None)):
        refused(team.alex.request(method, f"/goals/{goal['id']}{path}", json=body), 403, "forbidden")
    change(team.sam, goal, contributor_ids=[])
    refused(team.alex.get(f"/goals/{goal['id']}"), 404, "goal_not_found")
    assert ids(team.alex, "/goals", contributor_id=team.ids["alex"]) == set()


def test_labels_find_goals_in_any_case(team: Team) -> None:
    goal = team.goal(team.sam, "sam", labels=["Straße", "Service", "Service"])
    assert goal["labels"] == ["Straße", "Service"]
    assert ids(team.kim, "/goals", label="SERVICE") == {goal["id"]}
    assert ids(team.kim, "/goals", label="STRASSE") == {goal["id"]}
    assert ids(team.kim, "/goals", label="serv") == set()
    change(team.sam, goal, labels=None)
    assert ids(team.kim, "/goals", label="service") == set()


# --- followers and comments -------------------------------------------------------------------------------------


def test_whoever_sees_a_goal_may_follow_it(team: Team) -> None:
    goal = team.goal(team.sam, "sam", visibility="public")
    path = f"/goals/{goal['id']}/follow"
    first = made(team.alex.post(path))
    assert (first["person_id"], first["goal_id"]) == (team.ids["alex"], goal["id"])
    assert read(team.alex.post(path)) == first
    made(team.kim.post(path))
    assert [one["person_id"] for one in items(team.sam, path)] == sorted([team.ids["alex"], team.ids["kim"]])
    for _ in range(2):
        gone = team.alex.delete(path)
        assert (gone.status_code, gone.content) == (204, b"")
        assert [one["person_id"] for one in read(team.sam.get(path, headers=after(gone)))["items"]] == [team.ids["kim"]]
    assert made(team.alex.post(path))["created_at"] > first["created_at"]


def test_comments_are_their_authors(team: Team) -> None:
    goal = team.goal(team.sam, "sam", visibility="public", metric=METRIC)
    seen = check_in(team.sam, goal, value=46)
    path = f"/goals/{goal['id']}/comments"
    about = made(team.maya.post(path, json={"text": "Well done.", "check_in_id": seen["id"]}))
    other = made(team.alex.post(path, json={"text": "How did you do it?"}))
    assert (about["author_id"], about["check_in_id"], other["check_in_id"]) == (team.ids["maya"], seen["id"], None)
    assert [one["text"] for one in items(team.kim, path)] == ["Well done.", "How did you do it?"]
    refused(team.maya.post(path, json={"text": "T", "check_in_id": goal["id"]}), 422, "unknown_check_in")
    refused(team.sam.patch(f"{path}/{other['id']}", json={"text": "T"}), 403, "forbidden")
    refused(team.sam.delete(f"{path}/{other['id']}"), 403, "forbidden")
    said = read(team.alex.patch(f"{path}/{other['id']}", json={"text": "How did all of you do it?"}))
    assert (said["version"], said["allowed_actions"]) == (2, ["change", "remove"])
    assert read(team.kim.get(f"{path}/{other['id']}")) == {**said, "allowed_actions": []}
    assert team.alex.delete(f"{path}/{other['id']}").status_code == 204
    refused(team.kim.get(f"{path}/{other['id']}"), 404, "comment_not_found")
    assert [one["id"] for one in items(team.kim, path)] == [about["id"]]
    # People go on talking when the goal is over.
    step(team.sam, goal, "close", score=1)
    made(team.kim.post(path, json={"text": "Cake?"}))


# --- milestones -------------------------------------------------------------------------------------------------


def test_milestones_are_set_moved_reached_and_taken_back(team: Team) -> None:
    goal = team.goal(team.sam, "sam", metric=METRIC)
    path = f"/goals/{goal['id']}/milestones"
    late = made(team.sam.post(path, json={"title": "All teams", "due_on": day(30)}))
    soon = made(team.maya.post(path, json={"title": "First team", "due_on": day(3)}))
    assert [one["id"] for one in items(team.kim, path)] == [soon["id"], late["id"]]
    refused(team.kim.post(path, json={"title": "Mine", "due_on": day(3)}), 403, "forbidden")
    moved = read(team.sam.patch(f"{path}/{soon['id']}", json={"due_on": day(40)}))
    assert (moved["title"], moved["due_on"], moved["author_id"]) == ("First team", day(40), team.ids["maya"])
    assert [one["id"] for one in items(team.kim, path)] == [late["id"], soon["id"]]
    reached = read(team.sam.post(f"{path}/{late['id']}/reach"))
    assert (reached["reached_on"], soon["reached_on"]) == (day(), None)
    assert read(team.sam.post(f"{path}/{late['id']}/reach"))["version"] == reached["version"]
    assert team.sam.delete(f"{path}/{soon['id']}").status_code == 204
    refused(team.sam.get(f"{path}/{soon['id']}"), 404, "milestone_not_found")
    assert [one["id"] for one in items(team.kim, path)] == [late["id"]]
    step(team.sam, goal, "close", score=1)
    refused(team.sam.post(path, json={"title": "One more", "due_on": day(3)}), 409, "goal_closed")
