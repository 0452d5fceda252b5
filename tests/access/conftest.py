"""Keys; people and their goals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.access.goal_streams import Goals, goals
from tests.access.organisation import Organisation, organisation

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Goals]:
    """Two lines of people: ana and ben under lead under head under ceo; oli under opa under ceo."""
    async with goals(tmp_path) as found:
        found.people.add("ceo")
        for person, manager in (("head", "ceo"), ("lead", "head"), ("ana", "lead"), ("ben", "lead")):
            found.people.add(person, manager)
        for person, manager in (("opa", "ceo"), ("oli", "opa"), ("kim", "opa")):
            found.people.add(person, manager)
        await found.people.fold()
        yield found


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Organisation]:
    """Nobody yet, and a replica of its own."""
    async with organisation(tmp_path) as found:
        yield found
