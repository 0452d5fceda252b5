"""A secret that an installation makes for itself once and keeps in a file: before any trip, when a process starts."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from libs.events.errors import KernelError

SECRET_BYTES = 32


class SecretRefused(KernelError):
    """A secret from the settings or from a file that cannot be used; the message says what to do, never the secret."""


def decode_secret(text: str, name: str) -> bytes:
    """32 bytes from their base64 or base64url text, with or without padding. Raises SecretRefused, naming `name`."""
    plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        secret = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise SecretRefused(f"{name} is not base64. Give {SECRET_BYTES} random bytes as base64 or base64url.") from None
    if len(secret) != SECRET_BYTES:
        raise SecretRefused(f"{name} holds {len(secret)} bytes. It takes {SECRET_BYTES} as base64 or base64url.")
    return secret


def secret_file(path: Path) -> bytes:
    """The 32 secret bytes that `path` holds as base64 text; made, mode 0600, when there is no such file.

    Atomic and durable: processes that race all get the same secret, and a reader never sees a half-written one.
    Blocking; for the start of a process. Raises SecretRefused when the file is open to others or holds something else.
    """
    if not path.exists():
        _make(path)
    return decode_secret(_read(path), str(path))


def _read(path: Path) -> str:
    try:
        # O_NONBLOCK: a pipe in the secret's place is refused below, not waited for.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            _check(path, os.fstat(handle).st_mode)
            return os.read(handle, 4096).decode("ascii", "replace")
        finally:
            os.close(handle)
    except OSError as error:
        raise SecretRefused(f"{path} cannot be read: {error.strerror}") from error


def _check(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise SecretRefused(f"{path} is not a plain file. Move it away, or name another one.")
    if mode & 0o077:
        raise SecretRefused(f"{path} is open to other users. Run: chmod 600 {path}")


def _make(path: Path) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(draft, base64.b64encode(secrets.token_bytes(SECRET_BYTES)) + b"\n")
        try:
            # A link fails where a rename would overwrite: whoever comes second takes the first one's secret.
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            os.unlink(draft)
        # The loser of the race syncs too: it will use a secret whose maker may not have come this far.
        sync_directory(path.parent)
    except OSError as error:
        raise SecretRefused(f"{path} cannot be made: {error.strerror}") from error


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)


def sync_directory(path: Path) -> None:
    """Makes the names in a folder durable. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
