"""A long stream: folded from nothing, and the next command with the state kept from before."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from time import perf_counter

from libs.events.caller import Caller
from services.goals.domain.state import GOAL
from tests.bench.material import TENANT, Material, checked_in, created, goal_stream, material
from tests.bench.report import Figure, Finding

CHECK_INS = 10_000
COMMANDS = 20


async def run(folder: Path) -> list[Finding]:
    """A goal with 10,000 check-ins."""
    async with material(folder / "folding") as made:
        stream = await _long_stream(made)
        kernel = made.parts.kernel("goals")
        started = perf_counter()
        loaded = await kernel.load(GOAL, stream)
        cold = perf_counter() - started
        assert loaded.version == CHECK_INS + 1
        warm = []
        for number in range(COMMANDS):
            event = checked_in("p1", number)
            started = perf_counter()
            await kernel.handle(
                GOAL, stream.rsplit("/", 1)[1], Caller(TENANT, "p1"), lambda _, event=event: [event], created=True
            )
            warm.append(perf_counter() - started)
    what = f"a goal of {CHECK_INS:,} check-ins: cold fold, next command"
    method = f"Kernel.load from nothing; then the median of {COMMANDS} check-ins, each durable"
    return [Figure(what, f"{cold * 1e3:,.0f} ms, {median(warm) * 1e3:.1f} ms", method)]


async def _long_stream(made: Material) -> str:
    store, stream = made.parts.folder.event_store("goals"), goal_stream()
    await store.append(await made.append(stream, 0, [created("p1")]))
    for version in range(1, CHECK_INS + 1, 1000):
        events = [checked_in("p1", number) for number in range(1000)]
        await store.append(await made.append(stream, version, events))
    return stream
