"""A page of rows along an index, judged on the way and read on until the page is full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from libs.events.canonical import time_text
from libs.events.declare import Collection
from libs.events.ports import Query, ReadStore, Scalar

R = TypeVar("R")
Place = tuple[Scalar, str]
"""Where a page ended: the sort value and the id of its last row."""

SORTED_BY = {"name": "name_key", "created_at": "created_at", "updated_at": "updated_at"}
"""What lists may be sorted by, and the rows' field behind it."""

LEAST = 50
"""Rows read at least, once a page has turned out not to be full: where few of them count, one by one takes for ever."""


async def page_of(
    reads: ReadStore, tenant: str, collection: Collection, query: Query, keep: Callable[[Any], bool]
) -> tuple[list[Any], Place | None]:
    """Up to `query.limit` rows that `keep` keeps, in the query's order, and where the next page begins."""
    found: list[Any] = []
    after, wanted = query.after, query.limit + 1
    while True:
        page = await reads.find(tenant, collection, replace(query, after=after, limit=wanted))
        found += [row for _, row in page.items if keep(row)]
        if len(found) > query.limit:
            return found[: query.limit], place_of(found[query.limit - 1], query.sort)
        if page.next is None:
            return found, None
        after, wanted = page.next, max(query.limit + 1 - len(found), LEAST)


def place_of(row: Any, sort: str | None) -> Place:
    """Where a row stands in the order of a sort, as a cursor says it."""
    value = getattr(row, sort) if sort is not None else None
    return value if value is None or isinstance(value, str) else time_text(value), row.id
