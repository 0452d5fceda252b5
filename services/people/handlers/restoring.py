"""Who was erased after a backup is somebody again once it is restored: at each start the log is made to say it anew.

Their key stays destroyed, because the tombstone is kept elsewhere; what the restore took back is the fact. Where the
backup has the confirmation, the reactions carry it out as always.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from libs.events.caller import Caller
from libs.events.envelope import stream_name
from libs.events.errors import KernelError, StoreUnavailable
from libs.events.handle import Guard, Kernel
from services.people.domain import decide
from services.people.domain.state import PERSON, Person
from services.people.handlers.guarding import let_go

RESTORE = "restore"
"""The actor of what is stated because a restore took it back: nobody commands it."""

AT_ONCE = 24
"""People whose addresses and records are looked for together."""

_log = logging.getLogger(__name__)


@contextmanager
def _left_for_later() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable:
        raise
    except KernelError as error:
        _log.error("an erasure that a restore may have taken back waits for the next start", exc_info=error)


@dataclass(frozen=True)
class RestoredErasures:
    """Tombstones → what their streams lack. Every part is asked by tenant and holder.

    `known` are all who have a tombstone, people of other histories among them; `key_id` is of a destroyed key too;
    `naming` finds the streams of people's log that name any of a few people, and reads all of the tenant's for it.
    """

    kernel: Kernel
    known: Callable[[], Awaitable[Iterable[tuple[str, str]]]]
    key_id: Callable[[str, str], Awaitable[str | None]]
    naming: Callable[[str, Sequence[str]], Awaitable[Iterable[str]]]

    async def state(self) -> None:
        """States of everybody whose stream lacks it that they are erased; once, however often it is called.

        Who has a stream that does not open is left as they are, until the next start. Raises StoreUnavailable.
        """
        lacking: dict[str, list[Person]] = {}
        for tenant, holder in await self.known():
            with _left_for_later():
                person = (await self.kernel.load(PERSON, stream_name(tenant, PERSON.kind, holder))).state
                if decide.lacks_erasure(person):
                    lacking.setdefault(tenant, []).append(person)
        for tenant, people in lacking.items():
            for start in range(0, len(people), AT_ONCE):
                some = people[start : start + AT_ONCE]
                streams = list(await self.naming(tenant, [person.id for person in some]))
                for person in some:
                    with _left_for_later():
                        await self._state(tenant, person, streams)

    async def _state(self, tenant: str, person: Person, streams: Sequence[str]) -> None:
        person_id, key_id = person.id, await self.key_id(tenant, person.id)
        erasure_id = person.erasure.id if person.erasure is not None else self.kernel.new_id()

        async def guards() -> Sequence[Guard]:
            # Their key would say which address was theirs; the log says only that one was.
            return await let_go(self.kernel, streams, person_id)

        await self.kernel.handle(
            PERSON,
            person_id,
            Caller(tenant, RESTORE, command_id=f"people.erased-again/{person_id}"),
            lambda person: decide.erase_again(person, erasure_id, key_id),
            guards=guards,
            resource=erasure_id,
        )
