"""A keyring on a real file, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.privacy.keyring import Keyring
from libs.privacy.sealing import FieldSealer

KEK = bytes(range(32))


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 31, 9, tzinfo=UTC)

    def now(self) -> datetime:
        """The time it was set to."""
        return self.time

    def move(self, seconds: float) -> None:
        """Forward, or back."""
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> SetClock:
    """The one clock of a test."""
    return SetClock()


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
def keyring(keys: SQLiteKeyStore, clock: SetClock) -> Keyring:
    """A keyring with an empty memory."""
    return Keyring(keys, KEK, clock)


@pytest.fixture
def sealer(keyring: Keyring) -> FieldSealer:
    """A sealer on the test's keyring."""
    return FieldSealer(keyring)
