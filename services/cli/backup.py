"""`cairn backup DIR`: events, then keys, as they stand now, beside whoever serves the data folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from libs.events.adapters.sqlite.backup import Backup
from libs.events.adapters.sqlite.folder import KEY_ENCRYPTION_KEY
from libs.events.adapters.sqlite.lost import refuse_lost
from libs.events.adapters.sqlite.manifest import Manifest, Told
from libs.events.clock import SystemClock
from libs.events.errors import KernelError
from libs.web.settings import ServiceSettings
from services.cli.console import fail, read_settings
from services.cli.erased import tombstones_of
from services.cli.progress import Bar, bar

MEGABYTE = 1_000_000
SHOWN_AFTER = 1.0
"""Seconds before a bar appears: what takes less needs none."""


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to; a folder that is new or empty.")],
    data: Annotated[Path | None, typer.Option(help="The data folder (CAIRN_DATA_DIR).")] = None,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Leave the key encryption key out, to be kept elsewhere.")
    ] = False,
) -> None:
    """Back up events and keys, beside a running `cairn up` or without one."""
    settings = read_settings(data_dir=data)
    # A key from the environment is what opens the keyring: a file beside it is of no use.
    with_key = settings.key_encryption_key is None and not without_key
    started = time.monotonic()
    try:
        with showing() as told:
            made = backed_up(settings, folder, told, with_key=with_key)
    except KernelError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{folder} cannot be written: {error.strerror}. Nothing was left there; make room or name another folder.")
    size = sum(entry.size for entry in made.files) / MEGABYTE
    seconds = time.monotonic() - started
    typer.echo(f"{folder}: {contents(made)}; {size:,.1f} MB, {size / seconds:,.0f} MB a second.")
    _say_about_the_key(settings, folder, made)


def backed_up(settings: ServiceSettings, folder: Path, told: Told, *, with_key: bool = True) -> Manifest:
    """Makes a backup of an installation. Raises KernelError, OSError."""
    # It would look like a good one, and crowd out those that are.
    refuse_lost(settings.data_dir)
    now = SystemClock().now()
    data, tombstones = settings.data_dir, tombstones_of(settings).path
    return Backup(data, tombstones, version("cairn"), now, told, with_key).write(folder)


def contents(manifest: Manifest) -> str:
    """What a backup holds, in words."""
    stores = ", ".join(f"{entry.events:,} events of {service}" for service, entry in manifest.stores.items())
    return f"{stores}, {manifest.keyring.holders:,} keys"


def _say_about_the_key(settings: ServiceSettings, folder: Path, made: Manifest) -> None:
    if made.holds(KEY_ENCRYPTION_KEY):
        typer.echo(
            f"WARNING: {folder} holds {KEY_ENCRYPTION_KEY}, the key beside the lock: whoever gets this folder reads "
            "every person's text. Keep it as you keep the data, or leave the key out with --without-key.",
            err=True,
        )
    elif settings.key_encryption_key is None:
        typer.echo(
            f"{KEY_ENCRYPTION_KEY} is not in it: keep a copy elsewhere. Without it no text in this backup opens again.",
            err=True,
        )


@dataclass
class _Showing:
    """A bar for what is still under way after a second, and none before; one at a time."""

    stack: ExitStack
    started: float = field(default_factory=time.monotonic)
    shown: tuple[str, Bar] | None = None

    def __call__(self, what: str, done: int, total: int) -> None:
        if self.shown is None or self.shown[0] != what:
            if time.monotonic() - self.started < SHOWN_AFTER or done >= total:
                return
            self.stack.close()
            opened = bar(f"{what}, MB", total // MEGABYTE, done // MEGABYTE)
            self.shown = what, self.stack.enter_context(opened)
        self.shown[1].reach(done // MEGABYTE)


@contextmanager
def showing() -> Iterator[Told]:
    """Shows how far copying is, until the block ends."""
    with ExitStack() as stack:
        yield _Showing(stack)
