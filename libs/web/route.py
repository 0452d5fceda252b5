"""The door of every route: query names checked, media type checked, the body parsed once by `parse_json`."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterator
from functools import cached_property, lru_cache
from typing import Any

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from libs.web.body import malformed, parse_json
from libs.web.fields import ID, is_id
from libs.web.problems import FieldError, Problem
from libs.web.validation import parameter_problem, safe_name

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_JSON = re.compile(r"application/(?:json|[a-z0-9!#$&^_.+-]+\+json)", re.ASCII)


class StrictRequest(Request):
    """A request whose JSON body is the strictly parsed one."""

    async def json(self) -> Any:
        """The body's value. Raises Problem 400 `malformed_json`."""
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """A route that takes nothing it does not know.

    An unknown or repeated query parameter is a 422. A body must be JSON in UTF-8 (else 415, 400). An endpoint without
    a body takes an empty one or `{}`, which many clients send unasked; anything more is a 400 `unexpected_body`.
    Where the path has an `Id`, a segment of another form is not this route's: `/goals/tree` is no goal's address.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """FastAPI's match, unless an id in the path cannot be one."""
        match, found = super().matches(scope)
        if match is not Match.NONE and not all(is_id(found["path_params"][name]) for name in self._ids):
            return Match.NONE, {}
        return match, found

    @cached_property
    def _ids(self) -> tuple[str, ...]:
        return tuple(param.name for param in self.dependant.path_params if ID in param.field_info.metadata)

    def get_route_handler(self) -> Handler:
        """FastAPI's handler behind the checks."""
        handle = super().get_route_handler()
        if self.body_field is not None and (self.methods or set()) <= {"GET", "HEAD"}:
            raise ValueError(f"{self.path}: a GET takes no body; mark parameters of several values with Query()")
        body, known = self.body_field, frozenset(_query_names(self.dependant))
        required = body is not None and body.field_info.is_required()

        async def strict(request: Request) -> Response:
            if request.scope["query_string"]:
                _check_query(request, known)
            request = StrictRequest(request.scope, request.receive)
            raw = await request.body() if _may_have_body(request) else b""
            if body is None:
                if raw.strip() not in (b"", b"{}"):
                    raise Problem(400, "unexpected_body", "This takes no body. Send none.")
            elif raw:
                _check_media_type(request)
                await request.json()
            elif required:
                raise malformed("This needs a JSON body, and there is none.")
            return await handle(request)

        return strict


def router(*, prefix: str = "", tags: list[str] | None = None) -> APIRouter:
    """A router of strict routes."""
    return APIRouter(prefix=prefix, tags=list(tags or ()), route_class=StrictRoute, redirect_slashes=False)


def _may_have_body(request: Request) -> bool:
    headers = request.headers
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _check_media_type(request: Request) -> None:
    if not _is_json(request.headers.get("content-type", "")):
        detail = "Send the body as application/json in UTF-8, and say so in Content-Type."
        raise Problem(415, "unsupported_media_type", detail)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "unsupported_media_type", "Send the body uncompressed, without Content-Encoding.")


@lru_cache(maxsize=64)
def _is_json(content_type: str) -> bool:
    media, *parameters = (part.strip() for part in content_type.lower().split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            return False
    return _JSON.fullmatch(media) is not None


def _check_query(request: Request, known: frozenset[str]) -> None:
    seen: set[str] = set()
    wrong: list[FieldError] = []
    for name, _ in request.query_params.multi_items():
        if name not in known:
            wrong.append(FieldError(safe_name(name), "There is no such parameter. Leave it out."))
        elif name in seen:
            wrong.append(FieldError(name, "This is given more than once. Give it once."))
        seen.add(name)
    if wrong:
        raise parameter_problem(wrong)


def _query_names(dependant: Dependant) -> Iterator[str]:
    for parameter in dependant.query_params:
        model = parameter.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            for name, field in model.model_fields.items():
                yield field.alias or name
        else:
            yield parameter.validation_alias or parameter.alias
    for inner in dependant.dependencies:
        yield from _query_names(inner)
