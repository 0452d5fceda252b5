"""What `cairn doctor` and `cairn status` both judge a data folder by, so that both say the same of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from libs.events.adapters.sqlite.folder import EVENTS, KEY_ENCRYPTION_KEY, KEYS, TOMBSTONES, UNFINISHED
from libs.events.errors import KernelError, StoreUnavailable
from libs.web.embedded import check_keyring
from libs.web.settings import ServiceSettings
from services.cli.console import command_on
from services.cli.erased import tombstones_of
from services.cli.status.shape import Problem

LEAST_FREE = 256 * 1024 * 1024
"""Bytes of the disk: with fewer, soon every write is refused."""
_READ_WRITE, _MAKE = 0o600, 0o300


def of_restore(folder: Path) -> Iterator[Problem]:
    """The mark of an unfinished restore."""
    if (folder / UNFINISHED).exists():
        yield _problem(
            "a restore was cut short: nothing starts on this folder, which may be half of two",
            f"run it to its end: {_restore(folder)}",
        )


def of_disk(free: int) -> Iterator[Problem]:
    """Bytes that are free."""
    if free < LEAST_FREE:
        yield _problem(f"disk: only {free // 1_000_000:,} MB free", "free some space: a full disk refuses every write")


def of_store(folder: Path, service: str, what: str) -> Problem:
    """An event store that is gone, cannot be read, or lacks something: only a backup has it."""
    return _problem(f"event store {service}: {what}", f"stop cairn and restore it from a backup: {_restore(folder)}")


def _restore(folder: Path) -> str:
    return command_on(folder, "restore", "BACKUP", "--replace")


# --- keys ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Keyring:
    """How the keyring is; `opens`: what is sealed can be looked at, as far as there is any."""

    said: str
    opens: bool = True
    problems: list[Problem] = field(default_factory=list)


def judge_keyring(settings: ServiceSettings) -> Keyring:
    """Whether the key encryption key opens the keyring, and whether there is only one. Changes nothing."""
    folder, given = settings.data_dir, settings.key_encryption_key is not None
    file = folder / KEY_ENCRYPTION_KEY
    if not given and not file.exists():
        if not (folder / KEYS).exists():
            lost = list(_keys_lost(folder))
            return Keyring("key encryption key: none yet", not lost, lost)
        remedy = f"restore it beside {KEYS}, or set CAIRN_KEY_ENCRYPTION_KEY: without it no text can be read again"
        return _shut(f"{file.name} is missing", remedy)
    where = "CAIRN_KEY_ENCRYPTION_KEY" if given else file.name
    error = _error(settings)
    if isinstance(error, str):
        if given and file.exists() and _error(settings.model_copy(update={"key_encryption_key": None})) is True:
            error += f"; {file.name} opens it: unset CAIRN_KEY_ENCRYPTION_KEY"
        return _shut(f"{KEYS}: the keyring does not open with {where}", error)
    if not error and (lost := list(_keys_lost(folder))):
        return Keyring("", False, lost)
    said = f"keyring opens with {where}" if error else f"keyring: empty yet, to begin with {where}"
    return Keyring(said, True, list(_two_keys(file)) if given and file.exists() else [])


def _shut(what: str, remedy: str) -> Keyring:
    return Keyring(what, False, [_problem(what, remedy)])


def _keys_lost(folder: Path) -> Iterator[Problem]:
    if any(folder.glob(f"{EVENTS}/*.db")):
        yield _problem(
            f"{KEYS} is missing or empty, but there are events",
            "restore it from the newest backup",
        )


def _two_keys(file: Path) -> Iterator[Problem]:
    yield _problem(
        f"CAIRN_KEY_ENCRYPTION_KEY is set, and {file.name} is there too: the setting counts, the file does not",
        f"move {file} away from the keyring that it may open; keep a copy of the key that counts elsewhere",
    )


def _error(settings: ServiceSettings) -> bool | str:
    """Why the keyring does not open; else whether there is one yet."""
    try:
        return asyncio.run(check_keyring(settings))
    except (KernelError, OSError, ValueError) as error:
        return str(error)


# --- who was erased -----------------------------------------------------------------------------------------------


def of_tombstones(settings: ServiceSettings) -> Iterator[Problem]:
    """A file of tombstones that cannot be read, or could not be written when somebody is erased. Makes nothing."""
    named = TOMBSTONES if settings.tombstones is None else "CAIRN_TOMBSTONES"
    tombstones = tombstones_of(settings)
    try:
        wrong = _useless(tombstones.path)
        if wrong is None:
            tombstones.read()
    except (OSError, StoreUnavailable) as error:
        wrong = (error.strerror or "it cannot be looked at") if isinstance(error, OSError) else str(error)
    if wrong is not None:
        yield _problem(
            f"{named}: {wrong}; without a tombstone nobody can be erased",
            "let it name a file, in a folder where the user that runs cairn may write and no backup is restored to",
        )


def _useless(path: Path) -> str | None:
    if path.is_dir():
        return "this is a folder, and no file"
    if path.exists():
        return None if _may(path, _READ_WRITE) else "the file is not to be read and written"
    near = next(parent for parent in path.absolute().parents if parent.exists())
    if not near.is_dir():
        return "its folder cannot be made: a file is in its place"
    return None if _may(near, _MAKE) else "its folder is not to be written"


def _may(path: Path, bits: int) -> bool:
    """Whether whoever asks may, and whether its owner might, whom the superuser only stands in for."""
    asked = os.R_OK | os.W_OK if bits == _READ_WRITE else os.W_OK | os.X_OK
    return os.access(path, asked) and path.stat().st_mode & bits == bits


def _problem(what: str, remedy: str) -> Problem:
    return Problem(what=what, remedy=remedy)
