"""Folds a data folder that another process appends to, until standard input ends and nothing is left to do.

`python -m tests.bench.follow DATA tree|rest`: two such processes take little more than half the time of one. What is
measured needs the rows, and not who made them.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from libs.web.embedded import Embedded
from libs.web.settings import ServiceSettings
from services.goals import wiring as goals
from services.goals.projections import TREE
from services.people import wiring as people
from tests.bench.material import TENANT

PARTS = ("tree", "rest")
PAGE = 2_000
"""Nobody waits for a single row: the more events at once, the fewer rows are written twice."""
PATIENCE = 4 * 3600.0


@asynccontextmanager
async def folding(data: Path) -> AsyncIterator[None]:
    """Folds what the block appends; at its end waits until all is folded. AssertionError when it cannot be."""
    command = (sys.executable, "-m", "tests.bench.follow", str(data))
    processes = [await asyncio.create_subprocess_exec(*command, part, stdin=asyncio.subprocess.PIPE) for part in PARTS]
    try:
        yield
        codes = await asyncio.gather(*(_finished(process) for process in processes))
        assert codes == [0, 0], "a process that folds has failed: see above"
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _finished(process: asyncio.subprocess.Process) -> int:
    assert process.stdin is not None
    process.stdin.close()
    return await process.wait()


async def follow(data: Path, part: str) -> None:
    """Folds the tree, or everything else. RuntimeError when a read model cannot go on."""
    parts = Embedded(ServiceSettings(data_dir=data))
    try:
        await parts.open_keyring()
        services = (people.wire(parts), goals.wire(parts))
        readings = [service.reading for service in services]
        for service in services:
            await service.prepare()
        runners = [one for reading in readings for one in reading.runners if _belongs(one.consumer.name, part)]
        for runner in runners:
            runner.page = PAGE
        running = [asyncio.create_task(runner.run()) for runner in runners]
        await asyncio.to_thread(sys.stdin.read)
        caught_up = asyncio.gather(
            *(
                reading.door.positions.wait_for_head(TENANT, model, within=PATIENCE)
                for reading in readings
                for model in reading.models
                if _belongs(model.name, part)
            )
        )
        pending: list[asyncio.Future[Any]] = [caught_up, *running]
        await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        if stopped := [runner.stopped for runner in runners if runner.stopped]:
            raise RuntimeError(stopped[0])
        for task in running:
            task.cancel()
        await asyncio.wait(running)
    finally:
        await parts.close()


def _belongs(name: str, part: str) -> bool:
    return (name == TREE.name) == (part == PARTS[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("part", choices=PARTS)
    given = parser.parse_args()
    asyncio.run(follow(given.data, given.part))
