"""Where people of demonstration tenants come from: a company told by name, and organisations of any size."""

from services.people.seeding.company import COMPANY, UNITS, Colleague, EmailName, company
from services.people.seeding.crowd import Crowd, crowd, units_for

__all__ = ["COMPANY", "UNITS", "Colleague", "Crowd", "EmailName", "company", "crowd", "units_for"]
