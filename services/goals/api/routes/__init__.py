"""The routes of goals: each takes a request apart, asks one command or query, and answers with what came back."""

from fastapi import APIRouter

from libs.web.door import Door
from libs.web.route import router as strict_router
from services.goals.api.answering import Desk
from services.goals.api.routes import checking_in, defining, following, living, milestones, reading, talking
from services.goals.handlers import GoalHandlers
from services.goals.queries import GoalQueries

__all__ = ["router"]


def router(door: Door, handlers: GoalHandlers, queries: GoalQueries) -> APIRouter:
    """The service's routes on its handlers and queries."""
    routes = strict_router(tags=["goals"])
    desk = Desk(door, handlers, queries)
    for theme in (reading, defining, living, checking_in, milestones, talking, following):
        theme.add(routes, desk)
    return routes
