"""Bytes that leave and come back as they were, and tell nobody on the way what they hold: what cursors are made of."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from libs.events.errors import SealBroken


def cover(secret: bytes, raw: bytes) -> bytes:
    """The bytes, at least one, under a secret of 32 bytes that serves nothing else; 16 longer.

    The same bytes are covered the same way every time (RFC 5297): the same question has the same answer.
    """
    return AESSIV(secret).encrypt(raw, None)


def uncover(secret: bytes, covered: bytes) -> bytes:
    """What was covered under this secret. Raises SealBroken for anything else."""
    try:
        return AESSIV(secret).decrypt(covered, None)
    except (InvalidTag, ValueError):
        raise SealBroken("this was not covered under this secret, or was altered") from None
