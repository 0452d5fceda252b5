"""Routes of followers: who wants to hear of a goal."""

# No postponed annotations here: the routes' parameters name dependencies that exist only inside the function.

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Request, Response

from libs.access.directory import Asker
from libs.web.answers import page_answer
from libs.web.door import Command
from libs.web.fields import Id
from libs.web.paging import TEXT, Paging, paging
from libs.web.schemas import answers, answers_nothing, answers_page
from libs.web.sorting import Listing, listing
from services.goals.api import examples
from services.goals.api.answering import Desk, gone, written
from services.goals.queries import FollowerAnswer


def add(routes: APIRouter, desk: Desk) -> None:
    """The routes on their desk."""
    By: TypeAlias = Annotated[Command, Depends(desk.door.command)]
    Of: TypeAlias = Annotated[Asker, Depends(desk.door.asker)]
    handlers, queries = desk.handlers, desk.queries
    new = answers(FollowerAnswer, "You follow the goal from now on.", status=201, example=examples.FOLLOWER)
    known = answers(FollowerAnswer, "You follow the goal already.", example=examples.FOLLOWER)

    @routes.post("/goals/{goal_id}/follow", status_code=201, responses=new | known)
    async def follow_goal(request: Request, goal_id: Id, by: By) -> Response:
        """Hear of what happens to a goal."""
        outcome = await handlers.follow_goal(by.asker, by.caller, goal_id)
        return written(request, await queries.follower_after(by.asker, outcome), outcome, f"/goals/{goal_id}/follow")

    @routes.delete(
        "/goals/{goal_id}/follow", status_code=204, responses=answers_nothing("You do not follow the goal any more.")
    )
    async def unfollow_goal(goal_id: Id, by: By) -> Response:
        """Hear no more of a goal."""
        return gone(await handlers.unfollow_goal(by.asker, by.caller, goal_id))

    @routes.get(
        "/goals/{goal_id}/follow",
        responses=answers_page(FollowerAnswer, "Who follows the goal.", example=examples.FOLLOWER),
    )
    async def list_followers(
        request: Request,
        goal_id: Id,
        asker: Of,
        page: Annotated[Paging, Depends(paging)],
        asked: Annotated[Listing, Depends(listing("person_id", "created_at", "updated_at"))],
    ) -> Response:
        """Who follows a goal."""
        await desk.refuse_parked_talk(request, asker, goal_id)
        bound = (asker.tenant, "followers", goal_id, asked)
        items, end = await queries.followers(asker, goal_id, asked, after=page.after(TEXT, *bound), limit=page.limit)
        return page_answer(request, items, page.next(end, *bound))
