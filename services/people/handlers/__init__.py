"""Commands of people and units, on their way to the kernel."""

from services.people.handlers.guarding import EmailName
from services.people.handlers.people import OPERATOR, PeopleHandlers
from services.people.handlers.units import UnitHandlers

__all__ = ["OPERATOR", "EmailName", "PeopleHandlers", "UnitHandlers"]
