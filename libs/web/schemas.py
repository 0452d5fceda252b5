"""The shapes of answers in the OpenAPI description, taken from the very structs that are encoded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import FastAPI

_REF = "#/components/schemas/{name}"


def answers(shape: type[msgspec.Struct], description: str, *, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with one struct."""
    return {status: _json(description, {"$ref": _REF.format(name=shown_name(shape))})}


def answers_page(shape: type[msgspec.Struct], description: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with a page of structs."""
    schema = {
        "type": "object",
        "required": ["items", "next_cursor"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": _REF.format(name=shown_name(shape))}},
            "next_cursor": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
    }
    return {200: _json(description, schema)}


def shown_name(shape: type) -> str:
    """`GoalAnswer` is `Goal` to clients."""
    return shape.__name__.removesuffix("Answer")


def describe_answers(app: FastAPI, shapes: Sequence[type[msgspec.Struct]]) -> None:
    """Makes the app's OpenAPI description carry the schemas of the structs that its routes answer with."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        document.setdefault("components", {}).setdefault("schemas", {}).update(_components(shapes))
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for extending its description


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _components(shapes: Sequence[type[msgspec.Struct]]) -> dict[str, Any]:
    _, components = msgspec.json.schema_components(shapes, ref_template=_REF)
    renamed = {name.removesuffix("Answer"): _renamed(schema) for name, schema in components.items()}
    return dict(sorted(renamed.items()))


def _renamed(node: Any) -> Any:
    if isinstance(node, dict):
        if isinstance(node.get("title"), str):
            node = node | {"title": node["title"].removesuffix("Answer")}
        if node.get("format") == "decimal":  # decimals are JSON numbers in answers
            node = {name: value for name, value in node.items() if name != "format"} | {"type": "number"}
        return {name: _renamed(item) for name, item in node.items()}
    if isinstance(node, list):
        return [_renamed(item) for item in node]
    return re.sub(r"(#/components/schemas/\w+?)Answer$", r"\1", node) if isinstance(node, str) else node
