"""Erasures → answers: found by their rows, told from the people's own streams, for administrators."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.access.directory import Asker
from libs.events.canonical import time_text
from libs.events.declare import RowKey
from libs.events.envelope import stream_name
from libs.events.handle import Kernel, Outcome
from libs.events.ports import Query, ReadStore, Scalar
from services.people.domain import decide
from services.people.domain.errors import ErasureNotFound
from services.people.domain.state import CONFIRMED, DONE, PERSON, REQUESTED
from services.people.queries.answers import ErasureAnswer, erasure_answer
from services.people.queries.walking import Place, page_of
from services.people.read_models import ERASURES
from services.people.rights import PeopleRights

ERASURE_STATES = (REQUESTED, CONFIRMED, DONE)
ERASURES_BY = ("-created_at", "updated_at")
"""What erasures may be sorted by: the newest first."""


@dataclass(frozen=True)
class ErasureSearch:
    """Filters of a list of erasures, None or empty where nothing was asked."""

    person_id: Sequence[str] = ()
    state: Sequence[str] = ()
    updated_since: datetime | None = None
    sort: str = "created_at"
    descending: bool = True


@dataclass(frozen=True)
class ErasureQueries:
    """Reads of erasures. Raises Forbidden."""

    kernel: Kernel
    reads: ReadStore
    rights: PeopleRights

    async def erasure(self, asker: Asker, erasure_id: str) -> ErasureAnswer:
        """One erasure. Raises ErasureNotFound."""
        self.rights.find_erasure(asker)
        key = RowKey(ERASURES, erasure_id)
        row = (await self.reads.get_many(asker.tenant, [key])).get(key)
        if row is None:
            raise ErasureNotFound
        return await self._told(asker, stream_name(asker.tenant, PERSON.kind, row.person_id), erasure_id)

    async def erasure_after(self, asker: Asker, outcome: Outcome) -> ErasureAnswer:
        """An erasure as a command left it: the same for a repeat, whatever came since."""
        return await self._told(asker, outcome.stream, outcome.resource, at=outcome.version)

    async def erasures(
        self, asker: Asker, search: ErasureSearch, *, after: Place | None, limit: int
    ) -> tuple[Sequence[ErasureAnswer], Place | None]:
        """A page of erasures, and where the next one begins, None at the end."""
        self.rights.demand(asker, "erasure.read")
        equal: dict[str, Sequence[Scalar]] = {"person_id": list(search.person_id), "state": list(search.state)}
        query = Query(
            equal={name: values for name, values in equal.items() if values},
            span="updated_at" if search.updated_since is not None else None,
            at_least=time_text(search.updated_since) if search.updated_since is not None else None,
            sort=search.sort,
            descending=search.descending,
            after=after,
            limit=limit,
        )
        rows, end = await page_of(self.reads, asker.tenant, ERASURES, query, lambda _: True)
        streams = [(stream_name(asker.tenant, PERSON.kind, row.person_id), row.id) for row in rows]
        return await asyncio.gather(*(self._told(asker, stream, id) for stream, id in streams)), end

    async def _told(self, asker: Asker, stream: str, erasure_id: str, *, at: int | None = None) -> ErasureAnswer:
        person = (await self.kernel.load(PERSON, stream, at=at)).state
        erasure = decide.erasure_of(person, erasure_id)
        return erasure_answer(asker.tenant, person, erasure, asker.person_id, asker.roles)
