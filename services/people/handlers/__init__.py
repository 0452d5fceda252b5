"""Commands of people, units and erasures, on their way to the kernel."""

from services.people.handlers.erasures import Carrying, ErasureHandlers
from services.people.handlers.guarding import EmailName
from services.people.handlers.people import OPERATOR, PeopleHandlers
from services.people.handlers.restoring import RestoredErasures
from services.people.handlers.units import UnitHandlers

__all__ = [
    "OPERATOR",
    "Carrying",
    "EmailName",
    "ErasureHandlers",
    "PeopleHandlers",
    "RestoredErasures",
    "UnitHandlers",
]
