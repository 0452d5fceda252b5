"""How soon after the answer to a check-in its row shows it."""

from __future__ import annotations

from pathlib import Path
from statistics import quantiles
from time import perf_counter

from services.goals.projections import GOAL_ROWS
from tests.bench.material import TENANT
from tests.bench.report import Figure, Finding
from tests.bench.tenant import CHECK_IN, running

CHECK_INS = 400


async def run(folder: Path) -> list[Finding]:
    """One check-in after the other, each waited for from its answer on."""
    waits: list[float] = []
    async with running(folder / "latency") as (installation, client, tenant):
        [runner] = [one for one in installation.services[1].reading.runners if one.consumer.name == GOAL_ROWS.name]
        for number in range(CHECK_INS):
            path = tenant.check_ins[number % len(tenant.check_ins)]
            answer = await client.post(path, json=CHECK_IN, headers=tenant.owner)
            answered = perf_counter()
            position = int(answer.raise_for_status().headers["Cairn-Position"].removeprefix("goals:"))
            await runner.positions.wait(TENANT, {"goals": position}, [GOAL_ROWS], within=5.0)
            waits.append(perf_counter() - answered)
    cuts = quantiles(waits, n=100)
    method = f"{CHECK_INS} check-ins one after the other, in one process, until the runner has committed the row"
    return [Figure("check-in answer to row, p50 and p99", f"{cuts[49] * 1e3:.1f} ms, {cuts[98] * 1e3:.1f} ms", method)]
