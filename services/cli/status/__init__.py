"""`cairn status`: stores, consumers, keyring and disk on one screen, beside a running Cairn or without one."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.live import Live

from services.cli.console import fail, read_settings
from services.cli.status.gather import Watch
from services.cli.status.screen import drawn, plain
from services.cli.status.shape import Status

EVERY_SECONDS = 1.0


def status(
    data: Annotated[Path | None, typer.Option(help="The data folder (CAIRN_DATA_DIR).")] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print docs/generated/status.schema.json filled in; a line each with --watch."),
    ] = False,
    watching: Annotated[bool, typer.Option("--watch", help="Look again every second until Ctrl-C.")] = False,
    tenants: Annotated[bool, typer.Option("--tenants", help="With --json: every tenant's positions too.")] = False,
) -> None:
    """Show stores, read models, keyring and disk. Changes nothing. Exit code 0 only when nothing needs an operator."""
    settings = read_settings(data_dir=data)
    if settings.data_dir.exists() and not settings.data_dir.is_dir():
        fail(f"{settings.data_dir} is no folder: name the data folder with --data.")
    watch = Watch(settings, tenants)
    try:
        found = _watched(watch, as_json=as_json) if watching else _once(watch, as_json=as_json)
    except OSError as error:
        fail(f"{error.filename or settings.data_dir}: {error.strerror}. Ask as the user that runs Cairn.")
    if not found.well:
        raise typer.Exit(1)


def _once(watch: Watch, *, as_json: bool) -> Status:
    found = watch.look()
    if found.process is not None:
        # A rate takes two looks.
        time.sleep(EVERY_SECONDS)
        found = watch.look()
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    elif sys.stdout.isatty():
        Console().print(drawn(found))
    else:
        typer.echo(plain(found))
    return found


def _watched(watch: Watch, *, as_json: bool) -> Status:
    """Until Ctrl-C; the last look."""
    # Also where whoever started this had interrupts ignored, as a script does for what it puts into the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    found = watch.look()
    try:
        if as_json or not sys.stdout.isatty():
            while True:
                typer.echo(msgspec.json.encode(found) if as_json else plain(found) + "\n")
                found = _next(watch)
        with Live(drawn(found, verdict_first=True), console=Console(), auto_refresh=False) as live:
            live.refresh()
            while True:
                found = _next(watch)
                live.update(drawn(found, verdict_first=True), refresh=True)
    except KeyboardInterrupt:
        return found


def _next(watch: Watch) -> Status:
    time.sleep(EVERY_SECONDS)
    return watch.look()
