"""Routes about units: make, read, change and list them."""

# No postponed annotations here: the routes' parameters name dependencies that exist only inside the function.

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Request, Response

from libs.access.directory import Asker
from libs.events.envelope import stream_name
from libs.web.answers import answer, page_answer
from libs.web.door import Command
from libs.web.fields import Id
from libs.web.paging import Paging, paging
from libs.web.references import ExternalId, System
from libs.web.schemas import answers, answers_page
from libs.web.sorting import Sort, UpdatedSince
from services.people.api import examples
from services.people.api.answering import Desk, written
from services.people.api.bodies import UnitBody, UnitByReferenceBody, UnitPatch
from services.people.api.parameters import BY_NAME, Leads, UnitsAbove, Words
from services.people.domain.commands import Reference
from services.people.domain.errors import UnitNotFound
from services.people.domain.state import UNIT
from services.people.projections import UNIT_ROWS
from services.people.queries import UnitAnswer, UnitSearch

NEW = answers(UnitAnswer, "The new unit.", status=201, example=examples.UNIT)
NOW = answers(UnitAnswer, "The unit as it is now.", example=examples.UNIT)


def add(routes: APIRouter, desk: Desk) -> None:
    """The routes on their desk."""
    By: TypeAlias = Annotated[Command, Depends(desk.door.command)]
    handlers, queries = desk.units, desk.found_units

    @routes.post("/units", status_code=201, responses=NEW)
    async def create_unit(request: Request, body: UnitBody, by: By) -> Response:
        """Make a part of the organisation, under another one or at the top."""
        outcome = await handlers.create_unit(by.asker, by.caller, body.command())
        return written(request, await queries.unit_after(by.asker, outcome), outcome, f"/units/{outcome.resource}")

    @routes.put("/units/by-ref/{system}/{external_id}", responses=NOW | NEW)
    async def put_unit(
        request: Request, system: System, external_id: ExternalId, body: UnitByReferenceBody, by: By
    ) -> Response:
        """Make or change the unit that stands for a record of another system."""
        reference, commands = Reference(system, external_id), body.commands(system, external_id)
        outcome = await handlers.put_unit(by.asker, by.caller, reference, *commands)
        return written(request, await queries.unit_after(by.asker, outcome), outcome, f"/units/{outcome.resource}")

    @routes.patch("/units/{unit_id}", responses=NOW)
    async def change_unit(request: Request, unit_id: Id, body: UnitPatch, by: By) -> Response:
        """Rename a unit, move it or give it another lead: absent fields stay, null clears."""
        outcome = await handlers.change_unit(by.asker, by.caller, body.command(unit_id))
        return written(request, await queries.unit_after(by.asker, outcome), outcome, f"/units/{unit_id}")

    _listing(routes, desk)
    _reading(routes, desk)


def _listing(routes: APIRouter, desk: Desk) -> None:
    door, queries = desk.door, desk.found_units

    @routes.get("/units", responses=answers_page(UnitAnswer, "Units.", example=examples.UNIT))
    async def list_units(
        request: Request,
        asker: Annotated[Asker, Depends(door.asker)],
        page: Annotated[Paging, Depends(paging)],
        sort: Annotated[Sort, Depends(BY_NAME)],
        q: Words = None,
        parent_id: UnitsAbove = None,
        lead_id: Leads = None,
        updated_since: UpdatedSince = None,
    ) -> Response:
        """The parts of the organisation."""
        search = UnitSearch(
            q=q,
            parent_id=parent_id or (),
            lead_id=lead_id or (),
            updated_since=updated_since,
            sort=sort.name,
            descending=sort.descending,
        )
        after = await desk.places.after(page, asker.tenant, "units", search)
        items, end = await queries.units(asker, search, after=after, limit=page.limit)
        await door.refuse_parked(request, asker, UNIT_ROWS)
        return page_answer(request, items, await desk.places.next(end, asker.tenant, "units", search))


def _reading(routes: APIRouter, desk: Desk) -> None:
    door, queries = desk.door, desk.found_units

    @routes.get("/units/{unit_id}", responses=answers(UnitAnswer, "The unit.", example=examples.UNIT))
    async def read_unit(request: Request, unit_id: Id, asker: Annotated[Asker, Depends(door.asker)]) -> Response:
        """One unit."""
        stream = stream_name(asker.tenant, UNIT.kind, unit_id)
        try:
            unit = await queries.unit(asker, unit_id)
        except UnitNotFound:
            # The row may be missing because it is parked.
            await door.refuse_parked(request, asker, UNIT_ROWS, stream)
            raise
        await door.refuse_parked(request, asker, UNIT_ROWS, stream)
        return answer(unit, version=unit.version)
