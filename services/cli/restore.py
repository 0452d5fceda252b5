"""`cairn restore DIR`: a backup in the place of a data folder, verified first; erased people stay erased."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Annotated

import typer

from libs.events.adapters.sqlite.folder import EVENTS, KEY_ENCRYPTION_KEY, KEYS, TOMBSTONES, FolderInUse, claimed
from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.adapters.sqlite.manifest import BackupRefused, Manifest, Told
from libs.events.adapters.sqlite.restore import has_events, has_read_models, place, staged, verify
from libs.events.adapters.sqlite.restored import renew_store_id
from libs.events.clock import SystemClock
from libs.events.errors import KernelError, StoreUnavailable
from libs.privacy.kek import load_key_encryption_key
from libs.privacy.keyring import KeyEncryptionKeyWrong, Keyring
from libs.privacy.tombstones import Tombstone, Tombstones
from libs.web.settings import ServiceSettings
from services.cli.backup import contents, showing
from services.cli.console import command, fail, read_settings
from services.cli.erased import destroy_again, destroyed_in, tombstones_of


@dataclass
class Restored:
    """How a restore ended. `opens`: whether the key encryption key is there, and is the right one."""

    manifest: Manifest
    aside: Path
    moved: list[str]
    destroyed: int
    opens: bool
    warnings: list[str] = field(default_factory=list)


def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that cairn backup made.")],
    data: Annotated[Path | None, typer.Option(help="The data folder (CAIRN_DATA_DIR).")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also over a folder that has events; those are moved aside.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only verify the backup; change nothing.")] = False,
) -> None:
    """Restore events and keys from a backup; nothing may serve the data folder meanwhile."""
    settings = read_settings(data_dir=data)
    try:
        with showing() as told:
            manifest = verify(folder, told)
            done = None if check else asyncio.run(put_back(settings, folder, manifest, told, replace=replace))
    except (FolderInUse, KernelError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{settings.data_dir} cannot be written: {error.strerror}. Make room or mend its rights, then try again.")
    if done is None:
        typer.echo(f"{folder} is whole: {contents(manifest)}, of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC.")
    else:
        _tell(settings, folder, done)


async def put_back(
    settings: ServiceSettings, folder: Path, manifest: Manifest, told: Told, *, replace: bool = False
) -> Restored:
    """Puts a verified backup in place. Raises FolderInUse, KernelError and OSError, mostly with all as it was."""
    data = settings.data_dir
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _claim(data):
        if not replace and has_events(data):
            raise BackupRefused(f"{data} has events: restore with --replace, which moves them aside, or name another.")
        with staged(folder, manifest, data, told) as stage:
            opens = await _opens(settings, stage, manifest)
            tombstones, warnings = tombstones_of(settings), list[str]()
            tombstones.add(_erased(settings, stage, warnings))
            destroyed = await destroy_again(stage / KEYS, tombstones.read())
            for service in manifest.stores:
                renew_store_id(stage / EVENTS / f"{service}.db")
            aside = _aside(data.absolute())
            moved = place(stage, manifest, data, aside)
    return Restored(manifest, aside, moved, destroyed, opens, warnings)


@contextmanager
def _claim(data: Path) -> Iterator[None]:
    descriptor = claimed(data)
    try:
        yield
    finally:
        os.close(descriptor)


async def _opens(settings: ServiceSettings, stage: Path, manifest: Manifest) -> bool:
    """Whether the keyring opens with the key that a start would take; False where there is none yet."""
    home = stage if manifest.holds(KEY_ENCRYPTION_KEY) else settings.data_dir
    secret, path = settings.key_encryption_key, home / KEY_ENCRYPTION_KEY
    if secret is None and not path.exists():
        return False
    key = load_key_encryption_key(secret.get_secret_value() if secret is not None else None, path)
    store = SQLiteKeyStore(stage / KEYS)
    try:
        await Keyring(store, key, SystemClock()).verify(make=False)
    except KeyEncryptionKeyWrong:
        where = "CAIRN_KEY_ENCRYPTION_KEY" if secret is not None else str(path)
        raise BackupRefused(
            f"the backup's keyring does not open with {where}: give the key that it was written with. "
            "Nothing was changed."
        ) from None
    finally:
        await store.close()
    return True


def _erased(settings: ServiceSettings, stage: Path, warnings: list[str]) -> list[Tombstone]:
    """All that is known of who was erased, beside the file of the installation itself."""
    known = [*Tombstones(stage / TOMBSTONES).read(), *destroyed_in(stage / KEYS)]
    try:
        known += destroyed_in(settings.data_dir / KEYS)
    except StoreUnavailable as error:
        warnings.append(f"{error}: who was erased since the backup is known from {tombstones_of(settings).path} alone.")
    return known


def _aside(data: Path) -> Path:
    """A name that is free: a restore that was killed may have taken this second's."""
    first = data.with_name(f"{data.name}.before-restore-{SystemClock().now():%Y%m%dT%H%M%SZ}")
    others = (first.with_name(f"{first.name}-{number}") for number in count(2))
    return next(path for path in chain([first], others) if not path.exists())


def _tell(settings: ServiceSettings, folder: Path, done: Restored) -> None:
    data = settings.data_dir
    made = f"{done.manifest.made_at:%Y-%m-%d %H:%M:%S} UTC"
    typer.echo(f"Restored {folder} of {made} to {data}: {contents(done.manifest)}.")
    if done.moved:
        typer.echo(f"What was there is in {done.aside}: {', '.join(done.moved)}. Delete it when you need it no more.")
    known = len(tombstones_of(settings).read())
    typer.echo(f"Erased people: {known:,} known, the keys of {done.destroyed:,} destroyed again.")
    for warning in done.warnings:
        typer.echo(f"WARNING: {warning}", err=True)
    steps = []
    if not done.opens:
        steps.append(f"put {KEY_ENCRYPTION_KEY} into {data} (mode 0600), or set CAIRN_KEY_ENCRYPTION_KEY")
    if has_read_models(data):
        steps.append(command("rebuild", "--all", "--data", data))
    steps.append(command("up", "--data", data))
    typer.echo("\nNext:\n\n" + "".join(f"  {step}\n" for step in steps))
