"""A goal read through the gateway against a bare gateway of two hops that reads the same row."""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import median

from services.goals.projections import GOAL_ROWS
from tests.bench.load import Load, generator
from tests.bench.material import TENANT
from tests.bench.processes import Server, cairn, module, server
from tests.bench.report import Figure, Finding, times
from tests.bench.rounds import in_turns
from tests.bench.tenant import made

SECONDS = 1
ROUNDS = 11
CONNECTIONS = 8


async def run(folder: Path) -> list[Finding]:
    """Ours against the peer, and our memory before the first request."""
    data, rows = folder / "reads", folder / "peer-rows.db"
    tenant = await made(data)
    shutil.copyfile(data / "read" / f"{GOAL_ROWS.name}.1.db", rows)
    async with server(*cairn(data)) as ours, server(*module("peer", folder, str(rows), TENANT)) as peer:
        memory = ours.memory()

        async def of(one: Server, headers: dict[str, str]) -> float:
            return await one.measured(Load(one.port, tenant.goals, headers, "GET", "", CONNECTIONS, SECONDS, folder))

        for one in (ours, peer):
            await of(one, tenant.owner)
            one.forget()
        found = await in_turns(lambda: of(ours, tenant.owner), lambda: of(peer, {}), ROUNDS)
        costs = f"{ours.cost:.2f} ms, {peer.cost:.2f} ms"
        managers = median([await of(ours, tenant.manager) for _ in range(3)])
    method = (
        f"cairn up as it comes, quotas on, against tests/bench/peer.py; {generator()}, {CONNECTIONS} kept connections, "
        f"{len(tenant.goals)} goals read by their owner; {ROUNDS} rounds of {SECONDS} s in turns, the other one stopped"
    )
    return [
        times("goal reads to those of a bare gateway", found, 0.5, "requests a second", method),
        Figure("processor time of a goal read: ours, the bare gateway's", costs, "of the server, over all rounds"),
        Figure("goal reads a second by the owner's manager", f"{managers:,.0f}", "the same server; one look-up more"),
        Figure("memory after start", f"{memory / 2**20:.0f} MiB", "resident size of cairn up before its first request"),
    ]
