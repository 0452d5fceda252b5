"""Long lists in pages: `limit`, an opaque `cursor`, and the `Link` to the next page (RFC 8288)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import GenericAlias
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from fastapi import Query
from starlette.requests import Request

from libs.events.errors import SealBroken
from libs.privacy.covering import cover, uncover
from libs.web.fields import Field, wrong_value
from libs.web.problems import FieldError
from libs.web.validation import parameter_problem

T_co = TypeVar("T_co", covariant=True)
Scalar = str | int | float | bool | None
Place = tuple[Scalar, str]
"""Where a page ended: the sort value and the id of its last row."""


class SortedBy(Generic[T_co]):
    """What a list is sorted by. A cursor is written by whoever likes: no other value is taken from one."""

    def __init__(self, values: Any) -> None:
        shape = GenericAlias(tuple, (str, values, str))
        self._cursors: msgspec.json.Decoder[tuple[str, T_co, str]] = msgspec.json.Decoder(shape)

    def read(self, raw: bytes) -> tuple[str, T_co, str]:
        """The mark of a list, a sort value and an id. Raises msgspec.DecodeError, UnicodeDecodeError."""
        return self._cursors.decode(raw)


TEXT: SortedBy[str | None] = SortedBy(str | None)
VERSION: SortedBy[int] = SortedBy(Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)])
"""Versions of a stream, from 1."""

DEFAULT, MOST = 50, 500
_LONGEST = 2048


def _read_limit(value: Any) -> int:
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 and 1 <= int(value) <= MOST:
        return int(value)
    raise wrong_value(f"Use a whole number from 1 to {MOST}.")


Limit = Annotated[int, Field(_read_limit, (("type", "integer"), ("minimum", 1), ("maximum", MOST)), int)]
"""The page size of a list, 1 to 500."""


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is asked for."""

    limit: int = DEFAULT
    cursor: str | None = None

    def after(self, by: SortedBy[T_co], tenant: str, *bound: object) -> tuple[T_co, str] | None:
        """Where to go on. `tenant` and `bound` are what the list depends on: sort, filters; the same at every page.

        Raises Problem 422 `invalid_cursor` for a cursor that is malformed or was given for another list.
        """
        return None if self.cursor is None else _decode(_raw(self.cursor), by, _mark((tenant, *bound)))

    def next(self, end: Place | None, tenant: str, *bound: object) -> str | None:
        """The cursor after the row at `end` (None: there is nothing after it)."""
        return None if end is None else _text(_encode(end, _mark((tenant, *bound))))


@dataclass(frozen=True)
class Covered:
    """Cursors for lists that are sorted by somebody's name: addresses and logs of proxies must not tell it.

    `secret` gives a tenant's 32 bytes for this. The sort value is in the cursor and not read anew, so that a page goes
    on where the last one ended although its last row has changed since.
    """

    secret: Callable[[str], Awaitable[bytes]]

    async def after(self, page: Paging, tenant: str, *bound: object) -> tuple[str | None, str] | None:
        """As `Paging.after`."""
        if page.cursor is None:
            return None
        try:
            raw = uncover(await self.secret(tenant), _raw(page.cursor))
        except SealBroken:
            raise _invalid() from None
        return _decode(raw, TEXT, _mark(bound))

    async def next(self, end: Place | None, tenant: str, *bound: object) -> str | None:
        """As `Paging.next`."""
        return None if end is None else _text(cover(await self.secret(tenant), _encode(end, _mark(bound))))


async def paging(
    limit: Annotated[Limit, Query(description="How many at most on one page.")] = DEFAULT,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.", max_length=_LONGEST)] = None,
) -> Paging:
    """A dependency: `page: Annotated[Paging, Depends(paging)]`."""
    return Paging(limit, cursor)


def next_link(request: Request, cursor: str) -> str:
    """The value of `Link` that leads to the next page: the same path and query with the cursor in it."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    path = quote(request.url.path, safe="/:@")
    return f'<{path}?{urlencode([*query, ("cursor", cursor)])}>; rel="next"'


def _mark(bound: Sequence[object]) -> str:
    # It only tells lists apart, and anybody can make it; a forged cursor shows nothing that its list would not show.
    return hashlib.blake2s(msgspec.json.encode(bound, order="sorted"), digest_size=6).hexdigest()


def _encode(place: Place, mark: str) -> bytes:
    return msgspec.json.encode((mark, *place))


def _decode(raw: bytes, by: SortedBy[T_co], mark: str) -> tuple[T_co, str]:
    try:
        found, value, row = by.read(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _invalid() from None
    if found != mark:
        raise _invalid()
    return value, row


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _raw(cursor: str) -> bytes:
    try:
        return base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise _invalid() from None


def _invalid() -> Exception:
    problem = parameter_problem([FieldError("cursor", "Use next_cursor of the page before, with the same parameters.")])
    problem.code = "invalid_cursor"
    problem.detail = "The cursor is malformed or belongs to another list. Begin again without it."
    return problem
