"""Plugs the people service together for the embedded profile: the only place here that picks adapters."""

from __future__ import annotations

from libs.privacy.keyring import keyed_hash
from libs.web.app import BASE, create_app
from libs.web.embedded import Embedded
from libs.web.schemas import describe_answers
from libs.web.service import Service, readiness
from services.people.api import router
from services.people.handlers import PeopleHandlers
from services.people.policy import POLICY
from services.people.projections import MEMBERS, PERSON_ROWS
from services.people.queries import ANSWERS, PeopleQueries

SERVICE = "people"
PROJECTIONS = (PERSON_ROWS, MEMBERS)


def wire(parts: Embedded) -> Service[PeopleHandlers]:
    """The service on the process's data folder, not started yet."""
    kernel, read = parts.kernel(SERVICE), parts.reading(SERVICE, PROJECTIONS, MEMBERS)

    async def email_name(tenant: str, address: str) -> str:
        return keyed_hash(await parts.keyring.secret(tenant, "email"), address)

    handlers = PeopleHandlers(kernel, email_name)
    app = create_app(
        SERVICE,
        base=BASE,
        inner=True,
        title="Cairn people",
        routers=[router(read.door, handlers, PeopleQueries(kernel, read.reads))],
        ready=lambda: readiness(kernel, read.runners),
    )
    describe_answers(app, ANSWERS)
    return Service(SERVICE, app, handlers, POLICY, read, (kernel, parts.keyring))
