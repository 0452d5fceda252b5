"""`cairn restored`: said by an operator who put files back by hand, so that every consumer notices (promise 11)."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from libs.events.adapters.sqlite.folder import EVENTS, KEYS, FolderInUse, claimed
from libs.events.adapters.sqlite.inspect import inspect
from libs.events.adapters.sqlite.lost import refuse_lost
from libs.events.adapters.sqlite.manifest import BackupRefused
from libs.events.adapters.sqlite.restore import has_read_models
from libs.events.adapters.sqlite.restored import renew_store_id
from libs.events.errors import KernelError, StoreUnavailable
from libs.web.settings import ServiceSettings
from services.cli.console import command, fail, read_settings
from services.cli.erased import destroy_again, destroyed_in, tombstones_of


def restored(data: Annotated[Path | None, typer.Option(help="The data folder (CAIRN_DATA_DIR).")] = None) -> None:
    """Say that files were put back by hand: stores get new ids, erased people's keys are destroyed again."""
    settings = read_settings(data_dir=data)
    try:
        services, destroyed = asyncio.run(renewed(settings))
    except (FolderInUse, KernelError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{settings.data_dir} cannot be written: {error.strerror}.")
    typer.echo(f"New ids: {', '.join(services)}. Keys destroyed again: {destroyed:,}.\n\nNext:\n")
    if has_read_models(settings.data_dir):
        typer.echo("  " + command("rebuild", "--all", "--data", settings.data_dir))
    typer.echo("  " + command("up", "--data", settings.data_dir) + "\n")


async def renewed(settings: ServiceSettings) -> tuple[list[str], int]:
    """The stores that have another id now, and how many keys were destroyed again. Raises FolderInUse, KernelError."""
    data, stores = settings.data_dir, sorted((settings.data_dir / EVENTS).glob("*.db"))
    if not stores or not (data / KEYS).exists():
        raise BackupRefused(f"{data} lacks events or {KEYS}: put both back, then say cairn restored.")
    refuse_lost(data)
    descriptor = claimed(data)
    try:
        for path in stores:
            _refuse_damaged(path)
        tombstones = tombstones_of(settings)
        tombstones.add(destroyed_in(data / KEYS))
        destroyed = await destroy_again(data / KEYS, tombstones.read())
        for path in stores:
            renew_store_id(path)
    finally:
        os.close(descriptor)
    return [path.stem for path in stores], destroyed


def _refuse_damaged(path: Path) -> None:
    try:
        sound = inspect(path).sound
    except StoreUnavailable:
        sound = False
    if not sound:
        raise BackupRefused(
            f"{path} is damaged. Put it back once more, without a -wal or -shm file of another time beside it."
        )
