"""How long a large tenant takes to seed: into the log, and from there into the read models."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from libs.web.embedded import Embedded
from libs.web.settings import ServiceSettings
from services.cli.seed import Size, fold, grow
from services.goals import wiring as goals
from services.people import wiring as people
from tests.bench.material import TENANT
from tests.bench.report import Figure, Finding

PEOPLE, GOALS = 500, 100_000


async def run(folder: Path, most: int = GOALS) -> list[Finding]:
    """What `cairn seed --people 500 --goals 100000` does, in this process."""
    count = min(GOALS, most)
    parts = Embedded(ServiceSettings(data_dir=folder / "seeding"))
    try:
        await parts.open_keyring()
        started = perf_counter()
        await grow(parts, TENANT, Size(PEOPLE, count))
        appended = perf_counter() - started
        await fold(parts, TENANT)
        folded = perf_counter() - started - appended
        log = parts.folder.event_log(people.SERVICE, goals.SERVICE)
        heads = [await log.tenant_head(f"{service}.events", TENANT) for service in (people.SERVICE, goals.SERVICE)]
    finally:
        await parts.close()
    events = sum(head.sequence for head in heads)
    what = f"seeding {PEOPLE:,} people and {count:,} goals"
    return [
        Figure(what, f"{appended:,.0f} s + {folded:,.0f} s", "as cairn seed does: into the log, then all read models"),
        Figure("seeded events a second", f"{events / appended:,.0f}, {events / folded:,.0f}", f"of {events:,} events"),
    ]
