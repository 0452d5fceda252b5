"""Backs a data folder up beside whoever serves it: event stores first, then the keys that open them (promise 11).

A key is durable before the first event under it, so every event in the backup has its key there. The backup gets its
name when all of it is on the disk: one that was cut short has no name.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from libs.events.adapters.sqlite.folder import (
    EVENTS,
    KEY_ENCRYPTION_KEY,
    KEYS,
    TOMBSTONES,
    UNFINISHED,
    RestoreUnfinished,
)
from libs.events.adapters.sqlite.manifest import (
    MANIFEST,
    BackupRefused,
    FileEntry,
    Manifest,
    Told,
    digest,
    keyring_entry,
    store_entry,
)
from libs.events.adapters.sqlite.read_connection import flush
from libs.events.adapters.sqlite.snapshot import snapshot

_DRAFT = ".cairn-backup-"


@dataclass
class Backup:
    """One backup of `folder`. `tombstones` is the file of erased holders, wherever it is kept."""

    folder: Path
    tombstones: Path
    cairn: str
    made_at: datetime
    told: Told
    with_key: bool = True
    _done: int = 0
    _total: int = 0
    _files: list[FileEntry] = field(default_factory=list)

    def write(self, target: Path) -> Manifest:
        """Makes the folder `target`, which must be new or empty. Raises KernelError, OSError."""
        stores = sorted((self.folder / EVENTS).glob("*.db"))
        self._refuse(stores, target)
        self._total = 2 * sum(path.stat().st_size for path in (*stores, self.folder / KEYS))
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear(target.parent)
        with _draft(target.parent) as draft:
            (draft / EVENTS).mkdir(mode=0o700)
            for path in stores:
                self._database(draft, f"{EVENTS}/{path.name}")
            self._database(draft, KEYS)
            self._small(draft)
            manifest = self._manifest(draft)
            _make(draft / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
            for path in (draft / MANIFEST, draft / EVENTS, draft):
                flush(path)
            # Over an empty folder, or as a new one; never over anything else.
            os.rename(draft, target)
        flush(target)
        return manifest

    def _refuse(self, stores: list[Path], target: Path) -> None:
        if (self.folder / UNFINISHED).exists():
            raise RestoreUnfinished(self.folder)
        if not stores:
            raise BackupRefused(f"{self.folder} holds no event stores, so there is nothing to back up: name another.")
        if not (self.folder / KEYS).exists():
            raise BackupRefused(f"{self.folder / KEYS} is missing, and a backup is worth nothing without it: restore.")
        if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
            raise BackupRefused(f"{target} is not empty: name a folder that is not there yet.")
        if target.resolve().is_relative_to(self.folder.resolve()):
            # What is erased later has to leave the data folder; a copy of the keys in it would stay.
            raise BackupRefused(f"{target} lies in the data folder {self.folder}: name one outside of it.")

    def _database(self, draft: Path, path: str) -> None:
        self._keep(draft, path, snapshot(self.folder / path, draft / path, self._advance))

    def _small(self, draft: Path) -> None:
        key = self.folder / KEY_ENCRYPTION_KEY
        for source, path in ((key if self.with_key else None, KEY_ENCRYPTION_KEY), (self.tombstones, TOMBSTONES)):
            if source is not None and source.exists():
                _make(draft / path, source.read_bytes())
                self._keep(draft, path)

    def _keep(self, draft: Path, path: str, known: str | None = None) -> None:
        """Makes a copy durable while its digest is taken, unless that is known."""
        copy = draft / path
        size = copy.stat().st_size
        with ThreadPoolExecutor(1) as beside:
            flushed = beside.submit(flush, copy)
            if known is not None:
                self._advance(size)
            self._files.append(FileEntry(path, size, known or digest(copy, self._advance)))
            flushed.result()

    def _manifest(self, draft: Path) -> Manifest:
        names = [Path(entry.path) for entry in self._files if entry.path.startswith(f"{EVENTS}/")]
        return Manifest(
            cairn=self.cairn,
            made_at=self.made_at,
            files=self._files,
            stores={name.stem: store_entry(draft / name) for name in names},
            keyring=keyring_entry(draft / KEYS),
        )

    def _advance(self, count: int) -> None:
        self._done += count
        # Files grow while they are copied.
        self.told("copied", min(self._done, self._total), self._total)


def _make(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)


@contextmanager
def _draft(parent: Path) -> Iterator[Path]:
    """A folder of this process alone; gone at the end of the block unless it has another name by then."""
    while True:
        draft = parent / f"{_DRAFT}{secrets.token_hex(8)}"
        draft.mkdir(mode=0o700)
        descriptor = os.open(draft, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if draft.exists():
            break
        # Somebody took it for an abandoned one before it was locked.
        os.close(descriptor)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(descriptor)


def _clear(parent: Path) -> None:
    """Removes what backups that were killed have left here."""
    for draft in parent.glob(f"{_DRAFT}*"):
        try:
            descriptor = os.open(draft, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(draft, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)
