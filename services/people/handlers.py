"""Commands of people: who may give them, which streams they go to, which rule decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from libs.access.directory import Asker
from libs.events.caller import Caller
from libs.events.envelope import stream_name
from libs.events.errors import Forbidden
from libs.events.handle import Guard, Kernel, Outcome
from services.people.domain import decide
from services.people.domain.commands import AddPerson, GrantRole
from services.people.domain.errors import EmailTaken, PersonNotFound
from services.people.domain.state import EMAIL, PERSON, Person, address_key
from services.people.policy import POLICY

OPERATOR = "operator"
"""The actor of what was commanded from the machine itself, by nobody whom the tenant knows."""

EmailName = Callable[[str, str], Awaitable[str]]
"""`(tenant, comparable address) → the id of its guard stream`: a keyed hash, so that no name tells an address."""


@dataclass(frozen=True)
class PeopleHandlers:
    """One method a command; each returns how it ended and raises a DomainError when it is refused."""

    kernel: Kernel
    email_name: EmailName

    async def add_person(self, asker: Asker, caller: Caller, command: AddPerson) -> Outcome:
        """Administrators add people."""
        if not POLICY.decide("person.add", asker.roles, {}):
            raise Forbidden("Only an administrator adds people. Ask one, or use an administrator's token.")
        return await self.admit(caller, command)

    async def admit(self, caller: Caller, command: AddPerson) -> Outcome:
        """Adds a person on the operator's word: the first administrator of a tenant has nobody to ask."""
        person_id = self.kernel.new_id()
        manager = await self._person(caller.tenant, command.manager_id) if command.manager_id is not None else None

        async def guards() -> Sequence[Guard]:
            name = await self.email_name(caller.tenant, address_key(command.email))
            stream = stream_name(caller.tenant, EMAIL.kind, name)
            claim = await self.kernel.load(EMAIL, stream)
            return (Guard(stream, claim.version, decide.claim_email(claim.state, person_id)),)

        return await self.kernel.handle(
            PERSON,
            person_id,
            caller,
            lambda _: decide.add_person(command, person_id, manager),
            guards=guards,
            created=True,
        )

    async def grant(self, caller: Caller, command: GrantRole) -> Outcome:
        """Gives a role on the operator's word."""
        return await self.kernel.handle(
            PERSON, command.person_id, caller, lambda person: decide.grant_role(person, command)
        )

    async def identify(self, tenant: str, person: str | None, email: str | None, roles: Sequence[str]) -> str:
        """The id of a person, found by id or address and given the roles, on the operator's word.

        Somebody with an unknown address is added. Raises PersonNotFound, UnknownRole, InvalidEmail.
        """
        wanted = decide.known_roles(roles)
        caller = Caller(tenant, OPERATOR)
        person_id = person if email is None else await self.by_email(tenant, email)
        if person_id is None and email is not None:
            command = AddPerson(display_name=email.partition("@")[0], email=email, roles=wanted)
            try:
                return (await self.admit(caller, command)).resource
            except EmailTaken:
                # Another process added them since this one looked.
                person_id = await self.by_email(tenant, email)
        if person_id is None or (await self._person(tenant, person_id)).version == 0:
            raise PersonNotFound
        for role in wanted:
            await self.grant(caller, GrantRole(person_id=person_id, role=role))
        return person_id

    async def by_email(self, tenant: str, email: str) -> str | None:
        """The id of the person with this address, straight from its guard stream; None if nobody has it."""
        name = await self.email_name(tenant, address_key(email))
        return (await self.kernel.load(EMAIL, stream_name(tenant, EMAIL.kind, name))).state.person_id

    async def _person(self, tenant: str, person_id: str) -> Person:
        return (await self.kernel.load(PERSON, stream_name(tenant, PERSON.kind, person_id))).state
