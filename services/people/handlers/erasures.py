"""Commands of erasures: two administrators want it, then it is carried out however often it is broken off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from libs.access.directory import LAG_ALLOWED, Asker
from libs.events.caller import Caller
from libs.events.catalog.people import CleanModel, SealedEvents
from libs.events.claims import RecordName
from libs.events.declare import RowKey
from libs.events.envelope import stream_name
from libs.events.errors import PreconditionFailed, TooManyConflicts
from libs.events.handle import ATTEMPTS, Guard, Kernel, Outcome
from libs.events.ports import ReadStore
from libs.events.positions import Positions
from services.people.domain import decide
from services.people.domain.commands import CompleteErasure, ConfirmErasure, DestroyKey, RequestErasure
from services.people.domain.errors import ErasureAskedMeanwhile, ErasureNotFound
from services.people.domain.state import PERSON, Person
from services.people.handlers.guarding import EmailName, emails, pinned, references
from services.people.projections import ERASURE_ROWS
from services.people.read_models import ERASURES
from services.people.rights import PeopleRights

_NOT_ERASING = "Only an administrator asks that somebody be erased, and another one confirms."


@dataclass(frozen=True)
class Carrying:
    """How an erasure is carried out, each by tenant and person.

    `destroy` destroys the key and returns its id, `sealed` counts events, `clean` names the models that hold no word
    any more since a position, and raises StoreUnavailable while there are others.
    """

    destroy: Callable[[str, str], Awaitable[str | None]]
    sealed: Callable[[str, str], Awaitable[Sequence[SealedEvents]]]
    clean: Callable[[str, int], Awaitable[Sequence[CleanModel]]]


@dataclass(frozen=True)
class ErasureHandlers:
    """One method a command. What a request waits for is durable when it is answered; the rest follows by itself."""

    kernel: Kernel
    email_name: EmailName
    reference_name: RecordName
    rights: PeopleRights
    reads: ReadStore
    positions: Positions
    carrying: Carrying

    async def request(self, asker: Asker, caller: Caller, command: RequestErasure) -> Outcome:
        """An administrator asks."""
        stream = stream_name(caller.tenant, PERSON.kind, command.person_id)

        async def check(person: Person) -> None:
            await self.rights.check(asker, person, "erasure.request", _NOT_ERASING)

        for _ in range(ATTEMPTS):
            standing = (await self.kernel.load(PERSON, stream)).state.erasure
            erasure_id = standing.id if standing is not None else self.kernel.new_id()
            try:
                return await self._ask(caller, command, erasure_id, asker, check, created=standing is None)
            except ErasureAskedMeanwhile:
                continue
        raise TooManyConflicts(stream)

    async def _ask(
        self, caller: Caller, command: RequestErasure, erasure_id: str, asker: Asker, check: Any, *, created: bool
    ) -> Outcome:
        return await self.kernel.handle(
            PERSON,
            command.person_id,
            caller,
            lambda person: decide.request_erasure(person, command, erasure_id, asker.person_id),
            check=check,
            resource=erasure_id,
            created=created,
        )

    async def confirm(self, asker: Asker, caller: Caller, command: ConfirmErasure) -> Outcome:
        """Another one agrees: the person is deactivated, and what only one may have is free again.

        `If-Match` is about the erasure, not about the person.
        """
        tenant = caller.tenant
        self.rights.find_erasure(asker)
        self.rights.demand(asker, "erasure.confirm", _NOT_ERASING)
        person_id = await self.person_of(tenant, command.erasure_id)
        by = Person()

        async def guards() -> Sequence[Guard]:
            nonlocal by
            person = (await self.kernel.load(PERSON, stream_name(tenant, PERSON.kind, person_id))).state
            found: list[Guard] = []
            if asker.person_id == person_id:
                by = person
            else:
                # Two who confirm each other's erasure at once must not both be right.
                by, found = await pinned(self.kernel, PERSON, tenant, asker.person_id)
            if person.gone:
                return found
            claims = references(self.kernel, self.reference_name, PERSON.kind)
            found += await claims.moved(tenant, person_id, person.external_ref, None)
            return found + await emails(self.kernel, self.email_name).moved(tenant, person_id, person.email, None)

        def confirm(person: Person) -> Sequence[Any]:
            version = decide.erasure_of(person, command.erasure_id).version
            if caller.if_match not in (None, version):
                raise PreconditionFailed(caller.if_match or 0, version)
            return decide.confirm_erasure(person, command, by)

        return await self.kernel.handle(
            PERSON, person_id, replace(caller, if_match=None), confirm, guards=guards, resource=command.erasure_id
        )

    async def carry_out(self, command: DestroyKey | CompleteErasure, caller: Caller) -> Outcome:
        """What follows from a fact. Raises StoreUnavailable: give the command again."""
        tenant, person_id, erasure_id = caller.tenant, command.person_id, command.erasure_id
        if isinstance(command, DestroyKey):
            key_id = await self.carrying.destroy(tenant, person_id)
            return await self.kernel.handle(
                PERSON, person_id, caller, lambda person: decide.state_erased(person, erasure_id, key_id)
            )
        models = await self.carrying.clean(tenant, command.position)
        sealed = await self.carrying.sealed(tenant, person_id)
        return await self.kernel.handle(
            PERSON,
            person_id,
            caller,
            lambda person: decide.complete_erasure(person, tenant, erasure_id, sealed, models),
        )

    async def person_of(self, tenant: str, erasure_id: str) -> str:
        """Whose erasure it is, which never changes; one that is not known yet is waited for. Raises ErasureNotFound."""
        key = RowKey(ERASURES, erasure_id)
        row = (await self.reads.get_many(tenant, [key])).get(key)
        if row is None:
            await self.positions.wait_for_head(tenant, ERASURE_ROWS, within=LAG_ALLOWED)
            row = (await self.reads.get_many(tenant, [key])).get(key)
        if row is None:
            raise ErasureNotFound
        return str(row.person_id)
