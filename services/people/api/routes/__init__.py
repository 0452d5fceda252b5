"""The routes of people: each takes a request apart, asks one command or query, and answers with what came back."""

from fastapi import APIRouter

from libs.web.route import router as strict_router
from services.people.api.answering import Desk
from services.people.api.routes import absences, lists, people, units

__all__ = ["router"]


def router(desk: Desk) -> APIRouter:
    """The service's routes on their desk."""
    routes = strict_router()
    for theme, tag in ((people, "people"), (lists, "people"), (absences, "people"), (units, "units")):
        themed = strict_router(tags=[tag])
        theme.add(themed, desk)
        routes.routes.extend(themed.routes)
    return routes
