"""The people of most questions about goals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.goals.queries.company import Company, company


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Company]:
    """Ana and Bob under Lead, Oli apart."""
    async with company(tmp_path) as found:
        for person, manager in (("lead", None), ("ana", "lead"), ("bob", "lead"), ("oli", None)):
            found.people.add(person, manager)
        await found.people.fold()
        yield found
