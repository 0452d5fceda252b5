"""The routes of goals: each takes a request apart, asks one command or query, and answers with what came back."""

# No postponed annotations here: the routes' parameters name dependencies that exist only inside the function.

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from libs.access.directory import Asker
from libs.events.envelope import stream_name
from libs.events.errors import KeyParked
from libs.web.answers import answer, page_answer, public_path
from libs.web.door import Command, Door
from libs.web.fields import Id
from libs.web.paging import VERSION, Paging, paging
from libs.web.route import router as strict_router
from libs.web.schemas import answers, answers_page
from services.goals.api.bodies import CheckInBody, GoalBody
from services.goals.domain.state import GOAL
from services.goals.handlers import GoalHandlers
from services.goals.projections import GOAL_ROWS
from services.goals.queries import CheckInAnswer, GoalAnswer, GoalQueries


def router(door: Door, handlers: GoalHandlers, queries: GoalQueries) -> APIRouter:
    """The service's routes on its handlers and queries."""
    routes = strict_router(prefix="/goals", tags=["goals"])
    _goals(routes, door, handlers, queries)
    _check_ins(routes, door, handlers, queries)
    return routes


def _goals(routes: APIRouter, door: Door, handlers: GoalHandlers, queries: GoalQueries) -> None:
    @routes.post("", status_code=201, responses=answers(GoalAnswer, "The new goal.", status=201))
    async def create_goal(request: Request, body: GoalBody, by: Annotated[Command, Depends(door.command)]) -> Response:
        """Set a goal for yourself or for somebody you lead."""
        outcome = await handlers.create_goal(by.asker, by.caller, body.command())
        return answer(
            await queries.goal_after(by.asker, outcome),
            status=201,
            version=outcome.version,
            location=public_path(request, f"/goals/{outcome.resource}"),
            position={"goals": outcome.position},
        )

    @routes.get("/{goal_id}", responses=answers(GoalAnswer, "The goal as you may see it."))
    async def read_goal(request: Request, goal_id: Id, asker: Annotated[Asker, Depends(door.asker)]) -> Response:
        """One goal, with its progress."""
        stream = stream_name(asker.tenant, GOAL.kind, goal_id)
        try:
            await door.refuse_parked(request, asker, GOAL_ROWS, stream)
        except KeyParked:
            # The row is missing or out of date; only the stream can say whether the asker may know of the goal.
            await queries.rights.check(asker, (await queries.kernel.load(GOAL, stream)).state, "goal.read")
            raise
        goal = await queries.goal(asker, goal_id)
        return answer(goal, version=goal.version)


def _check_ins(routes: APIRouter, door: Door, handlers: GoalHandlers, queries: GoalQueries) -> None:
    @routes.post(
        "/{goal_id}/check-ins", status_code=201, responses=answers(CheckInAnswer, "The new check-in.", status=201)
    )
    async def record_check_in(
        request: Request, goal_id: Id, body: CheckInBody, by: Annotated[Command, Depends(door.command)]
    ) -> Response:
        """Say how a goal stands."""
        outcome = await handlers.record_check_in(by.asker, by.caller, body.command(goal_id))
        return answer(
            await queries.check_in_after(by.asker, goal_id, outcome),
            status=201,
            version=outcome.version,
            location=public_path(request, f"/goals/{goal_id}/check-ins/{outcome.resource}"),
            position={"goals": outcome.position},
        )

    @routes.get("/{goal_id}/check-ins", responses=answers_page(CheckInAnswer, "Check-ins, the newest first."))
    async def list_check_ins(
        request: Request,
        goal_id: Id,
        asker: Annotated[Asker, Depends(door.asker)],
        page: Annotated[Paging, Depends(paging)],
    ) -> Response:
        """How a goal was seen to move."""
        place = page.after(VERSION, "check-ins", goal_id)
        before = place[0] if place is not None else None
        items, end = await queries.check_ins(asker, goal_id, before=before, limit=page.limit)
        cursor = page.next((end, goal_id) if end is not None else None, "check-ins", goal_id)
        return page_answer(request, items, cursor)

    @routes.get("/{goal_id}/check-ins/{check_in_id}", responses=answers(CheckInAnswer, "The check-in."))
    async def read_check_in(goal_id: Id, check_in_id: Id, asker: Annotated[Asker, Depends(door.asker)]) -> Response:
        """One check-in."""
        found = await queries.check_in(asker, goal_id, check_in_id)
        return answer(found, version=found.version)
