"""`cairn doctor`: what is configured, what is reachable, what is missing; each finding says what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from libs.events.adapters.sqlite.folder import EVENTS, KEY_ENCRYPTION_KEY, KEYS, served_by
from libs.events.adapters.sqlite.inspect import inspect, sqlite_version
from libs.events.errors import KernelError, StoreUnavailable
from libs.web.embedded import check_keyring
from libs.web.settings import ServiceSettings
from services.cli.console import command, read, read_settings
from services.gateway import wiring as gateway

LEAST_FREE = 256 * 1024 * 1024
_SIGNS = {True: "ok  ", False: "FAIL"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, and what to do where it is wrong."""

    good: bool
    what: str
    remedy: str = ""


def doctor(data: Annotated[Path | None, typer.Option(help="The data folder (CAIRN_DATA_DIR).")] = None) -> None:
    """Say what is configured, reachable and missing. Exit code 0 only when all is well."""
    settings = read_settings(data_dir=data)
    read(gateway.SETTINGS)
    findings = list(examine(settings))
    for finding in findings:
        typer.echo(f"{_SIGNS[finding.good]} {finding.what}")
        if not finding.good:
            typer.echo(f"     -> {finding.remedy}")
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


def examine(settings: ServiceSettings) -> Iterator[Finding]:
    """All findings, in the order in which a start would stumble. Changes nothing."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding(sys.version_info >= (3, 11), f"Python {version}", "install Python 3.11 or newer")
    yield Finding(sqlite_version() >= (3, 35), f"SQLite {'.'.join(map(str, sqlite_version()))}", "install SQLite 3.35")
    yield Finding(
        not settings.oidc_issuers,
        "identity: development tokens" if not settings.oidc_issuers else "identity: CAIRN_OIDC_ISSUERS is set",
        "this version verifies development tokens only: unset it",
    )
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
    yield from _folder(folder)
    yield from _keys(settings)
    for path in sorted(folder.glob(f"{EVENTS}/*.db")):
        yield _event_store(path)


def _folder(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    megabytes = free // (1024 * 1024)
    yield Finding(free >= LEAST_FREE, f"disk: {megabytes} MB free", "free some space: a full disk refuses every write")
    for path in sorted(folder.glob("*.key")):
        private = not stat.S_IMODE(path.stat().st_mode) & 0o077
        yield Finding(private, f"{path.name} is readable by its owner only", f"chmod 600 {path}")


def _keys(settings: ServiceSettings) -> Iterator[Finding]:
    given = settings.key_encryption_key is not None
    file = settings.data_dir / KEY_ENCRYPTION_KEY
    if not given and not file.exists():
        stored = (settings.data_dir / KEYS).exists()
        remedy = f"restore it beside {KEYS}, or set CAIRN_KEY_ENCRYPTION_KEY: without it no text can be read again"
        yield Finding(not stored, "key encryption key: none yet" if not stored else f"{file.name} is missing", remedy)
        return
    where = "CAIRN_KEY_ENCRYPTION_KEY" if given else file.name
    try:
        there = asyncio.run(check_keyring(settings))
    except (KernelError, OSError, ValueError) as error:
        yield Finding(False, f"the keyring does not open with {where}", str(error))
    else:
        yield Finding(True, f"keyring opens with {where}" if there else f"keyring: empty yet, to begin with {where}")


def _event_store(path: Path) -> Finding:
    remedy = f"stop cairn and restore {path} from a backup"
    try:
        summary = inspect(path)
    except StoreUnavailable as error:
        return Finding(False, f"event store {path.stem}: {error.reason}", remedy)
    what = f"event store {path.stem}: {summary.events} events of {summary.tenants} tenants"
    return Finding(summary.sound, what if summary.sound else f"{what}, damaged", remedy)
