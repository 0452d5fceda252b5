"""HTTP ↔ commands and queries of goals; no logic."""

from services.goals.api.routes import router

__all__ = ["router"]
