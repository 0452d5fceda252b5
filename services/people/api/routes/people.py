"""Routes about one person: add, read, change, deactivate and reactivate them."""

# No postponed annotations here: the routes' parameters name dependencies that exist only inside the function.

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Request, Response

from libs.access.directory import Asker
from libs.events.envelope import stream_name
from libs.web.answers import answer
from libs.web.door import Command
from libs.web.fields import Id
from libs.web.references import ExternalId, System
from libs.web.schemas import answers
from services.people.api import examples
from services.people.api.answering import Desk, written
from services.people.api.bodies import PersonBody, PersonByReferenceBody, PersonPatch
from services.people.domain.commands import Reference
from services.people.domain.errors import PersonNotFound
from services.people.domain.state import PERSON
from services.people.projections import PERSON_ROWS
from services.people.queries import PersonAnswer

NEW = answers(PersonAnswer, "The new person.", status=201, example=examples.PERSON)
NOW = answers(PersonAnswer, "The person as they are now.", example=examples.PERSON)


def add(routes: APIRouter, desk: Desk) -> None:
    """The routes on their desk."""
    By: TypeAlias = Annotated[Command, Depends(desk.door.command)]
    handlers, queries = desk.people, desk.found

    @routes.post("/people", status_code=201, responses=NEW)
    async def add_person(request: Request, body: PersonBody, by: By) -> Response:
        """Add somebody to the tenant."""
        outcome = await handlers.add_person(by.asker, by.caller, body.command())
        return written(request, await queries.person_after(by.asker, outcome), outcome, f"/people/{outcome.resource}")

    @routes.put("/people/by-ref/{system}/{external_id}", responses=NOW | NEW)
    async def put_person(
        request: Request, system: System, external_id: ExternalId, body: PersonByReferenceBody, by: By
    ) -> Response:
        """Add or change who stands for a record of another system."""
        reference, commands = Reference(system, external_id), body.commands(system, external_id)
        outcome = await handlers.put_person(by.asker, by.caller, reference, *commands)
        return written(request, await queries.person_after(by.asker, outcome), outcome, f"/people/{outcome.resource}")

    @routes.patch("/people/{person_id}", responses=NOW)
    async def change_person(request: Request, person_id: Id, body: PersonPatch, by: By) -> Response:
        """Say anew what is known of a person: absent fields stay, null clears, objects merge."""
        outcome = await handlers.change_person(by.asker, by.caller, body.command(person_id))
        return written(request, await queries.person_after(by.asker, outcome), outcome, f"/people/{person_id}")

    @routes.post("/people/{person_id}/deactivate", responses=NOW)
    async def deactivate_person(request: Request, person_id: Id, by: By) -> Response:
        """Say that somebody no longer works here. What they did stays; they can do nothing more."""
        outcome = await handlers.deactivate(by.asker, by.caller, person_id)
        return written(request, await queries.person_after(by.asker, outcome), outcome, f"/people/{person_id}")

    @routes.post("/people/{person_id}/reactivate", responses=NOW)
    async def reactivate_person(request: Request, person_id: Id, by: By) -> Response:
        """Say that somebody works here again."""
        outcome = await handlers.reactivate(by.asker, by.caller, person_id)
        return written(request, await queries.person_after(by.asker, outcome), outcome, f"/people/{person_id}")

    _reading(routes, desk)


def _reading(routes: APIRouter, desk: Desk) -> None:
    door, queries = desk.door, desk.found

    @routes.get("/people/{person_id}", responses=answers(PersonAnswer, "The person.", example=examples.PERSON))
    async def read_person(request: Request, person_id: Id, asker: Annotated[Asker, Depends(door.asker)]) -> Response:
        """Somebody of the tenant."""
        stream = stream_name(asker.tenant, PERSON.kind, person_id)
        try:
            person = await queries.person(asker, person_id)
        except PersonNotFound:
            # The row may be missing because it is parked.
            await door.refuse_parked(request, asker, PERSON_ROWS, stream)
            raise
        await door.refuse_parked(request, asker, PERSON_ROWS, stream)
        return answer(person, version=person.version)

    @routes.get("/me", responses=answers(PersonAnswer, "You.", example=examples.ME))
    async def read_me(asker: Annotated[Asker, Depends(door.asker)]) -> Response:
        """The person behind the token."""
        person = await queries.myself(asker)
        return answer(person, version=person.version)
