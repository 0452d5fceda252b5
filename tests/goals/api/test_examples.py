"""Every route of goals is in the description with examples, and the examples are what it says they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import msgspec
import pytest

from services.cli.up import Installation
from services.gateway import wiring as gateway
from services.goals.api import examples
from services.goals.domain.hints import DETAILS
from services.goals.policy import OFFERED
from services.goals.queries import (
    CheckInAnswer,
    CommentAnswer,
    FollowerAnswer,
    GoalAnswer,
    MilestoneAnswer,
    SupportAnswer,
)

OURS = ("/api/v1/goals", "/api/v1/support-requests")


@pytest.fixture(scope="module")
async def document(installation: Installation) -> dict[str, Any]:
    async with gateway.in_process("cairn", installation.gateway) as client:
        found: dict[str, Any] = (await client.get("/openapi.json")).raise_for_status().json()
        return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        if path.startswith(OURS):
            for method, operation in item.items():
                yield f"{method.upper()} {path}", operation


def holds(document: dict[str, Any], schema: dict[str, Any], example: Any) -> bool:
    whole = {**schema, "components": document["components"]}
    return jsonschema.Draft202012Validator(whole).is_valid(example)


def test_every_answer_has_an_example_of_its_shape(document: dict[str, Any]) -> None:
    answered = 0
    for name, operation in operations(document):
        good = {status: one for status, one in operation["responses"].items() if status.startswith("2")}
        assert good, name
        for status, response in good.items():
            if status == "204":
                assert "content" not in response, name
                continue
            content = response["content"]["application/json"]
            assert holds(document, content["schema"], content["example"]), f"{name} {status}"
            assert not holds(document, content["schema"], []), f"{name} {status}: anything would do"
            answered += 1
    assert answered > 40


def test_every_body_has_examples_of_its_shape(document: dict[str, Any]) -> None:
    bodies = 0
    for name, operation in operations(document):
        if "requestBody" not in operation:
            continue
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        # A body that may be left out is its shape or null.
        named = next(one for one in (schema, *schema.get("anyOf", ())) if "$ref" in one)
        shape = document["components"]["schemas"][named["$ref"].rsplit("/", 1)[1]]
        assert shape["examples"], name
        for example in shape["examples"]:
            assert holds(document, schema, example), name
        assert not holds(document, schema, {"nothing": "of ours"}), name
        bodies += 1
    assert bodies > 15


def test_examples_name_hints_and_actions_that_there_are() -> None:
    shown = [
        one for one in vars(examples).values() if isinstance(one, msgspec.Struct) and hasattr(one, "allowed_actions")
    ]
    kinds = {
        GoalAnswer: "goal",
        CheckInAnswer: "check_in",
        MilestoneAnswer: "milestone",
        CommentAnswer: "comment",
        FollowerAnswer: "follower",
        SupportAnswer: "support",
    }
    assert {kinds[type(one)] for one in shown} == OFFERED.keys()
    for one in shown:
        assert one.allowed_actions
        assert set(one.allowed_actions) <= OFFERED[kinds[type(one)]].keys()
    for goal in shown:
        for hint in goal.hints if isinstance(goal, GoalAnswer) else ():
            assert hint.detail == DETAILS[hint.code]


def test_every_route_says_what_it_does(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"] == ["goals"], name
        for parameter in operation["parameters"]:
            # References are shared headers.
            assert "$ref" in parameter or parameter["schema"], name
