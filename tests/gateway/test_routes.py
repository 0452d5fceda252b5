"""The prefix table decides by literal segments; nothing in a path leads past it."""

from __future__ import annotations

import pytest

from services.gateway.routes import SERVICES, RouteTable, Target

TABLE = RouteTable()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v1/goalsome",
        "/api/v1/goal",
        "/api/v1/Goals",
        "/api/v1//goals",
        "//api/v1/goals",
        "/api/v2/goals",
        "/goals",
        "/api/v1/%67oals",
        "/api/v1/goals%2f1",
        "/api%2fv1/goals",
        "/api/v1/x/../goals",
        "/api/v1/goals/..",
        "/api/v1/goals/../people",
        "/api/v1/goals/..%2fpeople",
        "/api/v1/goals/%2e%2e/people",
        "/api/v1/goals/%2E./people",
        "/api/v1/goals/x/.%2e/%2e./people",
        "/api/v1/goals/..%5cpeople",
        "/api/v1/goals/..\\people",
        "/api/v1/goals/./1",
    ],
)
def test_what_the_table_does_not_name_has_no_target(path: str) -> None:
    assert TABLE.find(path.encode()) is None


@pytest.mark.parametrize(
    ("path", "service", "inner"),
    [
        ("/api/v1/goals", "goals", "/goals"),
        ("/api/v1/goals/", "goals", "/goals/"),
        ("/api/v1/goals/1/check-ins", "goals", "/goals/1/check-ins"),
        ("/api/v1/goals//1", "goals", "/goals//1"),
        ("/api/v1/goals/by-ref/jira/A%2FB%20%C3%A9", "goals", "/goals/by-ref/jira/A%2FB%20%C3%A9"),
        ("/api/v1/goals/v1.2..3", "goals", "/goals/v1.2..3"),
        ("/api/v1/goals/...", "goals", "/goals/..."),
        ("/api/v1/people/1", "people", "/people/1"),
        ("/api/v1/me", "people", "/me"),
    ],
)
def test_a_path_keeps_its_bytes_behind_the_base(path: str, service: str, inner: str) -> None:
    found = TABLE.find(path.encode())
    assert found is not None
    assert (found.service, found.path) == (service, inner.encode())


def test_the_longest_prefix_counts() -> None:
    table = RouteTable({"/api/v1/me": "people", "/api/v1/me/calendar-token": "meetings"})
    assert table.find(b"/api/v1/me/calendar-token") == Target(
        "meetings", b"/me/calendar-token", "/api/v1/me/calendar-token"
    )
    assert table.find(b"/api/v1/me/calendar-token/x") == Target(
        "meetings", b"/me/calendar-token/x", "/api/v1/me/calendar-token"
    )
    assert table.find(b"/api/v1/me/calendar") == Target("people", b"/me/calendar", "/api/v1/me")


def test_the_services_of_the_table() -> None:
    assert TABLE.services == ("goals", "people")
    assert TABLE.service_of("/api/v1/goals/{goal_id}") == "goals"
    assert TABLE.service_of("/api/v1/healthz") is None
    assert all(prefix.startswith("/api/v1/") for prefix in SERVICES)
