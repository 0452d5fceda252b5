"""The samples' own keyring: wrapped keys in a small file beside them, opened by a key that is no secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from libs.events.canonical import time_text
from libs.events.ports import WrappedKey
from libs.events.reader import Reader
from libs.events.registry import Registry
from libs.events.testing import SteppingClock
from libs.privacy.keyring import Keyring
from libs.privacy.sealing import FieldSealer

KEK = b"only for samples: keeps nothing!"
FOLDER = Path(__file__).parent
FILE = "keyring.json"


class SampleKeys:
    """A `KeyStore` over that file. Reading samples must never make a key, so only the maker of samples may write."""

    def __init__(self, folder: Path = FOLDER, *, writes: bool = False) -> None:
        self._file, self._writes = folder / FILE, writes
        kept = json.loads(self._file.read_text()) if self._file.exists() else []
        self._keys = [_key(entry) for entry in kept]

    def every(self) -> list[WrappedKey]:
        """All the keys there are, as they are wrapped."""
        return list(self._keys)

    async def by_holder(self, tenant: str, holders: Iterable[str]) -> Mapping[str, WrappedKey]:
        """See `KeyStore.by_holder`."""
        wanted = set(holders)
        return {key.holder: key for key in self._keys if key.tenant == tenant and key.holder in wanted}

    async def by_id(self, keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], WrappedKey]:
        """See `KeyStore.by_id`."""
        wanted = set(keys)
        return {(key.tenant, key.key_id): key for key in self._keys if (key.tenant, key.key_id) in wanted}

    async def insert_if_absent(self, key: WrappedKey) -> WrappedKey:
        """See `KeyStore.insert_if_absent`."""
        [standing] = await self.insert_many([key])
        return standing

    async def insert_many(self, keys: Sequence[WrappedKey]) -> list[WrappedKey]:
        """See `KeyStore.insert_many`."""
        standing = {(key.tenant, key.holder): key for key in self._keys}
        found = [standing.setdefault((key.tenant, key.holder), key) for key in keys]
        if len(standing) > len(self._keys):
            assert self._writes, "reading a sample asked for a new key"
            self._keys = list(standing.values())
            self._file.write_text(json.dumps([_entry(one) for one in self._keys], indent=1) + "\n")
        return found

    async def destroy(self, tenant: str, holder: str, at: datetime) -> None:
        """No sample's key is ever destroyed."""
        raise AssertionError("a sample's key was to be destroyed")


def sealer_of(keys: SampleKeys) -> FieldSealer:
    """What sealed the samples, and opens them."""
    return FieldSealer(Keyring(keys, KEK, SteppingClock()))


def reader_of(registry: Registry, folder: Path = FOLDER) -> Reader:
    """Reads samples under a registry."""
    return Reader(registry, sealer_of(SampleKeys(folder)))


def _key(entry: Mapping[str, Any]) -> WrappedKey:
    wrapped, created_at = base64.b64decode(entry["wrapped"]), datetime.fromisoformat(entry["created_at"])
    return WrappedKey(entry["tenant"], entry["holder"], entry["key_id"], wrapped, created_at)


def _entry(key: WrappedKey) -> dict[str, str]:
    assert key.wrapped is not None
    return {
        "tenant": key.tenant,
        "holder": key.holder,
        "key_id": key.key_id,
        "wrapped": base64.b64encode(key.wrapped).decode(),
        "created_at": time_text(key.created_at),
    }
