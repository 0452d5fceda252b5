"""A keyring on a real file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.testing import SteppingClock
from libs.privacy.keyring import Keyring
from libs.privacy.sealing import FieldSealer

KEK = bytes(range(32))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Where the keys are."""
    return tmp_path / "keyring.sqlite"


@pytest.fixture
async def keys(key_file: Path) -> AsyncIterator[SQLiteKeyStore]:
    """The key store."""
    store = SQLiteKeyStore(key_file)
    yield store
    await store.close()


@pytest.fixture
def keyring(keys: SQLiteKeyStore, clock: SteppingClock) -> Keyring:
    """A keyring with an empty memory."""
    return Keyring(keys, KEK, clock)


@pytest.fixture
def sealer(keyring: Keyring) -> FieldSealer:
    """A sealer on the test's keyring."""
    return FieldSealer(keyring)
