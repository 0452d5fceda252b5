"""A service's read models, each in a file of its own a generation, and a small file that says which of them serve.

`<service>.db` is that register; it also keeps the checkpoints of what has no rows. `<model>.<number>.db` is a
generation: rows, checkpoints, parked keys, epochs. The generation that serves is where the register points, and on
from there along the successors: that one word in a generation's own file is the whole of a switch.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from libs.events.adapters.sqlite import read_commit, read_register
from libs.events.adapters.sqlite.read_bulk import SQLiteBulkStore
from libs.events.adapters.sqlite.read_frozen import FrozenStore
from libs.events.adapters.sqlite.read_register import Entry
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.declare import Collection, Index, ReadModel, RowKey
from libs.events.errors import RebuildRunning, StoreUnavailable
from libs.events.generations import picked
from libs.events.ports import Checkpoint, Commit, Frozen, Generation, Ownership, Page, Parked, Query, Scalar


class SQLiteReadModels:
    """`ReadStore` and `Generations` of one service's models; what belongs to none of them lies in the register."""

    def __init__(self, path: Path, models: Iterable[ReadModel] = ()) -> None:
        self._path = path
        self._register = SQLiteReadStore(path)
        self._models = {model.name: model for model in models}
        self._model_of = {one.name: model.name for model in self._models.values() for one in model.collections}
        self._stores: dict[tuple[str, int], SQLiteReadStore] = {}
        self._live: dict[str, Entry] = {}

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
            return await self._register.own(projection, topic, partition)
        self._live.pop(projection, None)
        number = (await self._entry(projection)).number
        owner = await (await self._opened(projection, number)).own(projection, topic, partition)
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
        for store in (self._register, *self._stores.values()):
            await store.scrub()

    async def close(self) -> None:
        """Finishes what was begun and closes every file."""
        for store in (self._register, *self._stores.values()):
            await store.close()

    # --- as generations -----------------------------------------------------------------------------------------

    async def live(self, model: ReadModel) -> Generation:
        """See `Generations`: as the files say now."""
        self._live.pop(model.name, None)
        entry = await self._entry(model.name)
        return Generation(model.name, entry.number, entry.version, await self._opened(model.name, entry.number))

    @asynccontextmanager
    async def building(self, model: ReadModel) -> AsyncIterator[Generation]:
        """See `Generations`."""
        with _alone(self._path.with_name(f"{model.name}.building")):
            await self.live(model)
            number = await self._register.write(lambda connection: read_register.next_number(connection, model.name))
            await self.clean(model)
            store = SQLiteBulkStore(self._file(model.name, number))
            try:
                await store.prepare(model.collections)
                yield Generation(model.name, number, model.version, store)
            finally:
                await store.close()
                if (await self.live(model)).number != number:
                    await self._remove(model.name, number)

    async def complete(self, loaded: Generation) -> Generation:
        """See `Generations`."""
        assert isinstance(loaded.store, SQLiteBulkStore), "only what `begin` made is completed"
        await loaded.store.complete()
        await loaded.store.close()
        store = await self._opened(loaded.model, loaded.number)
        return Generation(loaded.model, loaded.number, loaded.version, store)

    @asynccontextmanager
    async def frozen(self, generation: Generation) -> AsyncIterator[Frozen]:
        """See `Generations`: one read transaction, so the file's log grows until the block ends."""
        store = await self._opened(generation.model, generation.number)
        async with FrozenStore.of(store, generation.model) as frozen:
            yield frozen

    async def hold(self, generation: Generation, topics: Iterable[str], seconds: float) -> Sequence[Ownership]:
        """See `Generations`. Raises StoreUnavailable while somebody else holds it."""
        wanted = list(topics)
        store = await self._opened(generation.model, generation.number)
        return await store.write(lambda connection: read_commit.hold(connection, generation.model, wanted, seconds))

    async def let_go(self, generation: Generation, held: Sequence[Ownership]) -> None:
        """See `Generations`."""
        store = await self._opened(generation.model, generation.number)
        await store.write(lambda connection: read_commit.let_go(connection, held))

    async def switch(self, held: Sequence[Ownership], live: Generation, to: Generation) -> None:
        """See `Generations`."""
        store = await self._opened(live.model, live.number)
        successor = to.number
        await store.write(lambda connection: read_commit.succeed(connection, held, successor))
        # From here on it is done: whoever reads the register before this follows the successor.
        await self._point(live.model, Entry(to.number, to.version, live.number, live.version))

    async def roll_back(self, model: ReadModel) -> Generation:
        """See `Generations`."""
        self._live.pop(model.name, None)
        entry = await self._entry(model.name)
        if entry.previous is None or not self._file(model.name, entry.previous).exists():
            raise LookupError(f"{model.name} has no generation to go back to")
        before, now = [await self._opened(model.name, number) for number in (entry.previous, entry.number)]
        await before.write(read_commit.stand)
        topics = model.topics
        held = await now.write(lambda connection: read_commit.hold(connection, model.name, topics, 0.0))
        successor = entry.previous
        await now.write(lambda connection: read_commit.succeed(connection, held, successor))
        await self._point(model.name, Entry(successor, entry.previous_version or 0, None, None))
        return Generation(model.name, successor, entry.previous_version or 0, before)

    async def clean(self, model: ReadModel, *, keep_previous: bool = True) -> None:
        """See `Generations`. Blocks for a moment: files are removed."""
        entry = await self._entry(model.name)
        kept = {entry.number, entry.previous if keep_previous else None}
        for number in self._numbers(model.name) - kept:
            await self._remove(model.name, number)

    # --- which file ---------------------------------------------------------------------------------------------

    def _named(self, collection: Collection) -> str:
        name = self._model_of.get(collection.name)
        if name is None:
            raise ValueError(f"{collection.name} is not prepared as it is declared here")
        return name

    async def _serving(self, model: str) -> SQLiteReadStore:
        """Where a model's runner writes; the register for what is no model of this service."""
        if model not in self._models:
            return self._register
        return await self._opened(model, (await self._entry(model)).number)

    async def _written(self, owner: Ownership) -> SQLiteReadStore:
        """Where something was owned, which need not be what serves now: there the epoch tells."""
        return await self._opened(owner.projection, owner.generation) if owner.generation else self._register

    async def _reading(self, model: str) -> SQLiteReadStore:
        return await self._opened(model, picked(model, (await self._entry(model)).number))

    async def _entry(self, model: str) -> Entry:
        """What serves, as far as this process knows; who must be sure forgets it first."""
        entry = self._live.get(model)
        if entry is None:
            entry = self._live[model] = await self._followed(model)
        return entry

    async def _followed(self, model: str) -> Entry:
        entry = await self._register.read(lambda connection: read_register.entry_of(connection, model))
        if entry is None:
            # A register that knows nothing may have been lost: what lies beside it is of unknown age.
            for number in self._numbers(model):
                await self._remove(model, number)
            first = Entry(1, self._models[model].version, None, None)
            return await self._register.write(lambda connection: read_register.begin(connection, model, first))
        while (successor := await self._successor(model, entry.number)) is not None:
            entry = Entry(successor, self._models[model].version, entry.number, entry.version)
            await self._point(model, entry)
        return entry

    async def _successor(self, model: str, number: int) -> int | None:
        return await (await self._opened(model, number)).write(read_commit.successor_of)

    async def _point(self, model: str, entry: Entry) -> None:
        await self._register.write(lambda connection: read_register.point(connection, model, entry))
        self._live[model] = entry

    async def _opened(self, model: str, number: int) -> SQLiteReadStore:
        store = self._stores.get((model, number))
        if store is None:
            store = self._stores[model, number] = SQLiteReadStore(self._file(model, number))
            await store.prepare(self._models[model].collections)
        return store

    def _file(self, model: str, number: int) -> Path:
        return self._path.with_name(f"{model}.{number}.db")

    def _numbers(self, model: str) -> set[int]:
        """The generations of which there is a file."""
        names = [path.name.removeprefix(f"{model}.") for path in self._path.parent.glob(f"{model}.*.db*")]
        return {int(name.partition(".")[0]) for name in names if name.partition(".")[0].isdigit()}

    async def _remove(self, model: str, number: int) -> None:
        store = self._stores.pop((model, number), None)
        if store is not None:
            await store.close()
        file = self._file(model, number)
        try:
            for path in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"{file.name} cannot be removed: {error.strerror}") from error


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Within the block nobody else is in it, in any process; a process that is killed is out. Raises RebuildRunning."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise RebuildRunning(f"{path.stem} is being rebuilt already: wait until that has ended") from None
    finally:
        os.close(descriptor)
