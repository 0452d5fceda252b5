"""The routes of people: each takes a request apart, asks one command or query, and answers with what came back."""

# No postponed annotations here: the routes' parameters name dependencies that exist only inside the function.

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Query as Parameter

from libs.access.directory import Asker
from libs.events.envelope import stream_name
from libs.web.answers import answer, page_answer, public_path
from libs.web.door import Command, Door
from libs.web.fields import Id, Ids, line, one_of
from libs.web.paging import TEXT, Paging, paging
from libs.web.route import router as strict_router
from libs.web.schemas import answers, answers_page
from services.people.api.bodies import PersonBody
from services.people.domain.errors import PersonNotFound
from services.people.domain.state import PERSON
from services.people.handlers import PeopleHandlers
from services.people.projections import PERSON_ROWS
from services.people.queries import PeopleQueries, PersonAnswer, Search


def router(door: Door, handlers: PeopleHandlers, queries: PeopleQueries) -> APIRouter:
    """The service's routes on its handlers and queries."""
    routes = strict_router(tags=["people"])
    _people(routes, door, handlers, queries)
    _lists(routes, door, queries)
    return routes


def _people(routes: APIRouter, door: Door, handlers: PeopleHandlers, queries: PeopleQueries) -> None:
    @routes.post("/people", status_code=201, responses=answers(PersonAnswer, "The new person.", status=201))
    async def add_person(request: Request, body: PersonBody, by: Annotated[Command, Depends(door.command)]) -> Response:
        """Add somebody to the tenant."""
        outcome = await handlers.add_person(by.asker, by.caller, body.command())
        return answer(
            await queries.person_after(outcome),
            status=201,
            version=outcome.version,
            location=public_path(request, f"/people/{outcome.resource}"),
            position={"people": outcome.position},
        )

    @routes.get("/people/{person_id}", responses=answers(PersonAnswer, "The person."))
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

    @routes.get("/me", responses=answers(PersonAnswer, "You."))
    async def read_me(asker: Annotated[Asker, Depends(door.asker)]) -> Response:
        """The person behind the token."""
        person = await queries.myself(asker)
        return answer(person, version=person.version)


def _lists(routes: APIRouter, door: Door, queries: PeopleQueries) -> None:
    @routes.get("/people", responses=answers_page(PersonAnswer, "People by name."))
    async def list_people(
        request: Request,
        asker: Annotated[Asker, Depends(door.asker)],
        page: Annotated[Paging, Depends(paging)],
        q: Annotated[Annotated[str, line(200)] | None, Parameter(description="Words of the name.")] = None,
        email: Annotated[Annotated[str, line(254)] | None, Parameter(description="The whole address.")] = None,
        manager_id: Annotated[Ids | None, Parameter()] = None,
        state: Annotated[Annotated[tuple[str, ...], one_of("active")] | None, Parameter()] = None,
    ) -> Response:
        """Who works here, in order of name."""
        search = Search(q=q, email=email, manager_id=manager_id or (), state=state or ())
        items, end = await queries.people(asker, search, after=page.after(TEXT, "people", search), limit=page.limit)
        await door.refuse_parked(request, asker, PERSON_ROWS)
        return page_answer(request, items, page.next(end, "people", search))
