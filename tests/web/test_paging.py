"""Pages: a cursor goes on where the last page ended, and is of no use to any other list."""

from __future__ import annotations

import base64
import hashlib
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from libs.web.paging import TEXT, VERSION, Covered, Paging, SortedBy
from libs.web.problems import Problem
from tests.web.toy import ID

WORDS = st.text(alphabet=st.characters(codec="utf-8"))
LARGEST = 2**63 - 1


def refused(cursor: str, by: SortedBy[Any], *bound: object) -> Problem:
    """The problem that a cursor is answered with."""
    with pytest.raises(Problem) as caught:
        Paging(cursor=cursor).after(by, *bound)
    assert (caught.value.status, caught.value.code) == (422, "invalid_cursor")
    return caught.value


def forged(text: str, *bound: object) -> str:
    """A cursor with the mark of a list, and whatever JSON somebody put behind it."""
    real = Paging().next((None, ID), *bound)
    assert real is not None
    [mark, _, _] = json.loads(base64.urlsafe_b64decode(real + "=" * (-len(real) % 4)))
    return base64.urlsafe_b64encode(f'["{mark}",{text}'.encode("utf-8", "surrogatepass")).decode().rstrip("=")


@given(st.none() | WORDS, WORDS)
def test_a_cursor_leads_back_to_its_place(value: str | None, row: str) -> None:
    cursor = Paging().next((value, row), "title", {"state": ["open"]})
    assert cursor is not None
    assert cursor.isascii()
    assert Paging(cursor=cursor).after(TEXT, "title", {"state": ["open"]}) == (value, row)


@given(st.integers(1, LARGEST), WORDS)
def test_a_cursor_leads_back_to_its_version(value: int, row: str) -> None:
    cursor = Paging().next((value, row), "check-ins", ID)
    assert Paging(cursor=cursor).after(VERSION, "check-ins", ID) == (value, row)


@given(st.text())
def test_no_text_is_a_cursor_by_chance(cursor: str) -> None:
    refused(cursor, TEXT, "title")


@pytest.mark.parametrize(
    "place", [["m"], ["m", [1], "x"], ["m", 1, 2], ["m", {}, "x"], {"a": 1}, None, ["m", 1, "x", 1]]
)
def test_a_cursor_of_another_shape_is_refused(place: object) -> None:
    cursor = base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()
    refused(cursor, TEXT, "title")


@pytest.mark.parametrize(
    "value", ["1", "1.5", "true", "{}", "[]", str(2**64), "9" * 1000, "NaN", r'"\ud800"', '"\udcff"']
)
def test_a_forged_value_is_no_text_to_go_on_from(value: str) -> None:
    refused(forged(f'{value},"{ID}"]', "title"), TEXT, "title")


@pytest.mark.parametrize(
    "value", ["null", '"abc"', '"7"', "0", "-1", "1.5", "true", "1e400", str(LARGEST + 1), str(10**30), "9" * 1000]
)
def test_a_forged_value_is_no_version_to_go_on_from(value: str) -> None:
    refused(forged(f'{value},"{ID}"]', "check-ins", ID), VERSION, "check-ins", ID)


@pytest.mark.parametrize("by", [TEXT, VERSION])
@pytest.mark.parametrize("rest", ["[" * 1400, "[" * 700 + "]" * 700 + ',"x"]', '{"a":' * 280, "1", "1,null]", ""])
def test_a_forged_cursor_of_any_depth_is_refused(by: SortedBy[Any], rest: str) -> None:
    refused(forged(rest, "title"), by, "title")


def test_after_the_last_page_there_is_none() -> None:
    assert Paging().next(None, "title") is None
    assert Paging().after(TEXT, "title") is None


@pytest.mark.parametrize("bound", [("-title", "open"), ("title", "draft"), ("title",), ("title", "open", Decimal(1))])
def test_a_cursor_is_bound_to_its_list(bound: tuple[object, ...]) -> None:
    cursor = Paging().next(("a", "1"), "title", "open")
    assert cursor is not None
    assert refused(cursor, TEXT, *bound).errors[0].pointer == "cursor"


def test_a_cursor_is_bound_to_its_tenant() -> None:
    cursor = Paging().next(("a", "1"), "acme", "goals")
    assert Paging(cursor=cursor).after(TEXT, "acme", "goals") == ("a", "1")
    assert cursor is not None
    refused(cursor, TEXT, "beta", "goals")


def test_the_link_leads_to_the_next_page(client: TestClient, app: FastAPI) -> None:
    first = client.get("/goals?limit=2&state=open&q=%C3%A9+%26%22%3E")
    assert first.json()["items"] == [{"id": ID}]
    link = first.links["next"]["url"]
    assert link.startswith("/goals?limit=2&state=open&q=%C3%A9+%26%22%3E&cursor=")
    assert first.json()["next_cursor"] == link.rpartition("cursor=")[2]
    second = client.get(link)
    assert second.status_code == 200
    assert app.state.seen[1] == (2, None, ("open",), None, ("a title", ID))
    assert second.links["next"]["url"].count("cursor=") == 1


@pytest.mark.parametrize("query", ["state=draft&cursor={}", "cursor={}", "state=open&cursor={}x", "cursor=%ff"])
def test_a_cursor_for_another_list_is_a_422(client: TestClient, query: str) -> None:
    cursor = client.get("/goals?state=open").json()["next_cursor"]
    answer = client.get("/goals?" + query.format(cursor))
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_cursor"


def test_a_cursor_longer_than_any_is_refused_unread(client: TestClient) -> None:
    answer = client.get("/goals?cursor=" + "x" * 3000)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameter")


def covered(secret: bytes = b"s" * 32) -> Covered:
    async def of_tenant(tenant: str) -> bytes:
        return hashlib.sha256(secret + tenant.encode()).digest()

    return Covered(of_tenant)


@pytest.mark.parametrize("value", [None, "", "sam okafor", "\u0390" * 200])
async def test_a_covered_cursor_leads_back_and_tells_nothing(value: str | None) -> None:
    places = covered()
    cursor, again = [await places.next((value, ID), "acme", "people") for _ in range(2)]
    assert cursor is not None
    assert cursor == again, "the same question has the same answer"
    assert len(cursor) < 2048
    assert await places.after(Paging(cursor=cursor), "acme", "people") == (value, ID)
    assert ID.encode() not in base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert (await places.next(None, "acme"), await places.after(Paging(), "acme")) == (None, None)


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")))
async def test_nothing_else_is_a_covered_cursor(cursor: str) -> None:
    with pytest.raises(Problem) as caught:
        await covered().after(Paging(cursor=cursor), "acme", "people")
    assert caught.value.code == "invalid_cursor"


async def test_a_covered_cursor_is_of_one_list_of_one_tenant() -> None:
    cursor = await covered().next(("a", "1"), "acme", "people")
    for places, tenant, bound in (
        (covered(), "beta", "people"),
        (covered(), "acme", "units"),
        (covered(b"t" * 32), "acme", "people"),
    ):
        with pytest.raises(Problem) as caught:
            await places.after(Paging(cursor=cursor), tenant, bound)
        assert caught.value.code == "invalid_cursor"
