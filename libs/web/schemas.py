"""The shapes of answers in the OpenAPI description, taken from the very structs that are encoded."""

from __future__ import annotations

import re
import typing
from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_REF = "#/components/schemas/{name}"


def answers(
    shape: type[msgspec.Struct], description: str, *, status: int = 200, example: msgspec.Struct | None = None
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with one struct; `example` is one as it could be answered."""
    return {status: _json(description, {"$ref": _REF.format(name=shown_name(shape))}, example)}


def answers_page(
    shape: type[msgspec.Struct], description: str, *, example: msgspec.Struct | None = None
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with a page of structs; `example` is one of its items."""
    schema = {
        "type": "object",
        "required": ["items", "next_cursor"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": _REF.format(name=shown_name(shape))}},
            "next_cursor": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
    }
    page = None if example is None else {"items": [example], "next_cursor": None}
    return {200: _json(description, schema, page)}


def answers_nothing(description: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers 204: there is nothing to show any more."""
    return {204: {"description": description}}


def shown_name(shape: type) -> str:
    """`GoalAnswer` is `Goal` to clients."""
    return shape.__name__.removesuffix("Answer")


def describe_answers(app: FastAPI, shapes: Sequence[type[msgspec.Struct]]) -> None:
    """Makes the app's OpenAPI description carry the schemas of the structs that its routes answer with."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        document.setdefault("components", {}).setdefault("schemas", {}).update(_components(shapes))
        _restore_examples(app, document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for extending its description


def _json(description: str, schema: dict[str, Any], example: object) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schema}
    if example is not None:
        # The very bytes that a client would get, so that no example can show what is never sent.
        content["example"] = msgspec.json.decode(_ENCODER.encode(example))
    return {"description": description, "content": {"application/json": content}}


def _restore_examples(app: FastAPI, document: dict[str, Any]) -> None:
    """FastAPI leaves every null out of its description, also where it is a part of an example."""
    for route in app.router.routes:
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            continue
        for method in route.methods or ():
            described = document["paths"][route.path_format][method.lower()]["responses"]
            for status, response in route.responses.items():
                for media, content in response.get("content", {}).items():
                    if "example" in content:
                        described[str(status)]["content"][media]["example"] = content["example"]
        for body in _bodies(route):
            extra = body.model_config.get("json_schema_extra")
            if isinstance(extra, dict) and "examples" in extra:
                document["components"]["schemas"][body.__name__]["examples"] = extra["examples"]


def _bodies(route: APIRoute) -> list[type[BaseModel]]:
    """The shape of a route's body; one that may be left out is a union with None."""
    hint = route.body_field.field_info.annotation if route.body_field is not None else None
    shapes = (hint, *typing.get_args(hint))
    return [shape for shape in shapes if isinstance(shape, type) and issubclass(shape, BaseModel)]


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
