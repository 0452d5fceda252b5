"""`cairn doctor`: what is configured, what is reachable, what is missing; each finding says what to do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from libs.events.adapters.sqlite.folder import EVENTS, served_by
from libs.events.adapters.sqlite.inspect import sqlite_version
from libs.web.settings import ServiceSettings
from services.cli.console import command, read, read_settings
from services.cli.doctor.environment import environment
from services.cli.doctor.events import events
from services.cli.doctor.files import files
from services.cli.doctor.finding import Finding, found
from services.cli.doctor.models import models
from services.cli.doctor.stores import clock, event_store, lost, versions
from services.cli.judging import judge_keyring, of_restore, of_tombstones
from services.gateway import wiring as gateway
from services.goals import wiring as goals

_SIGNS = {True: "ok  ", False: "FAIL"}


def doctor(
    data: Annotated[Path | None, typer.Option(help="The data folder (CAIRN_DATA_DIR).")] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Look at every event and every byte, not only at what came last.")
    ] = False,
) -> None:
    """Say what is configured, reachable and missing. Changes nothing. Exit code 0 only when all is well."""
    settings = read_settings(data_dir=data)
    for other in (gateway.SETTINGS, goals.SETTINGS):
        read(other)
    good = True
    for finding in examine(settings, deep=deep):
        good = good and finding.good
        typer.echo(f"{_SIGNS[finding.good]} {finding.what}")
        if not finding.good:
            typer.echo(f"     -> {finding.remedy}")
    if not good:
        raise typer.Exit(1)


def examine(settings: ServiceSettings, *, deep: bool = False) -> Iterator[Finding]:
    """All findings, in the order in which a start would stumble. Changes nothing."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding(sys.version_info >= (3, 11), f"Python {version}", "install Python 3.11 or newer")
    yield Finding(sqlite_version() >= (3, 35), f"SQLite {'.'.join(map(str, sqlite_version()))}", "install SQLite 3.35")
    yield from environment(settings, (ServiceSettings, gateway.SETTINGS, goals.SETTINGS), os.environ)
    folder = settings.data_dir
    if not folder.exists():
        yield Finding(True, f"data folder {folder}: not there yet, `{command('up', '--data', folder)}` makes it")
        return
    if not folder.is_dir():
        yield Finding(False, f"data folder {folder} is no folder", "move it away, or name another one with --data")
        return
    usable = os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    yield Finding(usable, f"data folder {folder}", "give the user that runs cairn the right to read and write it")
    if not usable:
        return
    holder = served_by(folder)
    yield Finding(True, f"served by {holder}" if holder is not None else "not being served")
    yield from found(of_restore(folder))
    yield from files(folder)
    keyring = judge_keyring(settings)
    yield from found(keyring.problems, keyring.said)
    yield from found(of_tombstones(settings))
    gone = lost(folder)
    yield from gone.values()
    whole = not gone
    for path in sorted(folder.glob(f"{EVENTS}/*.db")):
        if path.stem in gone:
            continue
        store = event_store(folder, path)
        yield store
        whole = whole and store.good
        if store.good:
            yield clock(path)
            yield versions(path, deep=deep)
            yield from events(settings, path, deep=deep, keys=keyring.opens)
    yield from models(settings, deep=deep, whole=whole)
