"""The port of rebuilding: each read model's rows in generations, of which one serves (promise 4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

from libs.events.declare import Collection, ReadModel
from libs.events.errors import StoreUnavailable
from libs.events.ports.reads import Checkpoint, Ownership, Parked, ReadStore

LOOK_SECONDS = 0.05
"""How often it is asked again whether somebody else still holds a generation."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One set of rows of a model, with their checkpoints. `version` is that of the fold that made them."""

    model: str
    number: int
    version: int
    store: ReadStore


@dataclass(frozen=True, slots=True)
class Digest:
    """How many rows a collection has, and a digest of them all that does not depend on their order."""

    rows: int
    digest: int


class Frozen(Protocol):
    """A generation as it stood at one moment, whatever is written to it meanwhile."""

    async def offset(self, topic: str) -> int:
        """How far the topic's only partition was applied."""
        ...

    async def checkpoints(self, topic: str) -> Mapping[str, Checkpoint]:
        """Where each tenant stood."""
        ...

    async def parked(self) -> Sequence[Parked]:
        """The keys that waited."""
        ...

    async def digest(self, collection: Collection) -> Digest:
        """Of all rows of a collection, of all tenants."""
        ...

    def rows(self, collection: Collection) -> AsyncIterator[Sequence[tuple[str, str, Any]]]:
        """Pages of `(tenant, id, row)` in order of tenant and id."""
        ...


class Generations(Protocol):
    """The read models of one service. The generation that serves is written by its runner, a new one by a rebuild."""

    async def live(self, model: ReadModel) -> Generation:
        """The generation that serves now; of what has no rows, the place of its checkpoints, of number 0."""
        ...

    def building(self, model: ReadModel) -> AbstractAsyncContextManager[Generation]:
        """A new and empty one, to be loaded in bulk; it is removed at the end of the block unless it serves then.

        Whatever an earlier attempt left behind is removed first. Raises RebuildRunning while another block is open.
        """
        ...

    async def complete(self, loaded: Generation) -> Generation:
        """Makes a loaded generation like any other: indexes, terms, durable."""
        ...

    def frozen(self, generation: Generation) -> AbstractAsyncContextManager[Frozen]:
        """A generation as it stands now, until the block ends."""
        ...

    async def hold(self, generation: Generation, topics: Iterable[str], seconds: float) -> Sequence[Ownership]:
        """Takes all partitions by raising their epochs, in one write; nobody else can own one for so many seconds."""
        ...

    async def let_go(self, generation: Generation, held: Sequence[Ownership]) -> None:
        """Others may own the partitions again."""
        ...

    async def switch(self, held: Sequence[Ownership], live: Generation, to: Generation) -> None:
        """`to` serves, in one write. Raises OwnershipLost, with nothing done, when what was held is no longer."""
        ...

    async def roll_back(self, model: ReadModel) -> Generation:
        """The generation that served before serves again. Raises LookupError, which says why, when none can."""
        ...

    def alone(self, model: ReadModel) -> AbstractAsyncContextManager[None]:
        """Within the block nobody builds a generation of the model. Raises RebuildRunning while somebody does."""
        ...

    async def scrub(self) -> None:
        """After it no file holds a byte of rows that were replaced or removed. Raises StoreUnavailable: try again."""
        ...

    async def begin_anew(self, projection: str, topic: str) -> None:
        """A consumer without rows has applied nothing; whoever owns its partition loses it."""
        ...

    async def clean(self, model: ReadModel, *, keep_previous: bool = True) -> None:
        """Removes what neither serves nor served just before."""
        ...


@dataclass
class Held:
    """A generation that nobody else may write to; `owners` are the rights to its partitions, in order of the topics."""

    generations: Generations
    generation: Generation
    owners: Sequence[Ownership]
    switched: bool = False

    async def switch(self, to: Generation) -> None:
        """See `Generations.switch`; then there is nothing left to let go."""
        await self.generations.switch(self.owners, self.generation, to)
        self.switched = True


@asynccontextmanager
async def holding(
    generations: Generations, generation: Generation, topics: Iterable[str], seconds: float, *, patience: float = 0.0
) -> AsyncIterator[Held]:
    """Nobody else owns the partitions within the block, for so many seconds at most; after it others may at once.

    `patience` is for how many seconds it waits for somebody else who holds it. Raises StoreUnavailable after that.
    """
    wanted, deadline = list(topics), monotonic() + patience
    while True:
        try:
            held = Held(generations, generation, await generations.hold(generation, wanted, seconds))
            break
        except StoreUnavailable:
            if monotonic() >= deadline:
                raise
        await asyncio.sleep(LOOK_SECONDS)
    try:
        yield held
    finally:
        if not held.switched:
            await generations.let_go(generation, held.owners)
