"""The contract's headers, well and badly formed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.testclient import TestClient

from libs.web.headers import NEVER, cairn_after, cairn_position, etag, idempotency_key, if_match
from libs.web.problems import Problem


def _request(*headers: tuple[str, str]) -> Request:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return Request({"type": "http", "headers": raw})


@pytest.mark.parametrize("value", ["7", "", '"7', '7"', '"7" "8"', '"7",,"8"', '*, "7"', 'w/"7"', '"a b"', '"7"x'])
def test_a_malformed_if_match_is_a_400(value: str) -> None:
    with pytest.raises(Problem) as refused:
        if_match(_request(("if-match", value)))
    assert (refused.value.status, refused.value.code) == (400, "malformed_if_match")


@pytest.mark.parametrize(
    ("lines", "version"),
    [
        ([], None),
        (["*"], None),
        ([' "7" '], 7),
        (['"7"', '"12"'], 12),
        (['"7" , W/"9","8"'], 8),
        (['W/"7"'], NEVER),
        (['"abc"'], NEVER),
        (['""'], NEVER),
        (['"07"'], NEVER),
        (['"0"'], NEVER),
        (['"-1"'], NEVER),
        (['"9223372036854775807"'], 2**63 - 1),
        (['"9223372036854775808"'], NEVER),
        (['"99999999999999999999999999"'], NEVER),
    ],
)
def test_the_version_that_must_still_stand(lines: list[str], version: int | None) -> None:
    assert if_match(_request(*[("if-match", value) for value in lines])) == version


@given(st.integers(1, 2**63 - 1))
def test_an_etag_that_was_given_is_understood(version: int) -> None:
    assert if_match(_request(("if-match", etag(version)))) == version


@pytest.mark.parametrize("lines", [[""], ["a b"], ["x" * 256], ["caf\xe9"], ["a", "b"], ["tab\t"]])
def test_a_malformed_idempotency_key_is_a_400(lines: list[str]) -> None:
    with pytest.raises(Problem) as refused:
        idempotency_key(_request(*[("idempotency-key", value) for value in lines]))
    assert (refused.value.status, refused.value.code) == (400, "malformed_idempotency_key")


def test_an_idempotency_key_of_any_visible_characters() -> None:
    visible = "".join(map(chr, range(0x21, 0x7F)))
    assert idempotency_key(_request(("idempotency-key", visible))) == visible
    assert idempotency_key(_request(("idempotency-key", "x" * 255))) == "x" * 255
    assert idempotency_key(_request()) is None


@pytest.mark.parametrize(
    "value",
    [
        *("", "goals", "goals:", "goals:-1", "goals:1.0", "goals:1,", ",goals:1", "Goals:1", "goals :1"),
        *("goals:1;people:2", "goals:9223372036854775808", "goals:٣", "x" * 40 + ":1"),
        "a:1,b:1,c:1,d:1,e:1,f:1,g:1,h:1,i:1,j:1,k:1",
    ],
)
def test_a_malformed_position_is_a_400(value: str) -> None:
    with pytest.raises(Problem) as refused:
        cairn_after(Request({"type": "http", "headers": [(b"cairn-after", value.encode())]}))
    assert (refused.value.status, refused.value.code) == (400, "malformed_position")


@pytest.mark.parametrize("value", ["nope:1", "goals:1, nope:0", "goal:1", "goals-events:1"])
def test_a_position_of_a_service_that_does_not_exist_is_a_400(value: str) -> None:
    with pytest.raises(Problem) as refused:
        cairn_after(_request(("cairn-after", value)), {"people", "goals"})
    assert (refused.value.status, refused.value.code) == (400, "malformed_position")
    assert str(refused.value.detail).endswith("There are: goals, people.")
    assert cairn_after(_request(("cairn-after", "people:3")), {"people", "goals"}) == {"people": 3}


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        ([], {}),
        (["goals:17"], {"goals": 17}),
        (["goals:17 ,\tpeople:3"], {"goals": 17, "people": 3}),
        (["goals:17", "people:3"], {"goals": 17, "people": 3}),
        (["goals:17,goals:3"], {"goals": 17}),
        (["goals:0"], {"goals": 0}),
        (["goals:9223372036854775807"], {"goals": 2**63 - 1}),
    ],
)
def test_the_positions_that_an_answer_must_hold(lines: list[str], after: dict[str, int]) -> None:
    assert cairn_after(_request(*[("cairn-after", value) for value in lines])) == after


@given(st.dictionaries(st.from_regex(r"[a-z][a-z-]{0,9}", fullmatch=True), st.integers(0, 2**63 - 1), max_size=10))
def test_a_position_that_was_given_is_understood(positions: dict[str, int]) -> None:
    lines = [("cairn-after", cairn_position(positions))] if positions else []
    assert cairn_after(_request(*lines)) == positions


@given(st.binary(max_size=60))
def test_no_header_at_all_is_anything_but_a_value_or_a_problem(raw: bytes) -> None:
    for name, read in (("if-match", if_match), ("idempotency-key", idempotency_key), ("cairn-after", cairn_after)):
        with suppress(Problem):
            read(Request({"type": "http", "headers": [(name.encode(), raw)]}))


def test_an_endpoint_gets_them_all(client: TestClient) -> None:
    headers: Any = {"If-Match": '"3"', "Idempotency-Key": "k-1", "Cairn-After": "goals:17, people:3"}
    answer = client.post("/goals", json={"title": "x"}, headers=headers).json()
    assert (answer["version"], answer["key"], answer["after"]) == (3, "k-1", {"goals": 17, "people": 3})


def test_a_malformed_one_is_a_problem(client: TestClient) -> None:
    answer = client.post("/goals", json={"title": "x"}, headers={"Cairn-After": "soon"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed_position"
