"""The routes of people: each takes a request apart, asks one command or query, and answers with what came back."""

from fastapi import APIRouter

from libs.web.route import router as strict_router
from services.people.api.answering import Desk
from services.people.api.routes import absences, erasures, lists, people, units

__all__ = ["router"]


def router(desk: Desk) -> APIRouter:
    """The service's routes on their desk."""
    routes = strict_router()
    of_people = ((theme, "people") for theme in (people, lists, absences))
    for theme, tag in (*of_people, (erasures, "erasures"), (units, "units")):
        themed = strict_router(tags=[tag])
        theme.add(themed, desk)
        routes.routes.extend(themed.routes)
    return routes
