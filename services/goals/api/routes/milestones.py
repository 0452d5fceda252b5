"""Routes of milestones: the steps on a goal's way."""

# No postponed annotations here: the routes' parameters name dependencies that exist only inside the function.

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Request, Response

from libs.access.directory import Asker
from libs.events.handle import Outcome
from libs.web.answers import answer, page_answer
from libs.web.door import Command
from libs.web.fields import Id
from libs.web.paging import TEXT, Paging, paging
from libs.web.schemas import answers, answers_nothing, answers_page
from libs.web.sorting import Listing, listing
from services.goals.api import examples
from services.goals.api.answering import Desk, gone, written
from services.goals.api.bodies.moving import MilestoneBody, MilestonePatch
from services.goals.queries import MilestoneAnswer

NEW = answers(MilestoneAnswer, "The new milestone.", status=201, example=examples.MILESTONE)
MILESTONE = answers(MilestoneAnswer, "The milestone.", example=examples.MILESTONE)


def add(routes: APIRouter, desk: Desk) -> None:
    """The routes on their desk."""
    _commands(routes, desk)
    _queries(routes, desk)


async def _answer(desk: Desk, request: Request, by: Command, goal_id: str, outcome: Outcome) -> Response:
    found = await desk.queries.milestone_after(by.asker, outcome, outcome.resource)
    return written(request, found, outcome, f"/goals/{goal_id}/milestones/{outcome.resource}")


def _commands(routes: APIRouter, desk: Desk) -> None:
    By: TypeAlias = Annotated[Command, Depends(desk.door.command)]
    handlers = desk.handlers

    @routes.post("/goals/{goal_id}/milestones", status_code=201, responses=NEW)
    async def add_milestone(request: Request, goal_id: Id, body: MilestoneBody, by: By) -> Response:
        """Set a step on the way."""
        outcome = await handlers.add_milestone(by.asker, by.caller, body.command(goal_id))
        return await _answer(desk, request, by, goal_id, outcome)

    @routes.patch("/goals/{goal_id}/milestones/{milestone_id}", responses=MILESTONE)
    async def change_milestone(
        request: Request, goal_id: Id, milestone_id: Id, body: MilestonePatch, by: By
    ) -> Response:
        """Give a milestone another title or date."""
        outcome = await handlers.change_milestone(by.asker, by.caller, body.command(goal_id, milestone_id))
        return await _answer(desk, request, by, goal_id, outcome)

    @routes.post("/goals/{goal_id}/milestones/{milestone_id}/reach", responses=MILESTONE)
    async def reach_milestone(request: Request, goal_id: Id, milestone_id: Id, by: By) -> Response:
        """Say that a milestone is behind you."""
        outcome = await handlers.reach_milestone(by.asker, by.caller, goal_id, milestone_id)
        return await _answer(desk, request, by, goal_id, outcome)

    @routes.delete(
        "/goals/{goal_id}/milestones/{milestone_id}",
        status_code=204,
        responses=answers_nothing("The milestone is no longer meant."),
    )
    async def remove_milestone(goal_id: Id, milestone_id: Id, by: By) -> Response:
        """Take a milestone back."""
        return gone(await handlers.remove_milestone(by.asker, by.caller, goal_id, milestone_id))


def _queries(routes: APIRouter, desk: Desk) -> None:
    Of: TypeAlias = Annotated[Asker, Depends(desk.door.asker)]
    queries = desk.queries

    @routes.get(
        "/goals/{goal_id}/milestones",
        responses=answers_page(
            MilestoneAnswer, "Milestones, by due date unless asked otherwise.", example=examples.MILESTONE
        ),
    )
    async def list_milestones(
        request: Request,
        goal_id: Id,
        asker: Of,
        page: Annotated[Paging, Depends(paging)],
        asked: Annotated[Listing, Depends(listing("due_on", "created_at", "updated_at"))],
    ) -> Response:
        """The steps on a goal's way."""
        await desk.refuse_parked(request, asker, goal_id)
        bound = (asker.tenant, "milestones", goal_id, asked)
        items, end = await queries.milestones(asker, goal_id, asked, after=page.after(TEXT, *bound), limit=page.limit)
        return page_answer(request, items, page.next(end, *bound))

    @routes.get("/goals/{goal_id}/milestones/{milestone_id}", responses=MILESTONE)
    async def read_milestone(request: Request, goal_id: Id, milestone_id: Id, asker: Of) -> Response:
        """One milestone."""
        await desk.refuse_parked(request, asker, goal_id)
        found = await queries.milestone(asker, goal_id, milestone_id)
        return answer(found, version=found.version)
