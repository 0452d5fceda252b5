"""A story in which everything happens that can; `asking` has the questions about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.journeys.team import METRIC, Goal, Team, change, check_in, day, made, quarter, read, step
from tests.product import eventually


def live(team: Team) -> None:
    """Every event that people and goals know is in the log of the team's tenant afterwards."""
    _people(team)
    top = team.goal(team.maya, "maya", kind="objective", title="Everything at once", visibility="public")
    _together(team, top)
    _said(team, top)
    _endings(team, top)


def _people(team: Team) -> None:
    admin, sam = team.admin, team.ids["sam"]
    company, service = (made(admin.post("/units", json={"name": name})) for name in ("Company", "Service"))
    for path in ("/units/by-ref/hr/U1", "/people/by-ref/hr/P1"):
        person = {"display_name": "Pat", "email": "pat@t.example", "unit_id": service["id"]}
        made(admin.put(path, json=person if "people" in path else {"name": "Desk", "parent_id": service["id"]}))
    pat, desk = (
        read(admin.get(path, params={"q": q}))["items"][0] for path, q in (("/people", "pat"), ("/units", "desk"))
    )
    read(admin.patch(f"/units/{service['id']}", json={"parent_id": company["id"], "lead_id": team.ids["maya"]}))
    read(admin.patch(f"/units/{desk['id']}", json={"external_ref": None, "name": "Help Desk"}))
    changes: Iterable[dict[str, Any]] = (
        {"roles": ["compliance"], "external_ref": None, "email": "patricia@t.example"},
        {"roles": [], "locale": "de-AT", "manager_id": team.ids["alex"], "effective_on": day(-3)},
        {"manager_id": sam, "job_title": "Agent", "effective_on": day(30)},
    )
    for one in changes:
        read(admin.patch(f"/people/{pat['id']}", json=one))
    away = [
        made(team.maya.post(f"/people/{sam}/absences", json={"from": day(n), "to": day(n + 1)})) for n in (-9, 9, 19)
    ]
    assert team.maya.delete(f"/people/{sam}/absences/{away[1]['id']}").is_success
    settings = {"locale": "fr-CA", "timezone": "America/Toronto"}
    uma = team.add("uma", None, external_id="E-17", unit_id=company["id"], **settings)
    for turn in ("deactivate", "reactivate", "deactivate"):
        read(admin.post(f"/people/{uma}/{turn}"))
    _erased(team)


def _erased(team: Team) -> None:
    """Somebody who has said something is forgotten; another stays, though it was asked for."""
    admin, ella = team.admin, team.add("ella", team.ids["maya"])
    by = team.client(team.product.issue(ella, tenant=team.tenant))
    body = {"title": "Of Ella", "kind": "objective", "owner_id": ella, "visibility": "public", "labels": ["desk"]}
    goal = made(by.post("/goals", json=body))
    made(by.post(f"/goals/{goal['id']}/comments", json={"text": "Said by Ella."}))
    check_in(by, goal, progress=0.5, support_needed="A hand.")
    other = team.client(team.product.token("second@t.example", "admin", tenant=team.tenant))
    asked = [
        made(admin.post(f"/people/{person}/erase", json={"reason": "It was asked for."}))["id"]
        for person in (ella, team.add("otto", None))
    ]
    read(other.post(f"/erasures/{asked[0]}/confirm"))
    eventually(lambda: read(admin.get(f"/erasures/{asked[0]}"))["state"] == "done", "the erasure is done")


