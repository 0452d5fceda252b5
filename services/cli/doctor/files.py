"""The doctor on the data folder's files: room on the disk, who may read and write them, and what does not belong."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from libs.events.adapters.sqlite.folder import EVENTS, KEYS, LOCK, READS, TOMBSTONES, UNFINISHED
from services.cli.doctor.finding import Finding, found
from services.cli.judging import of_disk

_SHOWN = 3
_BESIDE = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Entry:
    """A file or folder, by its path within the data folder."""

    name: str
    mode: int
    owner: int
    usable: bool
    """Whether whoever asks may read and write it."""


def files(folder: Path) -> Iterator[Finding]:
    """Findings about disk and files."""
    free = shutil.disk_usage(folder).free
    yield from found(of_disk(free), f"disk: {free // 1_000_000:,} MB free")
    yield from judged(folder, folder.stat(), entries(folder))


def judged(folder: Path, itself: os.stat_result, there: Sequence[Entry]) -> Iterator[Finding]:
    """What is to be said of these files of a folder."""
    keys = [one for one in there if one.name.endswith(".key") and "/" not in one.name]
    for one in keys:
        path = folder / one.name
        yield Finding(not one.mode & 0o077, f"{one.name} is readable by its owner only", f"chmod 600 {_quoted(path)}")
    # What lies in a closed folder is closed, whatever mode SQLite gave it.
    opened = [one for one in there if one.mode & 0o077 and one not in keys] if itself.st_mode & 0o077 else []
    closed = not itself.st_mode & 0o077
    what = "the folder is its owner's only" if closed else f"other users may look into the folder{_some(opened)}"
    yield Finding(closed, what, f"chmod -R go= {_quoted(folder)}")
    if unusable := [one for one in there if not one.usable or stat.S_IMODE(one.mode) & 0o600 != 0o600]:
        remedy = f"as the user that runs cairn must be able to: chmod -R u+rwX {_quoted(folder)}"
        yield Finding(False, f"not to be read and written{_some(unusable)}", remedy)
    if others := [one for one in there if one.owner != itself.st_uid]:
        remedy = f"give them to the folder's owner: chown -R {itself.st_uid} {_quoted(folder)}"
        yield Finding(False, f"of another user than the folder{_some(others)}", remedy)
    if foreign := [one for one in there if not stat.S_ISDIR(one.mode) and not _ours(one.name)]:
        yield Finding(False, f"no files of Cairn{_some(foreign)}", "move them out of the folder")


def entries(folder: Path) -> list[Entry]:
    """Everything below a folder, in order; what vanishes meanwhile is left out."""
    found = []
    for root, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(root) / name
            try:
                itself, usable = path.stat(), os.access(path, os.R_OK | os.W_OK)
            except FileNotFoundError:
                continue
            found.append(Entry(str(path.relative_to(folder)), itself.st_mode, itself.st_uid, usable))
    return sorted(found, key=lambda one: one.name)


def _ours(name: str) -> bool:
    parts = Path(name).parts
    last = parts[-1]
    for suffix in _BESIDE:
        last = last.removesuffix(suffix)
    if len(parts) == 1:
        return last in (KEYS, LOCK, TOMBSTONES, UNFINISHED) or last.endswith(".key")
    if len(parts) > 2 or parts[0] not in (EVENTS, READS):
        return False
    return last.endswith(".db") or (parts[0] == READS and last.endswith(".building"))


def _some(found: Sequence[Entry]) -> str:
    if not found:
        return ""
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f": {', '.join(one.name for one in found[:_SHOWN])}{more}"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
