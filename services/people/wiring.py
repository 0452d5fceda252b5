"""Plugs the people service together for the embedded profile: the only place here that picks adapters."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache, partial

from libs.events.claims import RecordName
from libs.events.envelope import topic_of
from libs.events.handle import Kernel
from libs.events.ports import EventLog
from libs.events.react import Reactor
from libs.privacy.erasure import Eraser
from libs.privacy.keyring import Keyring, keyed_hash
from libs.web.app import BASE, create_app
from libs.web.embedded import Embedded
from libs.web.paging import Covered
from libs.web.schemas import describe_answers
from libs.web.service import Service, readiness
from services.people import seeding
from services.people.api import Desk, router
from services.people.handlers import (
    Carrying,
    EmailName,
    ErasureHandlers,
    PeopleHandlers,
    RestoredErasures,
    UnitHandlers,
)
from services.people.policy import POLICY
from services.people.projections import ERASURE_ROWS, MEMBERS, PERSON_ROWS, UNIT_ROWS
from services.people.queries import (
    ANSWERS,
    AbsenceQueries,
    ErasureQueries,
    PeopleQueries,
    ReportQueries,
    UnitQueries,
)
from services.people.reactions import COMPLETING, DESTROYING
from services.people.rights import PeopleRights

__all__ = ["PROJECTIONS", "SERVICE", "email_names", "seeding", "wire"]

SERVICE = "people"
PROJECTIONS = (PERSON_ROWS, UNIT_ROWS, ERASURE_ROWS, MEMBERS)


def wire(parts: Embedded) -> Service[PeopleHandlers]:
    """The service on the process's data folder, not started yet."""
    kernel, read = parts.kernel(SERVICE), parts.reading(SERVICE, PROJECTIONS, MEMBERS)
    rights, positions = PeopleRights(read.directory), read.door.positions
    email_name, reference_name = _names(parts.keyring)
    handlers = PeopleHandlers(kernel, email_name, reference_name, rights, _zones())
    carrying = Carrying(parts.eraser.destroy, parts.erasures.sealed, parts.erasures.clean)
    erasures = ErasureHandlers(kernel, email_name, reference_name, rights, read.reads, positions, carrying)
    reacting = [Reactor(reaction, erasures.carry_out) for reaction in (DESTROYING, COMPLETING)]
    read = replace(read, runners=[*read.runners, *(parts.reacting(one, positions) for one in reacting)])
    found = PeopleQueries(kernel, read.reads, rights)
    desk = Desk(
        door=read.door,
        people=handlers,
        units=UnitHandlers(kernel, reference_name, rights),
        found=found,
        erasures=erasures,
        reports=ReportQueries(found),
        absences=AbsenceQueries(kernel, rights),
        found_units=UnitQueries(kernel, read.reads, rights),
        found_erasures=ErasureQueries(kernel, read.reads, rights),
        places=Covered(partial(_cursor_secret, parts.keyring)),
    )
    app = create_app(
        SERVICE,
        base=BASE,
        inner=True,
        title="Cairn people",
        tags={
            "people": "Who works here, who leads whom, and who is away.",
            "erasures": "Who is forgotten, on whose word, and what was done.",
            "units": "The parts of the organisation and who leads each.",
        },
        routers=[router(desk)],
        ready=lambda: readiness(kernel, read.runners),
    )
    describe_answers(app, ANSWERS)
    restored = _restored(parts, kernel, read.log)
    return Service(SERVICE, app, handlers, POLICY, read, (kernel,), restored.state)


def email_names(parts: Embedded, tenant: str) -> seeding.EmailName:
    """What names the guard streams of a tenant's addresses, for those who write people straight into the log."""
    email_name, _ = _names(parts.keyring)
    return lambda address: email_name(tenant, address)


def _restored(parts: Embedded, kernel: Kernel, log: EventLog) -> RestoredErasures:
    return RestoredErasures(kernel, partial(_erased, parts.eraser), parts.keyring.key_id, partial(_naming, log))


async def _erased(eraser: Eraser) -> list[tuple[str, str]]:
    return [(one.tenant, one.holder) for one in await eraser.known()]


async def _naming(log: EventLog, tenant: str, ids: Sequence[str]) -> Iterable[str]:
    return await log.holding(topic_of(SERVICE), tenant, [f'"{id}"' for id in ids])


async def _cursor_secret(keyring: Keyring, tenant: str) -> bytes:
    # From a secret that stands as soon as there is anybody to list: a read makes none.
    return bytes.fromhex(keyed_hash(await keyring.secret(tenant, "email"), "cursors"))


NO_ZONES = frozenset({"Factory", "localtime", "posixrules"})
"""Files that lie beside the zones, and mean another one on every machine."""


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - NO_ZONES)


def _names(keyring: Keyring) -> tuple[EmailName, RecordName]:
    async def email_name(tenant: str, address: str) -> str:
        return keyed_hash(await keyring.secret(tenant, "email"), address)

    async def reference_name(tenant: str, kind: str, system: str, external_id: str) -> str:
        return keyed_hash(await keyring.secret(tenant, "reference"), kind, system, external_id)

    return email_name, reference_name
