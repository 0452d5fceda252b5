"""The guard streams of commands about people: what only one may have, and that nobody stands above themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from libs.events.catalog.people import PersonRef, UnitRef
from libs.events.declare import Aggregate
from libs.events.envelope import stream_name
from libs.events.handle import Guard, Kernel
from libs.events.load import Loaded
from libs.events.registry import Event
from services.people.domain import decide
from services.people.domain.commands import Reference
from services.people.domain.state import ALL, EMAIL, REFERENCE, Claim, address_key

EmailName = Callable[[str, str], Awaitable[str]]
"""`(tenant, comparable address) → the id of its guard stream`: a keyed hash, so that no name tells an address."""

ReferenceName = Callable[[str, str, str, str], Awaitable[str]]
"""`(tenant, kind, system, id) → the id of the guard stream` of another system's record, a keyed hash too."""

AnyRef = PersonRef | UnitRef | Reference
S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class Claims(Generic[T]):
    """Who has what only one may have: a stream for each, named by a hash of its `key`, which compares it too."""

    kernel: Kernel
    of: Aggregate[Claim]
    key: Callable[[T], tuple[str, ...]]
    name: Callable[..., Awaitable[str]]
    claim: Callable[[Claim, str], Sequence[Event]]
    release: Callable[[Claim, str], Sequence[Event]]

    async def holder(self, tenant: str, thing: T) -> str | None:
        """The id of who has it; None if nobody does."""
        _, loaded = await self._load(tenant, thing)
        return loaded.state.holder

    async def moved(self, tenant: str, target_id: str, before: T | None, after: T | None) -> list[Guard]:
        """The guards of another thing to have, none where it is the same. Raises what `claim` raises."""
        if before is not None and after is not None and self.key(before) == self.key(after):
            return []
        guards = []
        for thing, decided in ((after, self.claim), (before, self.release)):
            if thing is not None:
                stream, loaded = await self._load(tenant, thing)
                guards.append(Guard(stream, loaded.version, decided(loaded.state, target_id)))
        return guards

    async def _load(self, tenant: str, thing: T) -> tuple[str, Loaded[Claim]]:
        stream = stream_name(tenant, self.of.kind, await self.name(tenant, *self.key(thing)))
        return stream, await self.kernel.load(self.of, stream)


def emails(kernel: Kernel, name: EmailName) -> Claims[str]:
    """Who has which address. Moving raises EmailTaken."""
    return Claims(kernel, EMAIL, lambda email: (address_key(email),), name, decide.claim_email, decide.release_email)


def references(kernel: Kernel, name: ReferenceName, kind: str) -> Claims[AnyRef]:
    """Which person or unit, by `kind`, stands for which record of another system. Moving raises ReferenceTaken."""

    def key(record: AnyRef) -> tuple[str, ...]:
        return kind, record.system, record.id or ""

    return Claims(kernel, REFERENCE, key, name, decide.claim_reference, decide.release_reference)


async def pinned(kernel: Kernel, of: Aggregate[S], tenant: str, id: str | None) -> tuple[S, list[Guard]]:
    """What a command names, and the guard that it is still so when the command is appended; none for None.

    Call it among the guards of a command: what is read before them may have changed by the time they are.
    """
    if id is None:
        return of.initial, []
    stream = stream_name(tenant, of.kind, id)
    loaded = await kernel.load(of, stream)
    return loaded.state, [Guard(stream, loaded.version, ())]


@dataclass(frozen=True)
class Above:
    """A new edge upwards: from the first day on, and to before `until` (None: ever after), `above` is over `moved`."""

    moved: str
    above: str
    first: date
    until: date | None


async def no_circle(
    kernel: Kernel, tenant: str, kind: str, of: Aggregate[Any], edge: Above, event: Event
) -> Guard | None:
    """The tenant's guard of new edges of a kind, with the fact that there is one more; None if it closes a circle.

    Its version is read before anybody's stream, so that whoever adds an edge meanwhile makes the append fail.
    """
    stream = stream_name(tenant, kind, ALL)
    # Only the version counts, and the stream grows for ever: its end is read, never folded.
    last: Sequence[Any] = await kernel.facts(stream, limit=1, newest_first=True)
    met: dict[str, decide.Linked] = {}
    walk = decide.closes_circle(edge.moved, edge.above, edge.first, edge.until)
    try:
        wanted = next(walk)
        while True:
            if wanted not in met:
                met[wanted] = (await kernel.load(of, stream_name(tenant, of.kind, wanted))).state
            wanted = walk.send(met[wanted])
    except StopIteration as end:
        return None if end.value else Guard(stream, last[0].version if last else 0, (event,))
