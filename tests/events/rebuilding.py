"""What the checks of promise 4 stand on: a world whose read model has generations, and rebuilds of it that may die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from libs.events.adapters.sqlite.read_models import SQLiteReadModels
from libs.events.declare import ReadModel
from libs.events.ports import Generations
from libs.events.project import Projector
from libs.events.rebuild import Rebuild, Report
from libs.events.testing import eventually
from tests.events import toy
from tests.events.world import Place, World

COUNTERS = ("c-1", "c-2", "c-3")
HISTORY = 12
SOON = 0.2
"""Seconds that the old generation is held at most, so that what comes after a rebuild that died comes soon."""


class Killed(BaseException):
    """The process that rebuilds is gone."""


@dataclass
class Mortal:
    """Generations as a process sees them that dies at its n-th call: from then on nothing of it reaches a file."""

    of: Generations
    calls: int

    def __getattr__(self, name: str) -> Any:
        answer = getattr(self.of, name)

        def called(*arguments: Any, **named: Any) -> Any:
            self.calls -= 1
            if self.calls < 0:
                raise Killed
            return answer(*arguments, **named)

        return called


def place_at(folder: Path, models: tuple[Any, ...] = (toy.COUNTERS,), **parts: Any) -> Place:
    """A place whose read models have generations."""

    def reads(path: Path) -> SQLiteReadModels:
        return SQLiteReadModels(path, models)

    return Place(folder).but(projections=models, reads=reads, **parts)


def generations(world: World) -> SQLiteReadModels:
    """The read store of a world, as rebuilds see it."""
    assert isinstance(world.reads, SQLiteReadModels)
    return world.reads


def rebuild_of(world: World, model: ReadModel = toy.COUNTERS, *, alone: bool = False, **parts: Any) -> Rebuild:
    """A rebuild in this process; keyword arguments replace parts of it."""
    given: dict[str, Any] = {"generations": generations(world), "consumer": Projector, "hold": SOON, **parts}
    return Rebuild(model, log=world.log, reader=world.reader, alone=alone, **given)


async def rebuilt(world: World, model: ReadModel = toy.COUNTERS, *, accept: bool = False, **parts: Any) -> Report:
    """A rebuild to its end."""
    return await rebuild_of(world, model, **parts).run(quiet, accept=accept)


def quiet(stage: str, done: int, total: int) -> None:
    """Nobody looks at how far it is."""


async def filled(world: World, *, drained: bool = True) -> None:
    """A history of three counters and two tenants, with notes and tags; applied unless told."""
    for number in range(HISTORY):
        counter = COUNTERS[number % len(COUNTERS)]
        await world.count(counter, number + 1)
        await world.note(counter, f"note {number}")
        await world.count(counter, 1, tenant="other")
    await world.tag("c-1", "stone")
    if drained:
        await world.drain()


async def held(world: World) -> dict[str, Any]:
    """All rows of both tenants."""
    found: dict[str, Any] = {}
    for tenant in ("acme", "other"):
        rows = await world.rows(*COUNTERS, "c-4", tenant=tenant)
        found |= {f"{tenant}/{id}": row for id, row in rows.items()}
    return found


async def serving(world: World) -> int:
    """The generation that serves, as the files say."""
    return (await generations(world).live(toy.COUNTERS)).number


@asynccontextmanager
async def at_work(world: World) -> AsyncIterator[None]:
    """All runners of a world, as they are in a process."""
    tasks = [asyncio.create_task(runner.run()) for runner in world.runners]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def settled(world: World, model: ReadModel = toy.COUNTERS) -> None:
    """Runners at work until all is applied; who lost a partition meanwhile finds the generation that serves."""

    async def all_applied() -> bool:
        for topic in model.topics:
            points = await world.reads.checkpoints(model.name, topic)
            for tenant, point in points.items():
                if point.sequence < (await world.log.tenant_head(topic, tenant)).sequence:
                    return False
        return True

    async with at_work(world):
        await eventually(all_applied, within=5)


async def dies_at(world: World, calls: int) -> bool:
    """Whether a rebuild died at its n-th call of the generations; its locks are let go, as by a process that ends."""
    mortal = Mortal(generations(world), calls)
    try:
        await rebuild_of(world, generations=mortal).run(quiet)
    except Killed:
        return True
    return False


Told = Callable[[str, int, int], None]
