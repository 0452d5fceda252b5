"""Makes a service's HTTP app: strict routes, problems for every failure, limits, telemetry, health, description."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import anyio
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from libs.access.tokens import InvalidToken
from libs.events.errors import DomainError, KernelError
from libs.web.answers import answer
from libs.web.edge import Edge
from libs.web.limits import MAX_BODY, BodyLimit
from libs.web.problems import Problem, problem_of, problem_response
from libs.web.route import router
from libs.web.validation import problem_of_validation

BASE = "/api/v1"
"""What clients write before every path of the API."""

READY_SECONDS = 5.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Readiness:
    """Whether requests can be answered; `parts` says of each thing that depends on how it is (a word, a lag)."""

    ready: bool
    parts: Mapping[str, Any] = field(default_factory=dict)


Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Any]]
Ready = Callable[[], Readiness | Awaitable[Readiness]]


def create_app(
    service: str,
    *,
    title: str,
    routers: Sequence[APIRouter],
    ready: Ready,
    lifespan: Lifespan | None = None,
    max_body: int = MAX_BODY,
    base: str = "",
    inner: bool = False,
    version: str = "1",
    tags: Mapping[str, str] | None = None,
) -> FastAPI:
    """The app of one service, from routers made by `libs.web.route.router`.

    `base` is what clients write before the service's own paths (`/api/v1` behind the gateway): problems show it in
    `instance`. `inner`: the gateway is in front. `max_body` is in bytes.
    `tags` says of each tag of the routes what it is about.
    """
    app = FastAPI(
        title=title,
        version=version,
        openapi_tags=[{"name": name, "description": about} for name, about in (tags or {}).items()],
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(Edge, service=service, base=base, inner=inner), Middleware(BodyLimit, most=max_body)],
        exception_handlers=_HANDLERS,
        # The framework's own telemetry would send paths, queries and messages; Edge says what may be said.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    for part in (*routers, _own_routes(app, service, ready)):
        # Their routes rather than the routers: one table to match, and every route knows its whole path.
        app.router.routes.extend(part.routes)
    return app


def describe(app: FastAPI) -> dict[str, Any]:
    """The app's OpenAPI 3.1 document. Refusals are problems, which the gateway describes once for all services."""
    document = app.openapi()
    for item in document.get("paths", {}).values():
        for operation in item.values():
            operation.get("responses", {}).pop("422", None)
            operation["parameters"] = [_as_typed(one) for one in operation.get("parameters", ())]
    for name in ("HTTPValidationError", "ValidationError"):
        document.get("components", {}).get("schemas", {}).pop(name, None)
    return document


def _as_typed(parameter: dict[str, Any]) -> dict[str, Any]:
    """Nobody can type a null into an address, and documentation shows what stands beside the schema, not within."""
    schema = parameter["schema"]
    shapes = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(shapes) == 1:
        schema = {name: said for name, said in schema.items() if name != "anyOf"} | shapes[0]
    texts = (parameter.get("description"), schema.get("description"))
    described = " ".join(dict.fromkeys(text for text in texts if text))
    plain = {name: said for name, said in schema.items() if name != "description"}
    return parameter | {"schema": plain} | ({"description": described} if described else {})


def _own_routes(app: FastAPI, service: str, ready: Ready) -> APIRouter:
    own = router()

    @own.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        return answer({"alive": True, "service": service})

    @own.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        found = await _readiness(ready)
        return answer(found, status=200 if found.ready else 503)

    @own.get("/openapi.json", include_in_schema=False)
    async def description() -> Response:
        return answer(describe(app))

    return own


async def _readiness(ready: Ready) -> Readiness:
    try:
        with anyio.fail_after(READY_SECONDS):
            found = ready()
            return found if isinstance(found, Readiness) else await found
    except TimeoutError:
        return Readiness(False, {"self": "timeout"})
    except Exception as error:
        _log.error("readiness could not be found out", exc_info=error)
        return Readiness(False, {"self": "failed"})


async def _on_error(request: Request, error: Exception) -> Response:
    return problem_response(problem_of(error), request.scope)


async def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    return problem_response(problem_of_validation(error.errors(), error.body), request.scope)


async def _on_http(request: Request, error: HTTPException) -> Response:
    if error.status_code == 404:
        problem = Problem(404, "not_found", "There is nothing at this address. See the API description.")
    elif error.status_code == 405:
        allowed = ", ".join(_allowed(request.scope))
        detail = "This address does not take that method. Allow lists the ones it takes."
        problem = Problem(405, "method_not_allowed", detail, headers={"Allow": allowed})
    else:
        problem = Problem(error.status_code, f"http_{error.status_code}", "The request is not taken as it is.")
    return problem_response(problem, request.scope)


def _allowed(scope: Scope) -> list[str]:
    # Each method of an address is a route of its own, so the one that refused knows only itself.
    app: FastAPI = scope["app"]
    probe = {**scope, "path_params": {}}
    methods: set[str] = set()
    for route in app.router.routes:
        if route.matches(probe)[0] is not Match.NONE:
            methods |= set(getattr(route, "methods", None) or ())
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


_HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    Problem: _on_error,
    DomainError: _on_error,
    KernelError: _on_error,
    InvalidToken: _on_error,
    RequestValidationError: _on_invalid,
    HTTPException: _on_http,
}
