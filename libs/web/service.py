"""A wired service: its app and the runners that keep its read models moving, started and stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from libs.access.policy import Policy
from libs.events.consume import Runner
from libs.events.declare import Projection
from libs.events.ports import EventLog, ReadStore
from libs.events.positions import Positions
from libs.events.project import Projector
from libs.events.reader import Reader
from libs.web.app import Readiness


@dataclass
class Service:
    """One service in this process. `handlers` are its commands, for the command line; requests go to `app`."""

    name: str
    app: Callable[..., Any]
    handlers: Any
    policy: Policy
    reads: ReadStore
    projections: Sequence[Projection]
    runners: Sequence[Runner]
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        """Makes the read models' tables and sets the runners going."""
        await self.reads.prepare([one for projection in self.projections for one in projection.collections])
        self._tasks = [asyncio.create_task(runner.run()) for runner in self.runners]

    async def stop(self) -> None:
        """Stops the runners between two batches or within one: what was not committed is applied again."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task


def runners_of(projections: Sequence[Projection], log: EventLog, reader: Reader, positions: Positions) -> list[Runner]:
    """A runner for every topic of every projection; the embedded log has one partition a topic."""
    return [
        Runner(Projector(projection, positions.reads), topic, 0, log, positions.reads, reader, positions)
        for projection in projections
        for topic in projection.topics
    ]


def readiness(runners: Sequence[Runner]) -> Readiness:
    """Ready while every runner goes on; says of each why it stopped, how many keys it parked, how far it is behind."""
    parts = {
        f"{runner.consumer.name} from {runner.topic}": {
            "state": "running" if runner.stopped is None else runner.stopped.partition(":")[0],
            "lag": runner.lag,
            "parked": runner.parked,
        }
        for runner in runners
    }
    return Readiness(all(runner.stopped is None for runner in runners), parts)
