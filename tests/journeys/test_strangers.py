"""Strangers: what belongs to another tenant, or may not be seen, answers on every route exactly as what does not exist.

The routes are those of the description, so that none is forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest

from tests.journeys.described import BASE, body_examples, operations
from tests.journeys.prepared import Prepared, prepare
from tests.journeys.refusals import refused_well, told
from tests.journeys.team import NOBODY, Team, items, made, quarter, read
from tests.product import Product

NOT_FOUND = {
    "goal_id": "goal_not_found",
    "check_in_id": "check_in_not_found",
    "comment_id": "comment_not_found",
    "milestone_id": "milestone_not_found",
    "request_id": "support_request_not_found",
    "person_id": "person_not_found",
    "absence_id": "absence_not_found",
    "unit_id": "unit_not_found",
}
RECORDS = ("system", "external_id")


@pytest.fixture(scope="module")
def prepared(team: Team, description: dict[str, Any]) -> Prepared:
    """What every route is about, in the team's tenant."""
    return prepare(team, operations(description))


@pytest.fixture(scope="module")
def elsewhere(product: Product, description: dict[str, Any]) -> Prepared:
    """The same in another tenant, by its own administrator."""
    return prepare(Team(product), operations(description))


def asked(by: httpx2.Client, description: dict[str, Any], operation: str, ids: Mapping[str, str]) -> httpx2.Response:
    """An operation about these ids, with a body that would do."""
    method, path = operation.removeprefix(f"{BASE}").split(" ")
    examples = body_examples(description, operations(description)[operation])
    return by.request(method, path.removeprefix(BASE).format(**ids), json=examples[0] if examples else None)


def by_ids(operations: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Every operation with ids in its path, and their names, the outermost first."""
    for operation in operations:
        names = [name for name in re.findall(r"{(\w+)}", operation) if name not in RECORDS]
        if names:
            yield operation, names


def test_what_belongs_to_another_tenant_is_nothing(
    product: Product, team: Team, prepared: Prepared, elsewhere: Prepared, description: dict[str, Any]
) -> None:
    stranger = elsewhere.team.admin
    checked = 0
    before = product.written()
    for operation, names in by_ids(operations(description)):
        theirs, own = prepared.paths[operation], elsewhere.paths[operation]
        for name in names:
            # What stands before it in the path is the stranger's own, so that this one id alone decides.
            others = {one: own[one] for one in names[: names.index(name)]}
            records = {one: own[one] for one in RECORDS if one in own}
            there = {**theirs, **others, **records}
            nowhere = {**dict.fromkeys(names, NOBODY), **others, **records}
            answers = [asked(stranger, description, operation, ids) for ids in (there, nowhere)]
            refused_well(answers[0], 404, NOT_FOUND[name])
            assert told(answers[0], there.values()) == told(answers[1], nowhere.values()), operation
            checked += 1
    assert checked > 55
    assert product.written() == before


def test_what_one_may_not_see_is_nothing(
    product: Product, team: Team, prepared: Prepared, description: dict[str, Any]
) -> None:
    """Alex works elsewhere in the same tenant, and these goals are for their owners' teams."""
    checked = 0
    before = product.written()
    for operation, names in by_ids(operations(description)):
        if names[0] not in ("goal_id", "request_id"):
            continue
        there = prepared.paths[operation]
        nowhere = {**there, **dict.fromkeys(names, NOBODY)}
        answers = [asked(team.alex, description, operation, ids) for ids in (there, nowhere)]
        refused_well(answers[0], 404, NOT_FOUND[names[0]])
        assert told(answers[0], there.values()) == told(answers[1], nowhere.values()), operation
        checked += 1
    assert checked > 35
    assert product.written() == before


# --- ids in queries and bodies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "of"),
    [
        *((f"/goals?{name}={{}}", "person") for name in ("owner_id", "manager_id", "contributor_id")),
        *((f"/goals?{name}={{}}", of) for name, of in (("unit_id", "unit_id"), ("parent_id", "parent_id"))),
        *(("/support-requests?manager_id={}", "person"), ("/support-requests?goal_id={}", "goal")),
        *(("/people?manager_id={}", "person"), ("/people?unit_id={}", "unit_id")),
        *(("/units?parent_id={}", "above"), ("/units?lead_id={}", "person")),
        *(("/goals/tree?unit_id={}", "unit_id"), ("/goals/tree?root_id={}", "parent_id")),
    ],
)
def test_asking_for_what_belongs_to_others_finds_what_asking_for_nothing_does(
    prepared: Prepared, elsewhere: Prepared, path: str, of: str
) -> None:
    goal = prepared.paths["POST /api/v1/support-requests/{request_id}/answer"]["request_id"]
    theirs = {**prepared.bodies, "goal": goal}[of]
    answers = [elsewhere.team.admin.get(path.format(one)) for one in (theirs, NOBODY)]
    assert answers[0].status_code == (404 if "root_id" in path else 200)
    assert told(answers[0], [theirs]) == told(answers[1], [NOBODY])


