"""Every failure as one problem with a stable code, and nothing of its words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter
from starlette.testclient import TestClient

from libs.web.app import Readiness, create_app
from libs.web.problems import FieldError, Problem, problem_response
from tests.web.toy import ID, PLANTED, RAISED, toy_app

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("name", "status", "code", "retry"),
    [
        ("rejected", 422, "rejected", None),
        ("not_found", 404, "not_found", None),
        ("conflict", 409, "goal_cycle", None),
        ("forbidden", 403, "forbidden", None),
        ("precondition", 412, "precondition_failed", None),
        ("reused", 422, "idempotency_key_reused", None),
        ("in_flight", 409, "idempotency_key_in_flight", "1"),
        ("unavailable", 503, "store_unavailable", "1"),
        ("ambiguous", 503, "store_unavailable", "1"),
        ("busy", 503, "busy", "1"),
        ("raced", 503, "busy", "1"),
        ("behind", 503, "not_caught_up", "1"),
        ("parked", 503, "parked", "1"),
        ("restored", 503, "store_restored", "1"),
        ("key_missing", 503, "data_fault", "60"),
        ("seal_broken", 503, "data_fault", "60"),
        ("malformed", 503, "data_fault", "60"),
        ("future", 503, "data_fault", "60"),
        ("token", 401, "token_expired", None),
        ("teapot", 418, "teapot", None),
        ("bug", 500, "internal_error", None),
    ],
)
def test_each_failure_has_its_status_and_code(
    client: TestClient,
    log_lines: Callable[[], list[dict[str, Any]]],
    name: str,
    status: int,
    code: str,
    retry: str | None,
) -> None:
    answer = client.get(f"/raise/{name}", headers={"traceparent": PARENT})
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:cairn:problem:{code}"
    assert problem["instance"] == f"/raise/{name}"
    assert re.fullmatch(r"[A-Z].+[.]", problem["detail"])
    assert answer.headers.get("retry-after") == retry
    assert PLANTED not in answer.text
    assert ("trace_id" in problem) == (status >= 500)
    log_lines()


def test_all_are_covered() -> None:
    marks = test_each_failure_has_its_status_and_code.pytestmark  # type: ignore[attr-defined]
    assert {row[0] for row in marks[0].args[1]} == set(RAISED)


def test_a_refused_token_asks_for_a_bearer_token(client: TestClient) -> None:
    assert client.get("/raise/token").headers["www-authenticate"] == "Bearer"


def test_an_unknown_outcome_says_how_to_find_out(client: TestClient) -> None:
    detail = client.get("/raise/ambiguous").json()["detail"]
    assert "same Idempotency-Key" in detail
    assert detail != client.get("/raise/unavailable").json()["detail"]


def test_facts_of_ours_are_shown_and_texts_are_not(client: TestClient) -> None:
    assert client.get("/raise/rejected").json()["facts"] == {"f": 1, "at": "goals.events"}
    assert client.get("/raise/conflict").json()["facts"] == {"goal_id": ID}
    assert "facts" not in client.get("/raise/not_found").json()


def test_a_bug_is_logged_with_its_trace_and_without_its_words(
    client: TestClient, log_lines: Callable[[], list[dict[str, Any]]]
) -> None:
    problem = client.get("/raise/bug", headers={"traceparent": PARENT}).json()
    (failed,) = [line for line in log_lines() if line["level"] == "error"]
    assert failed["trace_id"] == problem["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert failed["error"]["type"] == "RuntimeError"
    assert failed["error"]["at"].endswith(" fail")


def test_unreadable_data_is_logged_for_operators(
    client: TestClient, log_lines: Callable[[], list[dict[str, Any]]]
) -> None:
    client.get("/raise/seal_broken")
    (failed,) = [line for line in log_lines() if line["level"] == "error"]
    assert failed["error"]["type"] == "SealBroken"


def test_no_such_address_is_a_problem(client: TestClient) -> None:
    for path in ("/nowhere", "/goals/", "//goals", f"/goals/{ID}/nope", "/docs", "/redoc"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/goals", "GET, HEAD, POST"),
        ("POST", f"/goals/{ID}", "GET, HEAD"),
        ("GET", f"/goals/{ID}/publish", "POST"),
        ("HEAD", f"/goals/{ID}/publish", "POST"),
        ("BREW", "/goals", "GET, HEAD, POST"),
        ("OPTIONS", "/healthz", "GET, HEAD"),
    ],
)
def test_another_method_is_told_which_ones_there_are(client: TestClient, method: str, path: str, allow: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allow
    if method != "HEAD":
        assert answer.json()["code"] == "method_not_allowed"


def test_the_instance_is_the_public_path_percent_encoded() -> None:
    client = TestClient(toy_app(base="/api/v1"))
    problem = client.get("/g%C3%A9%00%ff%22/x?q=hidden").json()
    assert problem["instance"] == "/api/v1/g%C3%A9%00%EF%BF%BD%22/x"
    assert len(client.get("/" + "x" * 5000).json()["instance"]) == 500


def test_a_path_of_half_characters_is_still_answered() -> None:
    scope = {"type": "http", "path": "/\ud800", "headers": []}
    assert problem_response(Problem(404, "not_found", "No."), scope).status_code == 404


def test_headers_and_errors_of_a_problem_are_kept() -> None:
    problem = Problem(422, "x", "Do.", errors=[FieldError("/a", "No.")], headers={"Retry-After": "3"})
    response = problem_response(problem, {"type": "http", "path": "/", "headers": []})
    assert response.headers["retry-after"] == "3"
    assert b'"errors":[{"pointer":"/a","detail":"No."}]' in response.body


def test_a_plain_framework_refusal_is_a_problem_too() -> None:
    from starlette.exceptions import HTTPException

    routes = APIRouter()

    @routes.get("/gone")
    async def gone() -> None:
        raise HTTPException(410, PLANTED)

    async def ready() -> Readiness:
        return Readiness(ready=True)

    answer = TestClient(create_app("x", title="x", routers=[routes], ready=ready)).get("/gone")
    assert (answer.status_code, answer.json()["code"]) == (410, "http_410")
    assert PLANTED not in answer.text
