"""Routes that look at goals: lists, one goal, the tree, what moves what, how it came about."""

# No postponed annotations here: the routes' parameters name dependencies that exist only inside the function.

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Query, Request, Response

from libs.access.directory import Asker
from libs.web.answers import answer, page_answer
from libs.web.fields import Date, Id
from libs.web.paging import TEXT, VERSION, Paging, paging
from libs.web.schemas import answers, answers_page
from libs.web.sorting import Listing, listing
from services.goals.api import examples
from services.goals.api.answering import Desk
from services.goals.api.parameters import Days, Levels, days, filters, refuse_future
from services.goals.queries import (
    GoalAnswer,
    HistoryAnswer,
    ImpactAnswer,
    NodeAnswer,
    Search,
    TreeAnswer,
    TrendAnswer,
)


def add(routes: APIRouter, desk: Desk) -> None:
    """The routes on their desk. The tree stands before the goal: its name is no id."""
    _tree(routes, desk)
    _goals(routes, desk)
    _history(routes, desk)
    _moves(routes, desk)


def _goals(routes: APIRouter, desk: Desk) -> None:
    Of: TypeAlias = Annotated[Asker, Depends(desk.door.asker)]
    queries = desk.queries

    @routes.get("/goals", responses=answers_page(GoalAnswer, "Goals that you may see.", example=examples.GOAL))
    async def list_goals(
        request: Request,
        asker: Of,
        page: Annotated[Paging, Depends(paging)],
        search: Annotated[Search, Depends(filters)],
    ) -> Response:
        """Goals by what they are, whose they are and how they stand."""
        await desk.refuse_parked_lists(request, asker)
        bound = (asker.tenant, "goals", search)
        items, end = await queries.goals(asker, search, after=page.after(TEXT, *bound), limit=page.limit)
        return page_answer(request, items, page.next(end, *bound))

    @routes.get("/goals/{goal_id}", responses=answers(GoalAnswer, "The goal as you may see it.", example=examples.GOAL))
    async def read_goal(request: Request, goal_id: Id, asker: Of) -> Response:
        """One goal, with its progress."""
        await desk.refuse_parked(request, asker, goal_id)
        goal = await queries.goal(asker, goal_id)
        return answer(goal, version=goal.version)


def _history(routes: APIRouter, desk: Desk) -> None:
    Of: TypeAlias = Annotated[Asker, Depends(desk.door.asker)]

    @routes.get(
        "/goals/{goal_id}/history",
        responses=answers_page(
            HistoryAnswer, "Events of the goal, the newest first unless asked otherwise.", example=examples.HISTORY
        ),
    )
    async def read_history(
        request: Request,
        goal_id: Id,
        asker: Of,
        page: Annotated[Paging, Depends(paging)],
        asked: Annotated[Listing, Depends(listing("-time"))],
    ) -> Response:
        """Everything that happened to a goal, in words."""
        bound = (asker.tenant, "history", goal_id, asked)
        place = page.after(VERSION, *bound)
        after = place[0] if place is not None else None
        items, end = await desk.queries.history(asker, goal_id, asked, after=after, limit=page.limit)
        return page_answer(request, items, page.next((end, goal_id) if end is not None else None, *bound))


def _tree(routes: APIRouter, desk: Desk) -> None:
    Of: TypeAlias = Annotated[Asker, Depends(desk.door.asker)]

    @routes.get(
        "/goals/tree",
        responses=answers(TreeAnswer, "Goals and what comes up to them, parents first.", example=examples.TREE)
        | {404: {"description": "There is no such root."}},
    )
    async def read_tree(
        request: Request,
        asker: Of,
        root_id: Annotated[Id | None, Query(description="Where to begin; all roots without it.")] = None,
        unit_id: Annotated[Id | None, Query(description="Roots of this unit only.")] = None,
        depth: Annotated[Levels, Query(description="Levels below the root.")] = 2,
        as_of: Annotated[Date | None, Query(description="How it stood at the end of that day.")] = None,
    ) -> Response:
        """The goal tree, as it is or as it was at the end of a day."""
        refuse_future(as_of, desk.door.directory.today())
        await desk.refuse_parked_lists(request, asker)
        return answer(await desk.queries.tree(asker, root_id=root_id, unit_id=unit_id, depth=depth, as_of=as_of))


def _moves(routes: APIRouter, desk: Desk) -> None:
    Of: TypeAlias = Annotated[Asker, Depends(desk.door.asker)]
    queries = desk.queries

    @routes.get(
        "/goals/{goal_id}/rollup", responses=answers(NodeAnswer, "The goal in the tree.", example=examples.NODE)
    )
    async def read_rollup(request: Request, goal_id: Id, asker: Of) -> Response:
        """One goal as the tree shows it, with what comes up to it."""
        await desk.refuse_parked(request, asker, goal_id)
        return answer(await queries.rollup(asker, goal_id))

    @routes.get(
        "/goals/{goal_id}/impact",
        responses=answers(ImpactAnswer, "The goals above that you may see.", example=examples.IMPACT),
    )
    async def read_impact(request: Request, goal_id: Id, asker: Of) -> Response:
        """How much a goal moves the goals above it."""
        await desk.refuse_parked(request, asker, goal_id)
        return answer(await queries.impact(asker, goal_id))

    @routes.get(
        "/goals/{goal_id}/trend",
        responses=answers(TrendAnswer, "Progress at the end of each day on which it changed.", example=examples.TREND),
    )
    async def read_trend(request: Request, goal_id: Id, asker: Of, asked: Annotated[Days, Depends(days)]) -> Response:
        """How a goal's progress moved, by day."""
        refuse_future(asked.first, queries.today(), "from")
        await desk.refuse_parked(request, asker, goal_id)
        return answer(await queries.trend(asker, goal_id, since=asked.first, until=asked.last))
