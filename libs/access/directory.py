"""Looks people up in a service's own replica of `people.events`: whom its commands and queries judge by."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from libs.access.members import ACTIVE, LEADS, MEMBERS, UNITS, Member, UnitMember
from libs.access.principals import Principal
from libs.access.relations import DEEPEST, SELF, Managers, above, relations
from libs.access.tokens import DEVELOPMENT_ISSUER
from libs.events.declare import Projection, RowKey
from libs.events.errors import Forbidden
from libs.events.ports import Clock, Query, ReadStore, Scalar
from libs.events.positions import Positions

LAG_ALLOWED = 2.0
"""Seconds that a look-up waits for the replica before it gives up (promise 8)."""

EMPLOYEE = "employee"

PAGE = 500
"""People read at a time where many are looked for."""


class UnknownPrincipal(Forbidden):
    """A good token for somebody whom the tenant does not have."""

    code = "unknown_principal"
    detail = "The token is valid, but its person does not work in this tenant. Ask an administrator to add them."


@dataclass(frozen=True)
class Asker:
    """The person behind a request: `roles` with `employee`; `principal_key` names the identity for ever."""

    tenant: str
    person_id: str
    roles: frozenset[str]
    principal_key: str


@dataclass(frozen=True)
class Directory:
    """Look-ups in the replica. What is missing is waited for, bounded, because the replica may only be late.

    Where a `day` may be given, None is today's UTC date. `erased` has tenant and id of those whose key is known to be
    destroyed: they ask for nothing, also while the replica of a restored history still has them as active.
    """

    reads: ReadStore
    positions: Positions
    projection: Projection
    clock: Clock
    erased: Container[tuple[str, str]] = frozenset()

    def today(self) -> date:
        """The UTC date, by which everything is judged that holds from a day on."""
        return self.clock.now().date()

    async def asker(self, principal: Principal) -> Asker:
        """The active person behind a principal. Raises UnknownPrincipal, NotCaughtUp."""
        # The development issuer's subject is the person's id. Another issuer's subject could be anybody's.
        if principal.issuer != DEVELOPMENT_ISSUER or (principal.tenant, principal.subject) in self.erased:
            raise UnknownPrincipal
        found = await self.members(principal.tenant, [principal.subject])
        member = found.get(principal.subject)
        if member is None or member.state != ACTIVE:
            raise UnknownPrincipal
        return Asker(principal.tenant, member.id, frozenset({EMPLOYEE, *member.roles}), principal.key)

    async def members(self, tenant: str, ids: Iterable[str]) -> dict[str, Member]:
        """Those of the people who exist, by id. Before one is left out, the replica is waited for, two seconds at most.

        Raises NotCaughtUp when it is still behind then: nobody can say yet who exists.
        """
        wanted = list(dict.fromkeys(ids))
        found = await self._members(tenant, wanted)
        if len(found) < len(wanted):
            await self.positions.wait_for_head(tenant, self.projection, within=LAG_ALLOWED)
            found = await self._members(tenant, wanted)
        return found

    async def units(self, tenant: str, ids: Iterable[str]) -> dict[str, UnitMember]:
        """Those of the units that exist, by id; waits as `members` does. Raises NotCaughtUp."""
        rows = await self._rows(tenant, [RowKey(UNITS, one) for one in dict.fromkeys(ids)])
        return {key.id: row for key, row in rows.items()}

    async def relations(self, asker: Asker, owner_id: str, *, day: date | None = None) -> frozenset[str]:
        """How the asker stands to a person: the relations of `libs.access.relations`."""
        return (await self.relations_to(asker, [owner_id], day=day))[owner_id]

    async def relations_to(
        self, asker: Asker, owner_ids: Iterable[str], *, day: date | None = None
    ) -> dict[str, frozenset[str]]:
        """How the asker stands to each of these people; nothing is read for oneself.

        One look-up, and where the asker leads anybody one more a level of managers, however many people are asked for.
        """
        owners = dict.fromkeys(owner_ids)
        others = [owner for owner in owners if owner != asker.person_id]
        if not others:
            return dict.fromkeys(owners, SELF)
        on = day or self.today()
        lead = RowKey(LEADS, asker.person_id)
        people = [RowKey(MEMBERS, person) for person in (*others, asker.person_id)]
        rows = await self._rows(asker.tenant, people, beside=[lead])
        leads = rows.pop(lead, None) is not None
        managers = _managers({key.id: row for key, row in rows.items()}, on)

        async def fetch(ids: Collection[str]) -> Managers:
            return _managers(await self.members(asker.tenant, ids), on)

        if leads:
            managers = await above(asker.person_id, others, managers, fetch)
        return {owner: relations(asker.person_id, owner, managers) for owner in owners}

    async def reports(
        self, tenant: str, manager_id: str, *, day: date | None = None, depth: int | None = 1, most: int
    ) -> list[str] | None:
        """The ids of those below a manager on a day, in any state, nearest first; None when they are more than `most`.

        `depth` counts levels, None: all of them.
        """
        on = day or self.today()
        found: dict[str, None] = {}
        level = [manager_id]
        for _ in range(DEEPEST if depth is None else min(depth, DEEPEST)):
            below: list[str] = []
            async for person in self._led(tenant, level, on, most - len(found)):
                if person != manager_id and person not in found:
                    found[person] = None
                    below.append(person)
                    if len(found) > most:
                        return None
            if not below:
                break
            level = below
        return list(found)

    async def peers(self, tenant: str, person_id: str, most: int, *, day: date | None = None) -> list[str] | None:
        """The ids of those with the same manager on a day, without the person; None when they are more than `most`."""
        on = day or self.today()
        person = (await self.members(tenant, [person_id])).get(person_id)
        manager = person.at(on).manager_id if person is not None else None
        if manager is None:
            return []
        found: list[str] = []
        async for one in self._led(tenant, [manager], on, most):
            if one != person_id:
                found.append(one)
                if len(found) > most:
                    return None
        return found

    async def _led(self, tenant: str, managers: Sequence[str], day: date, room: int) -> AsyncIterator[str]:
        """Those whom any of these people leads on a day, read in pages that just show whether they are too many."""
        limit = min(PAGE, max(room, 0) + 2)
        for start in range(0, len(managers), PAGE):
            group = managers[start : start + PAGE]
            leading, after = frozenset(group), None
            while True:
                page = await self.reads.find(tenant, MEMBERS, _by_managers(group, after, limit))
                for person, row in page.items:
                    if row.at(day).manager_id in leading:
                        yield person
                after = page.next
                if after is None:
                    break

    async def _members(self, tenant: str, ids: Iterable[str]) -> dict[str, Member]:
        rows: dict[RowKey, Any] = dict(await self.reads.get_many(tenant, [RowKey(MEMBERS, one) for one in ids]))
        return {key.id: row for key, row in rows.items()}

    async def _rows(self, tenant: str, needed: Sequence[RowKey], *, beside: Sequence[RowKey] = ()) -> dict[RowKey, Any]:
        """Rows of the replica, waited for where a needed one is missing; those `beside` may well be."""
        found = dict(await self.reads.get_many(tenant, [*needed, *beside]))
        if any(key not in found for key in needed):
            await self.positions.wait_for_head(tenant, self.projection, within=LAG_ALLOWED)
            found = dict(await self.reads.get_many(tenant, [*needed, *beside]))
        return found


def _managers(members: dict[str, Member], day: date) -> Managers:
    return {person: member.at(day).manager_id for person, member in members.items()}


def _by_managers(managers: Sequence[str], after: tuple[Scalar, str] | None, limit: int) -> Query:
    return Query(equal={"managers": managers}, after=after, limit=limit)
