"""Routes that say what a goal is: set it, change it, give it to somebody else."""

# No postponed annotations here: the routes' parameters name dependencies that exist only inside the function.

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Request, Response

from libs.web.door import Command
from libs.web.fields import Id
from libs.web.references import ExternalId, System
from libs.web.schemas import answers
from services.goals.api import examples
from services.goals.api.answering import Desk, written
from services.goals.api.bodies.defining import GoalBody, GoalByReferenceBody, GoalPatch, TransferBody
from services.goals.queries import GoalAnswer

NEW = answers(GoalAnswer, "The new goal.", status=201, example=examples.NEW_GOAL)
NEW_BY_REFERENCE = answers(GoalAnswer, "The new goal.", status=201, example=examples.NEW_GOAL_BY_REFERENCE)
GOAL = answers(GoalAnswer, "The goal as it is now.", example=examples.GOAL)


def add(routes: APIRouter, desk: Desk) -> None:
    """The routes on their desk."""
    By: TypeAlias = Annotated[Command, Depends(desk.door.command)]
    handlers, queries = desk.handlers, desk.queries

    @routes.post("/goals", status_code=201, responses=NEW)
    async def create_goal(request: Request, body: GoalBody, by: By) -> Response:
        """Set a goal for yourself or for somebody you lead.

        With `unit_id` it belongs to a unit: one that you or the owner belong to, directly or further down, or lead,
        directly or from above, or whose lead you are above.
        """
        outcome = await handlers.create_goal(by.asker, by.caller, body.command())
        return written(request, await queries.goal_after(by.asker, outcome), outcome, f"/goals/{outcome.resource}")

    @routes.put("/goals/by-ref/{system}/{external_id}", responses=GOAL | NEW_BY_REFERENCE)
    async def put_goal(
        request: Request, system: System, external_id: ExternalId, body: GoalByReferenceBody, by: By
    ) -> Response:
        """Set or change the goal that stands for a record of another system; `unit_id` as when a goal is set."""
        outcome = await handlers.put_goal(by.asker, by.caller, body.command(system, external_id))
        return written(request, await queries.goal_after(by.asker, outcome), outcome, f"/goals/{outcome.resource}")

    @routes.patch("/goals/{goal_id}", responses=GOAL)
    async def change_goal(request: Request, goal_id: Id, body: GoalPatch, by: By) -> Response:
        """Change what a goal is: absent fields stay, null clears, objects merge; `unit_id` as when it is set."""
        outcome = await handlers.change_goal(by.asker, by.caller, body.command(goal_id))
        return written(request, await queries.goal_after(by.asker, outcome), outcome, f"/goals/{goal_id}")

    @routes.post("/goals/{goal_id}/transfer", responses=GOAL)
    async def transfer_goal(request: Request, goal_id: Id, body: TransferBody, by: By) -> Response:
        """Give a goal to another owner. You may lose sight of it; this answer still shows it."""
        outcome = await handlers.transfer_goal(by.asker, by.caller, body.command(goal_id))
        return written(request, await queries.goal_after(by.asker, outcome), outcome, f"/goals/{goal_id}")
