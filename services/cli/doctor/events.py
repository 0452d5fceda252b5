"""The doctor on keys: whether the keyring opens, and whether it holds every key that sealed text needs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from libs.events import envelope
from libs.events.adapters.sqlite.folder import EVENTS, KEY_ENCRYPTION_KEY, KEYS
from libs.events.adapters.sqlite.inspect import bodies, last_of
from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.errors import EventFromTheFuture, KernelError, MalformedEvent, SealBroken
from libs.events.registry import REGISTRY
from libs.privacy.sealing import key_ids
from libs.web.embedded import check_keyring
from libs.web.settings import ServiceSettings
from services.cli.doctor.finding import Finding
from services.cli.progress import bar

SAMPLE = 1_000
"""Events whose keys are looked for without --deep, the newest of each store."""
_PAGE = 1_000
_SHOWN = 3


def keyring(settings: ServiceSettings) -> Iterator[Finding]:
    """Whether the key encryption key opens the keyring (first), and whether there is only one."""
    given = settings.key_encryption_key is not None
    file = settings.data_dir / KEY_ENCRYPTION_KEY
    if not given and not file.exists():
        stored = (settings.data_dir / KEYS).exists()
        remedy = f"restore it beside {KEYS}, or set CAIRN_KEY_ENCRYPTION_KEY: without it no text can be read again"
        yield Finding(not stored, "key encryption key: none yet" if not stored else f"{file.name} is missing", remedy)
        return
    where = "CAIRN_KEY_ENCRYPTION_KEY" if given else file.name
    both = given and file.exists()
    error = _error(settings)
    if isinstance(error, str):
        if both and _error(settings.model_copy(update={"key_encryption_key": None})) is True:
            error += f"; {file.name} opens it: unset CAIRN_KEY_ENCRYPTION_KEY"
        yield Finding(False, f"the keyring does not open with {where}", error)
        return
    if not error and any(settings.data_dir.glob(f"{EVENTS}/*.db")):
        yield Finding(False, f"{KEYS} is missing or empty, but there are events", "restore it from the newest backup")
        return
    yield Finding(True, f"keyring opens with {where}" if error else f"keyring: empty yet, to begin with {where}")
    if both:
        yield Finding(
            False,
            f"CAIRN_KEY_ENCRYPTION_KEY is set, and {file.name} is there too: the setting counts, the file does not",
            f"move {file} away from the keyring that it may open; keep a copy of the key that counts elsewhere",
        )


def _error(settings: ServiceSettings) -> bool | str:
    """Why the keyring does not open; else whether there is one yet."""
    try:
        return asyncio.run(check_keyring(settings))
    except (KernelError, OSError, ValueError) as error:
        return str(error)


def needed_keys(settings: ServiceSettings, path: Path, *, deep: bool) -> Finding:
    """Whether each key that sealed text of a store needs is there, or its tombstone: else readers stop (promise 7)."""
    last = last_of(path)
    every = deep or last <= SAMPLE
    of = f"all events of {path.stem}" if every else f"the newest {SAMPLE:,} events of {path.stem}"
    missing = _gone(settings.data_dir / KEYS, path, 0 if every else last - SAMPLE, last, shown=deep)
    if not missing:
        return Finding(True, f"keys: there are those of {of}")
    some = ", ".join(f"{id} of {tenant}" for tenant, id in sorted(missing)[:_SHOWN])
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    return Finding(
        False,
        f"keys: {len(missing)} that {of} need are gone without a tombstone: {some}{more}",
        f"stop cairn and restore {KEYS} from the newest backup: readers stop before the first event that needs one",
    )


def _gone(file: Path, path: Path, first: int, last: int, *, shown: bool) -> set[tuple[str, str]]:
    """The keys that events after `first` need and that are not there, as `(tenant, key id)`."""
    asked: set[tuple[str, str]] = set()
    missing: set[tuple[str, str]] = set()
    with bar(f"keys of {path.stem}", last - first if shown else 0) as progress:
        while page := bodies(path, first, _PAGE):
            needed = _needed(page) - asked
            asked |= needed
            missing |= _missing(file, needed)
            progress.advance(page[-1][0] - first)
            first = page[-1][0]
    return missing


def _needed(events: Sequence[tuple[int, bytes]]) -> set[tuple[str, str]]:
    """The keys, as `(tenant, key id)`. What cannot be read is not a matter of keys, and is found elsewhere."""
    found: set[tuple[str, str]] = set()
    for _, body in events:
        try:
            read = envelope.decode(body)
            found.update((read.tenant, id) for id in key_ids(read, REGISTRY.paths(read.type)))
        except (MalformedEvent, SealBroken, EventFromTheFuture):
            continue
    return found


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
