"""What only one may have, on a command's way to the store: a guard stream for each thing, named by a keyed hash."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from libs.events.declare import Aggregate
from libs.events.envelope import stream_name
from libs.events.handle import Guard, Kernel
from libs.events.load import Loaded
from libs.events.registry import Event

S = TypeVar("S")
T = TypeVar("T")
W = TypeVar("W")

RecordName = Callable[[str, str, str, str], Awaitable[str]]
"""`(tenant, kind, system, id) → the id of the stream` of another system's record: keyed, so that it tells nothing."""


class Record(Protocol):
    """A record of another system."""

    @property
    def system(self) -> str:
        """The other system."""
        ...

    @property
    def id(self) -> str | None:
        """What it calls the record; None: erased."""
        ...


@dataclass(frozen=True)
class Claims(Generic[S, T, W]):
    """Who (`W`) has which thing (`T`); its stream folds to an `S`, and is named by a hash of its `key`.

    Things with the same key are the same. `claim` refuses what somebody else has, `release` lets go only of what that
    one has.
    """

    kernel: Kernel
    of: Aggregate[S]
    key: Callable[[T], tuple[str, ...]]
    name: Callable[..., Awaitable[str]]
    claim: Callable[[S, W], Sequence[Event]]
    release: Callable[[S, W], Sequence[Event]]

    async def holder(self, tenant: str, thing: T) -> S:
        """Who has it now."""
        return (await self._load(tenant, thing))[1].state

    async def first(self, tenant: str, thing: T) -> S:
        """Who had it first, whoever has it now."""
        state = self.of.initial
        for fact in await self.kernel.facts(await self._stream(tenant, thing), limit=1):
            state = self.of.fold(state, fact)
        return state

    async def pinned(self, tenant: str, thing: T) -> tuple[S, Guard]:
        """Who has it, and the guard that they still do when the command is appended."""
        stream, loaded = await self._load(tenant, thing)
        return loaded.state, Guard(stream, loaded.version, ())

    async def moved(self, tenant: str, whose: W, before: T | None, after: T | None) -> list[Guard]:
        """The guards of having another thing than before; none where it is the same. Raises what `claim` raises."""
        if before is not None and after is not None and self.key(before) == self.key(after):
            return []
        guards = []
        for thing, decide in ((after, self.claim), (before, self.release)):
            if thing is not None:
                stream, loaded = await self._load(tenant, thing)
                guards.append(Guard(stream, loaded.version, decide(loaded.state, whose)))
        return guards

    async def _load(self, tenant: str, thing: T) -> tuple[str, Loaded[S]]:
        stream = await self._stream(tenant, thing)
        return stream, await self.kernel.load(self.of, stream)

    async def _stream(self, tenant: str, thing: T) -> str:
        return stream_name(tenant, self.of.kind, await self.name(tenant, *self.key(thing)))


def records(
    kernel: Kernel,
    name: RecordName,
    kind: str,
    of: Aggregate[S],
    claim: Callable[[S, W], Sequence[Event]],
    release: Callable[[S, W], Sequence[Event]],
) -> Claims[S, Record, W]:
    """What stands for which record of another system, among things of one `kind`."""

    def key(record: Record) -> tuple[str, ...]:
        # Nothing stands for the empty id: of an erased one nobody can say any more what it was.
        return kind, record.system, record.id or ""

    return Claims(kernel, of, key, name, claim, release)
