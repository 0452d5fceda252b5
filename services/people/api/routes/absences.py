"""Routes about a person's absences: plan, read, withdraw them."""

# No postponed annotations here: the routes' parameters name dependencies that exist only inside the function.

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Request, Response

from libs.access.directory import Asker
from libs.web.answers import answer, page_answer
from libs.web.door import Command
from libs.web.fields import Id
from libs.web.paging import TEXT, Paging, paging
from libs.web.schemas import answers, answers_nothing, answers_page
from libs.web.sorting import Listing
from services.people.api import examples
from services.people.api.answering import Desk, gone, written
from services.people.api.bodies import AbsenceBody
from services.people.api.parameters import AWAY
from services.people.domain.commands import WithdrawAbsence
from services.people.queries import AbsenceAnswer

NEW = answers(AbsenceAnswer, "The new absence.", status=201, example=examples.ABSENCE)


def add(routes: APIRouter, desk: Desk) -> None:
    """The routes on their desk."""
    By: TypeAlias = Annotated[Command, Depends(desk.door.command)]
    handlers, queries = desk.people, desk.absences

    @routes.post("/people/{person_id}/absences", status_code=201, responses=NEW)
    async def plan_absence(request: Request, person_id: Id, body: AbsenceBody, by: By) -> Response:
        """Say when you, or somebody whom you lead, will be away. No reason is kept."""
        outcome = await handlers.plan_absence(by.asker, by.caller, body.command(person_id))
        found = await queries.absence_after(by.asker, outcome)
        return written(request, found, outcome, f"/people/{person_id}/absences/{outcome.resource}")

    @routes.delete(
        "/people/{person_id}/absences/{absence_id}", status_code=204, responses=answers_nothing("It is withdrawn.")
    )
    async def withdraw_absence(person_id: Id, absence_id: Id, by: By) -> Response:
        """Take an absence back."""
        command = WithdrawAbsence(person_id=person_id, absence_id=absence_id)
        return gone(await handlers.withdraw_absence(by.asker, by.caller, command))

    _reading(routes, desk)


def _reading(routes: APIRouter, desk: Desk) -> None:
    By: TypeAlias = Annotated[Asker, Depends(desk.door.asker)]
    queries = desk.absences

    @routes.get(
        "/people/{person_id}/absences",
        responses=answers_page(
            AbsenceAnswer, "Absences, by their first day unless asked otherwise.", example=examples.ABSENCE
        ),
    )
    async def list_absences(
        request: Request,
        person_id: Id,
        asker: By,
        page: Annotated[Paging, Depends(paging)],
        asked: Annotated[Listing, Depends(AWAY)],
    ) -> Response:
        """When somebody is away: for themselves, their managers and administrators."""
        bound = (asker.tenant, "absences", person_id, asked)
        items, end = await queries.absences(asker, person_id, asked, after=page.after(TEXT, *bound), limit=page.limit)
        return page_answer(request, items, page.next(end, *bound))

    @routes.get(
        "/people/{person_id}/absences/{absence_id}",
        responses=answers(AbsenceAnswer, "The absence.", example=examples.ABSENCE),
    )
    async def read_absence(person_id: Id, absence_id: Id, asker: By) -> Response:
        """One absence."""
        found = await queries.absence(asker, person_id, absence_id)
        return answer(found, version=found.version)