@pytest.mark.parametrize(
    ("route", "field", "of", "code"),
    [
        ("POST /goals", "owner_id", "person", "unknown_person"),
        ("POST /goals", "contributor_ids", "person", "unknown_person"),
        ("POST /goals", "parent_id", "parent_id", "unknown_parent"),
        ("POST /goals", "unit_id", "unit_id", "unknown_unit"),
        ("PATCH /goals/{goal}", "contributor_ids", "person", "unknown_person"),
        ("PATCH /goals/{goal}", "unit_id", "unit_id", "unknown_unit"),
        ("POST /goals/{goal}/move", "parent_id", "parent_id", "unknown_parent"),
        ("POST /goals/{goal}/transfer", "owner_id", "person", "unknown_person"),
        ("POST /goals/{goal}/comments", "check_in_id", "check_in", "unknown_check_in"),
        ("POST /people", "manager_id", "person", "unknown_manager"),
        ("POST /people", "unit_id", "unit_id", "unknown_unit"),
        ("PATCH /people/{person}", "manager_id", "person", "unknown_manager"),
        ("POST /units", "parent_id", "above", "unknown_unit"),
        ("POST /units", "lead_id", "person", "unknown_lead"),
        ("PATCH /units/{unit_id}", "parent_id", "above", "unknown_unit"),
    ],
)
def test_naming_what_belongs_to_others_is_refused_as_naming_nothing(
    prepared: Prepared, elsewhere: Prepared, route: str, field: str, of: str, code: str
) -> None:
    at = elsewhere.paths["POST /api/v1/goals/{goal_id}/comments"]["goal_id"]
    theirs = {**prepared.bodies, "check_in": next(iter(prepared.bodies["check_ins"].values()))}[of]
    method, path = route.split(" ")
    path = path.format(goal=at, person=elsewhere.people[1], unit_id=elsewhere.bodies["unit_id"])
    answers = []
    for one in (theirs, NOBODY):
        named = {field: [one] if field.endswith("ids") else one}
        body = {**_NEW.get(route, {}), **({"owner_id": elsewhere.people[0]} if route == "POST /goals" else {}), **named}
        answers.append(elsewhere.team.admin.request(method, path, json=body))
    refused_well(answers[0], 422, code)
    assert told(answers[0], [theirs]) == told(answers[1], [NOBODY])


_NEW: Mapping[str, Mapping[str, Any]] = {
    "POST /goals": {"title": "T", "kind": "objective"},
    "POST /goals/{goal}/transfer": {"reason": "R"},
    "POST /goals/{goal}/comments": {"text": "T"},
    "POST /people": {"display_name": "X", "email": "x@t.example"},
    "POST /units": {"name": "U"},
}


# --- records and addresses --------------------------------------------------------------------------------------


def test_a_record_stands_for_something_else_in_each_tenant(prepared: Prepared, elsewhere: Prepared) -> None:
    for path, body in (
        ("/goals/by-ref/shared/1", {"title": "T", "kind": "smart", "metric": {"start": 0, "target": 1, "unit": "u"}}),
        ("/people/by-ref/shared/1", {"display_name": "X", "email": "shared@t.example"}),
        ("/units/by-ref/shared/1", {"name": "U"}),
    ):
        found = []
        for mine in (prepared, elsewhere):
            own = {"owner_id": mine.people[0], "period": quarter()} if "goals" in path else {}
            found.append(made(mine.team.admin.put(path, json={**body, **own}))["id"])
        assert found[0] != found[1]
    assert len(items(elsewhere.team.admin, "/people", email="shared@t.example")) == 1


def test_lists_and_trees_hold_what_is_ones_own(prepared: Prepared, elsewhere: Prepared) -> None:
    for path in ("/goals?limit=500", "/people?limit=500", "/units?limit=500", "/support-requests?limit=500"):
        ids = [{one["id"] for one in items(mine.team.admin, path)} for mine in (prepared, elsewhere)]
        assert all(ids)
        assert ids[0] & ids[1] == set()
    trees = [read(mine.team.admin.get("/goals/tree?depth=20"))["nodes"] for mine in (prepared, elsewhere)]
    assert {node["id"] for node in trees[0]} & {node["id"] for node in trees[1]} == set()
