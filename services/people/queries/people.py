"""Rows and streams of people → answers: one person, people by what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from libs.access.directory import Asker
from libs.events.canonical import time_text
from libs.events.declare import RowKey
from libs.events.envelope import stream_name
from libs.events.handle import Kernel, Outcome
from libs.events.ports import Query, ReadStore, Scalar
from services.people.domain.errors import PersonNotFound
from services.people.domain.state import ACTIVE, DEACTIVATED, PERSON, Person, address_key, compared
from services.people.queries.answers import Moment, PersonAnswer, person_answer
from services.people.queries.walking import SORTED_BY, Place, page_of
from services.people.read_models import PEOPLE
from services.people.rights import PeopleRights, may_read_details

STATES = (ACTIVE, DEACTIVATED)


@dataclass(frozen=True)
class Search:
    """Filters of a list of people, None or empty where nothing was asked; all that is given must hold.

    `as_of` is the day by which managers, units and states are judged, None: today.
    """

    q: str | None = None
    email: str | None = None
    external_id: str | None = None
    manager_id: Sequence[str] = ()
    unit_id: Sequence[str] = ()
    state: Sequence[str] = ()
    as_of: date | None = None
    updated_since: datetime | None = None
    sort: str = "name"
    descending: bool = False


@dataclass(frozen=True)
class PeopleQueries:
    """Reads of people; everybody in a tenant may see who works there."""

    kernel: Kernel
    reads: ReadStore
    rights: PeopleRights

    async def person(self, asker: Asker, person_id: str) -> PersonAnswer:
        """A person from their row. Raises PersonNotFound, Forbidden."""
        self.rights.demand(asker, "person.read")
        [answer] = await self.answers(asker, [await self.row(asker.tenant, person_id)], self.moment())
        return answer

    async def myself(self, asker: Asker) -> PersonAnswer:
        """The asker from their own stream, so that whoever was just added sees themselves at once."""
        self.rights.demand(asker, "person.read")
        stream = stream_name(asker.tenant, PERSON.kind, asker.person_id)
        person = (await self.kernel.load(PERSON, stream)).state
        return person_answer(person, asker.roles | {"self"}, self.moment())

    async def person_after(self, asker: Asker, outcome: Outcome) -> PersonAnswer:
        """A person as a command left them, from their stream: the same for a repeat, whatever came since."""
        person = (await self.kernel.load(PERSON, outcome.stream, at=outcome.version)).state
        [answer] = await self.answers(asker, [person], self.moment())
        return answer

    async def people(
        self, asker: Asker, search: Search, *, after: Place | None, limit: int
    ) -> tuple[Sequence[PersonAnswer], Place | None]:
        """A page of people, and where the next one begins, None at the end. Raises Forbidden."""
        self.rights.demand(asker, "person.read")
        moment = self.moment(search.as_of)
        query = _query(search, after, limit)
        if search.external_id is None:
            rows, end = await page_of(self.reads, asker.tenant, PEOPLE, query, _judge(search, moment))
        else:
            rows, end = await self._by_external_id(asker, query, _judge(search, moment))
        return await self.answers(asker, rows, moment), end

    async def answers(self, asker: Asker, people: Sequence[Person], moment: Moment) -> list[PersonAnswer]:
        """People at a moment, each as the asker may see them."""
        relations = await self.rights.relations(asker, people)
        return [person_answer(person, relations[person.id], moment) for person in people]

    async def row(self, tenant: str, person_id: str) -> Person:
        """A person's row. Raises PersonNotFound."""
        key = RowKey(PEOPLE, person_id)
        row: Person | None = (await self.reads.get_many(tenant, [key])).get(key)
        if row is None:
            raise PersonNotFound
        return row

    def moment(self, as_of: date | None = None) -> Moment:
        """Today by the UTC date, or the day that is asked for."""
        return Moment(self.kernel.clock.now().date(), as_of)

    async def _by_external_id(
        self, asker: Asker, query: Query, keep: Callable[[Person], bool]
    ) -> tuple[list[Person], Place | None]:
        # Who may not see the number must not find out by it either, so rights are judged before the page is cut.
        # An outside number is one person's, or a few people's by mistake: all of them are read.
        everybody, _ = await page_of(self.reads, asker.tenant, PEOPLE, _all_of(query), keep)
        relations = await self.rights.relations(asker, everybody)
        seen = {person.id for person in everybody if may_read_details(relations[person.id])}
        return await page_of(self.reads, asker.tenant, PEOPLE, query, lambda row: row.id in seen and keep(row))


MOST_ALIKE = 1000
"""People with the same external id who are looked at."""


def _all_of(query: Query) -> Query:
    return Query(equal=query.equal, words=query.words, sort=query.sort, limit=MOST_ALIKE)


def _query(search: Search, after: Place | None, limit: int) -> Query:
    """What is asked of the rows; what holds on a day only is judged afterwards, by `_judge`."""
    found: dict[str, Sequence[Scalar]] = {
        "email_key": [address_key(search.email)] if search.email is not None else [],
        "external_key": [compared(search.external_id)] if search.external_id is not None else [],
        "managers": list(search.manager_id),
        "units": list(search.unit_id),
    }
    if search.as_of is None:
        found["state"] = list(search.state)
    elif set(search.state) == {DEACTIVATED}:
        found["states"] = [DEACTIVATED]
    return Query(
        equal={name: values for name, values in found.items() if values},
        words={"display_name": [search.q]} if search.q is not None else {},
        span="updated_at" if search.updated_since is not None else None,
        at_least=time_text(search.updated_since) if search.updated_since is not None else None,
        sort=SORTED_BY[search.sort],
        descending=search.descending,
        after=after,
        limit=limit,
    )


def _judge(search: Search, moment: Moment) -> Callable[[Person], bool]:
    managers, units, states = (frozenset(one) for one in (search.manager_id, search.unit_id, search.state))

    def keep(person: Person) -> bool:
        position = person.position(moment.day)
        return (
            (not managers or position.manager_id in managers)
            and (not units or position.unit_id in units)
            and (not states or moment.state(person) in states)
        )

    return keep
