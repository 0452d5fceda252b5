"""One service a test, on a folder of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.events.testing import SteppingClock
from tests.people.api.house import NOON, Client, House, opened


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path / "data", SteppingClock(NOON)) as house:
        yield house


@pytest.fixture
async def admin(house: House) -> Client:
    return await house.admin()
