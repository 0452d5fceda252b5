"""What a backup says about itself, `manifest.json`: its files with their digests, and how far each history reaches."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from libs.events.adapters.sqlite.folder import EVENTS, KEY_ENCRYPTION_KEY, KEYS, TOMBSTONES
from libs.events.errors import KernelError, StoreUnavailable

MANIFEST = "manifest.json"
FORMAT = 1
"""Raise it when an older version could not restore what this one writes."""

Told = Callable[[str, int, int], None]
"""`(what, bytes done, bytes in all)`: how far something is."""

_PATH = re.compile(
    rf"{EVENTS}/[a-z0-9_-]+\.db|{re.escape(KEYS)}|{re.escape(KEY_ENCRYPTION_KEY)}|{re.escape(TOMBSTONES)}"
)
_CHUNK = 1 << 20


class BackupRefused(KernelError):
    """A backup that cannot be made or used like this; the message says why and what to do."""


class FileEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file, by its path within the backup. `size` in bytes, `sha256` in hex."""

    path: str
    size: int
    sha256: str


class StoreEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One event store: its id, and each tenant's last sequence; `events` is their sum."""

    id: str
    events: int
    tenants: dict[str, int]


class KeyringEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Holders with a key, and holders whose key was destroyed."""

    holders: int
    tombstones: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of it. Files in the order in which they were copied: event stores, then keys."""

    kind: Literal["cairn-backup"] = "cairn-backup"
    format: int = FORMAT
    cairn: str
    made_at: datetime
    files: list[FileEntry]
    stores: dict[str, StoreEntry]
    keyring: KeyringEntry

    def holds(self, path: str) -> bool:
        """Whether a file is in the backup."""
        return any(entry.path == path for entry in self.files)


class _Kind(msgspec.Struct):
    kind: Literal["cairn-backup"]
    format: int
    cairn: str = "a newer version"


def read_manifest(backup: Path) -> Manifest:
    """What the backup says about itself. Raises BackupRefused for what is no backup, or one from the future."""
    path = backup / MANIFEST
    try:
        raw = path.read_bytes()
        kind = msgspec.json.decode(raw, type=_Kind)
        if kind.format > FORMAT:
            raise BackupRefused(
                f"{backup} was made by Cairn {kind.cairn} in a format that this version does not know: "
                "restore it with that version, or a newer one."
            )
        manifest = msgspec.json.decode(raw, type=Manifest)
    except FileNotFoundError:
        raise BackupRefused(
            f"{backup} is no backup: it has no {MANIFEST}. Name a folder that cairn backup made."
        ) from None
    except (OSError, msgspec.DecodeError) as error:
        raise BackupRefused(f"{path} cannot be read as a backup's manifest ({error}): take another backup.") from error
    _check(backup, manifest)
    return manifest


def _check(backup: Path, manifest: Manifest) -> None:
    """Nothing but what a backup is made of, so that no path leads anywhere else."""
    paths = [entry.path for entry in manifest.files]
    stores = [f"{EVENTS}/{service}.db" for service in sorted(manifest.stores)]
    strange = [path for path in paths if not _PATH.fullmatch(path)]
    whole = len(set(paths)) == len(paths) and KEYS in paths
    if strange or not whole or sorted(path for path in paths if path.startswith(f"{EVENTS}/")) != stores:
        raise BackupRefused(f"{backup / MANIFEST} does not list what a backup is made of: take another backup.")


def digest(path: Path, read: Callable[[int], None] = lambda _: None) -> str:
    """SHA-256 in hex; `read` is told how many more bytes were read. Raises OSError."""
    found, buffer = hashlib.sha256(), memoryview(bytearray(_CHUNK))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            found.update(buffer[:count])
            read(count)
    return found.hexdigest()


def store_entry(path: Path) -> StoreEntry:
    """What an event store says that nobody else has open. Raises StoreUnavailable."""
    try:
        with closing(_at_rest(path)) as connection:
            [(store_id,)] = connection.execute("SELECT store_id FROM store").fetchall()
            tenants = dict(connection.execute("SELECT tenant, sequence FROM heads ORDER BY tenant").fetchall())
    except (sqlite3.Error, ValueError) as error:
        raise StoreUnavailable(f"{path.name} is no event store: {error}") from error
    return StoreEntry(store_id, sum(tenants.values()), tenants)


def keyring_entry(path: Path) -> KeyringEntry:
    """The same of a keyring's file."""
    sql = "SELECT count(*) - count(destroyed_at), count(destroyed_at) FROM holders"
    try:
        with closing(_at_rest(path)) as connection:
            return KeyringEntry(*connection.execute(sql).fetchone())
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{path.name} is no keyring: {error}") from error


def _at_rest(path: Path) -> sqlite3.Connection:
    # Immutable: no log beside the file counts, and nothing is made there.
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
