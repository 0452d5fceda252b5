"""What `/docs` offers to send: Swagger UI fills in examples and defaults, and "Execute" sends them as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.journeys.described import BASE, body_examples, good_answers, operations, parameters
from tests.journeys.team import Team, made


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


# --- what it says -----------------------------------------------------------------------------------------------


def test_every_parameter_of_a_query_says_what_it_does_and_takes(description: dict[str, Any]) -> None:
    """Beside its schema, where Swagger UI shows it: what stands in one of several shapes is never seen."""
    for name, operation in operations(description).items():
        for one in parameters(description, operation):
            if one["in"] == "query":
                said = one.get("description", "")
                assert said, f"{name}: {one['name']}"
                assert "anyOf" not in one["schema"], f"{name}: {one['name']}"
                pattern = one["schema"].get("pattern", "")
                choices = re.findall(r"[a-z_]+", pattern) if pattern.startswith("^(?:") else ()
                assert [choice for choice in choices if f"`{choice}`" not in said] == [], f"{name}: {one['name']}"


def test_ids_are_said_to_be_several(description: dict[str, Any]) -> None:
    asked = parameters(description, operations(description)[f"GET {BASE}/goals"])
    [owner] = [one for one in asked if one["name"] == "owner_id"]
    assert owner["description"].endswith("Ids, separated by commas.")


def test_every_tag_says_what_it_is_about(description: dict[str, Any]) -> None:
    assert [tag["name"] for tag in description["tags"] if not tag.get("description")] == []


def test_the_example_of_a_new_goal_is_what_its_body_makes(description: dict[str, Any], team: Team) -> None:
    """Ids and days aside, and hints: one day the example's period will be over."""
    operation = operations(description)[f"POST {BASE}/goals"]
    [(_, media)] = good_answers(operation)
    [body] = body_examples(description, operation)
    above = team.goal(team.maya, "maya", kind="objective")
    own = {"owner_id": team.ids["sam"], "contributor_ids": [team.ids["kim"]], "parent_id": above["id"]}
    answer = made(team.sam.post("/goals", json=body | own))
    apart = {"id", *own, "hints", "next_check_in_on", "created_at", "created_by", "updated_at", "updated_by"}
    shown, real = ({k: v for k, v in one.items() if k not in apart} for one in (media["example"], answer))
    assert shown == real


def test_no_example_hints_at_a_period_that_is_not_over(description: dict[str, Any]) -> None:
    for name, operation in operations(description).items():
        for _, media in good_answers(operation):
            for one in media["example"].get("items", [media["example"]]):
                over = one.get("period") is not None and one["period"]["end"] < one["updated_at"]
                assert over or "period_over" not in str(one.get("hints")), name


def test_where_tokens_come_from_can_be_pasted(description: dict[str, Any]) -> None:
    assert "`.venv/bin/cairn token " in description["components"]["securitySchemes"]["bearer"]["description"]
