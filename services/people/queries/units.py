"""Rows and streams of units → answers; everybody in a tenant may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.access.directory import Asker
from libs.events.canonical import time_text
from libs.events.declare import RowKey
from libs.events.handle import Kernel, Outcome
from libs.events.ports import Query, ReadStore, Scalar
from services.people.domain.errors import UnitNotFound
from services.people.domain.state import UNIT, Unit
from services.people.queries.answers import UnitAnswer, unit_answer
from services.people.queries.walking import SORTED_BY, Place, page_of
from services.people.read_models import UNITS
from services.people.rights import PeopleRights


@dataclass(frozen=True)
class UnitSearch:
    """Filters of a list of units, None or empty where nothing was asked; all that is given must hold."""

    q: str | None = None
    parent_id: Sequence[str] = ()
    lead_id: Sequence[str] = ()
    updated_since: datetime | None = None
    sort: str = "name"
    descending: bool = False


@dataclass(frozen=True)
class UnitQueries:
    """Reads of units. Raises Forbidden."""

    kernel: Kernel
    reads: ReadStore
    rights: PeopleRights

    async def unit(self, asker: Asker, unit_id: str) -> UnitAnswer:
        """A unit from its row. Raises UnitNotFound."""
        self.rights.demand(asker, "unit.read")
        key = RowKey(UNITS, unit_id)
        row: Unit | None = (await self.reads.get_many(asker.tenant, [key])).get(key)
        if row is None:
            raise UnitNotFound
        return unit_answer(row, asker.roles)

    async def unit_after(self, asker: Asker, outcome: Outcome) -> UnitAnswer:
        """A unit as a command left it, from its stream: the same for a repeat, whatever came since."""
        return unit_answer((await self.kernel.load(UNIT, outcome.stream, at=outcome.version)).state, asker.roles)

    async def units(
        self, asker: Asker, search: UnitSearch, *, after: Place | None, limit: int
    ) -> tuple[Sequence[UnitAnswer], Place | None]:
        """A page of units, and where the next one begins, None at the end."""
        self.rights.demand(asker, "unit.read")
        equal: dict[str, Sequence[Scalar]] = {"parent_id": list(search.parent_id), "lead_id": list(search.lead_id)}
        query = Query(
            equal={name: values for name, values in equal.items() if values},
            words={"name": [search.q]} if search.q is not None else {},
            span="updated_at" if search.updated_since is not None else None,
            at_least=time_text(search.updated_since) if search.updated_since is not None else None,
            sort=SORTED_BY[search.sort],
            descending=search.descending,
            after=after,
            limit=limit,
        )
        rows, end = await page_of(self.reads, asker.tenant, UNITS, query, lambda _: True)
        return [unit_answer(row, asker.roles) for row in rows], end