def _together(team: Team, top: Goal) -> None:
    draft = team.goal(team.sam, "sam", parent_id=top["id"], draft=True, metric=METRIC, labels=["quality", "desk"])
    step(team.sam, draft, "publish")
    for by, action in ((team.sam, "propose"), (team.maya, "request_changes"), (team.sam, "propose")):
        step(by, draft, "agreement", action=action, note=f"To {action}.")
    step(team.maya, draft, "agreement", action="agree")
    step(team.maya, draft, "alignment", action="accept", weight=3)
    for action in ("decline", "detach"):
        asks = team.goal(team.kim, "kim", parent_id=top["id"], title=f"To {action}", kind="objective")
        step(team.kim if action == "detach" else team.maya, asks, "alignment", action=action)
    other = team.goal(team.maya, "kim", kind="objective", title="Another", unit_id=_unit(team))
    step(team.maya, other, "move", parent_id=top["id"], weight=2)
    step(team.maya, team.goal(team.maya, "sam", title="Given"), "transfer", owner_id=team.ids["kim"], reason="Rota.")
    body = {"title": "Of the desk", "kind": "smart", "owner_id": team.ids["sam"], "metric": METRIC, "period": quarter()}
    goal = made(team.sam.put("/goals/by-ref/tickets/17", json={**body, "contributor_ids": [team.ids["alex"]]}))
    change(team.sam, goal, external_ref=None, description="It stands for nothing any more.", visibility="private")
    team.goal(team.kim, "kim", kind="objective", focus="wellbeing", title="Run again")


def _unit(team: Team) -> str:
    return str(read(team.admin.get("/units?q=service"))["items"][0]["id"])


def _said(team: Team, top: Goal) -> None:
    goal = team.goal(team.maya, "sam", parent_id=top["id"], metric=METRIC, check_in_every="week", clamp=False)
    first = check_in(team.sam, goal, value=47, note="Begun.", observed_on=day(-1), confidence=0.5)
    check_in(team.maya, goal, "off_track", value=52, support_needed="A day of the vendor.", blockers="The form.")
    path = f"/goals/{goal['id']}"
    for value in (46, 48):
        correction = {"value": value, "reason": "Counted again.", "adjustments": "More of it."}
        read(team.sam.post(f"{path}/check-ins/{first['id']}/correct", json=correction))
    made(team.sam.put(f"{path}/check-ins/by-ref/desk/47", json={"status": "delayed", "value": 49}))
    [asked] = read(team.maya.get(f"/support-requests?goal_id={goal['id']}"))["items"]
    read(team.maya.post(f"/support-requests/{asked['id']}/answer", json={"state": "promised", "answer": "Thursday."}))
    check_in(team.sam, goal, value=51, support_needed="Another day.")
    said = [made(team.kim.post(f"{path}/comments", json={"text": text})) for text in ("One.", "Two.", "Three.")]
    read(team.kim.patch(f"{path}/comments/{said[1]['id']}", json={"text": "Second."}))
    assert team.kim.delete(f"{path}/comments/{said[2]['id']}").is_success
    for by in (team.kim, team.alex, team.maya):
        made(by.post(f"{path}/follow"))
    assert team.alex.delete(f"{path}/follow").is_success
    steps = [made(team.sam.post(f"{path}/milestones", json={"title": t, "due_on": day(9)})) for t in ("A", "B", "C")]
    read(team.sam.patch(f"{path}/milestones/{steps[0]['id']}", json={"due_on": day(11)}))
    read(team.sam.post(f"{path}/milestones/{steps[1]['id']}/reach"))
    assert team.sam.delete(f"{path}/milestones/{steps[2]['id']}").is_success


def _endings(team: Team, top: Goal) -> None:
    middle = team.goal(team.maya, "kim", kind="objective", parent_id=top["id"], title="Many ends", weight=2)
    endings: Mapping[str, tuple[tuple[str, dict[str, Any]], ...]] = {
        "scored": (("close", {"score": 0.75, "reflection": "Nearly."}),),
        "frozen": (("close", {}),),
        "reopened": (("close", {"score": 1}), ("reopen", {"reason": "Too early."})),
        "given up": (("cancel", {"reason": "No longer sold."}),),
        "put away": (("close", {}), ("archive", {})),
        "brought back": (("archive", {}), ("restore", {})),
    }
    for title, steps in endings.items():
        goal = team.goal(team.maya, "kim", title=title, parent_id=middle["id"], period=quarter())
        check_in(team.kim, goal, progress=0.5)
        for name, said in steps:
            step(team.kim, goal, name, **said)
    step(team.kim, middle, "close")
