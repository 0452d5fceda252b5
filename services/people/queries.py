"""Rows and streams of people → answers, in the shapes of the public contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from libs.access.directory import Asker
from libs.events.declare import RowKey
from libs.events.envelope import stream_name
from libs.events.errors import Forbidden
from libs.events.handle import Kernel, Outcome
from libs.events.ports import Page, Query, ReadStore, Scalar
from services.people.domain.errors import PersonNotFound
from services.people.domain.state import PERSON, Person, address_key
from services.people.policy import POLICY
from services.people.read_models import PEOPLE


class PersonAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A person as the contract shows them. `roles` begin with `employee`; `erased` lists texts that were destroyed."""

    id: str
    version: int
    display_name: str | None
    email: str | None
    job_title: str | None
    manager_id: str | None
    roles: list[str]
    state: str
    erased: list[str]
    created_at: datetime | None
    created_by: str
    updated_at: datetime | None
    updated_by: str
    allowed_actions: list[str]


@dataclass(frozen=True)
class Search:
    """Filters of a list of people, None or empty where nothing was asked; all that is given must hold."""

    q: str | None = None
    email: str | None = None
    manager_id: Sequence[str] = ()
    state: Sequence[str] = ()


@dataclass(frozen=True)
class PeopleQueries:
    """Reads of people; everybody in a tenant may see who works there."""

    kernel: Kernel
    reads: ReadStore

    async def person(self, asker: Asker, person_id: str) -> PersonAnswer:
        """A person from their row. Raises PersonNotFound, Forbidden."""
        _check(asker)
        key = RowKey(PEOPLE, person_id)
        row: Person | None = (await self.reads.get_many(asker.tenant, [key])).get(key)
        if row is None:
            raise PersonNotFound
        return _answer(row)

    async def myself(self, asker: Asker) -> PersonAnswer:
        """The asker from their own stream, so that whoever was just added sees themselves at once."""
        _check(asker)
        return _answer((await self.kernel.load(PERSON, stream_name(asker.tenant, PERSON.kind, asker.person_id))).state)

    async def person_after(self, outcome: Outcome) -> PersonAnswer:
        """A person as a command left them, from their stream."""
        return _answer((await self.kernel.load(PERSON, outcome.stream, at=outcome.version)).state)

    async def people(
        self, asker: Asker, search: Search, *, after: tuple[Scalar, str] | None, limit: int
    ) -> tuple[Sequence[PersonAnswer], tuple[Scalar, str] | None]:
        """A page of people by name, and where the next one begins, None at the end. Raises Forbidden."""
        _check(asker)
        equal: dict[str, Sequence[Scalar]] = {}
        filters: Mapping[str, Sequence[str]] = {
            "email_key": [address_key(search.email)] if search.email is not None else [],
            "manager_id": search.manager_id,
            "state": search.state,
        }
        equal.update({name: list(values) for name, values in filters.items() if values})
        words = {"display_name": [search.q]} if search.q is not None else {}
        query = Query(equal=equal, words=words, sort="name_key", after=after, limit=limit)
        page: Page = await self.reads.find(asker.tenant, PEOPLE, query)
        return [_answer(row) for _, row in page.items], page.next


def _check(asker: Asker) -> None:
    if not POLICY.decide("person.read", asker.roles, {}):
        raise Forbidden


def _answer(person: Person) -> PersonAnswer:
    same = {name: getattr(person, name) for name in _SAME}
    return PersonAnswer(**same, roles=["employee", *person.roles], allowed_actions=[])


_SAME = tuple(name for name in PersonAnswer.__struct_fields__ if name in Person.__struct_fields__ and name != "roles")

ANSWERS = (PersonAnswer,)
"""The shapes that this service answers with."""
