"""Progress bars of the command line: drawn on a terminal, a line every few seconds anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

EVERY_SECONDS = 5.0


@dataclass
class Bar:
    """How far one piece of work is."""

    what: str
    total: int
    drawn: tuple[Progress, TaskID] | None
    begun: int = 0
    done: int = 0
    _started: float = field(default_factory=time.monotonic)
    _said: float = field(default_factory=time.monotonic)

    def reach(self, done: int) -> None:
        """`done` of the total are behind us."""
        self.done = done
        if self.drawn is not None:
            progress, task = self.drawn
            progress.update(task, completed=done)
        elif time.monotonic() - self._said >= EVERY_SECONDS:
            self._said = time.monotonic()
            self._say()

    def advance(self, by: int) -> None:
        """So many more."""
        self.reach(self.done + by)

    def end(self) -> None:
        """It is finished."""
        if self.drawn is None:
            self._say()

    def _say(self) -> None:
        rate = (self.done - self.begun) / max(time.monotonic() - self._started, 1e-9)
        typer.echo(f"{self.what}: {self.done:,} of {self.total:,}, {rate:,.0f} a second", err=True)


@contextmanager
def bar(what: str, total: int, done: int = 0) -> Iterator[Bar]:
    """A bar until the block ends, unless there is nothing to do; `done` of the total were behind us before."""
    if not total:
        yield Bar(what, total, None, done, done)
        return
    if not sys.stderr.isatty():
        said = Bar(what, total, None, done, done)
        yield said
        said.end()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield Bar(what, total, (progress, progress.add_task(what, total=total, completed=done)), done, done)
