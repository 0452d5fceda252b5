"""How soon after a check-in's answer the goal at the root shows it, while many check in."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from time import perf_counter

import httpx2

from libs.events.envelope import topic_of
from libs.events.testing import eventually
from libs.web.app import BASE
from services.goals import wiring as goals
from services.goals.projections import TREE
from tests.bench.grown import FOLDED_SECONDS, Picked, bearer, grown
from tests.bench.material import TENANT
from tests.bench.processes import cairn, server
from tests.bench.report import Figure, Finding, below
from tests.bench.tenant import CHECK_IN

GOALS = 100_000
A_SECOND, SECONDS = 50, 20
WARM = 100
MOST_MILLISECONDS = 100
LOOK_SECONDS = 0.001


@dataclass
class Measured:
    """Seconds of each check-in: from when it was due to its answer, and from there to the root's row."""

    answers: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


@dataclass
class Watched:
    """How far the tree's committed rows are, looked up in their file by a process that has nothing else to do with it.

    The checkpoint is written in the transaction that writes the rows of all goals up to the root.
    """

    data: Path
    reached: int = 0
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self) -> None:
        """Looks every millisecond, for ever."""
        place = (TREE.name, topic_of(goals.SERVICE), TENANT)
        with closing(sqlite3.connect(f"{_rows_of_tree(self.data).as_uri()}?mode=ro", uri=True)) as rows:
            while True:
                found = rows.execute(
                    "SELECT sequence FROM checkpoints WHERE projection=? AND topic=? AND tenant=?", place
                ).fetchone()
                if found is not None and found[0] != self.reached:
                    self.reached = found[0]
                    self._moved.set()
                    self._moved = asyncio.Event()
                await asyncio.sleep(LOOK_SECONDS)

    async def holds(self, position: int) -> None:
        """Waits until the rows hold the event of a position."""
        async with asyncio.timeout(FOLDED_SECONDS):
            while self.reached < position:
                await self._moved.wait()


async def run(folder: Path, most: int = GOALS) -> list[Finding]:
    """An open loop: check-ins come when they are due, whether those before were answered or not."""
    tenant = await grown(folder, min(GOALS, most))
    async with server(*cairn(tenant.folder)) as served, _watching(tenant) as watched:
        address = f"http://127.0.0.1:{served.port}"
        async with httpx2.AsyncClient(base_url=address, timeout=60) as client:
            await eventually(lambda: _ready(client))
            await _loop(client, watched, tenant, WARM)
            # The watcher would stand still for 50 ms and take that for the server's time.
            gc.freeze()
            found = await _loop(client, watched, tenant, A_SECOND * SECONDS)
    waits, answers = (quantiles(times, n=100) for times in (found.waits, found.answers))
    method = (
        f"{A_SECOND} check-ins a second for {SECONDS} s over HTTP, to goals all over a tree of {tenant.goals:,}, to "
        "a cairn up of its own; until the tree's rows are committed, the root's among them, seen from outside"
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


def _rows_of_tree(data: Path) -> Path:
    """The file of the generation that serves."""
    read = data / "read"
    with closing(sqlite3.connect(f"{(read / f'{goals.SERVICE}.db').as_uri()}?mode=ro", uri=True)) as register:
        [(number,)] = register.execute("SELECT number FROM generations WHERE model=?", (TREE.name,))
    return read / f"{TREE.name}.{number}.db"


@asynccontextmanager
async def _watching(tenant: Picked) -> AsyncIterator[Watched]:
    watched = Watched(tenant.folder)
    looking = asyncio.create_task(watched.look())
    try:
        yield watched
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def _ready(client: httpx2.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200


async def _loop(client: httpx2.AsyncClient, watched: Watched, tenant: Picked, count: int) -> Measured:
    chosen = tenant.elsewhere
    headers = {owner: bearer(tenant.folder, owner) for owner in {owner for _, owner in chosen}}
    found, started = Measured(), perf_counter()

    async def check_in(number: int, due: float) -> None:
        goal, owner = chosen[number % len(chosen)]
        await asyncio.sleep(due - perf_counter())
        answer = await client.post(f"{BASE}/goals/{goal}/check-ins", json=CHECK_IN, headers=headers[owner])
        answered = perf_counter()
        assert answer.status_code == 201, answer.text
        await watched.holds(int(answer.headers["Cairn-Position"].removeprefix(f"{goals.SERVICE}:")))
        found.answers.append(answered - due)
        found.waits.append(perf_counter() - answered)

    await asyncio.gather(*(check_in(number, started + number / A_SECOND) for number in range(count)))
    return found
