"""What a `cairn up` with a large tenant takes in memory at most: while people ask for everything, while it folds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx2

from libs.events.adapters.sqlite.folder import EVENTS, READS
from libs.events.testing import eventually
from libs.web.app import BASE
from tests import product
from tests.bench.grown import Picked, bearer, grown
from tests.bench.material import TENANT
from tests.bench.processes import Server, cairn, server
from tests.bench.questions import TREE, TREE_BEFORE, Question, questions
from tests.bench.report import Finding, below
from tests.bench.tenant import CHECK_IN

GOALS = 100_000
MOST_MEGABYTES = 600
ROUNDS = 10
"""How often each question is asked, every time with its next path."""
LONGEST = Question("the longest pages", lambda _: [f"{BASE}/goals?limit=500", f"{BASE}/goals?kind=objective&limit=500"])
PATIENCE = 3_600.0
"""Seconds that folding everything may take."""


async def run(folder: Path, most: int = GOALS) -> list[Finding]:
    """Peaks of two processes: one that serves 100,000 goals, one that folds them before it can."""
    tenant = await grown(folder, min(GOALS, most))
    bare = _without_rows(tenant.folder, folder / f"unfolded-{tenant.goals}")
    try:
        return [await _serving(tenant), await _folding(tenant, bare)]
    finally:
        shutil.rmtree(bare)


async def _serving(tenant: Picked) -> Finding:
    async with server(*cairn(tenant.folder)) as served, _client(served, tenant) as client:
        await eventually(lambda: _ready(client))
        started = served.memory()
        asked = await _ask(client, tenant)
        figures = f"{_mb(started)} after its start, {_mb(served.memory())} after {asked:,} requests"
        peak = served.peak()
    method = (
        f"resident size of cairn up with {_size(tenant)}: reads, each list and tree in its turn, pages of 500, and a "
        "check-in after each round of them"
    )
    return below("memory of cairn up, at most", peak / 1e6, MOST_MEGABYTES, "MB", figures, method)


async def _folding(tenant: Picked, bare: Path) -> Finding:
    heads = ", ".join(
        f"{path.stem}:{sequence}"
        for path in sorted((bare / EVENTS).glob("*.db"))
        for (sequence,) in product.rows(path, "SELECT sequence FROM heads WHERE tenant=?", TENANT)
    )
    async with server(*cairn(bare)) as served, _client(served, tenant) as client:
        await eventually(lambda: _caught_up(client, TREE.paths(tenant)[0], heads), within=PATIENCE)
        figures = f"{_mb(served.memory())} when all was folded"
        peak = served.peak()
    method = f"resident size of a cairn up that finds the log of {_size(tenant)} and no read models, until its lag is 0"
    return below("memory of cairn up that folds all, at most", peak / 1e6, MOST_MEGABYTES, "MB", figures, method)


def _without_rows(data: Path, copy: Path) -> Path:
    """A data folder that nobody serves, as it is when its read models were deleted."""
    shutil.rmtree(copy, ignore_errors=True)
    return Path(shutil.copytree(data, copy, ignore=shutil.ignore_patterns(READS)))


def _client(served: Server, tenant: Picked) -> httpx2.AsyncClient:
    headers = bearer(tenant.folder, tenant.asker)
    return httpx2.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", timeout=60, headers=headers)


async def _ask(client: httpx2.AsyncClient, tenant: Picked) -> int:
    """Asks all that there is to ask, over and over; returns how many requests that were."""
    everything = [*questions(), TREE_BEFORE, LONGEST]
    count = ROUNDS * (len(everything) + 1)
    for method, path, body in islice(_requests(tenant, everything), count):
        answer = await client.request(method, path, json=body)
        assert answer.is_success, (path, answer.text)
    return count


def _requests(tenant: Picked, everything: list[Question]) -> Iterator[tuple[str, str, Any]]:
    asked = [cycle(question.paths(tenant)) for question in everything]
    for own in cycle(tenant.own):
        yield from (("GET", next(paths), None) for paths in asked)
        yield "POST", f"{BASE}/goals/{own}/check-ins", CHECK_IN


async def _ready(client: httpx2.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200


async def _caught_up(client: httpx2.AsyncClient, path: str, heads: str) -> bool:
    """Whether it lags behind nowhere; a runner that has not looked yet says so too, so a tree must be there as well."""
    services = (await client.get("/readyz")).json()["services"].values()
    if any(part.get("lag", 0) for service in services for part in service["parts"].values()):
        return False
    return (await client.get(path, headers={"Cairn-After": heads})).status_code == 200


def _size(tenant: Picked) -> str:
    return f"{tenant.goals:,} goals and {tenant.people:,} people"


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
