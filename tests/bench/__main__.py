"""`python -m tests.bench [names…]`: runs all benches, or those named, and prints what they found."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from tests.bench import appends, folding, latency, projection, reads, tracing
from tests.bench.processes import QUOTAS
from tests.bench.report import Finding, show

BENCHES = {
    "appends": appends.run,
    "projection": projection.run,
    "reads": reads.run,
    "tracing": tracing.run,
    "latency": latency.run,
    "folding": folding.run,
}


def main(names: list[str]) -> int:
    """0 whatever the figures are; an error of a bench is raised, because it measured nothing."""
    if unknown := [name for name in names if name not in BENCHES]:
        print(f"There is no bench called {', '.join(unknown)}. There are: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    # What runs in this process is not held back either.
    os.environ.update(QUOTAS)
    started = perf_counter()
    # On the disk of the checkout: a temporary folder may be in memory, where being durable costs nothing.
    build = Path(__file__).parents[2] / "build"
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=build) as folder:
        findings = [one for name in names or BENCHES for one in asyncio.run(_run(name, Path(folder)))]
        sync = _sync_seconds(Path(folder))
    load = os.getloadavg()[0]
    print(
        f"\n{os.cpu_count()} cores, load {load:.1f}, fsync {sync * 1e3:.2f} ms, {perf_counter() - started:.0f} s. "
        "Everything on this one machine; medians; more than one load makes figures noisy.\n"
    )
    show(findings)
    return 0


async def _run(name: str, folder: Path) -> list[Finding]:
    print(f"{name} …", file=sys.stderr, flush=True)
    return await BENCHES[name](folder)


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
    sys.exit(main(sys.argv[1:]))
