"""Steps that make no sense, on every route of goals, people and units: each is a clear problem, and nothing changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.journeys.refusals import PLANTED, refused_well
from tests.journeys.team import METRIC, NOBODY, Team, check_in, day, made, quarter, read, step
from tests.product import Product

HUGE = PLANTED * 10_240


@pytest.fixture(scope="module")
def ids(team: Team) -> Mapping[str, str]:
    """What the steps are about, by name: goals in every state, and what belongs to some of them."""
    found: dict[str, str] = dict(team.ids)
    plain: dict[str, Any] = {"kind": "objective", "visibility": "public"}
    goals = {
        "open": team.goal(team.sam, "sam", metric=METRIC, visibility="public"),
        "plain": team.goal(team.sam, "sam", **plain),
        "smart": team.goal(team.sam, "sam", kind="smart", metric=METRIC, period=quarter(), visibility="public"),
        "draft": team.goal(team.sam, "sam", **plain, draft=True),
        "wellbeing": team.goal(team.sam, "sam", kind="objective", focus="wellbeing"),
        **{name: team.goal(team.sam, "sam", **plain) for name in ("closed", "cancelled", "archived")},
    }
    above = team.goal(team.sam, "sam", **plain)
    goals |= {"above": above, "below": team.goal(team.sam, "sam", **plain, parent_id=above["id"])}
    goals["result"] = team.goal(team.sam, "sam", parent_id=above["id"])
    step(team.sam, goals["closed"], "close", score=1)
    step(team.sam, goals["cancelled"], "cancel", reason="R")
    step(team.sam, goals["archived"], "archive")
    found |= {name: goal["id"] for name, goal in goals.items()}
    said = check_in(team.sam, goals["open"], value=45, support_needed="Time.")
    found |= {"check_in": said["id"], "other_check_in": check_in(team.sam, goals["plain"])["id"]}
    read(team.maya.post(f"/support-requests/{said['id']}/answer", json={"state": "given", "answer": "Done."}))
    path = f"/goals/{found['open']}"
    found["comment"] = made(team.sam.post(f"{path}/comments", json={"text": "T"}))["id"]
    found["milestone"] = made(team.sam.post(f"{path}/milestones", json={"title": "M", "due_on": day(3)}))["id"]
    for name, parent in (("unit", None), ("subunit", "unit")):
        body = {"name": name, "parent_id": found[parent] if parent else None}
        found[name] = made(team.admin.post("/units", json=body))["id"]
    found["lee"] = team.add("lee", team.ids["sam"])
    return {**found, "nobody": NOBODY}


@pytest.fixture(autouse=True)
def nothing_is_written(product: Product, ids: Mapping[str, str]) -> Iterator[None]:
    before = product.written()
    yield
    assert product.written() == before
    assert PLANTED not in product.log.read_text().lower()


def ask(team: Team, ids: Mapping[str, str], by: str, route: str, body: Any, status: int, code: str) -> None:
    """A request with names for ids, in its path and body, that must be refused."""
    method, path = route.split(" ", 1)
    for name, one in ids.items():
        path = path.replace(f"<{name}>", one)
    content = json.dumps(body)
    for name, one in ids.items():
        content = content.replace(f'"<{name}>"', f'"{one}"')
    headers = {"Content-Type": "application/json"} if body is not None else {}
    sent = content.encode() if body is not None else None
    refused_well(getattr(team, by).request(method, path, content=sent, headers=headers), status, code)


def named(value: object) -> str | None:
    return json.dumps(value)[:50] if isinstance(value, dict) else value[:60] if isinstance(value, str) else None


# --- the state of things ----------------------------------------------------------------------------------------

OVER = ("closed", "cancelled", "archived")
STEPS: Mapping[str, Mapping[str, Any] | None] = {
    "PATCH /goals/<{}>": {"title": "T"},
    "POST /goals/<{}>/check-ins": {"status": "on_track"},
    "POST /goals/<{}>/agreement": {"action": "propose"},
    "POST /goals/<{}>/transfer": {"owner_id": "<kim>", "reason": "R"},
    "POST /goals/<{}>/move": {"parent_id": "<above>"},
    "POST /goals/<{}>/close": {"score": 0.5},
    "POST /goals/<{}>/cancel": {"reason": "R"},
    "POST /goals/<{}>/archive": None,
    "POST /goals/<{}>/publish": None,
    "POST /goals/<{}>/reopen": {"reason": "R"},
    "POST /goals/<{}>/milestones": {"title": "M", "due_on": "2026-12-31"},
    "PUT /goals/<{}>/check-ins/by-ref/desk/1": {"status": "on_track"},
}
"""What changes a goal, and is refused in each state unless it leads to that state or out of it."""
ALLOWED = {("archive", "closed"), ("reopen", "closed"), ("cancel", "cancelled"), ("archive", "archived")}


@pytest.mark.parametrize(
    ("route", "state"),
    [(route, state) for route in STEPS for state in OVER if (route.rpartition("/")[2], state) not in ALLOWED],
)
def test_what_is_over_takes_no_more_steps(team: Team, ids: Mapping[str, str], route: str, state: str) -> None:
    ask(team, ids, "sam", route.format(state), STEPS[route], 409, f"goal_{state}")


@pytest.mark.parametrize("state", OVER)
def test_nothing_is_hung_under_what_is_over(team: Team, ids: Mapping[str, str], state: str) -> None:
    body = {"title": "T", "kind": "objective", "owner_id": "<sam>", "parent_id": f"<{state}>"}
    ask(team, ids, "sam", "POST /goals", body, 409, f"goal_{state}")
    ask(team, ids, "sam", "POST /goals/<plain>/move", {"parent_id": f"<{state}>"}, 409, f"goal_{state}")


@pytest.mark.parametrize(
    ("by", "route", "body", "status", "code"),
    [
        ("sam", "POST /goals/<draft>/close", {}, 409, "goal_draft"),
        ("sam", "POST /goals/<draft>/reopen", {"reason": "R"}, 409, "goal_draft"),
        ("sam", "POST /goals/<draft>/check-ins", {"status": "on_track"}, 409, "goal_draft"),
        ("sam", "POST /goals/<open>/agreement", {"action": "agree"}, 409, "nothing_proposed"),
        ("sam", "POST /goals/<open>/agreement", {"action": "request_changes"}, 409, "nothing_proposed"),
        ("sam", "POST /goals/<open>/alignment", {"action": "accept"}, 409, "no_alignment_proposed"),
        ("sam", "POST /goals/<open>/alignment", {"action": "decline"}, 409, "no_alignment_proposed"),
        ("sam", "POST /goals/<below>/alignment", {"action": "decline"}, 409, "alignment_accepted"),
        ("sam", "POST /goals/<above>/move", {"parent_id": "<below>"}, 409, "goal_cycle"),
        ("sam", "POST /goals/<above>/move", {"parent_id": "<above>"}, 409, "goal_cycle"),
        (
            "maya",
            "POST /support-requests/<check_in>/answer",
            {"state": "given", "answer": "X"},
            409,
            "support_answered",
        ),
        ("admin", "PATCH /people/<sam>", {"manager_id": "<lee>"}, 409, "manager_cycle"),
        ("admin", "PATCH /people/<sam>", {"manager_id": "<sam>"}, 409, "manager_cycle"),
        ("admin", "PATCH /people/<sam>", {"email": "KIM@t.example"}, 409, "email_taken"),
        ("admin", "PATCH /units/<unit>", {"parent_id": "<subunit>"}, 409, "unit_cycle"),
        ("admin", "PATCH /units/<unit>", {"parent_id": "<unit>"}, 409, "unit_cycle"),
    ],
    ids=named,
)
def test_a_step_for_which_the_time_is_not_right(
    team: Team, ids: Mapping[str, str], by: str, route: str, body: Any, status: int, code: str
) -> None:
    ask(team, ids, by, route, body, status, code)


# --- what is said with it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "route", "body", "code"),
    [
        *(("sam", "PATCH /goals/<open>", {"title": text}, "invalid_value") for text in ("", HUGE, "a\x00b", "\x85")),
        *(("sam", "PATCH /goals/<open>", {"weight": weight}, "invalid_value") for weight in (-1, 1_000_001, 0.1234567)),
        ("sam", "PATCH /goals/<open>", {"description": HUGE}, "invalid_value"),
        ("sam", "PATCH /goals/<open>", {"period": {"start": day(1), "end": day()}}, "period_ends_before_it_begins"),
        ("sam", "PATCH /goals/<open>", {"period": {"start": day(1)}}, "period_incomplete"),
        ("sam", "PATCH /goals/<open>", {"metric": {"target": 50}}, "metric_without_span"),
        ("sam", "PATCH /goals/<plain>", {"metric": {"target": 50}}, "metric_incomplete"),
        ("sam", "PATCH /goals/<plain>", {"progress_driver": "metric"}, "driver_without_metric"),
        ("sam", "PATCH /goals/<open>", {"metric": None}, "driver_without_metric"),
        ("sam", "PATCH /goals/<smart>", {"metric": None, "progress_driver": "manual"}, "smart_goal_incomplete"),
        ("sam", "PATCH /goals/<smart>", {"period": None}, "smart_goal_incomplete"),
        ("sam", "PATCH /goals/<below>", {"focus": "wellbeing"}, "wellbeing_has_no_parent"),
        ("sam", "PATCH /goals/<result>", {"visibility": "private"}, "visibility_of_parent"),
        ("sam", "PATCH /goals/<open>", {"external_ref": {"system": "x"}}, "external_ref_incomplete"),
        ("sam", "POST /goals/<wellbeing>/move", {"parent_id": "<above>"}, "wellbeing_has_no_parent"),
        ("sam", "POST /goals/<plain>/move", {"parent_id": "<result>"}, "parent_is_key_result"),
        ("sam", "POST /goals/<plain>/move", {"parent_id": "<nobody>"}, "unknown_parent"),
        ("sam", "POST /goals/<plain>/move", {"parent_id": "<above>", "weight": -1}, "invalid_value"),
        ("sam", "POST /goals/<plain>/transfer", {"owner_id": "<nobody>", "reason": "R"}, "unknown_person"),
        ("sam", "POST /goals/<plain>/transfer", {"owner_id": "<kim>", "reason": "\n"}, "invalid_value"),
        ("sam", "POST /goals/<plain>/close", {"score": 1.01}, "invalid_value"),
        ("sam", "POST /goals/<plain>/close", {"score": -0.01}, "invalid_value"),
        ("sam", "POST /goals/<plain>/cancel", {"reason": ""}, "invalid_value"),
        ("sam", "POST /goals/<plain>/alignment", {"action": PLANTED}, "invalid_value"),
        ("sam", "POST /goals/<plain>/alignment", {"action": "detach", "weight": 1}, "invalid_value"),
        ("sam", "POST /goals/<plain>/agreement", {"action": "withdraw"}, "invalid_value"),
        ("sam", "POST /goals/<plain>/check-ins", {"status": "on_track", "value": 1}, "value_without_metric"),
        ("sam", "POST /goals/<open>/check-ins/<check_in>/correct", {"reason": "R"}, "nothing_corrected"),
        ("sam", "POST /goals/<open>/check-ins/<check_in>/correct", {"value": 1, "reason": ""}, "invalid_value"),
        (
            *("sam", "POST /goals/<open>/check-ins/<check_in>/correct"),
            *({"progress": 0.5, "reason": "R"}, "progress_with_metric"),
        ),
        (
            *("sam", "POST /goals/<open>/check-ins/<check_in>/correct"),
            *({"observed_on": day(2), "reason": "R"}, "observed_in_future"),
        ),
        ("sam", "POST /goals/<plain>/comments", {"text": "T", "check_in_id": "<check_in>"}, "unknown_check_in"),
        ("sam", "POST /goals/<plain>/comments", {"text": " \n "}, "invalid_value"),
        ("sam", "PATCH /goals/<open>/comments/<comment>", {"text": HUGE}, "invalid_value"),
        ("sam", "POST /goals/<plain>/milestones", {"title": "", "due_on": "2026-12-31"}, "invalid_value"),
        ("sam", "POST /goals/<plain>/milestones", {"title": "T", "due_on": "2026-13-31"}, "invalid_value"),
        ("maya", "POST /support-requests/<check_in>/answer", {"state": "open", "answer": "A"}, "invalid_value"),
        ("admin", "PATCH /people/<sam>", {"timezone": "Mars/Olympus"}, "unknown_timezone"),
        ("admin", "PATCH /people/<sam>", {"locale": PLANTED * 3}, "invalid_locale"),
        ("admin", "PATCH /people/<sam>", {"effective_on": day(1)}, "effective_on_without_position"),
        ("admin", "PATCH /people/<sam>", {"manager_id": "<nobody>"}, "unknown_manager"),
        ("admin", "PATCH /people/<sam>", {"unit_id": "<nobody>"}, "unknown_unit"),
        ("admin", "PATCH /people/<sam>", {"roles": ["king"]}, "invalid_value"),
        ("sam", "POST /people/<sam>/absences", {"from": day(2), "to": day(1)}, "absence_ends_before_it_begins"),
        ("admin", "POST /units", {"name": HUGE}, "invalid_value"),
        ("admin", "POST /units", {"name": "U", "lead_id": "<nobody>"}, "unknown_lead"),
        ("admin", "PATCH /units/<unit>", {"parent_id": "<nobody>"}, "unknown_unit"),
    ],
    ids=named,
)
def test_what_makes_no_sense_is_refused(
    team: Team, ids: Mapping[str, str], by: str, route: str, body: Any, code: str
) -> None:
    ask(team, ids, by, route, body, 422, code)


# --- who asks, and for what -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "route", "body", "status", "code"),
    [
        ("alex", "POST /goals/<open>/check-ins", {"status": "on_track"}, 403, "forbidden"),
        ("kim", "PATCH /goals/<open>", {"title": "T"}, 403, "forbidden"),
        ("alex", "POST /goals/<open>/close", {}, 403, "forbidden"),
        ("maya", "POST /goals/<open>/check-ins/<check_in>/correct", {"value": 1, "reason": "R"}, 403, "forbidden"),
        ("maya", "DELETE /goals/<open>/comments/<comment>", None, 403, "forbidden"),
        ("kim", "DELETE /goals/<open>/milestones/<milestone>", None, 403, "forbidden"),
        ("sam", "POST /support-requests/<check_in>/answer", {"state": "given", "answer": "A"}, 403, "forbidden"),
        ("sam", "PATCH /people/<kim>", {"locale": "en"}, 403, "forbidden"),
        ("sam", "PATCH /people/<sam>", {"job_title": "Chief"}, 403, "forbidden"),
        ("kim", "POST /people/<sam>/absences", {"from": day(), "to": day()}, 403, "forbidden"),
        ("kim", "GET /people/<sam>/absences", None, 403, "forbidden"),
        ("sam", "POST /people/<kim>/deactivate", None, 403, "forbidden"),
        ("sam", "POST /units", {"name": "U"}, 403, "forbidden"),
        ("sam", "PATCH /units/<unit>", {"name": "U"}, 403, "forbidden"),
        (
            "sam",
            "POST /goals/<open>/check-ins/<nobody>/correct",
            {"value": 1, "reason": "R"},
            404,
            "check_in_not_found",
        ),
        (
            *("sam", "POST /goals/<open>/check-ins/<other_check_in>/correct"),
            *({"value": 1, "reason": "R"}, 404, "check_in_not_found"),
        ),
        ("sam", "GET /goals/<plain>/check-ins/<check_in>", None, 404, "check_in_not_found"),
        ("sam", "GET /goals/<plain>/comments/<comment>", None, 404, "comment_not_found"),
        ("sam", "DELETE /goals/<plain>/comments/<comment>", None, 404, "comment_not_found"),
        ("sam", "POST /goals/<plain>/milestones/<milestone>/reach", None, 404, "milestone_not_found"),
        ("sam", "GET /goals/tree?as_of=" + day(2), None, 422, "as_of_in_future"),
        *(("sam", f"GET /goals/tree?{query}", None, 422, "invalid_parameter") for query in ("depth=-1", "as_of=x")),
        *(("sam", f"GET /goals/tree?{query}", None, 422, "invalid_parameter") for query in ("root_id=x", "zr4=1")),
        *(("sam", f"GET /goals/<open>/trend?{query}", None, 422, "invalid_parameter") for query in ("from=1", "to=")),
        ("sam", f"GET /goals/<open>/trend?from={day()}&to={day(-1)}", None, 422, "invalid_parameter"),
        *(
            ("sam", f"GET /goals?{query}", None, 422, "invalid_parameter")
            for query in (
                "state=over",
                "kind=",
                "stale=1",
                "period=2026",
                f"period={day()}/{day(-1)}",
                "due_before=soon",
            )
        ),
        *(
            ("sam", f"GET /goals?{query}", None, 422, "invalid_parameter")
            for query in ("sort=title", "updated_since=1")
        ),
        *(("sam", f"GET /goals?{query}", None, 422, "invalid_parameter") for query in (f"q={HUGE[:300]}", "label=")),
        *(("sam", f"GET /support-requests?{query}", None, 422, "invalid_parameter") for query in ("state=shut", "x=1")),
        ("sam", f"GET /units?parent_id={PLANTED}", None, 422, "invalid_parameter"),
        ("sam", f"GET /people?as_of={PLANTED}", None, 422, "invalid_parameter"),
    ],
    ids=named,
)
def test_who_asks_for_what_is_not_theirs_or_not_there(
    team: Team, ids: Mapping[str, str], by: str, route: str, body: Any, status: int, code: str
) -> None:
    ask(team, ids, by, route, body, status, code)
