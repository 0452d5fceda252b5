"""Whether another connection has committed to a SQLite file: asked of the memory that all share, without a row read."""

from __future__ import annotations

import sqlite3
from pathlib import Path


class Elsewhere:
    """Looks at one file, from one thread. Cheap enough for ten looks a second; no commit stays unnoticed."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._connection: sqlite3.Connection | None = None
        self._seen: int | None = None

    def moved(self) -> bool:
        """Whether somebody may have committed since the last look; True at the first one, and where nobody can tell."""
        before = self._seen
        try:
            if self._connection is None:
                # It never makes the file, and a change of it is told from what this one connection saw before.
                self._connection = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=0)
            [(self._seen,)] = self._connection.execute("PRAGMA data_version").fetchall()
        except sqlite3.Error:
            # Whoever is told to read meets the fault as well, and says what to do.
            self.close()
        return self._seen is None or self._seen != before

    def close(self) -> None:
        """Looks no longer; the next look is a first one."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._seen = None
