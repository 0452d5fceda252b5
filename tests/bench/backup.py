"""`cairn backup` against copying the very same bytes with nothing to say about them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from time import perf_counter

from libs.events.adapters.sqlite.manifest import Manifest
from libs.web.settings import ServiceSettings
from services.cli.backup import backed_up
from tests.bench.grown import grown
from tests.bench.report import Figure, Finding, times
from tests.bench.rounds import in_turns

GOALS = 100_000
ROUNDS = 9
LEAST = 0.5


async def run(folder: Path, most: int = GOALS) -> list[Finding]:
    """Both to the disk that the data folder is on."""
    tenant = await grown(folder, min(GOALS, most))
    made = _backed_up(tenant.folder, folder / "backup-first")
    files = [(tenant.folder / entry.path, entry.size) for entry in made.files]
    megabytes = sum(size for _, size in files) / 1e6

    async def back_up() -> float:
        started = perf_counter()
        _backed_up(tenant.folder, folder / "backup")
        seconds = perf_counter() - started
        shutil.rmtree(folder / "backup")
        return megabytes / seconds

    async def copy() -> float:
        copies = folder / "copies"
        copies.mkdir()
        started = perf_counter()
        for number, (path, _) in enumerate(files):
            _copied(path, copies / str(number))
        seconds = perf_counter() - started
        shutil.rmtree(copies)
        return megabytes / seconds

    found = await in_turns(back_up, copy, ROUNDS)
    method = (
        f"{megabytes:,.0f} MB, {_events(made):,} events; durable copies with digests and positions, against copyfile "
        f"and fsync of the same files; {ROUNDS} rounds in turns"
    )
    shutil.rmtree(folder / "backup-first")
    return [
        times("a backup, against copying the same bytes", found, LEAST, "MB/s", method),
        Figure("a backup of so many events a second", f"{found.first * _events(made) / megabytes:,.0f}", "the same"),
    ]


def _backed_up(data: Path, target: Path) -> Manifest:
    return backed_up(ServiceSettings(data_dir=data), target, lambda *_: None)


def _copied(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb+") as copy:
        os.fsync(copy.fileno())


def _events(made: Manifest) -> int:
    return sum(entry.events for entry in made.stores.values())
