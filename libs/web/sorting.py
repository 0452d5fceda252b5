"""What a list is sorted by, and since when: `sort=name|-name` and `updated_since=` of a request's address."""

# No postponed annotations here: a parameter's type is made inside the function.

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query

from libs.web.fields import Field, Timestamp, wrong_value


@dataclass(frozen=True, slots=True)
class Sort:
    """By the values of `name`, from the least up, or with `descending` from the greatest down."""

    name: str
    descending: bool = False

    @property
    def text(self) -> str:
        """As it is written in an address: `-updated_at`."""
        return f"-{self.name}" if self.descending else self.name


def sorting(*names: str) -> Callable[..., Any]:
    """A dependency for a list that is sorted by one of `names`, by the first where nothing is asked.

    `sort: Annotated[Sort, Depends(sorting("name", "updated_at"))]`; `-` before a name turns the order around.
    """
    choices = tuple(choice for name in names for choice in (name, f"-{name}"))

    def read(value: Any) -> str:
        if value not in choices:
            raise wrong_value(f"Use one of: {', '.join(choices)}.")
        return str(value)

    one = Field(read, (("type", "string"), ("enum", list(choices))))

    async def sort(
        sort: Annotated[Annotated[str, one], Query(description="With - before it from the greatest down.")] = names[0],
    ) -> Sort:
        return Sort(sort.removeprefix("-"), sort.startswith("-"))

    return sort


UpdatedSince = Annotated[Timestamp | None, Query(description="Only what was changed at this time or later.")]
"""`updated_since: UpdatedSince = None`."""
