"""The parameters in the addresses of people and units: filters of lists, days, levels."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from libs.web.fields import Date, Ids, line, one_of
from libs.web.levels import levels
from libs.web.sorting import listing, sorting
from services.people.queries import ABSENCES_BY, ERASURE_STATES, ERASURES_BY, SORTED_BY, STATES

DEEPEST = 20

Levels = Annotated[
    int,
    levels(1, DEEPEST),
    Query(description="How many levels down: 1 shows whom somebody leads themselves."),
]
AsOf = Annotated[
    Date | None,
    Query(
        description="By manager, unit, job title and state as they are on this day; today if none. A day to come is "
        "answered by what is planned for it, unlike in the goal tree."
    ),
]
Words = Annotated[Annotated[str, line(200)] | None, Query(description="Words of the name, in any case.")]
Address = Annotated[Annotated[str, line(254)] | None, Query(description="The whole address.")]
OutsideNumber = Annotated[
    Annotated[str, line(100)] | None, Query(description="Finds only people whose external_id the asker may see.")
]
Managers = Annotated[Ids | None, Query(description="People whom these lead directly.")]
Units = Annotated[Ids | None, Query(description="People of these units.")]
UnitsAbove = Annotated[Ids | None, Query(description="Units right under these.")]
Leads = Annotated[Ids | None, Query(description="Units that these people lead.")]
States = Annotated[
    Annotated[tuple[str, ...], one_of(*STATES)] | None, Query(description="Whether they work here; both if left out.")
]
ErasedPeople = Annotated[Ids | None, Query(description="Erasures of these people.")]
ErasureStates = Annotated[
    Annotated[tuple[str, ...], one_of(*ERASURE_STATES)] | None,
    Query(description="How far an erasure is; all if left out."),
]

BY_NAME = sorting(*SORTED_BY)
"""The dependency of lists of people and units: by name, or by when something was made or changed."""
BELOW = listing(*SORTED_BY)
"""The same of those who report to the same person."""
AWAY = listing(*ABSENCES_BY)
"""The dependency of absences: by their first day, or by when they were planned."""
ERASURES = listing(*ERASURES_BY)
"""The dependency of erasures: the newest first, or by when they last moved."""
