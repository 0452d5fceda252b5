"""Keys and a clock that the test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


class SetClock:
    """A clock that stands until it is moved; far from today, so that asking the wall would show."""

    def __init__(self) -> None:
        self.time = datetime(2031, 5, 1, 12, tzinfo=UTC)

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
