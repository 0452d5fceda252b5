"""One check-in on its way to the root: past twenty brothers and sisters, past ten thousand, up two hundred levels."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import perf_counter

from libs.events.caller import Caller
from libs.events.catalog.goals import GoalCreated, Metric
from libs.events.clock import new_id
from libs.events.declare import RowKey
from libs.events.handle import NewStream
from libs.web.embedded import Embedded
from libs.web.settings import ServiceSettings
from services.cli.seed import BATCH, Size, grow
from services.goals import wiring as goals
from services.goals.domain.state import GOAL
from services.goals.projections import TREE
from services.goals.read_models import NODES, Node
from tests.bench.grown import Served, bearer, serving
from tests.bench.material import TENANT
from tests.bench.report import Figure, Finding

FAN_OUTS, LEVELS = (20, 10_000), 200
CHECK_INS = 25


async def run(folder: Path) -> list[Finding]:
    """Each shape has a root of its own in one tenant; the check-ins come one after the other."""
    data = folder / "rollup"
    parts = Embedded(ServiceSettings(data_dir=data))
    try:
        await parts.open_keyring()
        owner = (await grow(parts, TENANT, Size(people=1, goals=0))).crowd.ids[0]
        shapes = {f"fan-out {count:,}": _wide(count) for count in FAN_OUTS} | {f"{LEVELS} levels": _deep(LEVELS)}
        trees = {what: await _planted(parts, owner, parents) for what, parents in shapes.items()}
    finally:
        await parts.close()
    async with serving(data) as served:
        waits = {what: await _waits(served, data, owner, tree) for what, tree in trees.items()}
    return [
        Figure(
            f"check-in answer to the root's row, {', '.join(waits)}",
            ", ".join(f"{median(times) * 1e3:,.1f} ms" for times in waits.values()),
            f"p50 of {CHECK_INS} check-ins one after the other, in one process, until the tree's rows are committed",
        )
    ]


def _wide(count: int) -> list[int | None]:
    """A root and what hangs under it: for each goal the place of its parent."""
    return [None, *([0] * count)]


def _deep(levels: int) -> list[int | None]:
    """A chain."""
    return [None, *range(levels - 1)]


async def _planted(parts: Embedded, owner: str, parents: Sequence[int | None]) -> Sequence[str]:
    """Appends the goals; what nothing hangs under has a metric."""
    kernel, ids, above = parts.kernel(goals.SERVICE), [new_id() for _ in parents], set(parents)
    streams = []
    for place, parent in enumerate(parents):
        goal = _goal(owner, ids[parent] if parent is not None else None, measured=place not in above)
        streams.append(NewStream(GOAL.kind, ids[place], 0, [goal]))
    for at in range(0, len(streams), BATCH):
        await kernel.append_streams(Caller(TENANT, owner), streams[at : at + BATCH])
    return ids


def _goal(owner: str, parent_id: str | None, *, measured: bool) -> GoalCreated:
    return GoalCreated(
        title="Fewer escalations",
        kind="smart" if measured else "objective",
        owner_id=owner,
        parent_id=parent_id,
        alignment="none" if parent_id is None else "accepted",
        weight=Decimal(1),
        metric=Metric(start=Decimal(50), target=Decimal(40), current=Decimal(50), unit=None) if measured else None,
        progress_driver="metric" if measured else "all",
        clamp=True,
        commitment="aspirational",
        focus="business",
        visibility="public",
    )


async def _waits(served: Served, data: Path, owner: str, tree: Sequence[str]) -> list[float]:
    """Seconds from each answer to the root's row."""
    waits, headers, (root, leaf) = [], bearer(data, owner), (tree[0], tree[-1])
    for _ in range(CHECK_INS):
        position = await served.checked_in(leaf, headers)
        answered = perf_counter()
        await served.folded(position, TREE)
        waits.append(perf_counter() - answered)
    key = RowKey(NODES, root)
    row: Node = (await served.positions.reads.get_many(TENANT, [key]))[key]
    assert row.caused_by is not None
    assert row.caused_by.goal_id == leaf
    assert row.progress > 0
    return waits
