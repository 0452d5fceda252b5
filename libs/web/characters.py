"""Which characters a request's texts may hold, and which of them anybody can see: as patterns and as questions."""

from __future__ import annotations

import re
import unicodedata

_CONTROL = r"\u0000-\u001f\u007f-\u009f"
_TURNING = r"\u2028-\u202e\u2066-\u2069"
"""Line and paragraph separators, and what embeds, overrides or isolates a direction of writing."""
_UNSEEN = r"\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_LINES = rf"(?:[^{_CONTROL}]|\t|\r?\n)*"

ONE_LINE = f"^[^{_CONTROL}{_TURNING}]*[^{_CONTROL}{_UNSEEN}][^{_CONTROL}{_TURNING}]*$"
"""A line with something to see in it."""
SEVERAL_LINES = f"^{_LINES}$"
NOT_BLANK = f"^{_LINES}[^{_CONTROL}{_UNSEEN}]{_LINES}$"
"""Several lines with something to see in them."""

_TURNS = re.compile(f"[{_TURNING}]")
_SEEN = re.compile(f"[^{_CONTROL}{_UNSEEN}]")


def turns(value: str) -> bool:
    """Whether a text breaks a line by another character than a line feed, or turns the direction of writing around."""
    return _TURNS.search(value) is not None


def says_something(value: str) -> bool:
    """Whether there is anything to see in a text."""
    return _SEEN.search(value) is not None


def controls(value: str, allowed: str) -> bool:
    """Whether a text holds control characters or halves of surrogates other than the allowed ones."""
    if value.isprintable():
        return False
    return any(unicodedata.category(one) in ("Cc", "Cs") and one not in allowed for one in value)
