"""Who stands below somebody on a day: down the lines of reporting, each person's own reports right after them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from libs.access.directory import Asker
from libs.events.canonical import time_text
from libs.events.declare import RowKey
from libs.events.ports import Query, ReadStore
from libs.web.sorting import Listing, Sort
from services.people.domain.state import ACTIVE, Person
from services.people.queries.answers import Moment, ReportAnswer, report_answer
from services.people.queries.people import PeopleQueries
from services.people.queries.walking import SORTED_BY, Place, place_of
from services.people.read_models import PEOPLE

READ_AT_ONCE = 100
MOST_LOOKED_AT = 1_000
"""People met for one page: more than it holds where those who changed since a time are looked for."""
BY_NAME = Listing(Sort("name"))
_BETWEEN, _AT = "/", "@"


@dataclass(frozen=True)
class Below:
    """Below whom, how many levels down, on which day (None: today), and in which order those whom one person leads."""

    person_id: str
    depth: int = 1
    as_of: date | None = None
    asked: Listing = BY_NAME


@dataclass
class _Led:
    """Those whom one person leads on a day, in order, read some at a time."""

    reads: ReadStore
    tenant: str
    manager_id: str
    day: date
    query: Query
    more: bool = True
    read: deque[Person] = field(default_factory=deque)

    async def next(self) -> Person | None:
        """The next one, None after the last."""
        while not self.read and self.more:
            page = await self.reads.find(self.tenant, PEOPLE, self.query)
            self.read.extend(row for _, row in page.items if row.above(self.day) == self.manager_id)
            self.query, self.more = replace(self.query, after=page.next), page.next is not None
        return self.read.popleft() if self.read else None


@dataclass
class _Walk:
    """A way down from one person, at most `depth` levels: on it a line of people, each of whom leads the next.

    A line is written in steps, by which it is found again; the last one is the person met last.
    """

    reads: ReadStore
    tenant: str
    below: Below
    day: date
    led: list[_Led] = field(default_factory=list)
    line: list[str] = field(default_factory=list)

    async def next(self) -> tuple[Person, tuple[str, ...]] | None:
        """The next person below and the line that leads to them, themselves included; None after the last."""
        while self.led:
            del self.line[len(self.led) - 1 :]
            person = await self.led[-1].next()
            if person is None:
                self.led.pop()
                continue
            self.line.append(self._step(person))
            self.down(person.id)
            return person, tuple(self.line)
        return None

    def down(self, manager_id: str) -> None:
        """Goes on with those whom somebody leads, unless that is too deep."""
        asked, level = self.below.asked, len(self.led) + 1
        if level > self.below.depth:
            return
        query = Query(
            equal={"managers": [manager_id]},
            sort=SORTED_BY[asked.sort.name],
            descending=asked.sort.descending,
            limit=READ_AT_ONCE,
        )
        if level == self.below.depth and asked.updated_since is not None:
            # Nobody is looked for below these, so who has not changed need not be met.
            query = replace(query, span="updated_at", at_least=time_text(asked.updated_since))
        self.led.append(_Led(self.reads, self.tenant, manager_id, self.day, query))

    async def resume(self, steps: Sequence[str]) -> None:
        """Goes down a line again, to go on after its end."""
        parts = [step.partition(_AT) for step in steps[: self.below.depth]]
        rows = await self.reads.get_many(self.tenant, [RowKey(PEOPLE, id) for id, _, _ in parts])
        for step, (id, _, value) in zip(steps, parts, strict=False):
            row = rows.get(RowKey(PEOPLE, id))
            if row is None:
                break
            led = self.led[-1]
            led.query = replace(led.query, after=(value, id) if value else place_of(row, led.query.sort))
            self.line.append(step)
            self.down(id)

    def _step(self, person: Person) -> str:
        # A name must not stand in a cursor. A time may, and must: who changes meanwhile would move to the end of the
        # order, and all that come between would be missed.
        value, id = place_of(person, SORTED_BY[self.below.asked.sort.name])
        return id if self.below.asked.sort.name == "name" else f"{id}{_AT}{value}"


@dataclass(frozen=True)
class ReportQueries:
    """Reads of who reports to whom. A page costs what it shows, not what stands above or beside it."""

    people: PeopleQueries

    async def reports(
        self, asker: Asker, below: Below, *, after: Place | None, limit: int
    ) -> tuple[Sequence[ReportAnswer], Place | None]:
        """A page of the active people below somebody, and where the next one begins, None at the end.

        Who no longer works here is left out; whom they still lead is not. A page may be shorter than `limit`, even
        empty, and not be the last: then it took too much looking. Raises PersonNotFound, Forbidden.
        """
        people = self.people
        people.rights.demand(asker, "person.read")
        await people.row(asker.tenant, below.person_id)
        moment = people.moment(below.as_of)
        walk = _Walk(people.reads, asker.tenant, below, moment.day)
        walk.down(below.person_id)
        if after is not None:
            await walk.resume(str(after[0]).split(_BETWEEN))
        found: list[tuple[Person, tuple[str, ...]]] = []
        met = 0
        while len(found) <= limit and (step := await walk.next()) is not None:
            met += 1
            if _shown(step[0], below, moment):
                found.append(step)
            if met == MOST_LOOKED_AT:
                break
        page = found[:limit]
        relations = await people.rights.relations(asker, [person for person, _ in page])
        items = [report_answer(person, relations[person.id], moment, len(line)) for person, line in page]
        end = page[-1] if len(found) > limit else step
        return items, (_BETWEEN.join(end[1]), end[0].id) if end is not None else None


def _shown(person: Person, below: Below, moment: Moment) -> bool:
    since = below.asked.updated_since
    changed = since is None or (person.updated_at is not None and person.updated_at >= since)
    return changed and moment.state(person) == ACTIVE
