"""Headers, queries and addresses that no honest client sends: refused, repeated to nobody, and nothing changed."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator

import httpx2
import pytest

from tests.journeys.refusals import PLANTED, refused_well
from tests.journeys.team import NOBODY, Team, made
from tests.product import SOON, Product, run


@pytest.fixture(autouse=True)
def nothing_is_written(product: Product, team: Team, goal_id: str) -> Iterator[None]:
    before = product.written()
    yield
    assert product.written() == before
    assert PLANTED not in product.log.read_text().lower()


@pytest.fixture(scope="module")
def goal_id(team: Team) -> str:
    return str(team.goal(team.sam, "sam")["id"])


@pytest.fixture(scope="module")
def seen_twice(team: Team) -> str:
    """A goal with more than one page of check-ins."""
    goal_id = team.goal(team.sam, "sam")["id"]
    for _ in range(2):
        made(team.sam.post(f"/goals/{goal_id}/check-ins", json={"status": "on_track"}))
    return str(goal_id)


# --- headers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "status", "code"),
    [
        *(("If-Match", value, 400, "malformed_if_match") for value in (PLANTED, "7", '"7', "", '"1" "2"')),
        *(("If-Match", value, 412, "precondition_failed") for value in ('"7"', '"0"', 'W/"1"', '"1e0"')),
        *(("If-Match", value, 412, "precondition_failed") for value in (f'"{PLANTED}"', f'"{"9" * 30}"')),
        *(("Idempotency-Key", value, 400, "malformed_idempotency_key") for value in ("", "a b", PLANTED * 26, "\xe9")),
        *(("Cairn-After", value, 400, "malformed_position") for value in ("", PLANTED, "goals", "goals:-1")),
        *(("Cairn-After", value, 400, "malformed_position") for value in ("goals:1;people:1", "goals:1," * 11)),
        *(("Cairn-After", value, 400, "malformed_position") for value in ("nope:1", "goals:1, goal:1")),
        *(("Cairn-After", f"goals:{value}", 400, "malformed_position") for value in (2**63, "9" * 20, "٣")),
    ],
)
def test_a_malformed_header_is_refused(team: Team, goal_id: str, name: str, value: str, status: int, code: str) -> None:
    path = f"/goals/{goal_id}/check-ins"
    header = (name.encode(), value.encode())
    refused_well(team.sam.post(path, json={"status": "on_track"}, headers=[header]), status, code)


def test_a_key_given_twice_is_refused(team: Team, goal_id: str) -> None:
    keys = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = team.sam.post(f"/goals/{goal_id}/check-ins", json={"status": "on_track"}, headers=keys)
    refused_well(answer, 400, "malformed_idempotency_key")


# --- queries ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        *(f"limit={value}" for value in ("0", "501", "-1", "1.0", "1e2", "", PLANTED, "٣", "9" * 30, "0x10", " 5")),
        *("limit=5&limit=6", f"{PLANTED}%20x=1", "cursor[]=1", "state=", f"state={PLANTED}", "state=active,gone"),
        *(f"manager_id={PLANTED}", "manager_id=", "manager_id=" + ",".join([NOBODY] * 101), f"email={'x' * 255}"),
        *("q=", "q=%20", "q=a%00b", f"q={PLANTED * 21}", f"sort={PLANTED}%20a", f"manager_id={NOBODY},{PLANTED}"),
    ],
)
def test_a_query_that_is_not_taken_is_refused(team: Team, query: str) -> None:
    problem = refused_well(team.sam.get(f"/people?{query}"), 422, "invalid_parameter")
    assert problem["errors"]


@pytest.mark.parametrize("cursor", [PLANTED, "e30", "", "%00", "W10", "A" * 2000, "..%2F", "%F0%9F%92%A9"])
def test_a_cursor_of_nobodys_is_refused(team: Team, goal_id: str, cursor: str) -> None:
    refused_well(team.sam.get(f"/goals/{goal_id}/check-ins?cursor={cursor}"), 422, "invalid_cursor")
    refused_well(team.sam.get(f"/people?cursor={cursor}"), 422, "invalid_cursor")


@pytest.mark.parametrize("value", ['"abc"', "10" * 15, str(2**63), str(2**64), "0", "-1", "true", "1.5", "null", "[]"])
def test_a_forged_cursor_is_refused(team: Team, seen_twice: str, value: str) -> None:
    forged = forge(team.sam, f"/goals/{seen_twice}/check-ins", value)
    refused_well(team.sam.get(f"/goals/{seen_twice}/check-ins", params=forged), 422, "invalid_cursor")
    if value not in ('"abc"', "null"):
        refused_well(team.sam.get("/goals", params=forge(team.sam, "/goals", value)), 422, "invalid_cursor")


@pytest.mark.parametrize("at", [0, 7, 20, -1])
def test_a_cursor_by_name_tells_no_name_and_is_not_to_be_altered(team: Team, at: int) -> None:
    cursor = team.sam.get("/people?limit=1").json()["next_cursor"]
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    assert b"admin" not in raw.lower()
    assert b"alex" not in raw.lower()
    raw[at] ^= 1
    altered = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    refused_well(team.sam.get("/people", params={"cursor": altered}), 422, "invalid_cursor")


@pytest.mark.parametrize("words", ["!!!", "…", "-- -", "💩", "%"])
def test_what_holds_no_word_finds_nobody(team: Team, words: str) -> None:
    answer = team.sam.get("/people", params={"q": words})
    assert (answer.status_code, answer.json()) == (200, {"items": [], "next_cursor": None})


# --- addresses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        *(f"/goals/{name}" for name in ("x", "1", "null", "%00", "%F0%9F%92%A9", "a%2Fb", "0" * 32, "{goal_id}", "*")),
        *("/goals/", "/goals//", "/goal", "/goals/x/y/z", "/PEOPLE", "/me/x", "/readyz", "/openapi.json"),
        *("/people/../goals", "/people/..%2Fgoals", "/goals/%2e%2e/people", "/goals;a=1"),
    ],
)
def test_an_address_of_nothing_is_refused(product: Product, team: Team, path: str) -> None:
    status, body = raw(product, f"GET /api/v1{path}", team)
    assert status == 404, body
    problem = json.loads(body)
    assert (problem["status"], problem["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "taken"),
    [
        ("DELETE", "/goals/{}", "GET, HEAD, PATCH"),
        ("PUT", "/people", "GET, HEAD, POST"),
        ("PATCH", "/me", "GET, HEAD"),
        ("PURGE", "/goals", "GET, HEAD, POST"),
    ],
)
def test_a_method_that_is_not_taken_is_refused(team: Team, goal_id: str, method: str, path: str, taken: str) -> None:
    answer = team.sam.request(method, path.format(goal_id))
    refused_well(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == taken


def test_an_unknown_id_is_answered_alike_everywhere(team: Team, goal_id: str) -> None:
    refused_well(team.sam.get(f"/goals/{NOBODY}"), 404, "goal_not_found")
    refused_well(team.sam.get(f"/goals/{NOBODY}/check-ins"), 404, "goal_not_found")
    refused_well(team.sam.post(f"/goals/{NOBODY}/check-ins", json={"status": "on_track"}), 404, "goal_not_found")
    refused_well(team.sam.get(f"/goals/{goal_id}/check-ins/{NOBODY}"), 404, "check_in_not_found")
    refused_well(team.sam.get(f"/people/{NOBODY}"), 404, "person_not_found")


@pytest.mark.parametrize(
    "request_line", ["GET / HTTP/9.9", "GET", PLANTED, "\x16\x03\x01\x02\x00", "GET /\x00 HTTP/1.1", " GET / HTTP/1.1"]
)
def test_what_is_no_request_at_all_is_refused(product: Product, request_line: str) -> None:
    with socket.create_connection(("127.0.0.1", product.port), SOON) as connection:
        connection.sendall(f"{request_line}\r\nHost: x\r\n\r\n".encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: connection.recv(65536), b""))
    assert said.split(b" ")[1] == b"400"
    assert PLANTED.encode() not in said.lower()


def forge(client: httpx2.Client, path: str, value: str) -> dict[str, str]:
    """The query for a second page whose cursor has the list's own mark and another value (JSON) to go on from."""
    cursor = client.get(path, params={"limit": 1}).json()["next_cursor"]
    [mark, _, row] = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return {"cursor": base64.urlsafe_b64encode(f'["{mark}",{value},"{row}"]'.encode()).decode().rstrip("=")}


def raw(product: Product, request: str, team: Team) -> tuple[int, bytes]:
    """A request whose path no client library has tidied up; the status and the body of the answer."""
    token = team.sam.headers["Authorization"]
    lines = [f"{request} HTTP/1.1", "Host: cairn", f"Authorization: {token}", "Connection: close", "", ""]
    with socket.create_connection(("127.0.0.1", product.port), SOON) as connection:
        connection.sendall("\r\n".join(lines).encode())
        said = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = said.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body


# --- the installation itself ------------------------------------------------------------------------------------


def test_a_second_one_on_the_same_folder_says_whose_it_is(product: Product) -> None:
    second = run("up", "--data", product.data, "--port", "0")
    assert (second.returncode, second.stdout) == (1, "")
    assert product.process is not None
    assert f"already served by process {product.process.pid}" in second.stderr
    assert "--data" in second.stderr
    assert "Traceback" not in second.stderr
    assert product.ready()
