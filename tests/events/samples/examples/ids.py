"""Whom and what the examples name."""

from __future__ import annotations

_START = "0198f3a4-0000-7000-8000-0000000000"

ADA, BOB, CY = (f"{_START}0{number}" for number in "abc")
UNIT, ABOVE = f"{_START}a1", f"{_START}a2"
GOAL, PARENT, OTHER_PARENT = f"{_START}f1", f"{_START}f2", f"{_START}f3"
CHECK_IN, MILESTONE, ABSENCE = f"{_START}c1", f"{_START}c2", f"{_START}c3"
ERASURE = f"{_START}c4"
