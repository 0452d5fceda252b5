"""What every operation has in common at the door, described once: the token, common headers, problem answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

SECURITY_SCHEMES: Mapping[str, Json] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Names tenant and person. For development: `.venv/bin/cairn token --tenant T --email E`.",
    }
}

PROBLEM: Json = {
    "type": "object",
    "title": "Problem",
    "description": "Why a request was refused (RFC 9457). `code` is stable; `detail` says what to do.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
        "instance": {"type": "string", "format": "uri-reference"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer to the value, or the parameter's name."},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}

TAGS: Mapping[str, str] = {"gateway": "Whether this Cairn is alive and ready; answered without a token."}

_POSITION = "[a-z][a-z0-9-]{0,31}:[0-9]{1,18}"

# No examples here: /docs would send them with every request, and ask for a position and a version that there are not.
PARAMETERS: Mapping[str, Json] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Makes a repeat of this request answer as the first one did, for at least 24 hours.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": 'The `ETag` that must still be current, quotes included (`"3"`), or `*` for any; else 412.',
        "schema": {"type": "string", "pattern": '^("[1-9][0-9]{0,17}"|[*])$'},
    },
    "CairnAfter": {
        "name": "Cairn-After",
        "in": "header",
        "required": False,
        "description": (
            "Positions that the answer must include, as `Cairn-Position` gave them (`goals:4711`), one or several "
            "separated by a comma and a space; waits up to 5 s for them, then 503 `not_caught_up`."
        ),
        "schema": {"type": "string", "pattern": f"^{_POSITION}(, {_POSITION}){{0,9}}$"},
    },
}

HEADERS: Mapping[str, Json] = {
    "ETag": {
        "description": "The resource's version, for `If-Match`.",
        "schema": {"type": "string"},
        "example": '"3"',
    },
    "Cairn-Position": {
        "description": "Where this change stands in the tenant's history, for `Cairn-After`.",
        "schema": {"type": "string"},
        "example": "goals:4711",
    },
    "RateLimit": {
        "description": "What is left of each quota (`r`) and until when it is renewed (`t`, seconds).",
        "schema": {"type": "string"},
        "example": '"principal";r=99;t=1, "tenant";r=998;t=1',
    },
    "RateLimit-Policy": {
        "description": "The quotas: requests (`q`) in so many seconds (`w`). Absent without quotas.",
        "schema": {"type": "string"},
        "example": '"principal";q=100;w=1, "tenant";q=1000;w=1',
    },
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {
        "description": "Always asks for a bearer token.",
        "schema": {"type": "string"},
    },
}

_PROBLEMS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "400": ("BadRequest", "The request cannot be read: broken JSON, or a malformed header or parameter.", ()),
    "401": ("Unauthorized", "No token, or one that is malformed, expired or not ours.", ("WWW-Authenticate",)),
    "403": ("Forbidden", "The asker sees this but may not do it.", ()),
    "404": ("NotFound", "There is nothing here that the asker may see.", ()),
    "409": ("Conflict", "The state of things does not allow this now, or the first request is still under way.", ()),
    "412": ("PreconditionFailed", "`If-Match` names a version that is no longer current.", ()),
    "413": ("ContentTooLarge", "The body is larger than is taken.", ()),
    "415": ("UnsupportedMediaType", "The body is not `application/json`.", ()),
    "422": ("Unprocessable", "The request breaks a rule, or reuses an idempotency key.", ()),
    "429": ("TooManyRequests", "The quota of the principal or of the tenant is used up.", ("Retry-After",)),
    "503": ("Unavailable", "Not possible now: not caught up, or a store cannot answer.", ("Retry-After",)),
}
_EVERY = ("400", "401", "403", "422", "429", "503")
_WITH_BODY = ("413", "415")
_WRITES = ("409", "412")


def own_paths() -> dict[str, Json]:
    """The paths that the gateway answers itself, to nobody in particular."""
    return {
        "/healthz": {"get": _health("healthz", "Whether the process is alive", {"200": "It is."})},
        "/readyz": {
            "get": _health(
                "readyz",
                "Whether the services are ready, and how many events each read model lags",
                {"200": "All are ready.", "503": "At least one is not; `checks` says which."},
            )
        },
    }


def _health(name: str, summary: str, answers: Mapping[str, str]) -> Json:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {
        "operationId": name,
        "summary": summary,
        "tags": [*TAGS],
        "security": [],
        "responses": {status: {"description": text, "content": content} for status, text in answers.items()},
    }


def responses() -> dict[str, Json]:
    """The problem answers as components, by name."""
    return {name: _problem(text, headers) for name, text, headers in _PROBLEMS.values()}


def problem_refs(path: str, method: str, operation: Json) -> dict[str, Json]:
    """The problem answers that an operation may give, by status: the usual ones, and those that it names itself."""
    statuses = {*_EVERY, *(_PROBLEMS.keys() & operation.get("responses", {}).keys())}
    if "{" in path:
        statuses.add("404")
    if method != "get":
        statuses.update(_WRITES)
    if "requestBody" in operation:
        statuses.update(_WITH_BODY)
    return {status: {"$ref": f"#/components/responses/{_PROBLEMS[status][0]}"} for status in sorted(statuses)}


def parameter_refs(path: str, method: str) -> dict[str, Json]:
    """The common request headers that an operation takes, by lower-case name."""
    names = ["CairnAfter"]
    if method == "post":
        names.append("IdempotencyKey")
    if method != "get" and "{" in path:
        names.append("IfMatch")
    return {PARAMETERS[name]["name"].lower(): {"$ref": f"#/components/parameters/{name}"} for name in names}


def header_refs(path: str, method: str) -> dict[str, Json]:
    """The common headers of an operation's good answers, by name."""
    names = ["RateLimit", "RateLimit-Policy"]
    if method != "get":
        names.append("Cairn-Position")
    if method != "get" or path.endswith("}"):
        names.append("ETag")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(names)}


def _problem(text: str, headers: tuple[str, ...]) -> Json:
    response: Json = {
        "description": text,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if headers:
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    return response
