"""The end of a request's trip: a value as JSON, encoded once, with its version, place and position in the headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from libs.events.handle import Outcome
from libs.web.headers import cairn_position, etag
from libs.web.paging import next_link

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def answer(
    content: object,
    *,
    status: int = 200,
    version: int | None = None,
    location: str | None = None,
    position: Mapping[str, int] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A JSON answer; `version` gives `ETag`, `position` gives `Cairn-Position`.

    `content` is what msgspec encodes: structs, dataclasses, dicts. Decimals become JSON numbers, ids and dates text;
    times must be aware and UTC, as those of facts and of `Timestamp` fields are.
    """
    found = dict(headers or {})
    if version is not None:
        found["ETag"] = etag(version)
    if location is not None:
        found["Location"] = location
    if position:
        found["Cairn-Position"] = cairn_position(position)
    return Response(_ENCODER.encode(content), status, found, "application/json")


def page_answer(
    request: Request, items: Sequence[object], next_cursor: str | None, *, headers: Mapping[str, str] | None = None
) -> Response:
    """One page of a list: `{items, next_cursor}`, and the `Link` to the next page where there is one."""
    found = dict(headers or {})
    if next_cursor is not None:
        found["Link"] = next_link(request, next_cursor)
    return answer({"items": items, "next_cursor": next_cursor}, headers=found)


class Versioned(Protocol):
    """What has a version of its own."""

    @property
    def version(self) -> int:
        """The version for `ETag`."""
        ...


def written(service: str, request: Request, found: Versioned, outcome: Outcome, path: str) -> Response:
    """The answer of a service's command: 201 with the place `path` of what is new, else 200."""
    return answer(
        found,
        status=201 if outcome.created else 200,
        version=found.version,
        location=public_path(request, path) if outcome.created else None,
        position={service: outcome.position},
    )


def gone(service: str, outcome: Outcome) -> Response:
    """The answer of a service's command that ended something: 204, and nothing in it."""
    return Response(status_code=204, headers={"Cairn-Position": cairn_position({service: outcome.position})})


def public_path(request: Request, path: str) -> str:
    """A path of this service (`/goals/…`) for `Location`: percent-encoded, below where the app is mounted.

    The gateway puts its own base before it, as before every path in `Location` and `Link`.
    """
    return quote(f"{request.scope.get('root_path', '')}{path}", safe="/:@")
