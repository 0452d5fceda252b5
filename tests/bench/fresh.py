"""How soon after a check-in's answer the goal at the root shows it, while many check in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from time import perf_counter

from services.goals.projections import TREE
from tests.bench.grown import Picked, Served, bearer, grown, serving
from tests.bench.report import Figure, Finding, below

GOALS = 100_000
A_SECOND, SECONDS = 50, 20
WARM = 100
MOST_MILLISECONDS = 100


@dataclass
class Measured:
    """Seconds of each check-in: from when it was due to its answer, and from there to the root's row."""

    answers: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


async def run(folder: Path, most: int = GOALS) -> list[Finding]:
    """An open loop: check-ins come when they are due, whether those before were answered or not."""
    tenant = await grown(folder, min(GOALS, most))
    async with serving(tenant.folder) as served:
        await _loop(served, tenant, WARM)
        found = await _loop(served, tenant, A_SECOND * SECONDS)
    waits, answers = (quantiles(times, n=100) for times in (found.waits, found.answers))
    method = (
        f"{A_SECOND} check-ins a second for {SECONDS} s to goals all over a tree of {tenant.goals:,}, in one process; "
        "until the tree's rows are committed, the root's among them"
    )
    figures = f"p50 {waits[49] * 1e3:,.0f} ms, greatest {max(found.waits) * 1e3:,.0f} ms"
    return [
        below("check-in answer to the root's row, p99", waits[98] * 1e3, MOST_MILLISECONDS, "ms", figures, method),
        Figure(
            "check-in meanwhile, p50 and p99",
            f"{answers[49] * 1e3:,.1f} ms, {answers[98] * 1e3:,.1f} ms",
            "from when it was due to its answer",
        ),
    ]


async def _loop(served: Served, tenant: Picked, count: int) -> Measured:
    goals = tenant.elsewhere
    headers = {owner: bearer(tenant.folder, owner) for owner in {owner for _, owner in goals}}
    found, started = Measured(), perf_counter()

    async def check_in(number: int, due: float) -> None:
        goal, owner = goals[number % len(goals)]
        await asyncio.sleep(due - perf_counter())
        position = await served.checked_in(goal, headers[owner])
        answered = perf_counter()
        await served.folded(position, TREE)
        found.answers.append(answered - due)
        found.waits.append(perf_counter() - answered)

    await asyncio.gather(*(check_in(number, started + number / A_SECOND) for number in range(count)))
    return found
