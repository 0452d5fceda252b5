"""A rebuild in a process of its own: what serves keeps its processor, and several models are rebuilt side by side."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from typing import Any

from libs.events.compare import Told
from libs.events.errors import KernelError
from libs.web.service import Service
from libs.web.settings import ServiceSettings

Said = dict[str, Any] | str
"""The report of a rebuild (`cairn rebuild` says what is in it), or why there is none."""

_log = logging.getLogger(__name__)


async def rebuilt_beside(settings: ServiceSettings, name: str, told: Told, *given: str) -> Said:
    """Runs `cairn rebuild NAME` with these options; cancelled, it ends with the one who waits for it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "rebuild", name, "--told", *given),
        *("--data", str(settings.data_dir)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    errors = asyncio.create_task(process.stderr.read())
    report: dict[str, Any] | None = None
    try:
        async for line in process.stdout:
            said = json.loads(line)
            if "report" in said:
                report = said["report"]
            else:
                told(said["stage"], said["done"], said["total"])
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return report or (await errors).decode().strip().removeprefix("cairn: ") or "it ended without a word"


async def renew_outdated(settings: ServiceSettings, services: Sequence[Service[Any]]) -> None:
    """Rebuilds the models whose fold is of another version than their rows, one after the other, while those serve."""
    try:
        for service in services:
            for model in await service.reading.outdated():
                _log.warning("a read model of another version is rebuilt", extra={"projection": model.name})
                _tell(model.name, await rebuilt_beside(settings, model.name, _nobody))
    except (KernelError, OSError) as error:
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
