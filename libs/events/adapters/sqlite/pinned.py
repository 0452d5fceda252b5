"""Notices that a file was removed or replaced while it is open: what is written there is gone with the process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from libs.events.errors import StoreUnavailable


@dataclass(frozen=True)
class Pin:
    """Which file had a name when it was opened; without one nothing is asked."""

    path: Path | None = None
    identity: tuple[int, int] | None = None
    remedy: str = ""

    @classmethod
    def on(cls, path: Path, remedy: str) -> Pin:
        """The file that has this name now, just after it was opened."""
        return cls(path, _identity(path), remedy)

    def verify(self) -> None:
        """Raises StoreUnavailable where another file, or none, has the name now."""
        if self.path is not None and _identity(self.path) != self.identity:
            name = f"{self.path.parent.name}/{self.path.name}"
            raise StoreUnavailable(f"{name} was removed or replaced while it was open: {self.remedy}")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
