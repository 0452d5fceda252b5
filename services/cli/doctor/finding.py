"""What the doctor says of one thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, and what to do where it is wrong."""

    good: bool
    what: str
    remedy: str = ""
