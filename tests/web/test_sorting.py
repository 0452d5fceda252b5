"""`sort=` and `updated_since=`: one of the names there are, and a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from starlette.responses import Response
from starlette.testclient import TestClient

from libs.web.answers import answer
from libs.web.app import Readiness, create_app, describe
from libs.web.route import router
from libs.web.sorting import Listing, Sort, UpdatedSince, listing, page_in_memory, sorting


def sorted_app() -> FastAPI:
    """An app that says what it was asked."""
    routes = router()

    @routes.get("/things")
    async def things(
        sort: Annotated[Sort, Depends(sorting("name", "updated_at"))], updated_since: UpdatedSince = None
    ) -> Response:
        return answer({"name": sort.name, "descending": sort.descending, "text": sort.text, "since": updated_since})

    @routes.get("/listed")
    async def listed(asked: Annotated[Listing, Depends(listing("-created_at", "due_on"))]) -> Response:
        return answer({"sort": asked.sort.text, "since": asked.updated_since})

    return create_app("things", title="Things", routers=[routes], ready=lambda: Readiness(True))


@pytest.mark.parametrize(
    "query",
    ["sort=", "sort=-", "sort=%2Bname", "sort=--name", "sort=Name", "sort=created_at", "sort=name,updated_at",
     "sort=name&sort=name", "sort=name%00", "updated_since=", "updated_since=today", "updated_since=2026-01-01",
     "updated_since=2026-01-01T00:00:00", "updated_since=2026-13-01T00:00:00Z"],
)  # fmt: skip
def test_what_means_nothing_is_refused(query: str) -> None:
    found = TestClient(sorted_app()).get(f"/things?{query}")
    assert (found.status_code, found.json()["code"]) == (422, "invalid_parameter")
    assert [one["pointer"] for one in found.json()["errors"]] == [query.partition("=")[0]]


@pytest.mark.parametrize(
    ("query", "name", "descending"),
    [("", "name", False), ("?sort=name", "name", False), ("?sort=-name", "name", True),
     ("?sort=-updated_at", "updated_at", True)],
)  # fmt: skip
def test_a_sort_is_a_name_and_a_direction(query: str, name: str, descending: bool) -> None:
    found = TestClient(sorted_app()).get(f"/things{query}").json()
    assert found == {"name": name, "descending": descending, "text": "-" * descending + name, "since": None}


def test_a_time_becomes_utc() -> None:
    found = TestClient(sorted_app()).get("/things?updated_since=2026-01-01T01:00:00%2B01:00").json()
    assert found["since"] == "2026-01-01T00:00:00Z"


def test_the_description_lists_what_may_be_asked() -> None:
    parameters = {one["name"]: one for one in describe(sorted_app())["paths"]["/things"]["get"]["parameters"]}
    assert parameters["sort"]["schema"]["enum"] == ["name", "-name", "updated_at", "-updated_at"]
    assert parameters["sort"]["schema"]["default"] == "name"
    assert set(parameters) == {"sort", "updated_since"}


# --- both in one ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "sort"),
    [("", "-created_at"), ("?sort=created_at", "created_at"), ("?sort=due_on", "due_on"), ("?sort=-due_on", "-due_on")],
)
def test_a_list_may_begin_with_the_greatest(query: str, sort: str) -> None:
    assert TestClient(sorted_app()).get(f"/listed{query}").json() == {"sort": sort, "since": None}


def test_both_are_taken_together() -> None:
    client = TestClient(sorted_app())
    found = client.get("/listed?sort=due_on&updated_since=2026-01-01T01:00:00%2B01:00").json()
    assert found == {"sort": "due_on", "since": "2026-01-01T00:00:00Z"}
    for query in ("sort=--created_at", "sort=id", "updated_since=yesterday", "since=2026-01-01T00:00:00Z"):
        refused = client.get(f"/listed?{query}")
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_parameter")
    parameters = {one["name"]: one for one in describe(sorted_app())["paths"]["/listed"]["get"]["parameters"]}
    assert parameters["sort"]["schema"]["enum"] == ["created_at", "-created_at", "due_on", "-due_on"]
    assert parameters["sort"]["schema"]["default"] == "-created_at"


# --- in memory --------------------------------------------------------------------------------------------------

FIRST = datetime(2026, 1, 5, 9, tzinfo=UTC)


@dataclass
class Step:
    """Something with a day."""

    id: str
    due_on: date
    updated_at: datetime


STEPS = [
    Step(f"s-{number}", date(2026, 1, 1 + number % 3), FIRST + timedelta(seconds=number * 5 % 7)) for number in range(9)
]
FIELDS = {"due_on": "due_on", "changed": "updated_at"}


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", ["due_on", "changed"])
@pytest.mark.parametrize("since", [None, FIRST, FIRST + timedelta(seconds=3), FIRST + timedelta(days=1)])
def test_pages_in_memory_are_parts_of_one_order(name: str, descending: bool, since: datetime | None) -> None:
    by, asked = FIELDS[name], Listing(Sort(name, descending), since)
    expected = sorted((getattr(one, by), one.id) for one in STEPS if since is None or one.updated_at >= since)
    for limit in (1, 2, 9, 500):
        found: list[Step] = []
        after = None
        while True:
            page, after = page_in_memory(STEPS, asked, FIELDS, after=after, limit=limit)
            found += page
            assert len(page) == min(limit, len(expected) - len(found) + len(page))
            if after is None:
                break
        assert [(getattr(one, by), one.id) for one in found] == (expected[::-1] if descending else expected)


def test_a_place_without_a_value_is_before_all_others() -> None:
    page, end = page_in_memory(STEPS, Listing(Sort("due_on")), FIELDS, after=(None, "s-9"), limit=9)
    assert (len(page), end) == (9, None)
