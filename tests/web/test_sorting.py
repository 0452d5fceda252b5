"""`sort=` and `updated_since=`: one of the names there are, and a time."""

from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from starlette.responses import Response
from starlette.testclient import TestClient

from libs.web.answers import answer
from libs.web.app import Readiness, create_app, describe
from libs.web.route import router
from libs.web.sorting import Sort, UpdatedSince, sorting


def sorted_app() -> FastAPI:
    """An app that says what it was asked."""
    routes = router()

    @routes.get("/things")
    async def things(
        sort: Annotated[Sort, Depends(sorting("name", "updated_at"))], updated_since: UpdatedSince = None
    ) -> Response:
        return answer({"name": sort.name, "descending": sort.descending, "text": sort.text, "since": updated_since})

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
