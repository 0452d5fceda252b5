"""The parameters in the addresses of people and units: filters of lists, days, levels."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from libs.web.fields import Date, Field, Ids, line, one_of, wrong_value
from libs.web.sorting import sorting
from services.people.queries import SORTED_BY, STATES

DEEPEST = 20


def _read_levels(value: Any) -> int:
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 3 and 1 <= int(value) <= DEEPEST:
        return int(value)
    raise wrong_value(f"Use a whole number from 1 to {DEEPEST}.")


Levels = Annotated[
    int,
    Field(_read_levels, (("type", "integer"), ("minimum", 1), ("maximum", DEEPEST)), int),
    Query(description="How many levels down: 1 shows whom somebody leads themselves."),
]
AsOf = Annotated[
    Date | None,
    Query(description="By manager, unit, job title and state as they are on this day, past or planned; today if none."),
]
Words = Annotated[Annotated[str, line(200)] | None, Query(description="Words of the name.")]
Address = Annotated[Annotated[str, line(254)] | None, Query(description="The whole address.")]
OutsideNumber = Annotated[
    Annotated[str, line(100)] | None, Query(description="Finds only people whose external_id the asker may see.")
]
SomeIds = Annotated[Ids | None, Query()]
States = Annotated[Annotated[tuple[str, ...], one_of(*STATES)] | None, Query()]

BY_NAME = sorting(*SORTED_BY)
"""The dependency of every list here: by name, or by when something was made or changed."""
