"""The headers of the contract: `If-Match`, `ETag`, `Idempotency-Key`, `Cairn-After`, `Cairn-Position`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from starlette.requests import Request

from libs.web.problems import Problem

NEVER = -1
"""A version that no stream ever has: for a precondition that cannot hold."""

_BIGGEST = 2**63 - 1
_MOST_POSITIONS = 10
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"{_TAG}(?:[ \t]*,[ \t]*{_TAG})*")
_STRONG = re.compile(r'"([1-9][0-9]{0,18})"', re.ASCII)
_POSITION = re.compile(r"([a-z][a-z0-9-]{0,31}):([0-9]{1,19})", re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def etag(version: int) -> str:
    """The strong entity tag of a version, `"7"`."""
    return f'"{version}"'


def if_match(request: Request) -> int | None:
    """The version that must still stand; None without the header, and for `*`, which any existing one satisfies.

    Of several tags the highest version counts: versions only grow, so no lower one that a client has seen can still
    be current. Weak and foreign tags never match (`NEVER`, so 412). Raises Problem 400 `malformed_if_match`.
    """
    lines = request.headers.getlist("if-match")
    if not lines:
        return None
    value = ",".join(lines).strip(" \t")
    if value == "*":
        return None
    if _TAGS.fullmatch(value) is None:
        raise Problem(400, "malformed_if_match", 'If-Match takes an ETag in quotes, as it was given, like "7".')
    versions = [int(tag[1]) for tag in map(_STRONG.fullmatch, re.findall(_TAG, value)) if tag is not None]
    return max((version for version in versions if version <= _BIGGEST), default=NEVER)


def idempotency_key(request: Request) -> str | None:
    """The client's name for this request, 1 to 255 visible ASCII characters; None without the header.

    Raises Problem 400 `malformed_idempotency_key`.
    """
    lines = request.headers.getlist("idempotency-key")
    if not lines:
        return None
    if len(lines) > 1 or _KEY.fullmatch(lines[0]) is None:
        detail = "Idempotency-Key takes 1 to 255 visible ASCII characters, once. A random UUID is a good one."
        raise Problem(400, "malformed_idempotency_key", detail)
    return lines[0]


def cairn_after(request: Request, services: Collection[str] | None = None) -> dict[str, int]:
    """The positions that the answer must hold, service → sequence, of `Cairn-After: goals:17, people:3`.

    At most ten, over all lines; of one service named twice the higher one. `services` are all that exist; None: any.
    Raises Problem 400 `malformed_position`.
    """
    after: dict[str, int] = {}
    lines = request.headers.getlist("cairn-after")
    if not lines:
        return after
    parts = ",".join(lines).split(",")
    if len(parts) > _MOST_POSITIONS:
        raise _malformed_position()
    for part in parts:
        match = _POSITION.fullmatch(part.strip(" \t"))
        if match is None or int(match[2]) > _BIGGEST:
            raise _malformed_position()
        if services is not None and match[1] not in services:
            # Ignored, it would be a promise to hold what no answer ever holds.
            known = ", ".join(sorted(services))
            raise Problem(
                400, "malformed_position", f"Cairn-After names a service that there is not. There are: {known}."
            )
        after[match[1]] = max(int(match[2]), after.get(match[1], 0))
    return after


def cairn_position(positions: Mapping[str, int] | Iterable[tuple[str, int]]) -> str:
    """The value of `Cairn-Position`: `goals:17, people:3`."""
    return ", ".join(f"{service}:{sequence}" for service, sequence in dict(positions).items())


def _malformed_position() -> Problem:
    detail = (
        f"Cairn-After takes up to {_MOST_POSITIONS} positions as Cairn-Position gave them, like goals:17, people:3."
    )
    return Problem(400, "malformed_position", detail)
