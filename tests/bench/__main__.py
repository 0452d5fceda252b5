"""`python -m tests.bench [names…]`: runs all benches, or those named, and prints what they found."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import perf_counter

from tests.bench import (
    appends,
    backup,
    folding,
    fresh,
    latency,
    memory,
    projection,
    reads,
    rebuild,
    rollup,
    seeding,
    sizes,
    tracing,
)
from tests.bench.grown import SIZES
from tests.bench.processes import QUOTAS
from tests.bench.report import Finding, show

Bench = Callable[[Path], Awaitable[list[Finding]]]


def benches(most: int) -> dict[str, Bench]:
    """All benches by name, with no tenant greater than `most` goals."""
    return {
        "appends": appends.run,
        "projection": projection.run,
        "reads": reads.run,
        "tracing": tracing.run,
        "latency": latency.run,
        "folding": folding.run,
        "rollup": rollup.run,
        "seeding": partial(seeding.run, most=most),
        "backup": partial(backup.run, most=most),
        "memory": partial(memory.run, most=most),
        "fresh": partial(fresh.run, most=most),
        "rebuild": partial(rebuild.run, most=most),
        "sizes": partial(sizes.run, most=most),
    }


def main(names: list[str], most: int, kept: str | None) -> int:
    """0 whatever the figures are; an error of a bench is raised, because it measured nothing."""
    known = benches(most)
    if unknown := [name for name in names if name not in known]:
        print(f"There is no bench called {', '.join(unknown)}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    # What runs in this process is not held back either.
    os.environ.update(QUOTAS)
    started = perf_counter()
    # On the disk of the checkout: a temporary folder may be in memory, where being durable costs nothing.
    build = Path(__file__).parents[2] / "build"
    build.mkdir(exist_ok=True)
    with ExitStack() as stack:
        name = kept or stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=build))
        folder = build / name
        folder.mkdir(exist_ok=True)
        findings = [one for name in names or known for one in asyncio.run(_run(name, known[name], folder))]
        sync = _sync_seconds(folder)
    load = os.getloadavg()[0]
    print(
        f"\n{os.cpu_count()} cores, load {load:.1f}, fsync {sync * 1e3:.2f} ms, {perf_counter() - started:.0f} s. "
        "Everything on this one machine; medians; more than one load makes figures noisy.\n"
    )
    show(findings)
    return 0


async def _run(name: str, bench: Bench, folder: Path) -> list[Finding]:
    print(f"{name} …", file=sys.stderr, flush=True)
    return await bench(folder)


def _sync_seconds(folder: Path) -> float:
    """What the disk takes to make 4 KiB durable."""
    taken = []
    with (folder / "sync").open("wb") as file:
        for _ in range(50):
            file.write(bytes(4096))
            file.flush()
            started = perf_counter()
            os.fdatasync(file.fileno())
            taken.append(perf_counter() - started)
    return sorted(taken)[len(taken) // 2]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--most", type=int, default=SIZES[-1], help="goals of the greatest tenant")
    parser.add_argument("--keep", help="a folder under build/ that keeps the great tenants for another run")
    given = parser.parse_args()
    sys.exit(main(given.names, given.most, given.keep))
