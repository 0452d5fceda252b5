"""HTTP ↔ commands and queries of people and units; no logic."""

from services.people.api.answering import Desk
from services.people.api.routes import router

__all__ = ["Desk", "router"]
