"""Routes about erasures: ask for one, confirm it, follow it to its receipt."""

# No postponed annotations here: the routes' parameters name dependencies that exist only inside the function.

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Request, Response

from libs.access.directory import Asker
from libs.web.answers import answer, page_answer
from libs.web.door import Command
from libs.web.fields import Id
from libs.web.paging import TEXT, Paging, paging
from libs.web.schemas import answers, answers_page
from libs.web.sorting import Listing
from services.people.api import examples
from services.people.api.answering import Desk, written
from services.people.api.bodies import ErasureBody
from services.people.api.parameters import ERASURES, ErasedPeople, ErasureStates
from services.people.domain.commands import ConfirmErasure
from services.people.projections import ERASURE_ROWS
from services.people.queries import ErasureAnswer, ErasureSearch

NEW = answers(ErasureAnswer, "The new erasure.", status=201, example=examples.ERASURE_ASKED)
NOW = answers(ErasureAnswer, "The erasure as it is now.", example=examples.ERASURE)


def add(routes: APIRouter, desk: Desk) -> None:
    """The routes on their desk."""
    By: TypeAlias = Annotated[Command, Depends(desk.door.command)]
    handlers, queries = desk.erasures, desk.found_erasures

    @routes.post("/people/{person_id}/erase", status_code=201, responses=NOW | NEW)
    async def erase_person(request: Request, person_id: Id, body: ErasureBody, by: By) -> Response:
        """Ask that a person be forgotten. Another administrator has to confirm it; nothing happens before."""
        outcome = await handlers.request(by.asker, by.caller, body.command(person_id))
        found = await queries.erasure_after(by.asker, outcome)
        return written(request, found, outcome, f"/erasures/{outcome.resource}")

    @routes.post("/erasures/{erasure_id}/confirm", responses=NOW)
    async def confirm_erasure(request: Request, erasure_id: Id, by: By) -> Response:
        """Agree that a person be forgotten. Nothing can take it back: what they wrote becomes unreadable for ever.

        The person can do nothing more from now on. The rest follows in a moment; the receipt is there when it is done.
        """
        outcome = await handlers.confirm(by.asker, by.caller, ConfirmErasure(erasure_id=erasure_id))
        found = await queries.erasure_after(by.asker, outcome)
        return written(request, found, outcome, f"/erasures/{erasure_id}")

    _reading(routes, desk)


def _reading(routes: APIRouter, desk: Desk) -> None:
    By: TypeAlias = Annotated[Asker, Depends(desk.door.asker)]
    queries = desk.found_erasures

    @routes.get("/erasures", responses=answers_page(ErasureAnswer, "Erasures.", example=examples.ERASURE))
    async def list_erasures(
        request: Request,
        asker: By,
        page: Annotated[Paging, Depends(paging)],
        asked: Annotated[Listing, Depends(ERASURES)],
        person_id: ErasedPeople = None,
        state: ErasureStates = None,
    ) -> Response:
        """Who was erased, and who is to be."""
        search = ErasureSearch(
            person_id=person_id or (),
            state=state or (),
            updated_since=asked.updated_since,
            sort=asked.sort.name,
            descending=asked.sort.descending,
        )
        bound = (asker.tenant, "erasures", search)
        items, end = await queries.erasures(asker, search, after=page.after(TEXT, *bound), limit=page.limit)
        await desk.door.refuse_parked(request, asker, ERASURE_ROWS)
        return page_answer(request, items, page.next(end, *bound))

    @routes.get("/erasures/{erasure_id}", responses=answers(ErasureAnswer, "The erasure.", example=examples.ERASURE))
    async def read_erasure(erasure_id: Id, asker: By) -> Response:
        """One erasure, with its receipt once it is done."""
        found = await queries.erasure(asker, erasure_id)
        return answer(found, version=found.version)
