"""Rebuilds in processes of their own: what serves keeps its processor, and several models are rebuilt side by side."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from libs.events.compare import Told
from libs.events.errors import KernelError
from libs.web.service import Service
from libs.web.settings import ServiceSettings

Said = dict[str, Any] | str
"""The report of a rebuild (`cairn rebuild` says what is in it), or why there is none."""

_log = logging.getLogger(__name__)


@dataclass
class Worker:
    """A process that rebuilds one model after the other: to start costs more than to rebuild a small one."""

    process: asyncio.subprocess.Process
    errors: asyncio.Task[bytes]
    """All that it says on standard error, read as it comes."""

    async def rebuild(self, name: str, told: Told) -> Said:
        """Its report. Raises EOFError, with what the process said, when that is gone."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        # Whoever is gone is not written to; what it said last tells more than a broken pipe.
        self.process.stdin.write(f"{name}\n".encode())
        async for line in self.process.stdout:
            said = json.loads(line)
            if "stage" not in said:
                return said["report"] if "report" in said else str(said["failed"])
            told(said["stage"], said["done"], said["total"])
        words = (await self.errors).decode().strip().removeprefix("cairn: ")
        raise EOFError(words or "it ended without a word")


@asynccontextmanager
async def worker(settings: ServiceSettings, *given: str) -> AsyncIterator[Worker]:
    """A process with these options of `cairn rebuild`; it ends with the block, in the middle of whatever it does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "rebuild", "--told", *given, "--data", str(settings.data_dir)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    errors = asyncio.create_task(process.stderr.read())
    try:
        yield Worker(process, errors)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await errors


async def renew_outdated(settings: ServiceSettings, services: Sequence[Service[Any]]) -> None:
    """Rebuilds the models whose fold is of another version than their rows, one after the other, while those serve."""
    try:
        outdated = [model for service in services for model in await service.reading.outdated()]
        if not outdated:
            return
        async with worker(settings) as rebuilding:
            for model in outdated:
                _log.warning("a read model of another version is rebuilt", extra={"projection": model.name})
                _tell(model.name, await rebuilding.rebuild(model.name, _nobody))
    except (KernelError, OSError, EOFError) as error:
        # The old rows serve on; `cairn status` says that they are outdated.
        _log.error("read models could not be rebuilt", exc_info=error)


def _tell(name: str, said: Said) -> None:
    if isinstance(said, dict) and said["switched"]:
        _log.info("a read model was rebuilt", extra={"projection": name})
    else:
        reason = "failed" if isinstance(said, str) else "rows_differ"
        _log.error("a read model could not be rebuilt", extra={"projection": name, "reason": reason})


def _nobody(stage: str, done: int, total: int) -> None:
    """Nobody looks at how far it is."""
