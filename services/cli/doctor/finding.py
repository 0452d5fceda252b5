"""What the doctor says of one thing it looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.cli.status.shape import Problem


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, and what to do where it is wrong."""

    good: bool
    what: str
    remedy: str = ""


def found(problems: Iterable[Problem], otherwise: str = "") -> Iterator[Finding]:
    """Each problem; where there is none, what is to be said then."""
    good = True
    for one in problems:
        good = False
        yield Finding(False, one.what, one.remedy)
    if good and otherwise:
        yield Finding(True, otherwise)
