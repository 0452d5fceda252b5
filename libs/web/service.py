"""A wired service: its app and the runners that keep its read models moving, started and stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from libs.access.directory import Directory
from libs.access.policy import Policy
from libs.events.consume import Runner
from libs.events.declare import Projection
from libs.events.errors import StoreUnavailable
from libs.events.handle import Kernel
from libs.events.ports import EventLog, ReadStore
from libs.events.positions import Positions
from libs.events.project import Projector
from libs.events.reader import Reader
from libs.web.app import Readiness
from libs.web.door import Door

H = TypeVar("H")
SWEEP_SECONDS = 5.0


class Memory(Protocol):
    """What remembers opened text or keys for a while."""

    def sweep(self) -> None:
        """Forgets what is too old."""
        ...


@dataclass(frozen=True)
class Reading:
    """A service's read side: rows, the look-up of people, the runners that keep both up to date, the door in front."""

    reads: ReadStore
    projections: Sequence[Projection]
    directory: Directory
    runners: Sequence[Runner]
    door: Door


@dataclass
class Service(Generic[H]):
    """One service in this process. `handlers` are its commands, for the command line; requests go to `app`."""

    name: str
    app: Callable[..., Any]
    handlers: H
    policy: Policy
    reading: Reading
    memories: Sequence[Memory]
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def prepare(self) -> None:
        """Makes the read models' tables."""
        collections = [one for projection in self.reading.projections for one in projection.collections]
        await self.reading.reads.prepare(collections)

    async def start(self) -> None:
        """Prepares, and sets the runners going."""
        await self.prepare()
        self._tasks = [asyncio.create_task(runner.run()) for runner in self.reading.runners]
        self._tasks.append(asyncio.create_task(self._sweep()))

    async def stop(self) -> None:
        """Stops the runners between two batches or within one: what was not committed is applied again."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _sweep(self) -> None:
        """What memory may no longer know is forgotten even where nobody asks for anything (promise 7)."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            for memory in self.memories:
                memory.sweep()


def runners_of(projections: Sequence[Projection], log: EventLog, reader: Reader, positions: Positions) -> list[Runner]:
    """A runner for every topic of every projection; the embedded log has one partition a topic."""
    return [
        Runner(Projector(projection, positions.reads), topic, 0, log, positions.reads, reader, positions)
        for projection in projections
        for topic in projection.topics
    ]


async def readiness(kernel: Kernel, runners: Sequence[Runner]) -> Readiness:
    """Ready while the event store takes appends and every runner goes on; says how each is, and its lag in events."""
    parts: dict[str, Any] = {"event store": {"state": "ok"}}
    try:
        await kernel.store.probe()
    except StoreUnavailable:
        parts["event store"] = {"state": "unavailable"}
    for runner in runners:
        parts[f"{runner.consumer.name} from {runner.topic}"] = {
            "state": _state(runner),
            "lag": runner.lag,
            "parked": runner.parked,
        }
    return Readiness(all(part["state"] in ("ok", "running") for part in parts.values()), parts)


def _state(runner: Runner) -> str:
    if runner.stopped is not None:
        return runner.stopped.partition(":")[0]
    return "waiting" if runner.failures else "running"
