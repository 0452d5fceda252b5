"""Where the key encryption key comes from: the setting, or a file made once. It never stands in the keyring's file."""

from __future__ import annotations

from pathlib import Path

from libs.privacy.secret_file import SecretRefused, decode_secret, secret_file

SETTING = "CAIRN_KEY_ENCRYPTION_KEY"


def load_key_encryption_key(setting: str | None, path: Path) -> bytes:
    """The 32 bytes that wrap every holder's key: `setting` (base64 or base64url), else the secret kept at `path`.

    Makes the file when neither is there. Blocking; for the start of a process. Raises SecretRefused for a value that
    is not 32 bytes, a file open to other users, or one that holds something else. An empty setting is refused too: it
    is more often a missing secret than a wish for a new one.
    """
    if setting is None:
        return secret_file(path)
    if not setting.strip():
        raise SecretRefused(f"{SETTING} is empty. Give 32 random bytes as base64, or leave it unset.")
    return decode_secret(setting, SETTING)
