"""Bodies that no honest client sends: each is refused with a problem that says what to do, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.journeys.refusals import PLANTED, refused_well
from tests.journeys.team import NOBODY, Team
from tests.product import Product

JSON = {"Content-Type": "application/json"}
MEGABYTE = 1024 * 1024
VALID = {"title": "T", "kind": "objective"}


@pytest.fixture(scope="module")
def goal_id(team: Team) -> str:
    metric = {"start": 0, "target": 1, "unit": "u"}
    return str(team.goal(team.sam, "sam", metric=metric)["id"])


@pytest.fixture(autouse=True)
def nothing_is_written(product: Product, goal_id: str) -> Iterator[None]:
    before = product.written()
    assert set(before) == {"goals", "people"}
    yield
    assert product.written() == before
    assert PLANTED not in product.log.read_text().lower()


def goal(team: Team, **fields: Any) -> bytes:
    """A goal's body with some fields set, which would be fine without them."""
    return json.dumps({**VALID, "owner_id": team.ids["sam"], **fields}).encode()


def put_in(team: Team, text: str) -> bytes:
    """A goal's body with some JSON text, broken or not, in place of its weight."""
    return goal(team, weight=0).replace(b'"weight": 0', b'"weight": ' + text.encode("utf-8", "surrogatepass"))


def post(team: Team, body: bytes, path: str = "/goals", **headers: str) -> httpx2.Response:
    return team.sam.post(path, content=body, headers={**JSON, **headers})


# --- what is no JSON --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("NaN", "Infinity", "-Infinity", "nan", "+1", "01", ".5", "1.", "0x1", "1_000"),
        *("1" * 1001, "0." + "1" * 1001, "1e99999999999999999999"),
        *(r'"\ud800"', r'"\udc00"', r'"\ud800\ud800"', r'{"\udfff": 1}'),
        *('1, "title": "again"', '{"a": 1, "a": 2}', '[{"a": {"b": 1, "b": 1}}]'),
        *("[" * 33 + "]" * 33, "[" * 100_000, '{"a":' * 40 + "1" + "}" * 40, "[" * 50_000 + "]" * 50_000),
        *("", "1,", "'1'", "// none\n1", "/* */1", "undefined", "True", '"', '"\\x41"', '"\t"', '"\x00"', "1}}"),
    ],
    ids=lambda text: text[:24].encode("unicode_escape").decode() or "nothing",
)
def test_what_is_no_json_is_refused(team: Team, text: str) -> None:
    refused_well(post(team, put_in(team, text)), 400, "malformed_json")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"{", b"}", b"\x00", b"{} {}", b'{"title": "T"', b"%PDF-1.7", b"title=T&kind=objective"),
        *(
            b'\xef\xbb\xbf{"title": "T"}',
            '{"title": "T"}'.encode("utf-16"),
            b'{"title": "\xff"}',
            b'{"title": "\xc0\xae"}',
        ),
        b'{"title": "\xed\xa0\x80"}',
    ],
    ids=repr,
)
def test_a_body_that_is_no_json_is_refused(team: Team, body: bytes) -> None:
    refused_well(post(team, body), 400, "malformed_json")


