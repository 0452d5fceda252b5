"""Rows and streams of people and units → answers, in the shapes of the public contract."""

from services.people.queries.absences import ABSENCES_BY, AbsenceQueries
from services.people.queries.answers import (
    ANSWERS,
    AbsenceAnswer,
    ErasureAnswer,
    PersonAnswer,
    ReportAnswer,
    UnitAnswer,
)
from services.people.queries.erasures import ERASURE_STATES, ERASURES_BY, ErasureQueries, ErasureSearch
from services.people.queries.people import STATES, PeopleQueries, Search
from services.people.queries.reports import Below, ReportQueries
from services.people.queries.units import UnitQueries, UnitSearch
from services.people.queries.walking import SORTED_BY

__all__ = [
    "ABSENCES_BY",
    "ANSWERS",
    "ERASURES_BY",
    "ERASURE_STATES",
    "SORTED_BY",
    "STATES",
    "AbsenceAnswer",
    "AbsenceQueries",
    "Below",
    "ErasureAnswer",
    "ErasureQueries",
    "ErasureSearch",
    "PeopleQueries",
    "PersonAnswer",
    "ReportAnswer",
    "ReportQueries",
    "Search",
    "UnitAnswer",
    "UnitQueries",
    "UnitSearch",
]
