"""Routes of check-ins: say how a goal stands, look back, correct."""

# No postponed annotations here: the routes' parameters name dependencies that exist only inside the function.

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Request, Response

from libs.access.directory import Asker
from libs.events.handle import Outcome
from libs.web.answers import answer, page_answer
from libs.web.door import Command
from libs.web.fields import Id
from libs.web.paging import TEXT, VERSION, Paging, SortedBy, paging
from libs.web.references import ExternalId, System
from libs.web.schemas import answers, answers_page
from libs.web.sorting import Listing, listing
from services.goals.api import examples
from services.goals.api.answering import Desk, written
from services.goals.api.bodies.moving import CheckInBody, CheckInByReferenceBody, CorrectionBody
from services.goals.queries import CheckInAnswer

NEW = answers(CheckInAnswer, "The new check-in.", status=201, example=examples.CHECK_IN)
CHECK_IN = answers(CheckInAnswer, "The check-in as it counts.", example=examples.CHECK_IN)


def add(routes: APIRouter, desk: Desk) -> None:
    """The routes on their desk."""
    _commands(routes, desk)
    _queries(routes, desk)


async def _answer(desk: Desk, request: Request, by: Command, goal_id: str, outcome: Outcome) -> Response:
    found = await desk.queries.check_in_after(by.asker, goal_id, outcome)
    return written(request, found, outcome, f"/goals/{goal_id}/check-ins/{outcome.resource}")


def _commands(routes: APIRouter, desk: Desk) -> None:
    By: TypeAlias = Annotated[Command, Depends(desk.door.command)]
    handlers = desk.handlers

    @routes.post("/goals/{goal_id}/check-ins", status_code=201, responses=NEW)
    async def record_check_in(request: Request, goal_id: Id, body: CheckInBody, by: By) -> Response:
        """Say how a goal stands."""
        outcome = await handlers.record_check_in(by.asker, by.caller, body.command(goal_id))
        return await _answer(desk, request, by, goal_id, outcome)

    @routes.put("/goals/{goal_id}/check-ins/by-ref/{system}/{external_id}", responses=CHECK_IN | NEW)
    async def put_check_in(
        request: Request, goal_id: Id, system: System, external_id: ExternalId, body: CheckInByReferenceBody, by: By
    ) -> Response:
        """Record or correct the check-in that stands for a record of another system."""
        outcome = await handlers.put_check_in(by.asker, by.caller, body.command(goal_id, system, external_id))
        return await _answer(desk, request, by, goal_id, outcome)

    @routes.post("/goals/{goal_id}/check-ins/{check_in_id}/correct", responses=CHECK_IN)
    async def correct_check_in(
        request: Request, goal_id: Id, check_in_id: Id, body: CorrectionBody, by: By
    ) -> Response:
        """Say what your check-in should have said. Both stay: the correction stands beside what was recorded."""
        outcome = await handlers.correct_check_in(by.asker, by.caller, body.command(goal_id, check_in_id))
        return await _answer(desk, request, by, goal_id, outcome)


def _queries(routes: APIRouter, desk: Desk) -> None:
    Of: TypeAlias = Annotated[Asker, Depends(desk.door.asker)]
    queries = desk.queries

    @routes.get(
        "/goals/{goal_id}/check-ins",
        responses=answers_page(
            CheckInAnswer, "Check-ins, the newest first unless asked otherwise.", example=examples.CHECK_IN
        ),
    )
    async def list_check_ins(
        request: Request,
        goal_id: Id,
        asker: Of,
        page: Annotated[Paging, Depends(paging)],
        asked: Annotated[Listing, Depends(listing("-created_at", "updated_at", "observed_on"))],
    ) -> Response:
        """How a goal was seen to move."""
        await desk.refuse_parked(request, asker, goal_id)
        bound = (asker.tenant, "check-ins", goal_id, asked)
        places: SortedBy[str | None] | SortedBy[int] = TEXT if asked.sort.name == "observed_on" else VERSION
        items, end = await queries.check_ins(asker, goal_id, asked, after=page.after(places, *bound), limit=page.limit)
        return page_answer(request, items, page.next(end, *bound))

    @routes.get("/goals/{goal_id}/check-ins/{check_in_id}", responses=CHECK_IN)
    async def read_check_in(request: Request, goal_id: Id, check_in_id: Id, asker: Of) -> Response:
        """One check-in, with its corrections."""
        await desk.refuse_parked(request, asker, goal_id)
        found = await queries.check_in(asker, goal_id, check_in_id)
        return answer(found, version=found.version)
