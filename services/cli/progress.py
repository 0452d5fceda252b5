"""Progress bars of the command line: drawn on a terminal, a line every few seconds anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

EVERY_SECONDS = 5.0


@dataclass
class Bar:
    """How far one piece of work is."""

    what: str
    total: int
    drawn: tuple[Progress, TaskID] | None
    begun: int = 0
    done: int = 0
    at: str = ""
    """The stage of the work, where it has several."""
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

    def stage(self, name: str, done: int, total: int) -> None:
        """`done` of the `total` of a stage of the work; each stage has a rate of its own."""
        if name != self.at:
            self.at, self.begun, self._started = name, done, time.monotonic()
            if self.drawn is not None:
                progress, task = self.drawn
                progress.reset(task, description=f"{self.what}, {name}", total=total)
        self.total = total
        self.reach(done)

    def end(self) -> None:
        """It is finished."""
        if self.drawn is None:
            self._say()

    def _say(self) -> None:
        rate = (self.done - self.begun) / max(time.monotonic() - self._started, 1e-9)
        what = f"{self.what}, {self.at}" if self.at else self.what
        typer.echo(f"{what}: {self.done:,} of {self.total:,}, {rate:,.0f} a second", err=True)


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
    with _drawn() as progress:
        yield Bar(what, total, (progress, progress.add_task(what, total=total, completed=done)), done, done)


@contextmanager
def bars() -> Iterator[Callable[[str], Bar]]:
    """A function that makes a bar below the others for one more piece of work; its total comes with its stages."""
    if not sys.stderr.isatty():
        yield lambda what: Bar(what, 0, None)
        return
    with _drawn() as progress:
        yield lambda what: Bar(what, 0, (progress, progress.add_task(what, total=None)))


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        """As rich asks for it."""
        return Text(f"{task.speed:,.0f}/s" if task.speed is not None else "")


def _drawn() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))
