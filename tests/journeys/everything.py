"""A story in which everything happens that can, and every question that can be asked about it afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product as combined
from typing import Any

import httpx2

from tests.journeys.company import Company
from tests.journeys.team import METRIC, Goal, Team, change, check_in, day, ids, made, quarter, read, step

# --- what happens -----------------------------------------------------------------------------------------------


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
    away = [made(team.maya.post(f"/people/{sam}/absences", json={"from": day(n), "to": day(n + 1)})) for n in (-9, 9)]
    assert team.maya.delete(f"/people/{sam}/absences/{away[1]['id']}").is_success
    uma = team.add("uma", None)
    for turn in ("deactivate", "reactivate", "deactivate"):
        read(admin.post(f"/people/{uma}/{turn}"))


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


# --- what is asked ----------------------------------------------------------------------------------------------


def _filters(people: Mapping[str, str], units: Iterable[str], goals: Iterable[str]) -> Iterator[str]:
    owners = ",".join(people.values())
    for name, values in {
        "state": ("draft", "open", "closed", "cancelled", "archived", "draft,archived"),
        "status": ("not_started", "on_track", "delayed", "off_track", "done"),
        "kind": ("objective", "key_result", "smart"),
        "focus": ("business", "development", "wellbeing"),
        "label": ("quality", "SERVICE", "nothing"),
        "q": ("fewer", "a first day", "goal"),
        "stale": ("true", "false"),
        "period": (f"{day(-5)}/{day(5)}", f"{day(-900)}/{day(-800)}"),
        "due_before": (day(100), day(-100)),
        "updated_since": (f"{day(-3)}T00:00:00Z",),
        "sort": ("created_at", "-created_at", "updated_at", "-updated_at", "due", "-due"),
        "owner_id": (owners, *list(people.values())[:4]),
        "manager_id": tuple(people.values())[:4],
        "contributor_id": (owners,),
        "unit_id": tuple(units),
        "parent_id": tuple(goals)[:6],
    }.items():
        for value in values:
            yield f"/goals?{name}={value}&limit=200"
    yield f"/goals?state=open&kind=key_result&owner_id={owners}&sort=-updated_at&limit=7"


_OF_A_GOAL = (
    *("", "/rollup", "/impact", "/trend", f"/trend?from={day(-20)}", "/history", "/check-ins", "/comments"),
    *("/milestones", "/follow", "/follow?sort=-created_at", f"/history?sort=time&updated_since={day(-9)}T00:00:00Z"),
    *("/check-ins?sort=observed_on", f"/check-ins?sort=-updated_at&updated_since={day(-9)}T00:00:00Z"),
    *("/comments?sort=-updated_at", "/milestones?sort=-updated_at"),
)
_OF_A_PERSON = (
    *("", "/reports?depth=20", f"/reports?depth=20&as_of={day(-2)}", f"/reports?as_of={day(60)}"),
    *("/reports?depth=20&sort=-updated_at", "/absences"),
)


def questions(people: Mapping[str, str], units: Iterable[str], goals: list[str], deep: list[str]) -> Iterator[str]:
    """Every list with every filter, every tree, and everything about `deep` goals."""
    yield from _filters(people, units, goals)
    for depth, when in combined((0, 2, 10), ("", *(f"&as_of={day(-days)}" for days in (0, 1, 8, 30, 90)))):
        yield f"/goals/tree?depth={depth}{when}"
    yield from (f"/goals/tree?unit_id={unit}&depth=5" for unit in units)
    yield from (f"/goals/tree?root_id={goal}&depth=3&as_of={day(-9)}" for goal in goals[:5])
    yield from (f"/goals/{goal}{at}" for goal, at in combined(deep, _OF_A_GOAL))
    yield from ("/support-requests", "/support-requests?state=open", "/support-requests?state=promised,given")
    yield f"/support-requests?sort=-updated_at&updated_since={day(-9)}T00:00:00Z"
    yield from (f"/support-requests?goal_id={goal}" for goal in deep[:5])
    yield from ("/me", "/people", "/people?limit=5&sort=-name", "/people?state=deactivated", "/people?q=pat")
    yield from (f"/people?manager_id={person}&as_of={day(40)}" for person in list(people.values())[:3])
    yield from (f"/people/{person}{at}" for person, at in combined(list(people.values())[:5], _OF_A_PERSON))
    yield from ("/units", *(f"/units/{unit}" for unit in units))


class Askers:
    """Several people of two tenants, and what all of them are told."""

    def __init__(self, team: Team, company: Company) -> None:
        self._team, self._company = team, company
        self._asked = list(self._plan())

    def answers(self) -> dict[str, tuple[int, str, str, bytes]]:
        """By asker and question: status, ETag, the link to the next page, and the bytes."""
        found = {}
        for name, by, path, after in self._asked:
            answer = by.get(path, headers=after)
            known = answer.headers.get("ETag", ""), answer.headers.get("Link", "")
            found[f"{name} asks {path}"] = (answer.status_code, *known, answer.content)
        return found

    def _plan(self) -> Iterator[tuple[str, httpx2.Client, str, dict[str, str]]]:
        team, company = self._team, self._company
        # Long lists and trees for who sees most; for others what rights take away from them.
        theirs = {name: getattr(team, name) for name in ("maya", "sam", "kim", "alex", "admin")}
        known = {name: company.by(name) for name in ("nora", "sam", "ruth")}
        for tenant, people, askers in ((team.tenant, team.ids, theirs), ("acme", company.ids, known)):
            first = next(iter(askers.values()))
            goals = sorted(ids(first, "/goals", limit=500, state="draft,open,closed,cancelled,archived"))
            units = sorted(ids(first, "/units"))
            after = {"Cairn-After": ", ".join(team.product.heads(tenant))}
            for number, (name, by) in enumerate(askers.items()):
                deep = goals if number < 2 and tenant != "acme" else goals[:: 5 if number == 0 else 9]
                for path in questions(people, units, goals, deep):
                    yield f"{name} of {tenant}", by, path, after
