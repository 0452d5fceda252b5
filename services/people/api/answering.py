"""How people and units answer: what a command left behind, and whether what a query found is as fresh as asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from libs.web import answers
from libs.web.door import Door
from libs.web.paging import Covered
from services.people.handlers import ErasureHandlers, PeopleHandlers, UnitHandlers
from services.people.queries import AbsenceQueries, ErasureQueries, PeopleQueries, ReportQueries, UnitQueries


@dataclass(frozen=True)
class Desk:
    """What the routes work with."""

    door: Door
    people: PeopleHandlers
    units: UnitHandlers
    erasures: ErasureHandlers
    found: PeopleQueries
    reports: ReportQueries
    absences: AbsenceQueries
    found_units: UnitQueries
    found_erasures: ErasureQueries
    places: Covered


written = partial(answers.written, "people")
"""The answer of a command, with the position of this service."""
gone = partial(answers.gone, "people")
"""The answer of a command that ended something."""
