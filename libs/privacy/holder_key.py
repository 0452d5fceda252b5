"""One holder's key in memory, and what is derived from it: a cipher with its commitment, and a secret for hashes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


@dataclass(frozen=True)
class HolderKey:
    """The unwrapped key of a person, a unit, or a tenant itself. `secret` (32 bytes) is only derived from."""

    tenant: str
    holder: str
    key_id: str
    secret: bytes = field(repr=False)

    @cached_property
    def cipher(self) -> AESGCM:
        """AES-256-GCM for this holder's text."""
        return AESGCM(self._derive(b"cairn1 encryption"))

    @cached_property
    def commitment(self) -> bytes:
        """32 bytes that only this key gives: AES-GCM alone lets one ciphertext open under two keys."""
        return self._derive(b"cairn1 commitment")

    @cached_property
    def hashing_secret(self) -> bytes:
        """32 bytes for keyed hashes, apart from anything that encrypts."""
        return self._derive(b"cairn1 keyed hash")

    def _derive(self, purpose: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(self.secret)
