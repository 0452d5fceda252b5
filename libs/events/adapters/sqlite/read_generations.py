"""The files of a service's read models: a register, and each generation of each model; which serves, and who may build.

The register points at the generation that serves; on from there it goes along the successors, so that the one word in
a generation's own file is the whole of a switch, and a register that is behind is put right by whoever looks.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from libs.events.adapters.sqlite import read_commit, read_register
from libs.events.adapters.sqlite.read_register import Entry
from libs.events.adapters.sqlite.read_store import RowsUnreadable, SQLiteReadStore
from libs.events.declare import ReadModel
from libs.events.errors import RebuildRunning, StoreUnavailable

_log = logging.getLogger(__name__)


class GenerationFiles:
    """Opens each file once. `register` is a read store too: for the checkpoints of what has no rows."""

    def __init__(self, path: Path, models: Mapping[str, ReadModel]) -> None:
        self._path, self._models = path, models
        self.register = SQLiteReadStore(path)
        self._stores: dict[tuple[str, int], asyncio.Task[SQLiteReadStore]] = {}
        self._looking: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._live: dict[str, Entry] = {}

    def look_anew(self, model: str) -> None:
        """What serves may have become another generation."""
        self._live.pop(model, None)

    async def entry(self, model: str) -> Entry:
        """What serves, as far as this process knows; who must be sure forgets it first."""
        entry = self._live.get(model)
        if entry is None:
            async with self._looking[model]:
                entry = self._live.get(model) or await self._followed(model)
                self._live[model] = entry
        return entry

    async def _followed(self, model: str) -> Entry:
        version = self._models[model].version
        first = Entry(1, version, None, None)
        # A register that knows nothing may have been lost: what lies beside it is of unknown age.
        entry = await self.register.write(
            lambda connection: read_register.begin(connection, model, first, lambda: self._unlink(model))
        )
        try:
            while (
                successor := await (await self.opened(model, entry.number)).read(read_commit.successor_of)
            ) is not None:
                entry = Entry(successor, version, entry.number, entry.version)
                await self.point(model, entry)
        except RowsUnreadable:
            _log.warning("rows of an older shape are made anew", extra={"projection": model})
            number = await self.register.write(lambda connection: read_register.next_number(connection, model))
            entry = Entry(number, version, None, None)
            await self.point(model, entry)
        return entry

    async def point(self, model: str, entry: Entry) -> None:
        await self.register.write(lambda connection: read_register.point(connection, model, entry))
        self._live[model] = entry

    async def opened(self, model: str, number: int) -> SQLiteReadStore:
        opening = self._stores.get((model, number))
        if opening is None or (opening.done() and opening.exception() is not None):
            opening = self._stores[model, number] = asyncio.create_task(self._open(model, number))
        # One who gives up must not take the store from the others.
        return await asyncio.shield(opening)

    async def _open(self, model: str, number: int) -> SQLiteReadStore:
        store = SQLiteReadStore(self.file(model, number))
        try:
            await store.prepare(self._models[model].collections)
        except BaseException:
            await store.close()
            raise
        return store

    async def all_open(self) -> list[SQLiteReadStore]:
        return [self.register, *[await one for one in self._stores.values() if not _failed(one)]]

    def file(self, model: str, number: int) -> Path:
        return self._path.with_name(f"{model}.{number}.db")

    def numbers(self, model: str) -> set[int]:
        """The generations of which there is a file."""
        names = [path.name.removeprefix(f"{model}.") for path in self._path.parent.glob(f"{model}.*.db*")]
        return {int(name.partition(".")[0]) for name in names if name.partition(".")[0].isdigit()}

    async def remove(self, model: str, number: int) -> None:
        opening = self._stores.pop((model, number), None)
        if opening is not None and not _failed(opening):
            await (await opening).close()
        await asyncio.to_thread(self._unlink, model, number)

    def _unlink(self, model: str, number: int | None = None) -> None:
        """Removes a generation's files, or those of all that there are. Blocks."""
        for one in self.numbers(model) if number is None else (number,):
            file = self.file(model, one)
            try:
                for path in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
                    path.unlink(missing_ok=True)
            except OSError as error:
                raise StoreUnavailable(f"{file.name} cannot be removed: {error.strerror}") from error

    @contextmanager
    def alone(self, model: str) -> Iterator[None]:
        """Nobody else builds the model within the block, in any process; who is killed lets it go.

        Raises RebuildRunning.
        """
        path = self._path.with_name(f"{model}.building")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RebuildRunning(f"{model} is being rebuilt already: wait until that has ended") from None
            yield
        finally:
            os.close(descriptor)


def _failed(opening: asyncio.Task[SQLiteReadStore]) -> bool:
    return opening.done() and opening.exception() is not None
