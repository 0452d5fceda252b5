"""Makes one description of many: prefixes paths, keeps names apart, adds what the gateway adds. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from services.gateway.openapi import shared
from services.gateway.openapi.shared import Json
from services.gateway.routes import RouteTable

_METHODS = ("get", "put", "post", "delete", "patch")
_INNER_HEADERS = frozenset({"cairn-principal", "authorization", "traceparent", "tracestate"})
_REF = "#/components/"


def merge(documents: Mapping[str, Json], routes: RouteTable, version: str) -> Json:
    """One OpenAPI 3.1 document from each service's own, by service. The same input gives the same bytes.

    Only what the route table leads to is in it. A component that two services name alike but mean differently is
    named after its service (`GoalsPage`, `PeoplePage`).
    """
    renamed = {name: _rename(documents[name], name, documents) for name in sorted(documents)}
    paths: Json = dict(shared.own_paths())
    used_ids = {operation["operationId"] for item in paths.values() for operation in item.values()}
    for service, document in renamed.items():
        for path, item in document.get("paths", {}).items():
            public = routes.base + path
            if routes.service_of(public) == service:
                paths[public] = _public_item(public, item, service, used_ids)
    tags = {tag for item in paths.values() for operation in item.values() for tag in operation["tags"]}
    about = dict(shared.TAGS)
    about |= {tag["name"]: tag["description"] for one in renamed.values() for tag in one.get("tags", ())}
    merged: Json = {
        "openapi": "3.1.0",
        "info": {"title": "Cairn", "version": version, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": tag} | ({"description": about[tag]} if tag in about else {}) for tag in sorted(tags)],
        "paths": {path: paths[path] for path in sorted(paths)},
    }
    merged["components"] = _components(renamed.values(), merged)
    return merged


_ABOUT = (
    "Goals with a live goal tree, and a history that nobody can quietly rewrite. "
    "Errors are RFC 9457 problems with a stable `code`; times are RFC 3339 UTC; ids are UUIDv7."
)


def render(document: Json) -> bytes:
    """The document as JSON, for people too: two spaces, a newline at the end."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


# --- names ------------------------------------------------------------------------------------------------------


def _rename(document: Json, service: str, documents: Mapping[str, Json]) -> Json:
    """The document with every component that collides with another service's named after this service."""
    names = {
        f"{_REF}{section}/{name}": f"{_REF}{section}/{service.title().replace('-', '')}{name}"
        for section, name in _colliding(documents)
    }
    turned: Json = _with_refs(document, names)
    components = turned.get("components", {})
    turned["components"] = {
        section: {
            names.get(f"{_REF}{section}/{name}", f"/{name}").rsplit("/", 1)[1]: part for name, part in parts.items()
        }
        for section, parts in components.items()
    }
    return turned


def _colliding(documents: Mapping[str, Json]) -> set[tuple[str, str]]:
    meanings: dict[tuple[str, str], list[Any]] = {}
    for document in documents.values():
        for section, parts in document.get("components", {}).items():
            for name, part in parts.items():
                meanings.setdefault((section, name), []).append(part)
    # The gateway's own names count as one more service's.
    for section, own in _own_components().items():
        for name, part in own.items():
            meanings.setdefault((section, name), []).append(part)
    colliding = {key for key, parts in meanings.items() if any(part != parts[0] for part in parts)}
    while True:
        # Equal text that leads to a name with two meanings has two meanings itself.
        refs = {f"{_REF}{section}/{name}" for section, name in colliding}
        further = {
            key
            for key, parts in meanings.items()
            if key not in colliding and len(parts) > 1 and refs.intersection(_refs(parts[0]))
        }
        if not further:
            return colliding
        colliding |= further


def _with_refs(node: Any, names: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {
            key: names.get(value, value) if key == "$ref" and isinstance(value, str) else _with_refs(value, names)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_with_refs(item, names) for item in node]
    # A discriminator's mapping names components by plain strings.
    return names.get(node, node) if isinstance(node, str) and node.startswith(_REF) else node


def _refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _refs(value)
    elif isinstance(node, list):
        for item in node:
            yield from _refs(item)
    elif isinstance(node, str) and node.startswith(_REF):
        yield node


# --- operations -------------------------------------------------------------------------------------------------


def _public_item(path: str, item: Json, service: str, used_ids: set[str]) -> Json:
    common = item.get("parameters", [])
    return {
        method: _public_operation(path, method, {**item[method]}, common, service, used_ids)
        for method in _METHODS
        if method in item
    }


def _public_operation(
    path: str, method: str, operation: Json, common: list[Json], service: str, used_ids: set[str]
) -> Json:
    operation.pop("security", None)
    operation["tags"] = operation.get("tags") or [service]
    if (operation_id := operation.get("operationId")) is not None:
        operation["operationId"] = operation_id if operation_id not in used_ids else f"{service}_{operation_id}"
        used_ids.add(operation["operationId"])
    added = shared.parameter_refs(path, method)
    skipped = _INNER_HEADERS.union(added)
    own = [
        parameter
        for parameter in [*common, *operation.get("parameters", [])]
        if not (parameter.get("in") == "header" and parameter.get("name", "").lower() in skipped)
    ]
    operation["parameters"] = [*own, *added.values()]
    operation["responses"] = _public_responses(path, method, operation)
    return operation


def _public_responses(path: str, method: str, operation: Json) -> Json:
    problems = shared.problem_refs(path, method, operation)
    merged: Json = {}
    for status, response in operation.get("responses", {}).items():
        if status.startswith("2"):
            headers = {**shared.header_refs(path, method), **response.get("headers", {})}
            merged[status] = {**response, "headers": headers}
        elif "application/json" not in response.get("content", {}):
            # A framework's default error is JSON; ours never are.
            # One that says nothing of its own is the shared one.
            merged[status] = response if "content" in response else problems.get(status, response)
    for status, problem in problems.items():
        merged.setdefault(status, problem)
    return {status: merged[status] for status in sorted(merged)}


# --- components -------------------------------------------------------------------------------------------------


def _own_components() -> Json:
    return {
        "schemas": {"Problem": shared.PROBLEM},
        "responses": shared.responses(),
        "parameters": dict(shared.PARAMETERS),
        "headers": dict(shared.HEADERS),
    }


def _components(documents: Any, merged: Json) -> Json:
    known = _own_components()
    for document in documents:
        for section, parts in document["components"].items():
            if section != "securitySchemes":
                known.setdefault(section, {}).update(parts)
    reached: set[str] = set()
    waiting = list(_refs(merged["paths"]))
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            section, name = ref.removeprefix(_REF).split("/")
            waiting.extend(_refs(known[section][name]))
    kept: Json = {}
    for ref in sorted(reached):
        section, name = ref.removeprefix(_REF).split("/")
        kept.setdefault(section, {})[name] = known[section][name]
    kept["securitySchemes"] = dict(shared.SECURITY_SCHEMES)
    return kept
