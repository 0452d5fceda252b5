"""Three ways to run out of space: a limit on a store's pages, on a process's files, and a disk that is really full."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from tests.product import Product

PAGES = 2**30
"""More pages than any store has."""
CHUNK = 4096


class Space(Protocol):
    """What a product's data lies on. `use_up` leaves next to nothing, `free` gives it all back."""

    def use_up(self) -> None: ...

    def free(self) -> None: ...


class FileSizes:
    """No file of the process may grow any more (RLIMIT_FSIZE); needs no rights."""

    def __init__(self, product: Product) -> None:
        assert product.process is not None
        self._data, self._process = product.data, product.process.pid

    def use_up(self) -> None:
        sizes = [path.stat().st_size for path in self._data.rglob("*.db-wal")]
        _, hard = resource.prlimit(self._process, resource.RLIMIT_FSIZE)
        resource.prlimit(self._process, resource.RLIMIT_FSIZE, (max(sizes), hard))

    def free(self) -> None:
        _, hard = resource.prlimit(self._process, resource.RLIMIT_FSIZE)
        resource.prlimit(self._process, resource.RLIMIT_FSIZE, (hard, hard))


class SmallDisk:
    """A small file system of its own, filled up by somebody else; needs the right to mount."""

    def __init__(self, product: Product) -> None:
        self._ballast = product.data / "somebody-elses-file"

    def use_up(self) -> None:
        with self._ballast.open("ab", buffering=0) as ballast, suppress(OSError):
            while True:
                ballast.write(b"\0" * CHUNK)

    def free(self) -> None:
        self._ballast.unlink()


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """A file system of 16 MB in memory at `folder`. Raises OSError or CalledProcessError without the right to it."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs", folder]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True, capture_output=True)


def can_mount() -> bool:
    """Whether this machine lets these tests mount something."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        try:
            with mounted(Path(folder) / "probe"):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


def limit_pages(store: SQLiteEventStore, more: int | None) -> None:
    """Lets a store of this process grow by so many pages only; None takes the limit away."""
    pool = store.recorder.datastore.pool
    with ExitStack() as all_there_are:
        # While all connections are here, nobody else has one that the limit would not reach.
        for _ in range(pool.pool_size + pool.max_overflow):
            connection = all_there_are.enter_context(store.recorder.datastore.get_connection(commit=False))
            raw = connection._sqlite_conn
            [(pages,)] = raw.execute("PRAGMA page_count").fetchall()
            limit = PAGES if more is None else pages + more
            raw.execute(f"PRAGMA max_page_count={limit}")
        pool.pragmas = {"max_page_count": limit}
