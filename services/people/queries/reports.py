"""Who stands below somebody on a day: down the lines of reporting, each person's own reports right after them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from libs.access.directory import Asker
from libs.events.declare import RowKey
from libs.events.ports import Query, ReadStore
from services.people.domain.state import ACTIVE, Person
from services.people.queries.answers import Moment, ReportAnswer, report_answer
from services.people.queries.people import PeopleQueries
from services.people.queries.walking import SORTED_BY, Place, place_of
from services.people.read_models import PEOPLE

READ_AT_ONCE = 100
_SORT = SORTED_BY["name"]
_BETWEEN = "/"


@dataclass(frozen=True)
class Below:
    """Below whom, how many levels down, and on which day (None: today)."""

    person_id: str
    depth: int = 1
    as_of: date | None = None


@dataclass
class _Led:
    """Those whom one person leads on a day, by name, read some at a time."""

    reads: ReadStore
    tenant: str
    manager_id: str
    day: date
    after: Place | None = None
    more: bool = True
    read: deque[Person] = field(default_factory=deque)

    async def next(self) -> Person | None:
        """The next one, None after the last."""
        while not self.read and self.more:
            equal = {"managers": [self.manager_id]}
            query = Query(equal=equal, sort=_SORT, after=self.after, limit=READ_AT_ONCE)
            page = await self.reads.find(self.tenant, PEOPLE, query)
            self.read.extend(row for _, row in page.items if row.above(self.day) == self.manager_id)
            self.after, self.more = page.next, page.next is not None
        return self.read.popleft() if self.read else None


@dataclass
class _Walk:
    """A way down from one person, at most `depth` levels: on it a line of people, each of whom leads the next."""

    led: list[_Led]
    line: list[str]
    depth: int

    async def next(self) -> tuple[Person, tuple[str, ...]] | None:
        """The next person below and the line that leads to them, themselves included; None after the last."""
        while self.led:
            del self.line[len(self.led) - 1 :]
            person = await self.led[-1].next()
            if person is None:
                self.led.pop()
                continue
            self.line.append(person.id)
            if len(self.led) < self.depth:
                above = self.led[-1]
                self.led.append(_Led(above.reads, above.tenant, person.id, above.day))
            return person, tuple(self.line)
        return None


@dataclass(frozen=True)
class ReportQueries:
    """Reads of who reports to whom. A page costs what it shows, not what stands above or beside it."""

    people: PeopleQueries

    async def reports(
        self, asker: Asker, below: Below, *, after: Place | None, limit: int
    ) -> tuple[Sequence[ReportAnswer], Place | None]:
        """A page of the active people below somebody, and where the next one begins, None at the end.

        Who no longer works here is left out; whom they still lead is not. Raises PersonNotFound, Forbidden.
        """
        people = self.people
        people.rights.demand(asker, "person.read")
        await people.row(asker.tenant, below.person_id)
        moment = people.moment(below.as_of)
        walk = await self._walk(asker.tenant, below, moment, after)
        found: list[tuple[Person, tuple[str, ...]]] = []
        while len(found) <= limit and (step := await walk.next()) is not None:
            if moment.state(step[0]) == ACTIVE:
                found.append(step)
        page = found[:limit]
        relations = await people.rights.relations(asker, [person for person, _ in page])
        items = [report_answer(person, relations[person.id], moment, len(line)) for person, line in page]
        if len(found) <= limit:
            return items, None
        person, line = page[-1]
        return items, (_BETWEEN.join(line), person.id)

    async def _walk(self, tenant: str, below: Below, moment: Moment, after: Place | None) -> _Walk:
        """From the beginning, or on from the line that a page ended with."""
        reads, day = self.people.reads, moment.day
        walk = _Walk([_Led(reads, tenant, below.person_id, day)], [], below.depth)
        if after is None:
            return walk
        ids = str(after[0]).split(_BETWEEN)[: below.depth]
        rows = await reads.get_many(tenant, [RowKey(PEOPLE, one) for one in ids])
        for one in ids:
            row = rows.get(RowKey(PEOPLE, one))
            if row is None:
                break
            walk.led[-1].after = place_of(row, _SORT)
            walk.line.append(one)
            if len(walk.led) < below.depth:
                walk.led.append(_Led(reads, tenant, one, day))
        return walk
