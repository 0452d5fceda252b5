"""Routes of what is said around goals: comments, requests for support and their answers."""

# No postponed annotations here: the routes' parameters name dependencies that exist only inside the function.

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Query, Request, Response

from libs.access.directory import Asker
from libs.events.handle import Outcome
from libs.web.answers import answer, page_answer
from libs.web.door import Command
from libs.web.fields import Id, Ids
from libs.web.paging import TEXT, Paging, paging
from libs.web.schemas import answers, answers_nothing, answers_page
from libs.web.sorting import Listing, listing
from services.goals.api import examples
from services.goals.api.answering import Desk, gone, written
from services.goals.api.bodies.talking import CommentBody, CommentPatch, SupportAnswerBody
from services.goals.api.parameters import SupportStates
from services.goals.queries import CommentAnswer, SupportAnswer, SupportSearch

NEW_COMMENT = answers(CommentAnswer, "The new comment.", status=201, example=examples.COMMENT)
COMMENT = answers(CommentAnswer, "The comment.", example=examples.COMMENT)
SUPPORT = answers(SupportAnswer, "The request for support.", example=examples.SUPPORT)


def add(routes: APIRouter, desk: Desk) -> None:
    """The routes on their desk."""
    _comment(routes, desk)
    _read_comments(routes, desk)
    _support(routes, desk)
    _list_support(routes, desk)


async def _answer(desk: Desk, request: Request, by: Command, goal_id: str, outcome: Outcome) -> Response:
    found = await desk.queries.comment_after(by.asker, outcome)
    return written(request, found, outcome, f"/goals/{goal_id}/comments/{outcome.resource}")


def _comment(routes: APIRouter, desk: Desk) -> None:
    By: TypeAlias = Annotated[Command, Depends(desk.door.command)]
    handlers = desk.handlers

    @routes.post("/goals/{goal_id}/comments", status_code=201, responses=NEW_COMMENT)
    async def add_comment(request: Request, goal_id: Id, body: CommentBody, by: By) -> Response:
        """Say something about a goal, or about one of its check-ins."""
        outcome = await handlers.add_comment(by.asker, by.caller, body.command(goal_id))
        return await _answer(desk, request, by, goal_id, outcome)

    @routes.patch("/goals/{goal_id}/comments/{comment_id}", responses=COMMENT)
    async def change_comment(request: Request, goal_id: Id, comment_id: Id, body: CommentPatch, by: By) -> Response:
        """Say it differently, as its author."""
        outcome = await handlers.change_comment(by.asker, by.caller, goal_id, comment_id, body.text)
        return await _answer(desk, request, by, goal_id, outcome)

    @routes.delete(
        "/goals/{goal_id}/comments/{comment_id}",
        status_code=204,
        responses=answers_nothing("The comment is shown to nobody any more."),
    )
    async def remove_comment(goal_id: Id, comment_id: Id, by: By) -> Response:
        """Take a comment back, as its author."""
        return gone(await handlers.remove_comment(by.asker, by.caller, goal_id, comment_id))


def _read_comments(routes: APIRouter, desk: Desk) -> None:
    Of: TypeAlias = Annotated[Asker, Depends(desk.door.asker)]
    queries = desk.queries

    @routes.get(
        "/goals/{goal_id}/comments",
        responses=answers_page(
            CommentAnswer, "Comments, the oldest first unless asked otherwise.", example=examples.COMMENT
        ),
    )
    async def list_comments(
        request: Request,
        goal_id: Id,
        asker: Of,
        page: Annotated[Paging, Depends(paging)],
        asked: Annotated[Listing, Depends(listing("created_at", "updated_at"))],
    ) -> Response:
        """What was said about a goal."""
        await desk.refuse_parked_talk(request, asker, goal_id)
        bound = (asker.tenant, "comments", goal_id, asked)
        items, end = await queries.comments(asker, goal_id, asked, after=page.after(TEXT, *bound), limit=page.limit)
        return page_answer(request, items, page.next(end, *bound))

    @routes.get("/goals/{goal_id}/comments/{comment_id}", responses=COMMENT)
    async def read_comment(request: Request, goal_id: Id, comment_id: Id, asker: Of) -> Response:
        """One comment."""
        await desk.refuse_parked_talk(request, asker, goal_id)
        found = await queries.comment(asker, goal_id, comment_id)
        return answer(found, version=found.version)


def _support(routes: APIRouter, desk: Desk) -> None:
    By: TypeAlias = Annotated[Command, Depends(desk.door.command)]
    Of: TypeAlias = Annotated[Asker, Depends(desk.door.asker)]
    queries = desk.queries

    @routes.get("/support-requests/{request_id}", responses=SUPPORT)
    async def read_support_request(request: Request, request_id: Id, asker: Of) -> Response:
        """One request for support, and what became of it."""
        await desk.refuse_parked_talk(request, asker)
        found = await queries.support_request(asker, request_id)
        return answer(found, version=found.version)

    @routes.post("/support-requests/{request_id}/answer", responses=SUPPORT)
    async def answer_support(request: Request, request_id: Id, body: SupportAnswerBody, by: By) -> Response:
        """Promise support, say that it was given, or decline."""
        outcome = await desk.handlers.answer_support(by.asker, by.caller, body.command(request_id))
        return written(
            request, await queries.support_after(by.asker, outcome), outcome, f"/support-requests/{request_id}"
        )


def _list_support(routes: APIRouter, desk: Desk) -> None:
    Of: TypeAlias = Annotated[Asker, Depends(desk.door.asker)]
    queries = desk.queries

    @routes.get(
        "/support-requests",
        responses=answers_page(
            SupportAnswer, "Requests for support, the oldest first unless asked otherwise.", example=examples.SUPPORT
        ),
    )
    async def list_support_requests(
        request: Request,
        asker: Of,
        page: Annotated[Paging, Depends(paging)],
        asked: Annotated[Listing, Depends(listing("created_at", "updated_at"))],
        state: Annotated[SupportStates | None, Query(description="How far they are.")] = None,
        manager_id: Annotated[Ids | None, Query(description="Asked by people whom these lead.")] = None,
        goal_id: Annotated[Ids | None, Query(description="About these goals.")] = None,
    ) -> Response:
        """Where check-ins ask for support that you may read of."""
        await desk.refuse_parked_talk(request, asker)
        search = SupportSearch(state=state or (), manager_id=manager_id or (), goal_id=goal_id or (), asked=asked)
        bound = (asker.tenant, "support", search)
        items, end = await queries.support_requests(asker, search, after=page.after(TEXT, *bound), limit=page.limit)
        return page_answer(request, items, page.next(end, *bound))