# --- JSON of another shape --------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["[]", "null", "1", '"text"', "true", "[{}]", "{}", '{"owner_id": null}'])
def test_another_shape_of_body_is_refused(team: Team, body: str) -> None:
    refused_well(post(team, body.encode()), 400, "invalid_body")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            (f"{PLANTED} text", 1),
            ("id", NOBODY),
            ("tenant", "other"),
            ("version", 1),
            ("__proto__", {}),
            ("a" * 5000, 1),
        ),
        *(("title", 1), ("title", None), ("title", ["T"]), ("title", {"a": PLANTED}), ("title", True)),
        *(("weight", "1"), ("weight", True), ("weight", [1]), ("weight", PLANTED)),
        *(("clamp", "true"), ("clamp", 1), ("clamp", None), ("labels", "one"), ("labels", [1]), ("labels", {"a": 1})),
        *(("kind", 1), ("owner_id", 7), ("contributor_ids", NOBODY), ("contributor_ids", [None])),
        *(("period", "2026"), ("period", {"start": 20260101, "end": 1}), ("period", {"start": "2026-01-01"})),
        *(("metric", []), ("metric", {"start": "0", "target": 1, "unit": "u"}), ("metric", {"start": 0, "target": 1})),
        ("metric", {"start": 0, "target": 1, "unit": "u", f"{PLANTED}!": 1}),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_a_field_of_another_shape_is_refused(team: Team, field: str, value: Any) -> None:
    problem = refused_well(post(team, goal(team, **{field: value})), 400, "invalid_body")
    assert problem["errors"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("title", ""), ("title", "   "), ("title", PLANTED * 10_240), ("title", f"{PLANTED}\n"), ("title", "a\x00b")),
        *(("title", "\x1b[31m"), ("title", "\x7f"), ("title", "\x85"), ("description", PLANTED * 2000)),
        *(("description", "bell \x07"), ("kind", PLANTED), ("kind", ""), ("kind", "Objective"), ("visibility", "all")),
        *(("owner_id", PLANTED), ("owner_id", ""), ("owner_id", "../people"), ("owner_id", "0" * 32)),
        *(("weight", -1), ("weight", 1_000_001), ("weight", 10**400), ("weight", 0.1234567)),
        *(("labels", [PLANTED * 10]), ("labels", ["a"] * 21), ("contributor_ids", [NOBODY] * 101)),
        *(
            ("period", {"start": "2026-02-30", "end": "2026-03-01"}),
            ("period", {"start": "0001-01-01", "end": PLANTED}),
        ),
        *(("metric", {"start": 0, "target": 10**13, "unit": "u"}), ("metric", {"start": 0, "target": 1, "unit": "\n"})),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_a_value_that_is_not_taken_is_refused(team: Team, field: str, value: Any) -> None:
    problem = refused_well(post(team, goal(team, **{field: value})), 422, "invalid_value")
    assert problem["errors"][0]["pointer"].split("/")[1] == field


@pytest.mark.parametrize("text", ["1e400", "-1e400", "1E+7", "1e-7", "1e999999", "-0.0000001", "99999999999999999999"])
def test_numbers_that_floats_would_bend_are_refused_as_values(team: Team, text: str) -> None:
    refused_well(post(team, put_in(team, text)), 422, "invalid_value")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "smart"}, "smart_goal_incomplete"),
        ({"progress_driver": "metric"}, "driver_without_metric"),
        ({"metric": {"start": 1, "target": 1.0, "unit": "u"}}, "metric_without_span"),
        ({"period": {"start": "2026-02-01", "end": "2026-01-31"}}, "period_ends_before_it_begins"),
        ({"owner_id": NOBODY}, "unknown_person"),
        ({"contributor_ids": [NOBODY]}, "unknown_person"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_rule_is_named(team: Team, fields: dict[str, Any], code: str) -> None:
    refused_well(post(team, goal(team, **fields)), 422, code)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_body"),
        ({"status": "done"}, 422, "invalid_value"),
        ({"status": "on_track", "progress": 0.5}, 422, "progress_with_metric"),
        ({"status": "on_track", "progress": 1.5}, 422, "invalid_value"),
        ({"status": "on_track", "value": "46"}, 400, "invalid_body"),
        ({"status": "on_track", "value": 1e13}, 422, "invalid_value"),
        ({"status": "on_track", "confidence": -0.1}, 422, "invalid_value"),
        ({"status": "on_track", "observed_on": "2999-12-31"}, 422, "observed_in_future"),
        ({"status": "on_track", "observed_on": "31.12.2025"}, 422, "invalid_value"),
        ({"status": "on_track", "note": PLANTED * 1001}, 422, "invalid_value"),
        ({"status": "on_track", "source": {"system": PLANTED.upper()}}, 422, "invalid_value"),
        ({"status": "on_track", "source": {"system": "s", "url": "javascript:alert(1)"}}, 422, "invalid_value"),
        ({"status": "on_track", "goal_id": NOBODY}, 400, "invalid_body"),
    ],
    ids=lambda value: json.dumps(value)[:48],
)
def test_a_check_in_that_cannot_be_is_refused(
    team: Team, goal_id: str, body: dict[str, Any], status: int, code: str
) -> None:
    refused_well(post(team, json.dumps(body).encode(), f"/goals/{goal_id}/check-ins"), status, code)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"email": PLANTED}, 422, "invalid_email"),
        ({"email": "a b@c.example"}, 422, "invalid_email"),
        ({"email": f"{PLANTED}@" + "x" * 300}, 422, "invalid_value"),
        ({"display_name": ""}, 422, "invalid_value"),
        ({"roles": [PLANTED]}, 422, "invalid_value"),
        ({"roles": "admin"}, 400, "invalid_body"),
        ({"manager_id": NOBODY}, 422, "unknown_manager"),
        ({"manager_id": PLANTED}, 422, "invalid_value"),
        ({"password": PLANTED}, 400, "invalid_body"),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_a_person_that_cannot_be_is_refused(team: Team, fields: dict[str, Any], status: int, code: str) -> None:
    body = {"display_name": "New", "email": "new@t.example", **fields}
    refused_well(team.admin.post("/people", json=body), status, code)


