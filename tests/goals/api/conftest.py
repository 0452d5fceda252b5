"""One installation a file, a tenant of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.cli.up import Installation
from tests.goals.api import company as companies
from tests.goals.api.company import Company


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The installation runs as long as its file's tests do, and so does their loop."""
    return "asyncio"


@pytest.fixture(scope="module")
async def installation(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Installation]:
    async with companies.running(tmp_path_factory.mktemp("goals") / "data") as found:
        yield found


@pytest.fixture
async def acme(installation: Installation) -> AsyncIterator[Company]:
    async with companies.company(installation) as found:
        yield found


@pytest.fixture
async def other(installation: Installation) -> AsyncIterator[Company]:
    """Another tenant."""
    async with companies.company(installation) as found:
        yield found


@pytest.fixture(scope="module")
async def still(installation: Installation) -> AsyncIterator[Company]:
    """A tenant for the whole file, in which nothing happens."""
    async with companies.company(installation) as found:
        yield found
