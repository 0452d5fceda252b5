"""What the operations of the description need to succeed: each resources of its own, in the state it starts from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.journeys import known_ids
from tests.journeys.described import BASE, body_examples, operations
from tests.journeys.team import METRIC, Team, made, quarter, read
from tests.product import eventually

CHECK_IN = {"status": "on_track", "support_needed": "A day of the vendor."}


@dataclass
class Prepared:
    """Ids for an administrator who also leads somebody: `bodies` for what bodies name, `paths` by operation."""

    team: Team
    people: tuple[str, str]
    bodies: dict[str, Any] = field(default_factory=dict)
    paths: dict[str, dict[str, str]] = field(default_factory=dict)

    def goal(self, operation: str) -> str:
        """A goal of somebody whom the administrator leads, that an operation may do with as it likes."""
        admin, team = self.team.admin, self.team
        owner = team.client(team.product.issue(self.people[1], tenant=team.tenant))
        parent = self.bodies["parent_id"] if operation.endswith("/alignment") else None
        body = {"title": "Theirs", "kind": "smart", "owner_id": self.people[1], "metric": METRIC, "parent_id": parent}
        body |= {"period": quarter(), "draft": operation.endswith("/publish")}
        goal_id = str(made(owner.post("/goals", json=body))["id"])
        before: Mapping[str, tuple[str, Any]] = {"/reopen": ("close", {}), "/restore": ("archive", None)}
        for suffix, (step, said) in before.items():
            if operation.endswith(suffix):
                read(admin.post(f"/goals/{goal_id}/{step}", json=said))
        return goal_id


def ask(mine: Prepared, description: Mapping[str, Any], operation: str, **headers: str) -> httpx2.Response:
    """The administrator does what the description's example says, about what was prepared for it."""
    method, path = operation.split(" ")
    ids = mine.paths.get(operation, {})
    examples = body_examples(description, operations(description)[operation])
    body = dict(examples[0]) if examples else None
    if body is not None:
        named = known_ids.named(mine.bodies, path, ids) | {
            "email": "one@t.example",
            "contributor_ids": [mine.people[0]],
        }
        body |= {name: there for name, there in named.items() if name in body}
    answer = mine.team.admin.request(method, path.removeprefix(BASE).format(**ids), json=body, headers=headers)
    if operation.endswith("/erasures/{erasure_id}/confirm") and answer.is_success:
        # What follows by itself writes too.
        eventually(lambda: _is_done(mine, ids["erasure_id"]), "the erasure is done")
    return answer


def _is_done(mine: Prepared, erasure_id: str) -> bool:
    return bool(read(mine.team.admin.get(f"/erasures/{erasure_id}"))["state"] == "done")


def prepare(team: Team, routes: Iterable[str]) -> Prepared:
    """Makes everything that these operations (`POST /api/v1/goals/{goal_id}/close`) may be asked about."""
    me = str(read(team.admin.get("/me"))["id"])
    report = team.add("report", me)
    mine = Prepared(team, (me, report))
    parent = {"title": "Above", "kind": "objective", "owner_id": me}
    mine.bodies |= {"parent_id": made(team.admin.post("/goals", json=parent))["id"], "check_ins": {}}
    mine.bodies |= {"person": me, "unit_id": _unit(team.admin), "above": _unit(team.admin)}
    for number, operation in enumerate(routes):
        names = re.findall(r"{(\w+)}", operation)
        made_here: dict[str, str] = {}
        for name in names:
            made_here[name] = _MAKERS[name](mine, operation, made_here, number)
        if names:
            mine.paths[operation] = made_here
    return mine


Maker = Callable[[Prepared, str, Mapping[str, str], int], str]


def _unit(admin: httpx2.Client) -> str:
    return str(made(admin.post("/units", json={"name": "Unit"}))["id"])


def _goal(mine: Prepared, operation: str, _: Mapping[str, str], number: int) -> str:
    goal_id = mine.goal(operation)
    if operation.endswith("/comments"):
        mine.bodies["check_ins"][goal_id] = _check_in(mine, operation, {"goal_id": goal_id}, number)
    return goal_id


def _check_in(mine: Prepared, _: str, here: Mapping[str, str], number: int) -> str:
    return str(made(mine.team.admin.post(f"/goals/{here['goal_id']}/check-ins", json=CHECK_IN))["id"])


def _request(mine: Prepared, operation: str, _: Mapping[str, str], number: int) -> str:
    return _check_in(mine, operation, {"goal_id": mine.goal(operation)}, number)


def _comment(mine: Prepared, _: str, here: Mapping[str, str], number: int) -> str:
    return str(made(mine.team.admin.post(f"/goals/{here['goal_id']}/comments", json={"text": "Well."}))["id"])


def _milestone(mine: Prepared, _: str, here: Mapping[str, str], number: int) -> str:
    body = {"title": "Half of it", "due_on": "2026-12-01"}
    return str(made(mine.team.admin.post(f"/goals/{here['goal_id']}/milestones", json=body))["id"])


def _person(mine: Prepared, _: str, here: Mapping[str, str], number: int) -> str:
    return mine.team.add(f"person-{number}", mine.people[0])


def _erasure(mine: Prepared, operation: str, here: Mapping[str, str], number: int) -> str:
    """One that somebody else asked for, so that the administrator can confirm it."""
    team = mine.team
    other = team.client(team.product.token(f"asks-{number}@t.example", "admin", tenant=team.tenant))
    person = _person(mine, operation, here, number)
    return str(made(other.post(f"/people/{person}/erase", json={"reason": "They left."}))["id"])


def _absence(mine: Prepared, _: str, here: Mapping[str, str], number: int) -> str:
    body = {"from": "2026-12-21", "to": "2027-01-03"}
    return str(made(mine.team.admin.post(f"/people/{here['person_id']}/absences", json=body))["id"])


_MAKERS: Mapping[str, Maker] = {
    "goal_id": _goal,
    "check_in_id": _check_in,
    "request_id": _request,
    "comment_id": _comment,
    "milestone_id": _milestone,
    "person_id": _person,
    "absence_id": _absence,
    "erasure_id": _erasure,
    "unit_id": lambda mine, *_: _unit(mine.team.admin),
    "system": lambda *_: "desk",
    "external_id": lambda _, __, ___, number: f"record-{number}",
}
