"""The doctor on events themselves: whether each can be read, and the keys that sealed text needs are there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from libs.events import envelope
from libs.events.adapters.sqlite.folder import KEYS
from libs.events.adapters.sqlite.inspect import bodies, last_of, places
from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.errors import EventFromTheFuture, MalformedEvent, SealBroken
from libs.events.registry import REGISTRY
from libs.privacy.sealing import key_ids
from libs.web.settings import ServiceSettings
from services.cli.doctor.finding import Finding
from services.cli.judging import of_store
from services.cli.progress import bar

SAMPLE = 1_000
"""Events that are looked at without --deep, the newest of each store."""
_PAGE = 1_000
_SHOWN = 3


def events(settings: ServiceSettings, path: Path, *, deep: bool, keys: bool) -> Iterator[Finding]:
    """What is to be said of a store's events; `keys`: there is a keyring to be asked."""
    last = last_of(path)
    every = deep or last <= SAMPLE
    of = f"all events of {path.stem}" if every else f"the newest {SAMPLE:,} events of {path.stem}"
    seen = _Seen(settings.data_dir / KEYS if keys else None)
    first = 0 if every else last - SAMPLE
    with bar(f"events of {path.stem}", last - first if deep else 0) as progress:
        while page := bodies(path, first, _PAGE):
            seen.take(page)
            progress.advance(page[-1][0] - first)
            first = page[-1][0]
    if seen.unreadable:
        yield _unreadable(settings.data_dir, path, seen.unreadable)
    if keys:
        yield _keys(of, seen.missing)


@dataclass
class _Seen:
    """What was found so far: notification ids of what cannot be read; keys, as `(tenant, key id)`, that are gone."""

    keyring: Path | None
    unreadable: list[int] = field(default_factory=list)
    missing: set[tuple[str, str]] = field(default_factory=set)
    _asked: set[tuple[str, str]] = field(default_factory=set)

    def take(self, page: Sequence[tuple[int, bytes]]) -> None:
        """Looks at stored events."""
        needed: set[tuple[str, str]] = set()
        for id, body in page:
            try:
                read = envelope.decode(body)
                needed.update((read.tenant, key) for key in key_ids(read, REGISTRY.paths(read.type)))
            except (MalformedEvent, SealBroken):
                self.unreadable.append(id)
            except EventFromTheFuture:
                # Its name was looked at among the versions.
                continue
        if self.keyring is not None:
            self.missing |= _missing(self.keyring, needed - self._asked)
        self._asked |= needed


def _unreadable(folder: Path, path: Path, ids: Sequence[int]) -> Finding:
    shown = [f"{path.stem}:{sequence} of {tenant}" for tenant, sequence in places(path, ids[:_SHOWN])]
    wrong = of_store(folder, path.stem, f"{len(ids):,} events hold no event that can be read: {_some(shown, len(ids))}")
    return Finding(False, wrong.what, f"{wrong.remedy}; until then readers stop before it, or park its key")


def _keys(of: str, missing: set[tuple[str, str]]) -> Finding:
    if not missing:
        return Finding(True, f"keys: there are those of {of}")
    shown = [f"{id} of {tenant}" for tenant, id in sorted(missing)[:_SHOWN]]
    return Finding(
        False,
        f"keys: {len(missing)} that {of} need are gone without a tombstone: {_some(shown, len(missing))}",
        f"stop cairn and restore {KEYS} from the newest backup: readers stop before the first event that needs one",
    )


def _some(shown: Sequence[str], count: int) -> str:
    return ", ".join(shown) + (f" and {count - len(shown):,} more" if count > len(shown) else "")


def _missing(file: Path, needed: set[tuple[str, str]]) -> set[tuple[str, str]]:
    if not needed or not file.exists():
        return needed
    return needed - asyncio.run(_standing(file, needed))


async def _standing(file: Path, needed: set[tuple[str, str]]) -> set[tuple[str, str]]:
    store = SQLiteKeyStore(file, read_only=True)
    try:
        return set(await store.by_id(needed))
    finally:
        await store.close()
