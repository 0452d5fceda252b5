"""Puts a backup in a data folder's place: verified before anything is touched, and nothing that was there is deleted.

The copy is made ready within the data folder, then moved: events and keys that were there go aside. While they move, a
mark keeps everybody from starting on half of it (`folder.UNFINISHED`).
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from libs.events.adapters.sqlite.folder import EVENTS, KEY_ENCRYPTION_KEY, KEYS, READS, UNFINISHED
from libs.events.adapters.sqlite.inspect import inspect, is_sound
from libs.events.adapters.sqlite.manifest import (
    BackupRefused,
    FileEntry,
    Manifest,
    Told,
    digest,
    keyring_entry,
    read_manifest,
    store_entry,
)
from libs.events.adapters.sqlite.read_connection import flush
from libs.events.errors import StoreUnavailable

_STAGE = ".restoring-"


def verify(backup: Path, told: Told) -> Manifest:
    """Reads all of a backup and holds it against its manifest; changes nothing. Raises BackupRefused."""
    manifest = read_manifest(backup)
    total, done = sum(entry.size for entry in manifest.files), 0

    def read(count: int) -> None:
        nonlocal done
        done += count
        told("verified", min(done, total), total)

    for entry in manifest.files:
        _same(backup, entry, read)
    for service, stated in manifest.stores.items():
        path = backup / EVENTS / f"{service}.db"
        if not _sound(path, store=True) or store_entry(path) != stated:
            raise _broken(backup, f"{EVENTS}/{service}.db is no sound event store, or not the one that it was")
    if not _sound(backup / KEYS, store=False) or keyring_entry(backup / KEYS) != manifest.keyring:
        raise _broken(backup, f"{KEYS} is no sound keyring, or not the one that it was")
    return manifest


def has_events(data: Path) -> bool:
    """Whether a data folder holds any event, or anything that might be one."""
    for path in (data / EVENTS).glob("*.db"):
        try:
            if inspect(path).events:
                return True
        except StoreUnavailable:
            return True
    return False


def has_read_models(data: Path) -> bool:
    """Whether anything was folded in a data folder."""
    return any((data / READS).glob("*.db"))


@contextmanager
def staged(backup: Path, manifest: Manifest, data: Path, told: Told) -> Iterator[Path]:
    """A copy of the backup on the data folder's own disk, for as long as the block lasts, verified once more.

    For whoever has claimed the data folder. Raises BackupRefused, OSError.
    """
    for abandoned in data.glob(f"{_STAGE}*"):
        shutil.rmtree(abandoned)
    stage = data / f"{_STAGE}{secrets.token_hex(8)}"
    stage.mkdir(mode=0o700)
    try:
        (stage / EVENTS).mkdir(mode=0o700)
        total, done = sum(entry.size for entry in manifest.files), 0
        for entry in manifest.files:
            os.close(os.open(stage / entry.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            shutil.copyfile(backup / entry.path, stage / entry.path)
            _same(stage, entry)
            done += entry.size
            told("copied", done, total)
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def place(stage: Path, manifest: Manifest, data: Path, aside: Path) -> list[str]:
    """Moves what is staged into the data folder, and to `aside` what is there; durable. Returns what went aside.

    Raises BackupRefused, with all as it was, when what is there cannot be moved.
    """
    moving = [EVENTS, KEYS, *([KEY_ENCRYPTION_KEY] if manifest.holds(KEY_ENCRYPTION_KEY) else [])]
    for path in (*(stage / entry.path for entry in manifest.files), stage / EVENTS):
        flush(path)
    mark = data / UNFINISHED
    mark.touch(0o600)
    flush(mark)
    moved = _set_aside(data, [*moving, f"{KEYS}-wal", f"{KEYS}-shm"], aside)
    for name in moving:
        os.rename(stage / name, data / name)
    flush(data)
    mark.unlink()
    flush(data)
    return moved


def _set_aside(data: Path, names: list[str], aside: Path) -> list[str]:
    there = [name for name in names if (data / name).exists() and not _is_empty(data / name)]
    moved: list[str] = []
    try:
        if there:
            aside.mkdir(mode=0o700)
        for name in there:
            os.rename(data / name, aside / name)
            moved.append(name)
    except OSError as error:
        for name in moved:
            os.rename(aside / name, data / name)
        with suppress(OSError):
            aside.rmdir()
        (data / UNFINISHED).unlink()
        raise BackupRefused(
            f"what is in {data} cannot be moved to {aside}: {error.strerror}. "
            f"Move {', '.join(there)} away yourself, and restore without --replace."
        ) from error
    if moved:
        flush(aside)
    return moved


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _same(folder: Path, entry: FileEntry, read: Callable[[int], None] = lambda _: None) -> None:
    path = folder / entry.path
    try:
        if path.is_symlink() or not path.is_file():
            raise _broken(folder, f"{entry.path} is missing")
        if path.stat().st_size != entry.size or digest(path, read) != entry.sha256:
            raise _broken(folder, f"{entry.path} is not what was written")
    except OSError as error:
        raise _broken(folder, f"{entry.path} cannot be read: {error.strerror}") from error


def _sound(path: Path, *, store: bool) -> bool:
    try:
        return inspect(path, at_rest=True).sound if store else is_sound(path)
    except StoreUnavailable:
        return False


def _broken(backup: Path, what: str) -> BackupRefused:
    return BackupRefused(f"{backup} is damaged: {what}. Nothing was changed; restore another backup.")
