"""What others learn of a goal and of its words: nothing that the policy does not give them."""

from __future__ import annotations

import re

import httpx2

from tests.journeys.team import METRIC, Team, check_in, made, read, refused, step
from tests.product import Product


def test_a_private_goal_is_no_goal_to_others(team: Team) -> None:
    private = team.goal(team.sam, "sam", visibility="private")
    for_team = team.goal(team.sam, "sam", visibility="team")
    public = team.goal(team.sam, "sam", visibility="public")
    seen = {
        name: [client.get(f"/goals/{goal['id']}").status_code for goal in (private, for_team, public)]
        for name, client in (("sam", team.sam), ("maya", team.maya), ("kim", team.kim), ("alex", team.alex))
    }
    assert seen == {
        "sam": [200, 200, 200],
        "maya": [200, 200, 200],
        "kim": [404, 200, 200],
        "alex": [404, 404, 200],
    }


def test_who_sees_a_goal_may_not_therefore_change_it(team: Team) -> None:
    goal = team.goal(team.sam, "sam", visibility="public")
    assert read(team.alex.get(f"/goals/{goal['id']}"))["allowed_actions"] == ["comment", "follow"]
    refused(team.alex.post(f"/goals/{goal['id']}/check-ins", json={"status": "on_track"}), 403, "forbidden")
    body = {"title": "For you", "kind": "objective", "owner_id": team.ids["maya"]}
    refused(team.sam.post("/goals", json=body), 403, "forbidden")
    refused(team.sam.post("/people", json={"display_name": "X", "email": "x@t.example"}), 403, "forbidden")
    made(team.maya.post(f"/goals/{goal['id']}/check-ins", json={"status": "delayed"}))


def test_words_are_for_those_who_work_with_the_owner(team: Team) -> None:
    goal = team.goal(team.sam, "sam", visibility="public", contributor_ids=[team.ids["kim"]], metric=METRIC)
    words = {"confidence": 0.3, "note": "n", "adjustments": "a", "support_needed": "s", "blockers": "b"}
    source = {"system": "desk", "url": "https://desk.example/why"}
    path = f"/goals/{goal['id']}/check-ins"
    recorded = made(team.kim.post(path, json={"value": 44, "status": "delayed", "source": source, **words}))
    assert recorded["allowed_actions"] == ["correct"]
    assert read(team.kim.get(path))["items"] == [recorded]
    for client in (team.sam, team.maya):
        assert read(client.get(path))["items"] == [{**recorded, "allowed_actions": []}]
    for seen in (read(team.alex.get(path))["items"][0], read(team.alex.get(f"{path}/{recorded['id']}"))):
        assert words.keys().isdisjoint(seen)
        assert (seen["value"], seen["status"], seen["source"]) == (44, "delayed", {"system": "desk", "url": None})


def test_no_word_of_those_who_work_on_a_goal_reaches_who_only_sees_it(team: Team) -> None:
    """The goal is public, and so are its title, its milestones and what is commented; its people's words are not."""
    goal = team.goal(team.sam, "sam", visibility="public", metric=METRIC, title="planted-title")
    step(team.sam, goal, "agreement", action="propose", note="planted-proposal")
    step(team.maya, goal, "agreement", action="request_changes", note="planted-objection")
    words = {name: f"planted-{name}" for name in ("note", "adjustments", "support_needed", "blockers")}
    said = check_in(
        team.sam, goal, value=45, source={"system": "desk", "url": "https://x.example/planted-url"}, **words
    )
    correction = {"note": "planted-second", "reason": "planted-reason"}
    read(team.sam.post(f"/goals/{goal['id']}/check-ins/{said['id']}/correct", json=correction))
    answer = {"state": "promised", "answer": "planted-answer"}
    read(team.maya.post(f"/support-requests/{said['id']}/answer", json=answer))
    made(team.maya.post(f"/goals/{goal['id']}/comments", json={"text": "planted-comment"}))
    step(team.sam, goal, "transfer", owner_id=team.ids["kim"], reason="planted-handover")
    step(team.kim, goal, "close", score=0.5, reflection="planted-reflection")
    step(team.kim, goal, "reopen", reason="planted-return")
    step(team.kim, goal, "cancel", reason="planted-end")

    def heard(by: httpx2.Client) -> set[str]:
        below = ("", "/rollup", "/impact", "/trend", "/history", "/check-ins", f"/check-ins/{said['id']}", "/comments")
        paths = [f"/goals/{goal['id']}{at}" for at in below]
        texts = [by.get(path).text for path in (*paths, "/goals", "/goals/tree", "/support-requests")]
        return set(re.findall(r"planted-(\w+)", "".join(texts)))

    assert heard(team.alex) == heard(team.sam) == {"title", "comment"}
    of_check_ins = {*words, "url", "second", "reason", "answer"}
    others = {"proposal", "objection", "handover", "reflection", "return", "end"}
    assert heard(team.kim) == heard(team.maya) == {"title", "comment"} | of_check_ins | others


# --- people -----------------------------------------------------------------------------------------------------


def test_a_token_just_issued_works_at_once(product: Product) -> None:
    for number in range(10):
        email = f"new-{number}@fresh.example"
        token = product.token(email, tenant="fresh")
        with product.client(token) as client:
            assert read(client.get("/me"))["email"] == email
            me = product.person(email, tenant="fresh")
            made(client.post("/goals", json={"title": "Mine", "kind": "objective", "owner_id": me}))


def test_somebody_just_added_can_be_given_a_goal_at_once(team: Team) -> None:
    for number in range(10):
        person = team.add(f"new-{number}", team.ids["maya"])
        body = {"title": "Welcome", "kind": "objective", "owner_id": person}
        made(team.maya.post("/goals", json=body))
        with team.client(team.product.issue(person, tenant=team.tenant)) as client:
            assert read(client.get("/me"))["manager_id"] == team.ids["maya"]


def test_people_are_found_by_what_is_known_of_them(team: Team) -> None:
    sam = read(team.sam.get("/me"))
    for_others = {**{name: sam[name] for name in sam if name not in ("hired_on", "external_id")}, "allowed_actions": []}
    assert read(team.alex.get(f"/people/{sam['id']}")) == for_others
    assert read(team.alex.get("/people?email=SAM@T.example"))["items"] == [for_others]
    assert for_others in read(team.alex.get(f"/people?q=sam&manager_id={team.ids['maya']}&state=active"))["items"]
    assert read(team.alex.get("/people?q=nobody-of-this-name"))["items"] == []
    taken = {"display_name": "Sam", "email": "Sam@t.example"}
    refused(team.admin.post("/people", json=taken), 409, "email_taken")


def test_nobody_sets_a_goal_that_they_would_not_see(team: Team) -> None:
    lee = team.add("lee", team.ids["sam"])
    body = {"title": "Sleep more", "kind": "objective", "owner_id": lee, "visibility": "private"}
    refused(team.maya.post("/goals", json=body), 403, "forbidden")
    goal = made(team.maya.post("/goals", json={**body, "visibility": "team"}))
    assert read(team.maya.get(f"/goals/{goal['id']}/check-ins"))["items"] == []
    made(team.sam.post("/goals", json=body))
