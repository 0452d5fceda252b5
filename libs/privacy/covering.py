"""Bytes that leave and come back as they were, and tell nobody on the way what they hold: what cursors are made of."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.events.errors import SealBroken

_NONCE = 12


def cover(secret: bytes, raw: bytes) -> bytes:
    """The bytes under a secret of 32 bytes that serves nothing else; 28 longer, and different every time."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(secret).encrypt(nonce, raw, None)


def uncover(secret: bytes, covered: bytes) -> bytes:
    """What was covered under this secret. Raises SealBroken for anything else."""
    try:
        return AESGCM(secret).decrypt(covered[:_NONCE], covered[_NONCE:], None)
    except (InvalidTag, ValueError):
        raise SealBroken("this was not covered under this secret, or was altered") from None
