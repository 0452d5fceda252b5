"""Commands of people: who may give them, which streams they go to, which rule decides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from libs.access.directory import Asker
from libs.events.caller import Caller
from libs.events.catalog.people import ReportingChanged
from libs.events.claims import Claims, Record, RecordName
from libs.events.envelope import stream_name
from libs.events.errors import PreconditionFailed
from libs.events.handle import Guard, Kernel, Outcome
from services.people.domain import decide
from services.people.domain.commands import AddPerson, ChangePerson, GrantRole, PlanAbsence, Reference, WithdrawAbsence
from services.people.domain.errors import EmailTaken, ManagerCycle, PersonNotFound, ReferenceTaken
from services.people.domain.state import PERSON, REPORTING, UNIT, Claim, Person
from services.people.handlers.guarding import (
    Above,
    EmailName,
    emails,
    no_circle,
    pinned,
    references,
)
from services.people.policy import SETTINGS
from services.people.rights import PeopleRights

OPERATOR = "operator"
"""The actor of what was commanded from the machine itself, by nobody whom the tenant knows."""

_NOT_ADDING = "Only an administrator adds people. Ask one, or use an administrator's token."
_NOT_CHANGING = "You change locale and timezone of yourself; the rest, and other people, only an administrator."


@dataclass(frozen=True)
class PeopleHandlers:
    """One method a command; each returns how it ended and raises a DomainError when it is refused.

    `zones` are the names of the IANA time zones.
    """

    kernel: Kernel
    email_name: EmailName
    reference_name: RecordName
    rights: PeopleRights
    zones: Collection[str]

    async def add_person(self, asker: Asker, caller: Caller, command: AddPerson) -> Outcome:
        """Administrators add people."""
        self.rights.demand(asker, "person.add", _NOT_ADDING)
        return await self.admit(caller, command)

    async def admit(self, caller: Caller, command: AddPerson) -> Outcome:
        """Adds a person on the operator's word: the first administrator of a tenant has nobody to ask."""
        person_id = self.kernel.new_id()
        around = self._today()

        async def guards() -> Sequence[Guard]:
            nonlocal around
            # The reference first: who puts the same record twice at once must hear of that, not of the address.
            found = await self._references.moved(caller.tenant, person_id, None, command.external_ref)
            found += await self._emails.moved(caller.tenant, person_id, None, command.email)
            around, pins = await self._around(caller.tenant, command.manager_id, command.unit_id)
            return [*found, *pins]

        return await self.kernel.handle(
            PERSON,
            person_id,
            caller,
            lambda _: decide.add_person(command, person_id, around),
            guards=guards,
            created=True,
        )

    async def put_person(
        self,
        asker: Asker,
        caller: Caller,
        reference: Reference,
        command: AddPerson,
        change: Callable[[str], ChangePerson],
    ) -> Outcome:
        """Adds who stands for a record of another system, or changes them: `change` makes that command for an id."""
        self.rights.demand(asker, "person.change", _NOT_ADDING)
        holder = (await self._references.holder(caller.tenant, reference)).holder
        if holder is None:
            try:
                return await self.admit(caller, command)
            except (ReferenceTaken, EmailTaken):
                # Somebody else put the same record since this one looked.
                holder = (await self._references.holder(caller.tenant, reference)).holder
                if holder is None:
                    raise
        return await self.change_person(asker, caller, change(holder))

    async def change_person(self, asker: Asker, caller: Caller, command: ChangePerson) -> Outcome:
        """Administrators change people; everybody their own settings."""
        tenant, today = caller.tenant, self.kernel.clock.now().date()
        own = command.effective_on is None and SETTINGS.issuperset(command.changes)
        action = "person.change_settings" if own else "person.change"
        around = self._today()

        async def check(person: Person) -> None:
            await self.rights.check(asker, person, action, _NOT_CHANGING)

        async def guards() -> Sequence[Guard]:
            nonlocal around
            person = await self.person(tenant, command.person_id)
            after = decide.known_after(person, command)
            found = await self._references.moved(tenant, person.id, person.external_ref, after["external_ref"])
            found += await self._emails.moved(tenant, person.id, person.email, after["email"])
            around, pins = await self._around(tenant, command.changes.get("manager_id"), command.changes.get("unit_id"))
            found += pins
            new = decide.new_manager(person, command, today)
            return found if new is None else [*found, await self._reporting(tenant, Above(person.id, *new))]

        return await self.kernel.handle(
            PERSON,
            command.person_id,
            caller,
            lambda person: decide.change_person(person, command, around),
            check=check,
            guards=guards,
        )

    async def deactivate(self, asker: Asker, caller: Caller, person_id: str) -> Outcome:
        """A person no longer works here."""
        return await self._turn(asker, caller, person_id, lambda person: decide.deactivate(person, asker.person_id))

    async def reactivate(self, asker: Asker, caller: Caller, person_id: str) -> Outcome:
        """A person works here again."""
        return await self._turn(asker, caller, person_id, decide.reactivate)

    async def plan_absence(self, asker: Asker, caller: Caller, command: PlanAbsence) -> Outcome:
        """The person, their managers and administrators say when somebody is away."""

        async def check(person: Person) -> None:
            await self.rights.check(asker, person, "absence.plan")

        absence_id = self.kernel.new_id()
        return await self.kernel.handle(
            PERSON,
            command.person_id,
            caller,
            lambda person: decide.plan_absence(person, command, absence_id),
            check=check,
            resource=absence_id,
            created=True,
        )

    async def withdraw_absence(self, asker: Asker, caller: Caller, command: WithdrawAbsence) -> Outcome:
        """The same people take it back. `If-Match` is about the absence, not about the person."""

        async def check(person: Person) -> None:
            await self.rights.check(asker, person, "absence.withdraw")

        def withdraw(person: Person) -> Sequence[Any]:
            events = decide.withdraw_absence(person, command)
            version = decide.absence_of(person, command.absence_id).version
            if caller.if_match not in (None, version):
                raise PreconditionFailed(caller.if_match or 0, version)
            return events

        of_person = replace(caller, if_match=None)
        return await self.kernel.handle(
            PERSON, command.person_id, of_person, withdraw, check=check, resource=command.absence_id
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
        if person_id is None or (await self.person(tenant, person_id)).version == 0:
            raise PersonNotFound
        for role in wanted:
            await self.grant(caller, GrantRole(person_id=person_id, role=role))
        return person_id

    async def by_email(self, tenant: str, email: str) -> str | None:
        """The id of the person with this address, straight from its guard stream; None if nobody has it."""
        return (await self._emails.holder(tenant, email)).holder

    async def first_by_email(self, tenant: str, email: str) -> str | None:
        """The id of the person whose address this was first, whoever has it now; None if it never was anybody's."""
        return (await self._emails.first(tenant, email)).holder

    async def person(self, tenant: str, person_id: str) -> Person:
        """Somebody straight from their stream; version 0: nobody."""
        return (await self.kernel.load(PERSON, stream_name(tenant, PERSON.kind, person_id))).state

    @property
    def _emails(self) -> Claims[Claim, str, str]:
        return emails(self.kernel, self.email_name)

    @property
    def _references(self) -> Claims[Claim, Record, str]:
        return references(self.kernel, self.reference_name, PERSON.kind)

    async def _turn(
        self, asker: Asker, caller: Caller, person_id: str, turn: Callable[[Person], Sequence[Any]]
    ) -> Outcome:
        async def check(person: Person) -> None:
            await self.rights.check(asker, person, "person.change")

        return await self.kernel.handle(PERSON, person_id, caller, turn, check=check)

    def _today(self) -> decide.Around:
        return decide.Around(today=self.kernel.clock.now().date(), zones=self.zones)

    async def _around(
        self, tenant: str, manager_id: str | None, unit_id: str | None
    ) -> tuple[decide.Around, list[Guard]]:
        manager, pins = await pinned(self.kernel, PERSON, tenant, manager_id)
        unit, more = await pinned(self.kernel, UNIT, tenant, unit_id)
        return replace(self._today(), manager=manager, unit=unit), [*pins, *more]

    async def _reporting(self, tenant: str, edge: Above) -> Guard:
        stated = ReportingChanged(person_id=edge.moved, manager_id=edge.above)
        guard = await no_circle(self.kernel, tenant, REPORTING, PERSON, edge, stated)
        if guard is None:
            raise ManagerCycle
        return guard
