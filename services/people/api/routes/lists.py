"""Routes about many people: who works here, and who reports to whom."""

# No postponed annotations here: the routes' parameters name dependencies that exist only inside the function.

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from libs.access.directory import Asker
from libs.web.answers import page_answer
from libs.web.fields import Id
from libs.web.paging import TEXT, Paging, paging
from libs.web.schemas import answers_page
from libs.web.sorting import Listing, Sort, UpdatedSince
from services.people.api import examples
from services.people.api.answering import Desk
from services.people.api.parameters import (
    BELOW,
    BY_NAME,
    Address,
    AsOf,
    Levels,
    Managers,
    OutsideNumber,
    States,
    Units,
    Words,
)
from services.people.projections import PERSON_ROWS
from services.people.queries import Below, PersonAnswer, ReportAnswer, Search


def add(routes: APIRouter, desk: Desk) -> None:
    """The routes on their desk."""
    door = desk.door

    @routes.get("/people", responses=answers_page(PersonAnswer, "People.", example=examples.PERSON))
    async def list_people(
        request: Request,
        asker: Annotated[Asker, Depends(door.asker)],
        page: Annotated[Paging, Depends(paging)],
        sort: Annotated[Sort, Depends(BY_NAME)],
        q: Words = None,
        email: Address = None,
        external_id: OutsideNumber = None,
        manager_id: Managers = None,
        unit_id: Units = None,
        state: States = None,
        as_of: AsOf = None,
        updated_since: UpdatedSince = None,
    ) -> Response:
        """Who works here, and who did."""
        search = Search(
            q=q,
            email=email,
            external_id=external_id,
            manager_id=manager_id or (),
            unit_id=unit_id or (),
            state=state or (),
            as_of=as_of,
            updated_since=updated_since,
            sort=sort.name,
            descending=sort.descending,
        )
        after = await desk.places.after(page, asker.tenant, "people", search)
        items, end = await desk.found.people(asker, search, after=after, limit=page.limit)
        await door.refuse_parked(request, asker, PERSON_ROWS)
        return page_answer(request, items, await desk.places.next(end, asker.tenant, "people", search))

    _reports(routes, desk)


def _reports(routes: APIRouter, desk: Desk) -> None:
    door = desk.door

    @routes.get(
        "/people/{person_id}/reports",
        responses=answers_page(ReportAnswer, "People with their level.", example=examples.REPORT),
    )
    async def list_reports(
        request: Request,
        person_id: Id,
        asker: Annotated[Asker, Depends(door.asker)],
        page: Annotated[Paging, Depends(paging)],
        asked: Annotated[Listing, Depends(BELOW)],
        depth: Levels = 1,
        as_of: AsOf = None,
    ) -> Response:
        """Who works below somebody: down the lines of reporting, each person's own reports right after them.

        Those who report to the same person are sorted, by name unless asked otherwise. Who no longer works here is
        left out, the people that they still lead are not.
        """
        below = Below(person_id, depth, as_of, asked)
        bound = (asker.tenant, "reports", below)
        items, end = await desk.reports.reports(asker, below, after=page.after(TEXT, *bound), limit=page.limit)
        await door.refuse_parked(request, asker, PERSON_ROWS)
        return page_answer(request, items, page.next(end, *bound))
