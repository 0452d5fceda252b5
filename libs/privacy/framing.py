"""Several parts as one byte string that reads in one way only: what is authenticated or hashed beside a secret."""

from __future__ import annotations

import struct


def frame(*parts: str | bytes) -> bytes:
    """How many parts, the length of each (four bytes each, big endian), then the parts: no two lists look the same.

    Text is UTF-8; a lone surrogate keeps its own encoding instead of failing, so that this is total.
    """
    raw = [part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass") for part in parts]
    return struct.pack(f">{len(raw) + 1}I", len(raw), *map(len, raw)) + b"".join(raw)
