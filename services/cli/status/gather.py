"""Puts together what the files of a data folder say, and the process that serves it; changes nothing, makes nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from libs.events.adapters.sqlite.folder import EVENTS, KEY_ENCRYPTION_KEY, KEYS, READS
from libs.events.adapters.sqlite.inspect import Due, StoreLook, count_keys, look
from libs.events.adapters.sqlite.lost import lost_stores
from libs.events.adapters.sqlite.read_inspect import ConsumerLook, look_model, look_others
from libs.events.clock import SystemClock
from libs.events.declare import ReadModel
from libs.events.envelope import topic_of
from libs.events.errors import StoreUnavailable
from libs.web.settings import ServiceSettings
from services.cli.status import consumers
from services.cli.status.asking import Said, ask
from services.cli.status.problems import problems
from services.cli.status.shape import Consumer, Disk, Head, Keys, Status, Store
from services.goals import wiring as goals
from services.people import wiring as people

MODELS: Mapping[str, Sequence[ReadModel]] = {
    people.SERVICE: people.PROJECTIONS,
    goals.SERVICE: goals.PROJECTIONS,
}


@dataclass
class Watch:
    """Looks again and again, which tells how fast consumers move. `tenants`: name every tenant's positions too."""

    settings: ServiceSettings
    tenants: bool = False
    _clock: SystemClock = field(default_factory=SystemClock)
    _before: Mapping[tuple[str, int | None], int] = field(default_factory=dict)
    _at: float = 0.0

    def look(self) -> Status:
        """The folder as it is now. Raises OSError for one that may not be looked into."""
        folder, at = self.settings.data_dir, self._clock.now()
        said = ask(folder)
        # Consumers before stores: what was applied stood in a store before, so nobody seems to be ahead of one.
        looks = [(service, model, one) for service, model, one in _consumers(folder)]
        topics = [(one, topic) for _, model, one in looks for topic in (model.topics if model else one.points)]
        stores = dict(self._stores(folder, topics, said))
        found = [
            consumers.consumer(service, model, one, stores, said, at, tenants=self.tenants)
            for service, model, one in looks
        ]
        keyring = _keys(self.settings)
        shown = [one.shape for one in stores.values() if one.shape is not None]
        disk = _disk(folder)
        wrong = list(problems(self.settings, said.process, shown, found, disk))
        return Status(
            at=at,
            data_dir=str(folder.absolute()),
            well=not wrong,
            problems=wrong,
            process=said.process,
            stores=shown,
            consumers=self._with_rates(found, said),
            keyring=keyring,
            disk=disk,
        )

    def _stores(
        self, folder: Path, topics: Sequence[tuple[ConsumerLook, str]], said: Said
    ) -> Iterator[tuple[str, consumers.StoreSeen]]:
        """By topic; those that a consumer reads and that are not there hold nothing."""
        paths = {topic_of(path.stem): path for path in sorted(folder.glob(f"{EVENTS}/*.db"))}
        lost = {topic_of(one.service): one for one in lost_stores(folder)}
        paths |= {topic: folder / EVENTS / f"{one.service}.db" for topic, one in lost.items()}
        for topic in dict.fromkeys((*paths, *(topic for _, topic in topics))):
            asking = [one for one, wanted in topics if wanted == topic]
            if topic not in paths:
                yield topic, consumers.StoreSeen(None, None, {one.name: Due(0, None) for one in asking})
                continue
            seen, problem = (None, lost[topic].what) if topic in lost else _look(paths[topic], topic, asking)
            due = {one.name: lacking for one, lacking in zip(asking, seen.due if seen else (), strict=False)}
            shape = _store(paths[topic], seen, problem, said, tenants=self.tenants)
            yield topic, consumers.StoreSeen(shape, seen, due)

    def _with_rates(self, found: Sequence[Consumer], said: Said) -> list[Consumer]:
        now, before, since = monotonic(), self._before, self._at
        # Another generation has a position of its own: coming to serve, it has applied nothing.
        keys = [(one.name, None if one.generation is None else one.generation.number) for one in found]
        self._before, self._at = {key: one.position for key, one in zip(keys, found, strict=True)}, now
        served = said.process is not None
        return [
            consumers.with_rate(one, max(0, one.position - before[key]) / max(now - since, 1e-9))
            if served and key in before
            else one
            for key, one in zip(keys, found, strict=True)
        ]


def _consumers(folder: Path) -> Iterator[tuple[str, ReadModel | None, ConsumerLook]]:
    for service, models in MODELS.items():
        register = folder / READS / f"{service}.db"
        for model in models:
            yield service, model, look_model(register, model.name, model.version)
        for other in look_others(register):
            yield service, None, other


def _look(path: Path, topic: str, asking: Sequence[ConsumerLook]) -> tuple[StoreLook | None, str | None]:
    """What there is to see, or why nothing is."""
    applied = [{tenant: point.sequence for tenant, point in one.points.get(topic, {}).items()} for one in asking]
    try:
        return look(path, applied), None
    except StoreUnavailable as error:
        return None, error.reason


def _store(path: Path, seen: StoreLook | None, problem: str | None, said: Said, *, tenants: bool) -> Store:
    heads: Mapping[str, int] = {} if seen is None else seen.heads
    greatest = max(heads.items(), key=lambda item: item[1], default=None)
    return Store(
        service=path.stem,
        id=None if seen is None else seen.store_id,
        tenants=len(heads),
        events=sum(heads.values()),
        greatest=None if greatest is None else Head(tenant=greatest[0], sequence=greatest[1]),
        heads=consumers.by_tenant(heads) if tenants else None,
        last_event_at=None if seen is None else seen.last_at,
        bytes=sum(size for beside, size in _sizes(path.parent) if beside.name.startswith(path.name)),
        refuses=said.refusing.get(path.stem),
        problem=problem,
    )


def _keys(settings: ServiceSettings) -> Keys:
    path, problem = settings.data_dir / KEYS, None
    holders: int | None = None
    tombstones: int | None = None
    try:
        holders, tombstones = count_keys(path) if path.exists() else (0, 0)
    except StoreUnavailable as error:
        problem = error.reason
    if settings.key_encryption_key is not None:
        return Keys(holders=holders, tombstones=tombstones, key_from="setting", problem=problem)
    if (settings.data_dir / KEY_ENCRYPTION_KEY).exists():
        return Keys(holders=holders, tombstones=tombstones, key_from="file", problem=problem)
    missing = path.exists()
    return Keys(holders=holders, tombstones=tombstones, key_from="missing" if missing else "none_yet", problem=problem)


def _disk(folder: Path) -> Disk | None:
    if not folder.is_dir():
        return None
    parts = {"events": 0, "read": 0, "keys": 0, "other": 0}
    for path, size in _sizes(folder):
        top = path.relative_to(folder).parts[0]
        parts[top if top in (EVENTS, READS) else "keys" if top.startswith(KEYS) else "other"] += size
    return Disk(free=shutil.disk_usage(folder).free, folder=sum(parts.values()), **parts)


def _sizes(folder: Path) -> Iterator[tuple[Path, int]]:
    """Every file below a folder; those that vanish meanwhile are left out."""
    for root, _, files in os.walk(folder):
        for name in files:
            path = Path(root) / name
            try:
                yield path, path.lstat().st_size
            except FileNotFoundError:
                continue
