"""A wired service: its app and the runners that keep its read models moving, started and stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from libs.access.directory import Directory
from libs.access.policy import Policy
from libs.events.consume import BULK, Runner
from libs.events.continuity import goes_on
from libs.events.declare import Fold, Projection, ReadModel, WithoutRows
from libs.events.effects import Consumer
from libs.events.errors import StoreUnavailable
from libs.events.folder import KEPT, Folder
from libs.events.handle import Kernel
from libs.events.parking import Parking
from libs.events.ports import EventLog, Generations, ReadStore
from libs.events.positions import Positions
from libs.events.project import Projector
from libs.events.reader import Reader
from libs.events.rebuild import Rebuild
from libs.web.app import Readiness
from libs.web.door import Door

H = TypeVar("H")
SWEEP_SECONDS = 5.0
KEPT_BY_REBUILDS = 10 * KEPT
"""Rows that a fold remembers where it has a process of its own, in which all of a tenant comes by again and again."""


class Memory(Protocol):
    """What remembers opened text or keys for a while."""

    def sweep(self) -> None:
        """Forgets what is too old."""
        ...


@dataclass(frozen=True)
class Reading:
    """A service's read side: rows, the look-up of people, the runners that keep both up to date, the door in front."""

    reads: ReadStore
    generations: Generations
    models: Sequence[ReadModel]
    directory: Directory
    runners: Sequence[Runner]
    door: Door
    log: EventLog
    reader: Reader

    async def outdated(self) -> list[ReadModel]:
        """The models whose rows were made by a fold of another version than today's."""
        return [one for one in self.models if (await self.generations.live(one)).version != one.version]

    def rebuild(self, model: ReadModel, *, alone: bool = False) -> Rebuild:
        """One rebuild of one of the models; see `Rebuild`."""
        consumer = partial(consumer_of, kept=KEPT_BY_REBUILDS)
        return Rebuild(model, self.generations, self.log, self.reader, consumer, alone)

    async def begin_restored_anew(self) -> list[str]:
        """Names the consumers without rows that stood in a history which a restore took back, and begin anew.

        What they do is done once: commands are known by the event that led to them (promises 1 and 11).
        """
        anew = []
        for runner in self._without_rows():
            name, topic = runner.consumer.name, runner.topic
            if not await goes_on(self.log, topic, await self.reads.checkpoints(name, topic)):
                await self.generations.begin_anew(name, topic)
                anew.append(name)
        return anew

    def parking(self) -> list[Parking]:
        """The parked keys of each model, and of each consumer without rows; see `Parking`."""
        reactions = [
            self._parking(
                WithoutRows(runner.consumer.name, 0, (runner.topic,), words=()), partial(_same, runner.consumer)
            )
            for runner in self._without_rows()
        ]
        return [*(self._parking(model, consumer_of) for model in self.models), *reactions]

    def _parking(self, model: ReadModel, consumer: Callable[[ReadModel, ReadStore], Consumer]) -> Parking:
        return Parking(model, self.generations, self.log, self.reader, consumer)

    def _without_rows(self) -> list[Runner]:
        rows = {model.name for model in self.models}
        return [runner for runner in self.runners if runner.consumer.name not in rows]


@dataclass
class Service(Generic[H]):
    """One service in this process. `handlers` are its commands, for the command line; requests go to `app`.

    `memories` are its own; what it shares with other services is swept by whoever owns it. `before` states what its
    log lacks, before anything follows that.
    """

    name: str
    app: Callable[..., Any]
    handlers: H
    policy: Policy
    reading: Reading
    memories: Sequence[Memory]
    before: Callable[[], Awaitable[None]] | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def prepare(self) -> None:
        """Makes the read models' tables."""
        collections = [one for model in self.reading.models for one in model.collections]
        await self.reading.reads.prepare(collections)

    async def start(self) -> None:
        """Prepares, and sets the runners going. Raises StoreUnavailable: a start should end there."""
        await self.prepare()
        if self.before is not None:
            await self.before()
        self._tasks = [asyncio.create_task(runner.run()) for runner in self.reading.runners]
        self._tasks.append(asyncio.create_task(sweep(self.memories)))

    async def stop(self) -> None:
        """Stops the runners between two batches or within one: what was not committed is applied again."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task


async def sweep(memories: Sequence[Memory], every: float = SWEEP_SECONDS) -> None:
    """What memory may no longer know is forgotten even where nobody asks for anything (promise 7); never ends."""
    while True:
        await asyncio.sleep(every)
        for memory in memories:
            memory.sweep()


def runners_of(models: Sequence[ReadModel], log: EventLog, reader: Reader, positions: Positions) -> list[Runner]:
    """A runner for every topic of every model; the embedded log has one partition a topic."""
    consumers = [(consumer_of(model, positions.reads), model) for model in models]
    return [
        Runner(consumer, topic, 0, log, positions.reads, reader, positions, bulk=BULK, words=model.words)
        for consumer, model in consumers
        for topic in model.topics
    ]


def runner_of(consumer: Consumer, topic: str, log: EventLog, reader: Reader, positions: Positions) -> Runner:
    """A runner of what has no rows and reads no text: its checkpoints lie beside those of the read models."""
    return Runner(consumer, topic, 0, log, positions.reads, reader, positions, words=())


def consumer_of(model: ReadModel, reads: ReadStore, *, kept: int = KEPT) -> Consumer:
    """What folds a model's events into its rows, and may remember so many of them between two batches.

    Raises TypeError for a model that says nothing of how.
    """
    match model:
        case Projection():
            return Projector(model, reads)
        case Fold():
            return Folder(model, reads, kept=kept)
        case _:
            raise TypeError(f"{model.name} is neither a Projection nor a Fold")


def _same(consumer: Consumer, model: ReadModel, reads: ReadStore) -> Consumer:
    """What has no rows is wired once: it is not made of a model and a store."""
    return consumer


async def readiness(kernel: Kernel, runners: Sequence[Runner]) -> Readiness:
    """Ready while the event store takes appends and every runner goes on; says how each is, and its lag in events.

    What has stopped says why, what waits for what and how often in a row it has tried. Anybody may ask, so no reason
    names a tenant.
    """
    parts: dict[str, Any] = {"event store": {"state": "ok"}}
    try:
        await kernel.store.probe()
    except StoreUnavailable as error:
        parts["event store"] = {"state": "unavailable", "reason": error.reason}
    for runner in runners:
        parts[f"{runner.consumer.name} from {runner.topic}"] = _part(runner)
    return Readiness(all(part["state"] in ("ok", "running") for part in parts.values()), parts)


def _part(runner: Runner) -> dict[str, Any]:
    """How a runner is; why it stands still, how often it has tried, what helps parked keys, where that is so."""
    part: dict[str, Any] = {"state": _state(runner), "lag": runner.lag, "parked": runner.parked}
    if runner.stopped is not None:
        part["reason"] = runner.stopped
    elif runner.failures:
        part["failures"], part["reason"] = runner.failures, runner.waits_for
    if runner.parked:
        part["first_parked"] = runner.first_parked
        part["hint"] = "`cairn parked list` says which keys wait and why, `replay` or `skip` sets them free"
    return part


def _state(runner: Runner) -> str:
    if runner.stopped is not None:
        return runner.stopped.partition(":")[0]
    return "waiting" if runner.failures else "running"
