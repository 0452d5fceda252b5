"""HTTP ↔ commands and queries of people; no logic."""

from services.people.api.routes import router

__all__ = ["router"]
