"""Requests for support: those on goals whose check-ins the asker may read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from libs.access.directory import Asker
from libs.events.canonical import time_text
from libs.events.envelope import stream_name
from libs.events.handle import Outcome
from libs.events.ports import Query
from libs.web.paging import Place
from services.goals.domain.errors import GoalNotFound, SupportRequestNotFound
from services.goals.domain.state import SUPPORT as STREAM
from services.goals.domain.state import Goal, Support
from services.goals.queries.answers import SupportAnswer
from services.goals.queries.arms import near
from services.goals.queries.reading import Reading, Relations
from services.goals.queries.search import SupportSearch
from services.goals.queries.walks import MOST_AT_ONCE, all_of, equal, listed
from services.goals.read_models import NODES, SUPPORT, Node, SupportRow

_BY = {"created_at": "created_at", "updated_at": "updated_at"}


@dataclass(frozen=True)
class SupportReads(Reading):
    """Where check-ins ask for support."""

    async def support_requests(
        self, asker: Asker, search: SupportSearch, *, after: Place | None = None, limit: int = 50
    ) -> tuple[list[SupportAnswer], Place | None]:
        """A page of the requests that the asker may read; it may be short and not the last."""
        led = await self.led_by(asker.tenant, search.manager_id) if search.manager_id else None
        query = await self._walk(asker, search, led)
        query = replace(query, after=after, limit=min(2 * limit, MOST_AT_ONCE))
        found: list[SupportAnswer] = []
        looked_at = 0
        while True:
            page = await self.reads.find(asker.tenant, SUPPORT, query)
            looked_at += len(page.items)
            rows = [row for _, row in page.items if not search.state or row.state in search.state]
            found += await self._readable(asker, rows, led)
            if len(found) > limit or (len(found) == limit and page.next is not None):
                last = found[limit - 1]
                return found[:limit], (time_text(getattr(last, _BY[search.asked.sort.name])), last.id)
            if page.next is None:
                return found, None
            if looked_at >= self.bounds.rows:
                return found, page.next
            query = replace(query, after=page.next, limit=MOST_AT_ONCE)

    async def support_request(self, asker: Asker, request_id: str) -> SupportAnswer:
        """One request. Raises SupportRequestNotFound, also for who may not read what check-ins of its goal say."""
        row: SupportRow | Support | None = await self.row(asker.tenant, SUPPORT, request_id)
        if row is None:
            # Its row may not be written yet.
            row = (await self.kernel.load(STREAM, stream_name(asker.tenant, STREAM.kind, request_id))).state
        if row.version == 0:
            raise SupportRequestNotFound
        try:
            goal, relations = await self.visible(asker, row.goal_id)
        except GoalNotFound:
            raise SupportRequestNotFound from None
        if not self.rights.may_read_words(goal, relations):
            raise SupportRequestNotFound
        return self._support(goal, row, relations)

    async def support_after(self, asker: Asker, outcome: Outcome) -> SupportAnswer:
        """A request as a command left it."""
        request = (await self.kernel.load(STREAM, outcome.stream, at=outcome.version)).state
        goal = await self.from_stream(asker.tenant, request.goal_id)
        return self._support(goal, request, await self.rights.relations(asker, goal))

    async def _walk(self, asker: Asker, search: SupportSearch, led: frozenset[str] | None) -> Query:
        """A walk that meets every request in question: along the goals that it can be about, where these are few."""
        query = listed(search.asked, _BY, "updated_at")
        if search.goal_id:
            return replace(query, equal=equal(goal_id=search.goal_id))
        goals = await (self._near(asker) if led is None else self._owned(asker.tenant, led))
        if goals is not None:
            return replace(query, equal=equal(goal_id=goals))
        return replace(query, equal=equal(state=search.state)) if search.state else query

    async def _near(self, asker: Asker) -> list[str] | None:
        people = await near(self.rights.directory, asker, self.bounds.people)
        owned = await self._owned(asker.tenant, people.edited) if people is not None else None
        helped = Query(equal=equal(facets=[f"contributor={asker.person_id}"]))
        helping = await all_of(self.reads, asker.tenant, helped, self.bounds.apart) if owned is not None else None
        if owned is None or helping is None:
            return None
        return list(dict.fromkeys([*owned, *(node.id for node in helping)]))

    async def _owned(self, tenant: str, owners: Iterable[str]) -> list[str] | None:
        query = Query(equal=equal(owner_id=owners))
        nodes = await all_of(self.reads, tenant, query, self.bounds.apart)
        return None if nodes is None else [node.id for node in nodes]

    async def _readable(
        self, asker: Asker, rows: Sequence[SupportRow], led: frozenset[str] | None
    ) -> list[SupportAnswer]:
        nodes: Mapping[str, Node] = await self.rows(asker.tenant, NODES, (row.goal_id for row in rows))
        asked = [node for node in nodes.values() if led is None or node.owner_id in led]
        seen = await self.rights.judge(asker, asked) if asked else {}
        return [
            self._support(nodes[row.goal_id], row, seen[row.goal_id])
            for row in rows
            if row.goal_id in seen and self.rights.may_read_words(nodes[row.goal_id], seen[row.goal_id])
        ]

    def _support(self, goal: Goal | Node, request: SupportRow | Support, relations: Relations) -> SupportAnswer:
        if request.created_at is None or request.updated_at is None:
            raise SupportRequestNotFound
        return SupportAnswer(
            id=request.id,
            version=request.version,
            goal_id=request.goal_id,
            check_in_id=request.check_in_id,
            author_id=request.author_id,
            text=request.text,
            state=request.state,
            answer=request.answer,
            answered_by=request.answered_by,
            answered_at=request.answered_at,
            erased=request.erased,
            created_at=request.created_at,
            created_by=request.created_by,
            updated_at=request.updated_at,
            updated_by=request.updated_by,
            allowed_actions=self.rights.allowed_actions(goal, relations, of="support", own=request.state),
        )