# --- other media ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        *({"Content-Type": kind} for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml")),
        *({"Content-Type": kind} for kind in ("application/json; charset=latin-1", PLANTED, "", "application/jsonp")),
        {"Content-Type": "multipart/form-data; boundary=x"},
        *({**JSON, "Content-Encoding": kind} for kind in ("gzip", "br", PLANTED)),
    ],
    ids=lambda headers: " ".join(headers.values()),
)
def test_another_media_type_is_refused(team: Team, headers: dict[str, str]) -> None:
    refused_well(team.sam.post("/goals", content=goal(team), headers=headers), 415, "unsupported_media_type")


def test_a_body_without_a_type_is_refused(team: Team) -> None:
    request = team.sam.build_request("POST", "/goals", content=goal(team))
    assert "Content-Type" not in request.headers
    refused_well(team.sam.send(request), 415, "unsupported_media_type")


def test_a_body_where_none_is_taken_is_refused(team: Team, goal_id: str) -> None:
    answer = team.sam.request("GET", f"/goals/{goal_id}", content=f'{{"a": "{PLANTED}"}}', headers=JSON)
    refused_well(answer, 400, "unexpected_body")


# --- too much ---------------------------------------------------------------------------------------------------


def pieces(megabytes: int) -> Iterator[bytes]:
    """A body of that size whose length nobody says."""
    yield b'{"title": "'
    for _ in range(megabytes):
        yield PLANTED[:8].encode() * (MEGABYTE // 8)
    yield b'"}'


@pytest.mark.parametrize("megabytes", [2, 12])
@pytest.mark.parametrize("chunked", [False, True])
def test_too_large_a_body_is_refused_so_that_the_client_sees_it(team: Team, megabytes: int, chunked: bool) -> None:
    content = pieces(megabytes) if chunked else b"".join(pieces(megabytes))
    answer = team.sam.post("/goals", content=content, headers=JSON)
    assert ("content-length" not in answer.request.headers) == chunked
    refused_well(answer, 413, "body_too_large")
    # The connection is as good as before.
    assert team.sam.get("/me").status_code == 200


def test_the_largest_body_that_is_taken_is_judged_by_what_it_holds(team: Team) -> None:
    room = MEGABYTE - len(goal(team, title=""))
    refused_well(post(team, goal(team, title="a" * room)), 422, "invalid_value")
    refused_well(post(team, goal(team, title="a" * (room + 1))), 413, "body_too_large")
