"""What a `cairn up` with a large tenant keeps in memory: after its start, and after people have asked for things."""

from __future__ import annotations

from pathlib import Path

import httpx2

from libs.events.testing import eventually
from tests.bench.grown import Picked, bearer, grown
from tests.bench.processes import Server, cairn, server
from tests.bench.questions import questions
from tests.bench.report import Finding, below

GOALS = 100_000
REQUESTS = 200
MOST_MEGABYTES = 600


async def run(folder: Path, most: int = GOALS) -> list[Finding]:
    """Resident size of a process that serves 100,000 goals."""
    tenant = await grown(folder, min(GOALS, most))
    async with server(*cairn(tenant.folder)) as served:
        started = await _asked(served, tenant, 0)
        asked = await _asked(served, tenant, REQUESTS)
    method = f"resident size of cairn up with {tenant.goals:,} goals and {tenant.people:,} people"
    figures = f"{started / 1e6:,.0f} MB after its start"
    return [below(f"memory after {REQUESTS} requests", asked / 1e6, MOST_MEGABYTES, "MB", figures, method)]


async def _asked(served: Server, tenant: Picked, requests: int) -> int:
    """The resident bytes after so many requests of all kinds."""
    paths = [path for question in questions() for path in question.paths(tenant)]
    headers = bearer(tenant.folder, tenant.asker)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", timeout=60) as client:
        await eventually(lambda: _ready(client))
        for number in range(requests):
            answer = await client.get(paths[number % len(paths)], headers=headers)
            assert answer.status_code == 200, answer.text
    return served.memory()


async def _ready(client: httpx2.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200
