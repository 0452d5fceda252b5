"""Getting past poison in the toy world: rows in generations, mended code, skipped events, rows folded from nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from libs.events.adapters.sqlite.read_models import SQLiteReadModels
from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.declare import Fold, Projection, ReadModel
from libs.events.effects import Consumer
from libs.events.folder import Folder
from libs.events.parking import HOLD_SECONDS, Parking
from libs.events.ports import Commit, Parked, ReadStore
from libs.events.project import Projector
from libs.events.rebuild import Rebuild, Report
from libs.events.skipping import skip
from tests.events import toy
from tests.events.world import Place, World


def in_generations(place: Place, *models: ReadModel, kind: type[SQLiteReadModels] = SQLiteReadModels) -> Place:
    """The place with these models, their rows in generations as in the product."""
    projections = tuple(one for one in models if isinstance(one, Projection))
    folds = tuple(one for one in models if isinstance(one, Fold))
    reads: Any = partial(_read_models, kind, models)
    return place.but(projections=projections, folds=folds, reads=reads)


def _read_models(kind: type[SQLiteReadModels], models: Sequence[ReadModel], path: Path) -> SQLiteReadModels:
    return kind(path, models)


def anew(place: Place, number: int, page: int) -> Place:
    """The same log folded from nothing, in pages of another size."""
    kept = place.parts.reads
    reads: Any = lambda path: kept(path.with_name(f"anew-{number}") / path.name)  # noqa: E731
    (place.folder / "read" / f"anew-{number}").mkdir(parents=True)
    return place.but(reads=reads, page=page)


def parking(world: World, model: ReadModel, *, page: int = 2, hold: float = HOLD_SECONDS) -> Parking:
    """An operator's hold on a model's parked keys."""
    reads: Any = world.reads
    return Parking(model, reads, world.log, world.reader, consumer, page, hold)


def consumer(model: ReadModel, store: ReadStore) -> Consumer:
    """What folds a model."""
    return Projector(model, store) if isinstance(model, Projection) else Folder(model, store)  # type: ignore[arg-type]


async def rebuilt(world: World, model: ReadModel) -> Report:
    """The model rebuilt beside the one that serves, and compared with it."""
    rebuild = Rebuild(model, world.reads, world.log, world.reader, consumer, alone=True)  # type: ignore[arg-type]
    return await rebuild.run(lambda stage, done, total: None)


async def the_parked(world: World, name: str = "counters") -> Parked:
    """The only key that waits."""
    [found] = await world.reads.parked(name)
    return found


async def skip_the_parked(world: World, name: str = "counters", reason: str = "It never happened.") -> None:
    """The event that the only key waits at is to be skipped."""
    await skip(world.kernel, await the_parked(world, name), "operator", reason)


async def all_rows(world: World) -> dict[str, toy.CounterRow]:
    """Every counter's row, by tenant and id."""
    found = {}
    for tenant in ("acme", "beta"):
        rows = await world.rows("c-1", "c-2", "c-3", tenant=tenant)
        found |= {f"{tenant}/{id}": row for id, row in rows.items()}
    return found


class Cut(BaseException):
    """The process ends here, as far as the files can tell."""


class CutAtCommit(SQLiteReadStore):
    """Ends the process at the commit of that number, counted from 1 once `armed`: before it, or right after."""

    number, after, armed, seen = 0, False, False, 0

    async def commit(self, commit: Commit) -> None:
        if not self.armed:
            return await super().commit(commit)
        self.seen += 1
        if self.seen == self.number and not self.after:
            raise Cut
        await super().commit(commit)
        if self.seen == self.number:
            raise Cut
        return None


def by_tenant(model: Projection) -> Projection:
    """The projection with the tenant as its ordering key."""
    return replace(model, key=lambda fact: fact.tenant)
