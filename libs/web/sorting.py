"""What a list is sorted by, and since when: `sort=name|-name` and `updated_since=` of a request's address."""

# No postponed annotations here: a parameter's type is made inside the function.

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query

from libs.events.canonical import time_text
from libs.web.fields import Field, Timestamp, wrong_value
from libs.web.paging import Place

T = TypeVar("T")


SORT_TEXT = "What to sort by; with `-` before it from the greatest or latest down."


@dataclass(frozen=True, slots=True)
class Sort:
    """By the values of `name`, from the least up, or with `descending` from the greatest down."""

    name: str
    descending: bool = False

    @property
    def text(self) -> str:
        """As it is written in an address: `-updated_at`."""
        return f"-{self.name}" if self.descending else self.name


@dataclass(frozen=True, slots=True)
class Listing:
    """In which order a list is asked for, and since when (None: whenever it was changed)."""

    sort: Sort
    updated_since: datetime | None = None


def sorting(*names: str) -> Callable[..., Any]:
    """A dependency for a list that is sorted by one of `names`, by the first where nothing is asked.

    `sort: Annotated[Sort, Depends(sorting("name", "updated_at"))]`; `-` before a name turns the order around, before
    the first of `names` the one that a list has where nothing is asked.
    """
    choices = tuple(choice for name in names for choice in (name.removeprefix("-"), f"-{name.removeprefix('-')}"))

    def read(value: Any) -> str:
        if value not in choices:
            raise wrong_value(f"Use one of: {', '.join(choices)}.")
        return str(value)

    one = Field(read, (("type", "string"), ("enum", list(choices))))

    async def sort(
        sort: Annotated[Annotated[str, one], Query(description=SORT_TEXT)] = names[0],
    ) -> Sort:
        return Sort(sort.removeprefix("-"), sort.startswith("-"))

    return sort


UpdatedSince = Annotated[Timestamp | None, Query(description="Only what was changed at this time or later.")]
"""`updated_since: UpdatedSince = None`."""


def listing(*names: str) -> Callable[..., Any]:
    """Both in one, `names` as in `sorting`: `asked: Annotated[Listing, Depends(listing("-created_at"))]`."""
    by = sorting(*names)

    async def listing(sort: Annotated[Sort, Depends(by)], updated_since: UpdatedSince = None) -> Listing:
        return Listing(sort, updated_since)

    return listing


def page_in_memory(
    items: Iterable[T],
    asked: Listing,
    fields: Mapping[str, str],
    *,
    changed: str = "updated_at",
    after: Place | None,
    limit: int,
) -> tuple[list[T], Place | None]:
    """A page of a list that is never long, and where the next one begins, None at the end.

    Items have an `id`; `fields` says which field with a day or a time each sort goes by, `changed` is the one that
    tells when an item was changed.
    """
    by, descending, since = fields[asked.sort.name], asked.sort.descending, asked.updated_since
    placed = [(_place(one, by), one) for one in items if since is None or getattr(one, changed) >= since]
    placed.sort(key=lambda found: found[0], reverse=descending)
    if after is not None:
        mark = (str(after[0] or ""), after[1])
        placed = [found for found in placed if (found[0] < mark if descending else found[0] > mark)]
    page = placed[:limit]
    return [one for _, one in page], page[-1][0] if len(placed) > limit else None


def _place(item: Any, field: str) -> tuple[str, str]:
    value = getattr(item, field)
    return time_text(value) if isinstance(value, datetime) else value.isoformat(), item.id
