"""Plugs the goals service together for the embedded profile: the only place here that picks adapters."""

from __future__ import annotations

from libs.access.directory import Directory
from libs.events.positions import Positions
from libs.web.app import BASE, create_app
from libs.web.door import Door
from libs.web.embedded import Embedded
from libs.web.schemas import describe_answers
from libs.web.service import Service, readiness, runners_of
from services.goals.api import router
from services.goals.handlers import GoalHandlers
from services.goals.policy import POLICY
from services.goals.projections import GOAL_ROWS, MEMBERS
from services.goals.queries import ANSWERS, GoalQueries
from services.goals.rights import GoalRights

SERVICE = "goals"
PROJECTIONS = (GOAL_ROWS, MEMBERS)


def wire(parts: Embedded) -> Service:
    """The service on the process's data folder, not started yet."""
    reads, log = parts.folder.read_store(SERVICE), parts.folder.event_log(SERVICE, "people")
    kernel, positions = parts.kernel(SERVICE), Positions(reads, log)
    rights = GoalRights(Directory(reads, positions, MEMBERS))
    runners = runners_of(PROJECTIONS, log, parts.reader, positions)
    handlers = GoalHandlers(kernel, rights)
    door = Door(parts.principals, rights.directory, positions, PROJECTIONS, parts.keyring)
    app = create_app(
        SERVICE,
        base=BASE,
        title="Cairn goals",
        routers=[router(door, handlers, GoalQueries(kernel, reads, rights))],
        ready=lambda: readiness(runners),
    )
    describe_answers(app, ANSWERS)
    return Service(SERVICE, app, handlers, POLICY, reads, PROJECTIONS, runners)
