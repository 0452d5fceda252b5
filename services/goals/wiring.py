"""Plugs the goals service together for the embedded profile: the only place here that picks adapters."""

from __future__ import annotations

from libs.web.app import BASE, create_app
from libs.web.embedded import Embedded
from libs.web.schemas import describe_answers
from libs.web.service import Service, readiness
from services.goals.api import router
from services.goals.handlers import GoalHandlers
from services.goals.policy import POLICY
from services.goals.projections import GOAL_ROWS, MEMBERS
from services.goals.queries import ANSWERS, GoalQueries
from services.goals.rights import GoalRights

SERVICE = "goals"
PROJECTIONS = (GOAL_ROWS, MEMBERS)


def wire(parts: Embedded) -> Service[GoalHandlers]:
    """The service on the process's data folder, not started yet."""
    kernel, read = parts.kernel(SERVICE), parts.reading(SERVICE, PROJECTIONS, MEMBERS)
    rights = GoalRights(read.directory)
    handlers = GoalHandlers(kernel, rights)
    app = create_app(
        SERVICE,
        base=BASE,
        inner=True,
        title="Cairn goals",
        routers=[router(read.door, handlers, GoalQueries(kernel, read.reads, rights))],
        ready=lambda: readiness(kernel, read.runners),
    )
    describe_answers(app, ANSWERS)
    return Service(SERVICE, app, handlers, POLICY, read, (kernel, parts.keyring))
