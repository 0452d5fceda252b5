"""A service's read models, each in a file of its own a generation, and a small file that says which of them serve.

`<service>.db` is that register; it also keeps the checkpoints of what has no rows. `<model>.<number>.db` is a
generation: rows, checkpoints, parked keys, epochs. The generation that serves is where the register points, and on
from there along the successors: that one word in a generation's own file is the whole of a switch.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from libs.events.adapters.sqlite import read_commit, read_register
from libs.events.adapters.sqlite.read_bulk import SQLiteBulkStore
from libs.events.adapters.sqlite.read_frozen import FrozenStore
from libs.events.adapters.sqlite.read_generations import GenerationFiles
from libs.events.adapters.sqlite.read_register import Entry
from libs.events.adapters.sqlite.read_store import RowsUnreadable, SQLiteReadStore
from libs.events.declare import Collection, Index, ReadModel, RowKey
from libs.events.generations import picked
from libs.events.ports import Checkpoint, Commit, Frozen, Generation, Ownership, Page, Parked, Query, Scalar


class SQLiteReadModels:
    """`ReadStore` and `Generations` of one service's models; what belongs to none of them lies in the register."""

    def __init__(self, path: Path, models: Iterable[ReadModel] = ()) -> None:
        self._models = {model.name: model for model in models}
        self._model_of = {one.name: model.name for model in self._models.values() for one in model.collections}
        self._files = GenerationFiles(path, self._models)

    # --- as a read store ----------------------------------------------------------------------------------------

    async def prepare(self, collections: Iterable[Collection]) -> None:
        """See `ReadStore`: of the generations that serve. Raises ValueError for a collection of no model of these."""
        wanted: dict[str, list[Collection]] = {}
        for one in collections:
            if one.name not in self._model_of:
                raise ValueError(f"{one.name} belongs to no read model of this service")
            wanted.setdefault(self._model_of[one.name], []).append(one)
        for name, of_model in wanted.items():
            await (await self._serving(name)).prepare(of_model)

    async def own(self, projection: str, topic: str, partition: int) -> Ownership:
        """See `ReadStore`: of the generation that serves now."""
        if projection not in self._models:
            return await self._files.register.own(projection, topic, partition)
        self._files.look_anew(projection)
        number = (await self._files.entry(projection)).number
        owner = await (await self._files.opened(projection, number)).own(projection, topic, partition)
        return replace(owner, generation=number)

    async def owns(self, owner: Ownership) -> bool:
        """See `ReadStore`."""
        return await (await self._written(owner)).owns(owner)

    async def checkpoints(
        self, projection: str, topic: str, tenants: Iterable[str] | None = None
    ) -> Mapping[str, Checkpoint]:
        """See `ReadStore`."""
        return await (await self._serving(projection)).checkpoints(projection, topic, tenants)

    async def parked(self, projection: str, tenant: str | None = None) -> list[Parked]:
        """See `ReadStore`."""
        return await (await self._serving(projection)).parked(projection, tenant)

    async def get_many(self, tenant: str, keys: Iterable[RowKey]) -> Mapping[RowKey, Any]:
        """See `ReadStore`: those of one model as of one moment."""
        wanted: dict[str, list[RowKey]] = {}
        for key in keys:
            wanted.setdefault(self._named(key.collection), []).append(key)
        found: dict[RowKey, Any] = {}
        for name, of_model in wanted.items():
            found.update(await (await self._reading(name)).get_many(tenant, of_model))
        return found

    async def find(self, tenant: str, collection: Collection, query: Query) -> Page:
        """See `ReadStore`."""
        return await (await self._reading(self._named(collection))).find(tenant, collection, query)

    async def latest(
        self, tenant: str, collection: Collection, index: Index, groups: Iterable[str], *, at_most: Scalar
    ) -> Mapping[str, Any]:
        """See `ReadStore`."""
        store = await self._reading(self._named(collection))
        return await store.latest(tenant, collection, index, groups, at_most=at_most)

    async def commit(self, commit: Commit) -> None:
        """See `ReadStore`."""
        await (await self._written(commit.owner)).commit(commit)

    async def scrub(self) -> None:
        """Empties the write-ahead logs of all generations that are open: see `SQLiteReadStore.scrub`."""
        for store in await self._files.all_open():
            await store.scrub()

    async def close(self) -> None:
        """Finishes what was begun and closes every file."""
        for store in await self._files.all_open():
            await store.close()

    # --- as generations -----------------------------------------------------------------------------------------

    async def live(self, model: ReadModel) -> Generation:
        """See `Generations`: as the files say now; the register for what is no model of this service."""
        if model.name not in self._models:
            return Generation(model.name, 0, model.version, self._files.register)
        self._files.look_anew(model.name)
        entry = await self._files.entry(model.name)
        return Generation(model.name, entry.number, entry.version, await self._files.opened(model.name, entry.number))

    @asynccontextmanager
    async def building(self, model: ReadModel) -> AsyncIterator[Generation]:
        """See `Generations`."""
        async with self.alone(model):
            await self.live(model)
            number = await self._files.register.write(
                lambda connection: read_register.next_number(connection, model.name)
            )
            await self.clean(model)
            store = SQLiteBulkStore(self._files.file(model.name, number))
            try:
                await store.prepare(model.collections)
                yield Generation(model.name, number, model.version, store)
            finally:
                await store.close()
                if (await self.live(model)).number != number:
                    await self._files.remove(model.name, number)

    @asynccontextmanager
    async def alone(self, model: ReadModel) -> AsyncIterator[None]:
        """See `Generations`: in any process."""
        with self._files.alone(model.name):
            yield

    async def complete(self, loaded: Generation) -> Generation:
        """See `Generations`."""
        assert isinstance(loaded.store, SQLiteBulkStore), "only what `begin` made is completed"
        await loaded.store.complete()
        await loaded.store.close()
        store = await self._files.opened(loaded.model, loaded.number)
        return Generation(loaded.model, loaded.number, loaded.version, store)

    @asynccontextmanager
    async def frozen(self, generation: Generation) -> AsyncIterator[Frozen]:
        """See `Generations`: one read transaction, so the file's log grows until the block ends."""
        store = await self._files.opened(generation.model, generation.number)
        async with FrozenStore.of(store, generation.model) as frozen:
            yield frozen

    async def hold(self, generation: Generation, topics: Iterable[str], seconds: float) -> Sequence[Ownership]:
        """See `Generations`. Raises StoreUnavailable while somebody else holds it."""
        wanted = list(topics)
        store = await self._numbered(generation.model, generation.number)
        return await store.write(lambda connection: read_commit.hold(connection, generation.model, wanted, seconds))

    async def let_go(self, generation: Generation, held: Sequence[Ownership]) -> None:
        """See `Generations`."""
        store = await self._numbered(generation.model, generation.number)
        await store.write(lambda connection: read_commit.let_go(connection, held))

    async def switch(self, held: Sequence[Ownership], live: Generation, to: Generation) -> None:
        """See `Generations`."""
        store = await self._files.opened(live.model, live.number)
        successor = to.number
        await store.write(lambda connection: read_commit.succeed(connection, held, successor))
        # From here on it is done: whoever reads the register before this follows the successor.
        await self._files.point(live.model, Entry(to.number, to.version, live.number, live.version))

    async def roll_back(self, model: ReadModel) -> Generation:
        """See `Generations`."""
        self._files.look_anew(model.name)
        entry = await self._files.entry(model.name)
        if entry.previous is None or not self._files.file(model.name, entry.previous).exists():
            raise LookupError("there is no generation to go back to, so the rows that serve go on serving")
        try:
            before, now = [await self._files.opened(model.name, number) for number in (entry.previous, entry.number)]
        except RowsUnreadable as error:
            raise LookupError(
                "the rows before are of a shape that this version does not read: only the version that made them does"
            ) from error
        await before.write(read_commit.stand)
        topics = model.topics
        held = await now.write(lambda connection: read_commit.hold(connection, model.name, topics, 0.0))
        successor = entry.previous
        await now.write(lambda connection: read_commit.succeed(connection, held, successor))
        await self._files.point(model.name, Entry(successor, entry.previous_version or 0, None, None))
        return Generation(model.name, successor, entry.previous_version or 0, before)

    async def begin_anew(self, projection: str, topic: str) -> None:
        """See `Generations`."""
        await self._files.register.write(lambda connection: read_commit.begin_anew(connection, projection, topic))

    async def clean(self, model: ReadModel, *, keep_previous: bool = True) -> None:
        """See `Generations`. Blocks for a moment: files are removed."""
        entry = await self._files.entry(model.name)
        kept = {entry.number, entry.previous if keep_previous else None}
        for number in self._files.numbers(model.name) - kept:
            await self._files.remove(model.name, number)

    # --- which of them ------------------------------------------------------------------------------------------

    def _named(self, collection: Collection) -> str:
        name = self._model_of.get(collection.name)
        if name is None:
            raise ValueError(f"{collection.name} is not prepared as it is declared here")
        return name

    async def _serving(self, model: str) -> SQLiteReadStore:
        """Where a model's runner writes; the register for what is no model of this service."""
        if model not in self._models:
            return self._files.register
        return await self._files.opened(model, (await self._files.entry(model)).number)

    async def _written(self, owner: Ownership) -> SQLiteReadStore:
        """Where something was owned, which need not be what serves now: there the epoch tells."""
        return await self._numbered(owner.projection, owner.generation)

    async def _numbered(self, model: str, number: int) -> SQLiteReadStore:
        """A generation; numbers begin with 1, and 0 is the register, which is none."""
        return await self._files.opened(model, number) if number else self._files.register

    async def _reading(self, model: str) -> SQLiteReadStore:
        return await self._files.opened(model, picked(model, (await self._files.entry(model)).number))
