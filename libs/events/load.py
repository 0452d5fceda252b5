"""A stream on its way to those who decide or answer: read from the event store, opened, folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Generic, TypeVar

from libs.events.declare import Aggregate
from libs.events.envelope import Fact
from libs.events.ports import EventStore
from libs.events.reader import Reader, Unread
from libs.events.registry import Event

S = TypeVar("S")
PAGE = 200
"""Events folded before others get their turn on the event loop."""


@dataclass(frozen=True)
class Loaded(Generic[S]):
    """A stream's state at a version; version 0 means that the stream does not exist."""

    state: S
    version: int


@dataclass(frozen=True)
class Streams:
    """One service's streams, as facts and folded."""

    store: EventStore
    reader: Reader

    async def facts(
        self,
        stream: str,
        *,
        after: int = 0,
        until: int | None = None,
        limit: int,
        newest_first: bool = False,
        words: tuple[type[Event], ...] | None = None,
        without: Sequence[str] = (),
    ) -> list[Fact[Any]]:
        """Facts with `after < version <= until`, in order of version; `words` as in `Reader.facts`."""
        events = await self.store.read_stream(
            stream, after=after, until=until, limit=limit, newest_first=newest_first, without=without
        )
        return await self.reader.facts([Unread(event.body, event.sequence) for event in events], words)

    async def folded(self, aggregate: Aggregate[S], stream: str, begun: Loaded[S], at: int | None) -> Loaded[S]:
        """What came after, up to version `at`, on top of what had begun.

        Idle facts are not read, but for the last one if the stream ends with it: however often people checked in, a
        goal is folded from the few facts that say what it is.
        """
        if not aggregate.idle:
            return await self._onwards(aggregate, stream, begun, at)
        newest = await self.facts(
            stream, after=begun.version, until=at, limit=1, newest_first=True, words=aggregate.words
        )
        if not newest:
            return begun
        last, loaded = newest[0], begun
        if last.version > begun.version + 1:
            idle = self.reader.registry.names_of(aggregate.idle)
            loaded = await self._onwards(aggregate, stream, begun, last.version, idle)
        return loaded if loaded.version == last.version else Loaded(aggregate.fold(loaded.state, last), last.version)

    async def _onwards(
        self,
        aggregate: Aggregate[S],
        stream: str,
        begun: Loaded[S],
        at: int | None,
        without: Sequence[str] = (),
    ) -> Loaded[S]:
        loaded = begun
        while at is None or loaded.version < at:
            facts = await self.facts(
                stream, after=loaded.version, until=at, limit=PAGE, words=aggregate.words, without=without
            )
            if facts:
                loaded = Loaded(reduce(aggregate.fold, facts, loaded.state), facts[-1].version)
            if len(facts) < PAGE:
                break
        return loaded
