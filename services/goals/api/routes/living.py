"""Routes of a goal's life: published, agreed on, aligned, moved, closed, cancelled, archived, restored, reopened."""

# No postponed annotations here: the routes' parameters name dependencies that exist only inside the function.

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Request, Response

from libs.events.handle import Outcome
from libs.web.door import Command
from libs.web.fields import Id
from libs.web.schemas import answers
from services.goals.api import examples
from services.goals.api.answering import Desk, written
from services.goals.api.bodies.living import AgreementBody, AlignmentBody, CancelBody, CloseBody, MoveBody, ReopenBody
from services.goals.queries import GoalAnswer

GOAL = answers(GoalAnswer, "The goal as it is now.", example=examples.GOAL)


def add(routes: APIRouter, desk: Desk) -> None:
    """The routes on their desk."""
    _together(routes, desk)
    _ending(routes, desk)


async def _answer(desk: Desk, request: Request, by: Command, outcome: Outcome) -> Response:
    return written(request, await desk.queries.goal_after(by.asker, outcome), outcome, f"/goals/{outcome.resource}")


def _together(routes: APIRouter, desk: Desk) -> None:
    By: TypeAlias = Annotated[Command, Depends(desk.door.command)]
    handlers = desk.handlers

    @routes.post("/goals/{goal_id}/publish", responses=GOAL)
    async def publish_goal(request: Request, goal_id: Id, by: By) -> Response:
        """Open a draft."""
        return await _answer(desk, request, by, await handlers.publish_goal(by.asker, by.caller, goal_id))

    @routes.post("/goals/{goal_id}/agreement", responses=GOAL)
    async def agree(request: Request, goal_id: Id, body: AgreementBody, by: By) -> Response:
        """Propose a goal to its owner and their manager, agree to it, or ask for changes."""
        return await _answer(desk, request, by, await handlers.agree(by.asker, by.caller, body.command(goal_id)))

    @routes.post("/goals/{goal_id}/alignment", responses=GOAL)
    async def align(request: Request, goal_id: Id, body: AlignmentBody, by: By) -> Response:
        """Let a goal count in its parent or not, as one of the parent's editors; or detach it."""
        return await _answer(desk, request, by, await handlers.align(by.asker, by.caller, body.command(goal_id)))

    @routes.post("/goals/{goal_id}/move", responses=GOAL)
    async def move_goal(request: Request, goal_id: Id, body: MoveBody, by: By) -> Response:
        """Hang a goal under another parent, or make it a root."""
        return await _answer(desk, request, by, await handlers.move_goal(by.asker, by.caller, body.command(goal_id)))


def _ending(routes: APIRouter, desk: Desk) -> None:
    By: TypeAlias = Annotated[Command, Depends(desk.door.command)]
    handlers = desk.handlers

    @routes.post("/goals/{goal_id}/close", responses=GOAL)
    async def close_goal(request: Request, goal_id: Id, by: By, body: CloseBody | None = None) -> Response:
        """End a goal with a score, or as far as it is."""
        command = (body or CloseBody()).command(goal_id)
        return await _answer(desk, request, by, await handlers.close_goal(by.asker, by.caller, command))

    @routes.post("/goals/{goal_id}/cancel", responses=GOAL)
    async def cancel_goal(request: Request, goal_id: Id, body: CancelBody, by: By) -> Response:
        """Give a goal up."""
        return await _answer(desk, request, by, await handlers.cancel_goal(by.asker, by.caller, body.command(goal_id)))

    @routes.post("/goals/{goal_id}/archive", responses=GOAL)
    async def archive_goal(request: Request, goal_id: Id, by: By) -> Response:
        """Put a goal away: it hands nothing up and is listed only when asked for."""
        return await _answer(desk, request, by, await handlers.archive_goal(by.asker, by.caller, goal_id))

    @routes.post("/goals/{goal_id}/restore", responses=GOAL)
    async def restore_goal(request: Request, goal_id: Id, by: By) -> Response:
        """Bring a cancelled or archived goal back to the state it had."""
        return await _answer(desk, request, by, await handlers.restore_goal(by.asker, by.caller, goal_id))

    @routes.post("/goals/{goal_id}/reopen", responses=GOAL)
    async def reopen_goal(request: Request, goal_id: Id, body: ReopenBody, by: By) -> Response:
        """Take a closed goal up again, without its score and outcome."""
        return await _answer(desk, request, by, await handlers.reopen_goal(by.asker, by.caller, body.command(goal_id)))
