"""Plugs the goals service together for the embedded profile: the only place here that picks adapters."""

from __future__ import annotations

from libs.privacy.keyring import keyed_hash
from libs.web.app import BASE, create_app
from libs.web.embedded import Embedded
from libs.web.schemas import describe_answers
from libs.web.service import Service, readiness
from services.goals import seeding
from services.goals.api import router
from services.goals.handlers import GoalHandlers, References
from services.goals.policy import POLICY
from services.goals.projections import GOAL_ROWS, MEMBERS, TALK, TREE
from services.goals.queries import ANSWERS, GoalQueries
from services.goals.rights import GoalRights
from services.goals.settings import GoalSettings

__all__ = ["PROJECTIONS", "SERVICE", "SETTINGS", "seeding", "wire"]

SERVICE = "goals"
PROJECTIONS = (GOAL_ROWS, TREE, TALK, MEMBERS)

SETTINGS = GoalSettings
"""The settings of this service, for their reference page."""


def wire(parts: Embedded, settings: GoalSettings | None = None) -> Service[GoalHandlers]:
    """The service on the process's data folder, not started yet. Settings come from the environment unless given."""
    settings = settings or GoalSettings()
    kernel, read = parts.kernel(SERVICE), parts.reading(SERVICE, PROJECTIONS, MEMBERS)
    rights, positions = GoalRights(read.directory, kernel, read.reads), read.door.positions

    async def reference_name(tenant: str, kind: str, system: str, id: str) -> str:
        return keyed_hash(await parts.keyring.secret(tenant, "reference"), kind, system, id)

    handlers = GoalHandlers(kernel, rights, read.reads, positions, References(kernel, reference_name))
    queries = GoalQueries(kernel, read.reads, rights, positions, settings.stale_after_days)
    app = create_app(
        SERVICE,
        base=BASE,
        inner=True,
        title="Cairn goals",
        tags={"goals": "What people and units want to reach, how it moves the whole, and what is said around it."},
        routers=[router(read.door, handlers, queries)],
        ready=lambda: readiness(kernel, read.runners),
    )
    describe_answers(app, ANSWERS)
    return Service(SERVICE, app, handlers, POLICY, read, (kernel,))
