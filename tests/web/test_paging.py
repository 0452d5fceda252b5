"""Pages: a cursor goes on where the last page ended, and is of no use to any other list."""

from __future__ import annotations

import base64
from decimal import Decimal

import msgspec
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from libs.web.paging import Paging
from libs.web.problems import Problem
from tests.web.toy import ID

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)


@given(SCALARS | st.text(alphabet=st.characters(codec="utf-8")), st.text(alphabet=st.characters(codec="utf-8")))
def test_a_cursor_leads_back_to_its_place(value: str | int | float | bool | None, row: str) -> None:
    cursor = Paging().next((value, row), "title", {"state": ["open"]})
    assert cursor is not None
    assert cursor.isascii()
    assert Paging(cursor=cursor).after("title", {"state": ["open"]}) == (value, row)


@given(st.text())
def test_no_text_is_a_cursor_by_chance(cursor: str) -> None:
    with pytest.raises(Problem) as refused:
        Paging(cursor=cursor).after("title")
    assert (refused.value.status, refused.value.code) == (422, "invalid_cursor")


@pytest.mark.parametrize(
    "place", [["m"], ["m", [1], "x"], ["m", 1, 2], ["m", {}, "x"], {"a": 1}, None, ["m", 1, "x", 1]]
)
def test_a_cursor_of_another_shape_is_refused(place: object) -> None:
    cursor = base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()
    with pytest.raises(Problem):
        Paging(cursor=cursor).after("title")


def test_after_the_last_page_there_is_none() -> None:
    assert Paging().next(None, "title") is None
    assert Paging().after("title") is None


@pytest.mark.parametrize("bound", [("-title", "open"), ("title", "draft"), ("title",), ("title", "open", Decimal(1))])
def test_a_cursor_is_bound_to_its_list(bound: tuple[object, ...]) -> None:
    cursor = Paging().next(("a", "1"), "title", "open")
    with pytest.raises(Problem) as refused:
        Paging(cursor=cursor).after(*bound)
    assert refused.value.errors[0].pointer == "cursor"


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
