"""Tenants of any size and always the same shape, each in a data folder of its own, made once a run.

They are appended here as `cairn seed` does it, while processes beside fold them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter

import httpx2
import msgspec

from libs.access.tokens import DevelopmentIssuer, load_signing_key
from libs.events.adapters.sqlite.folder import DEVELOPMENT_TOKENS
from libs.events.clock import SystemClock
from libs.events.declare import ReadModel
from libs.events.positions import Positions
from libs.web.app import BASE
from libs.web.embedded import Embedded
from libs.web.settings import ServiceSettings
from services.cli.seed import CHECKED_IN, Grown, Size, folded, grow
from services.cli.up import Installation, assemble
from services.gateway.wiring import in_process
from services.goals import wiring as goals
from tests.bench.follow import folding
from tests.bench.material import TENANT
from tests.bench.tenant import CHECK_IN

SIZES = (1_000, 100_000, 1_000_000)
GOALS_A_PERSON = 20
EVERY = 5
"""People check in to one in so many of the goals that nothing hangs under."""
SOME, MANY = 200, 1_000
FOLDED_SECONDS = 30.0
TOKEN_LASTS = timedelta(hours=12)


@dataclass(frozen=True)
class Picked:
    """What is asked for in a tenant, at the same places of its shape whatever its size.

    `asker` is an ordinary employee at the bottom of the organisation; `own` are their open goals, `parent` is above
    one of these and `above` is above that; `public` are goals of others that everybody sees. `elsewhere` are open goals
    with a number all over the tenant, with their owners.
    """

    data: str
    goals: int
    people: int
    asker: str
    manager: str
    unit: str
    own: tuple[str, ...]
    public: tuple[str, ...]
    parent: str
    above: str
    elsewhere: tuple[tuple[str, str], ...]
    since: datetime
    """When people began to check in for the last time."""
    appended: float
    ready: float
    """Seconds until all was appended, and until all was folded too."""

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data)


async def all_grown(folder: Path, most: int) -> list[Picked]:
    """The tenants of all sizes up to one; those that are not there yet are made side by side."""
    sizes = (*(size for size in SIZES if size < most), most)
    return list(await asyncio.gather(*(grown(folder, size) for size in sizes)))


async def grown(folder: Path, goal_count: int) -> Picked:
    """The tenant of so many goals, made unless this run has made it, or one before it in a folder that is kept."""
    data = folder / f"grown-{goal_count}"
    notes = data.with_suffix(".json")
    if not notes.exists():
        notes.write_bytes(msgspec.json.encode(await _make(data, goal_count)))
    return msgspec.json.decode(notes.read_bytes(), type=Picked)


async def _make(data: Path, goal_count: int) -> Picked:
    size = Size(goal_count // GOALS_A_PERSON, goal_count, EVERY)
    started = perf_counter()
    parts = Embedded(ServiceSettings(data_dir=data))
    try:
        await parts.open_keyring()
        since = parts.clock.now() - CHECKED_IN[-1]
        async with folding(data):
            made = await grow(parts, TENANT, size)
            appended = perf_counter() - started
    finally:
        await parts.close()
    return _picked(data, made, since, appended, perf_counter() - started)


def _picked(data: Path, made: Grown, since: datetime, appended: float, ready: float) -> Picked:
    crowd, forest = made.crowd, made.forest
    # The last whole team: who leads it leads ten, as everywhere.
    asker = len(crowd.ids) - 10
    manager = crowd.manager(asker)
    assert manager is not None
    own = [number for number in range(len(forest.ids)) if forest.rank(number) == asker]
    parent = forest.parent(own[0])
    above = forest.parent(parent) if parent is not None else None
    assert parent is not None
    assert above is not None
    alive = [n for n in range(len(forest.ids)) if forest.ending(n) is None and not forest.is_draft(n)]
    public = [n for n in alive if not forest.is_leaf(n) or n % 5 < 2]
    measured = [n for n in alive if forest.is_leaf(n) and forest.rank(n) != asker]
    random = Random(len(forest.ids))
    return Picked(
        data=str(data),
        goals=len(forest.ids),
        people=len(crowd.ids),
        asker=crowd.ids[asker],
        manager=crowd.ids[manager],
        unit=crowd.units[asker * len(crowd.units) // len(crowd.ids)],
        own=tuple(forest.ids[n] for n in own if forest.ending(n) is None and not forest.is_draft(n)),
        public=tuple(forest.ids[n] for n in random.sample(public, min(SOME, len(public)))),
        parent=forest.ids[parent],
        above=forest.ids[above],
        elsewhere=tuple((forest.ids[n], forest.owner(n)) for n in random.sample(measured, min(MANY, len(measured)))),
        since=since,
        appended=appended,
        ready=ready,
    )


@dataclass(frozen=True)
class Served:
    """A data folder served in this process, and a client at its gateway."""

    installation: Installation
    client: httpx2.AsyncClient

    @property
    def positions(self) -> Positions:
        """How far the read models of goals are."""
        [service] = [one for one in self.installation.services if one.name == goals.SERVICE]
        return service.reading.door.positions

    async def checked_in(self, goal_id: str, headers: dict[str, str]) -> int:
        """Checks in to a goal; returns the position of the event."""
        answer = await self.client.post(f"{BASE}/goals/{goal_id}/check-ins", json=CHECK_IN, headers=headers)
        assert answer.status_code == 201, answer.text
        return int(answer.headers["Cairn-Position"].removeprefix("goals:"))

    async def folded(self, position: int, *models: ReadModel) -> None:
        """Waits until models hold the event of a position."""
        await self.positions.wait(TENANT, {goals.SERVICE: position}, models, within=FOLDED_SECONDS)


@asynccontextmanager
async def serving(data: Path) -> AsyncIterator[Served]:
    """Serves a data folder in this process, once all that it has is folded."""
    async with AsyncExitStack() as stack:
        installation = await assemble(ServiceSettings(data_dir=data), stack)
        client = await stack.enter_async_context(in_process("cairn", installation.gateway))
        await folded(installation.services, TENANT)
        yield Served(installation, client)


def bearer(data: Path, person: str) -> dict[str, str]:
    """The authorization of a person of the tenant."""
    issuer = DevelopmentIssuer(load_signing_key(data / DEVELOPMENT_TOKENS))
    token = issuer.issue(TENANT, person, now=SystemClock().now(), ttl=TOKEN_LASTS)
    return {"Authorization": f"Bearer {token}"}
