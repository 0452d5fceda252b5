"""Looks people up in a service's own replica of `people.events`: whom its commands and queries judge by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from libs.access.members import MEMBERS, Member
from libs.access.principals import Principal
from libs.access.relations import relations
from libs.access.tokens import DEVELOPMENT_ISSUER
from libs.events.declare import Projection, RowKey
from libs.events.errors import Forbidden
from libs.events.ports import ReadStore
from libs.events.positions import Positions

LAG_ALLOWED = 2.0
"""Seconds that a look-up waits for the replica before it gives up (promise 8)."""

EMPLOYEE = "employee"


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
    """Look-ups in the replica. What is missing is waited for, bounded, because the replica may only be late."""

    reads: ReadStore
    positions: Positions
    projection: Projection

    async def asker(self, principal: Principal) -> Asker:
        """The active person behind a principal. Raises UnknownPrincipal, NotCaughtUp."""
        # The development issuer's subject is the person's id. Another issuer's subject could be anybody's.
        if principal.issuer != DEVELOPMENT_ISSUER:
            raise UnknownPrincipal
        found = await self.members(principal.tenant, [principal.subject])
        member = found.get(principal.subject)
        if member is None or member.state != "active":
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

    async def relations(self, asker: Asker, owner_id: str) -> frozenset[str]:
        """How the asker stands to a person: the relations of `libs.access.relations`."""

        async def fetch(person_id: str) -> Member | None:
            return (await self.members(asker.tenant, [person_id])).get(person_id)

        return await relations(asker.person_id, owner_id, fetch)

    async def _members(self, tenant: str, ids: Iterable[str]) -> dict[str, Member]:
        rows: dict[RowKey, Any] = dict(await self.reads.get_many(tenant, [RowKey(MEMBERS, one) for one in ids]))
        return {key.id: row for key, row in rows.items()}
