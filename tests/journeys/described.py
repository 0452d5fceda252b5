"""What the description of the API says of its operations, as the stories use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

BASE = "/api/v1"
OURS = (f"{BASE}/goals", f"{BASE}/support-requests", f"{BASE}/people", f"{BASE}/me", f"{BASE}/units")


def operations(description: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """`POST /api/v1/goals` and so on, with what is said of each; those about people, units and goals."""
    return {
        f"{method.upper()} {path}": operation
        for path, item in description["paths"].items()
        for method, operation in item.items()
        if path.startswith(OURS)
    }


def parameters(description: Mapping[str, Any], operation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """An operation's parameters, those that many share looked up."""
    shared = description["components"]["parameters"]
    return [shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in operation["parameters"]]


def body_schema(operation: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of an operation's body, None where it takes none."""
    content = operation.get("requestBody", {}).get("content", {})
    found: Mapping[str, Any] | None = content["application/json"]["schema"] if content else None
    return found


def body_examples(description: Mapping[str, Any], operation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The examples of an operation's body, empty where it takes none."""
    schema = body_schema(operation)
    if schema is None:
        return []
    # A body that may be left out is its shape or null.
    [name] = [one["$ref"].rpartition("/")[2] for one in (schema, *schema.get("anyOf", ())) if "$ref" in one]
    found: list[dict[str, Any]] = description["components"]["schemas"][name].get("examples", [])
    return found


def good_answers(operation: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Status and media of every answer of an operation that is no refusal and has a body."""
    for status, answer in operation["responses"].items():
        if status.startswith("2") and status != "204":
            yield status, answer["content"]["application/json"]
