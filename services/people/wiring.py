"""Plugs the people service together for the embedded profile: the only place here that picks adapters."""

from __future__ import annotations

from libs.access.directory import Directory
from libs.events.positions import Positions
from libs.privacy.keyring import keyed_hash
from libs.web.app import BASE, create_app
from libs.web.door import Door
from libs.web.embedded import Embedded
from libs.web.schemas import describe_answers
from libs.web.service import Service, readiness, runners_of
from services.people.api import router
from services.people.handlers import PeopleHandlers
from services.people.policy import POLICY
from services.people.projections import MEMBERS, PERSON_ROWS
from services.people.queries import ANSWERS, PeopleQueries

SERVICE = "people"
PROJECTIONS = (PERSON_ROWS, MEMBERS)


def wire(parts: Embedded) -> Service:
    """The service on the process's data folder, not started yet."""
    reads, log = parts.folder.read_store(SERVICE), parts.folder.event_log(SERVICE)
    kernel, positions = parts.kernel(SERVICE), Positions(reads, log)
    directory = Directory(reads, positions, MEMBERS)

    async def email_name(tenant: str, address: str) -> str:
        return keyed_hash(await parts.keyring.secret(tenant, "email"), address)

    handlers = PeopleHandlers(kernel, email_name)
    runners = runners_of(PROJECTIONS, log, parts.reader, positions)
    door = Door(parts.principals, directory, positions, PROJECTIONS, parts.keyring)
    app = create_app(
        SERVICE,
        base=BASE,
        title="Cairn people",
        routers=[router(door, handlers, PeopleQueries(kernel, reads))],
        ready=lambda: readiness(runners),
    )
    describe_answers(app, ANSWERS)
    return Service(SERVICE, app, handlers, POLICY, reads, PROJECTIONS, runners)
