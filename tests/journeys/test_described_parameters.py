"""What `/docs` offers to send: Swagger UI fills in examples and defaults, and "Execute" sends them as they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.journeys.described import BASE, operations, parameters
from tests.journeys.team import Team


def filled_in(parameter: Mapping[str, Any]) -> Iterator[Any]:
    """What stands in the field of a parameter before anybody has typed."""
    for said in (parameter, parameter["schema"], *parameter["schema"].get("anyOf", ())):
        yield from (said[name] for name in ("example", "default") if name in said)
        yield from said.get("examples", ())


def test_no_header_is_sent_that_nobody_typed(description: dict[str, Any]) -> None:
    """A version that is none is refused, a position that has not come waited for, a key answered as it was before."""
    for name, operation in operations(description).items():
        for one in parameters(description, operation):
            if one["in"] == "header":
                assert not one["required"], name
                assert list(filled_in(one)) == [], f"{name}: {one['name']}"


def test_what_is_filled_in_changes_no_answer(description: dict[str, Any], team: Team) -> None:
    asked = 0
    for name, operation in operations(description).items():
        method, path = name.split()
        if method != "GET" or "{" in path:
            continue
        asked_in = [one for one in parameters(description, operation) if one["in"] == "query"]
        sent = {one["name"]: value for one in asked_in for value in filled_in(one)}
        plain, filled = (team.admin.get(path.removeprefix(BASE), params=query) for query in ({}, sent))
        assert (filled.status_code, filled.json()) == (200, plain.json()), name
        asked += bool(sent)
    assert asked > 4
