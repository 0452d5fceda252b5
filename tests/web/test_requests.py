"""What a request may be: bodies, media types, query names, ids; refused as problems before any endpoint sees them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.web.toy import ID, PLANTED, GoalBody

JSON = {"Content-Type": "application/json"}


def _refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert (problem["code"], problem["status"]) == (code, status)
    assert problem["type"] == f"urn:cairn:problem:{code}"
    assert problem["title"]
    assert problem["detail"].endswith(".")
    assert problem["instance"].startswith("/")
    assert PLANTED not in answer.text
    assert "Alice" not in answer.text
    return problem


def _pointers(problem: dict[str, Any]) -> list[str]:
    assert all(error["detail"].endswith(".") for error in problem["errors"])
    return [error["pointer"] for error in problem["errors"]]


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"title": "a", "title": "b"}', b'{"weight": NaN}', b'{"title": "\\ud800"}']
)
def test_broken_json_is_a_400(client: TestClient, app: FastAPI, body: bytes) -> None:
    _refused(client.post("/goals", content=body, headers=JSON), 400, "malformed_json")
    assert app.state.seen == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/jsonx"},
        {"Content-Type": "application/json/x"},
        {"Content-Type": "application/json, text/plain"},
        {"Content-Type": ""},
        {},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_another_media_type_is_a_415(client: TestClient, app: FastAPI, headers: dict[str, str]) -> None:
    _refused(client.post("/goals", content=b'{"title": "x"}', headers=headers), 415, "unsupported_media_type")
    assert app.state.seen == []


@pytest.mark.parametrize(
    "media", ["application/json", "Application/JSON; charset=UTF-8", 'application/merge-patch+json;charset="utf-8"']
)
def test_json_by_any_of_its_names_is_taken(client: TestClient, media: str) -> None:
    answer = client.post("/goals", content=b'{"title": "x"}', headers={"Content-Type": media})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/title"]),
        ({"title": 1}, ["/title"]),
        ({"title": None}, ["/title"]),
        ({"title": "x", "clamp": "true"}, ["/clamp"]),
        ({"title": "x", "clamp": 1}, ["/clamp"]),
        ({"title": "x", "depth": "1"}, ["/depth"]),
        ({"title": "x", "depth": 1.0}, ["/depth"]),
        ({"title": "x", "weight": "1"}, ["/weight"]),
        ({"title": "x", "weight": True}, ["/weight"]),
        ({"title": "x", "kind": 5}, ["/kind"]),
        ({"title": "x", "labels": "a"}, ["/labels"]),
        ({"title": "x", "labels": [1, "b", 2]}, ["/labels/0", "/labels/2"]),
        ({"title": "x", "metric": []}, ["/metric"]),
        ({"title": "x", "metric": {"start": 1}}, ["/metric/target"]),
        ({"title": "x", "metric": {"start": 1, "target": 2, "unit": "m"}}, ["/metric/unit"]),
        ({"title": "x", "nope": 1}, ["/nope"]),
        ({"title": "x", f"{PLANTED}/": 1}, [""]),
        ({"title": "x", "nope": 1, "weight": -1}, ["/weight", "/nope"]),
        ([], [""]),
        ("text", [""]),
        (1.5, [""]),
    ],
)
def test_a_wrong_shape_is_a_400_that_points_to_it(
    client: TestClient, app: FastAPI, body: Any, pointers: list[str]
) -> None:
    problem = _refused(client.post("/goals", json=body), 400, "invalid_body")
    assert _pointers(problem) == pointers
    assert app.state.seen == []


@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [
        ("title", PLANTED * 20, "200"),
        ("title", " ", "can be seen"),
        ("kind", PLANTED, "'objective' or 'key_result'"),
        ("weight", -1, "from 0 to 1000000"),
        ("confidence", 1.5, "from 0 to 1"),
        ("confidence", 0.1234567, "six decimal places"),
        ("depth", 6, "5 or less"),
        ("depth", 10**30, "5 or less"),
        ("labels", ["a", "b", "c", "d"], "at most 3"),
        ("owner_id", PLANTED, "an id"),
        ("due", "2026-02-30", "2026-01-31"),
        ("starts_at", "2026-01-31T09:00:00", "zone"),
    ],
)
def test_a_wrong_value_is_a_422_that_says_what_is_taken(
    client: TestClient, app: FastAPI, field: str, value: Any, hint: str
) -> None:
    problem = _refused(client.post("/goals", json={"title": "x", field: value}), 422, "invalid_value")
    assert _pointers(problem) == [f"/{field}"]
    assert hint in problem["errors"][0]["detail"]
    assert app.state.seen == []


def test_null_is_no_goal(client: TestClient) -> None:
    problem = _refused(client.post("/goals", content=b"null", headers=JSON), 400, "invalid_body")
    assert _pointers(problem) == [""]


def test_a_thousand_errors_are_not_all_listed(client: TestClient) -> None:
    body = {"title": "x"} | {f"more{at}": at for at in range(50)}
    problem = _refused(client.post("/goals", json=body), 400, "invalid_body")
    assert len(problem["errors"]) == 20


@pytest.mark.parametrize("number", [b"1e400", b"1E-400", b"1e999999999", b"9" * 999])
def test_a_number_out_of_bounds_is_a_422_and_does_not_hang(client: TestClient, number: bytes) -> None:
    answer = client.post("/goals", content=b'{"title": "x", "weight": ' + number + b"}", headers=JSON)
    _refused(answer, 422, "invalid_value")


def test_a_whole_goal_arrives_exact_and_typed(client: TestClient, app: FastAPI) -> None:
    content = b'{"title": " Ship it ", "weight": 0.100000, "metric": {"start": 50, "target": 4e1}, "clamp": false}'
    answer = client.post("/goals", content=content, headers=JSON)
    assert answer.status_code == 201
    (seen,) = app.state.seen
    assert isinstance(seen, GoalBody)
    assert (seen.title, str(seen.weight), seen.clamp) == ("Ship it", "0.1", False)
    assert seen.metric is not None
    assert (str(seen.metric.start), str(seen.metric.target)) == ("50", "40")


def test_an_answer_says_numbers_as_numbers_and_times_in_utc(client: TestClient) -> None:
    body = {"title": "x", "weight": 1000000.5 - 1, "starts_at": "2026-01-31T09:00:00+02:00"}
    answer = client.post("/goals", json=body)
    assert '"weight":999999.5' in answer.text
    assert '"starts_at":"2026-01-31T07:00:00Z"' in answer.text
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/goals/{ID}"
    assert answer.headers["cairn-position"] == "goals:17"
    assert client.get(f"/goals/{ID.upper()}").text == (
        f'{{"id":"{ID}","progress":0.25,"weight":2.50,"at":"2026-01-31T09:00:00Z"}}'
    )


@pytest.mark.parametrize("body", [b"[]", b"null", b'{"a": 1}', b"garbage"])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_body_where_none_is_taken_is_a_400(client: TestClient, app: FastAPI, method: str, body: bytes) -> None:
    path = f"/goals/{ID}/publish" if method == "POST" else f"/goals/{ID}"
    _refused(client.request(method, path, content=body, headers=JSON), 400, "unexpected_body")
    assert app.state.seen == []


@pytest.mark.parametrize("body", [b"", b"{}", b" {} \n"])
def test_an_empty_body_where_none_is_taken_is_fine(client: TestClient, body: bytes) -> None:
    answer = client.post(f"/goals/{ID}/publish", content=body, headers=JSON)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["cairn-position"] == "goals:18"


def test_a_body_that_may_be_left_out(client: TestClient) -> None:
    path = f"/goals/{ID}/note"
    assert client.put(path).json() == {"given": False}
    assert client.put(path, json={"start": 1, "target": 2}).json() == {"given": True}
    _refused(client.put(path, content=b"{", headers=JSON), 400, "malformed_json")


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("nope=1", ["nope"]),
        (f"{PLANTED}=1", [""]),
        ("limit=10&limit=20", ["limit"]),
        ("limit=0", ["limit"]),
        ("limit=501", ["limit"]),
        ("limit=-1", ["limit"]),
        ("limit=%2B5", ["limit"]),
        ("limit=1_0", ["limit"]),
        ("limit=5.0", ["limit"]),
        ("limit=٥", ["limit"]),
        ("limit=", ["limit"]),
        ("limit=99999999999999999999", ["limit"]),
        ("state=closed", ["state"]),
        ("state=open,", ["state"]),
        ("owner_id=x", ["owner_id"]),
        (f"owner_id={ID},x", ["owner_id"]),
        ("owner_id=" + ",".join([ID] * 101), ["owner_id"]),
        ("due_before=yesterday", ["due_before"]),
        ("due_before=2026-02-30", ["due_before"]),
        ("q=" + "x" * 21, ["q"]),
        ("nope", ["nope"]),
        ("=1", [""]),
    ],
)
def test_a_query_that_is_not_taken_is_a_422(client: TestClient, app: FastAPI, query: str, pointers: list[str]) -> None:
    problem = _refused(client.get(f"/goals?{query}"), 422, "invalid_parameter")
    assert _pointers(problem) == pointers
    assert app.state.seen == []


def test_lists_of_values_are_separated_by_commas(client: TestClient, app: FastAPI) -> None:
    other = ID.replace("1", "2")
    assert client.get(f"/goals?owner_id={ID.upper()},{other},{ID}&state=open,draft").status_code == 200
    assert app.state.seen == [(50, (ID, other), ("open", "draft"), None, None)]


def test_a_query_is_not_taken_where_there_is_none(client: TestClient) -> None:
    _refused(client.get(f"/goals/{ID}?expand=all"), 422, "invalid_parameter")
    _refused(client.post("/goals?dry=1", json={"title": "x"}), 422, "invalid_parameter")


@pytest.mark.parametrize("malformed", ["x", "1", ID[:-1], f"{ID}0", "%00", "..%2f", "%ff", "Alice%20Example"])
def test_a_malformed_id_is_unknown(client: TestClient, malformed: str) -> None:
    problem = _refused(client.get(f"/goals/{malformed}".replace("Alice", "A")), 404, "not_found")
    assert "errors" not in problem


def test_decimals_of_a_body_are_decimals(client: TestClient, app: FastAPI) -> None:
    client.post("/goals", content=b'{"title": "x", "confidence": 0.30}', headers=JSON)
    assert app.state.seen[0].confidence == Decimal("0.3")
