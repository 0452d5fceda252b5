"""How the asker stands to a thing's owner, read off the organisation as the service knows it. No clock, no store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

DEEPEST = 200
"""Levels of managers that are looked at; above that nobody is anybody's manager."""


class Person(Protocol):
    """What is asked of a person."""

    @property
    def id(self) -> str:
        """The person's id."""
        ...

    @property
    def manager_id(self) -> str | None:
        """The id of the direct manager, None at the top."""
        ...


Fetch = Callable[[str], Awaitable[Person | None]]
"""`person id → person`, or None for an id that nobody has."""


async def relations(asker: str, owner: str, fetch: Fetch) -> frozenset[str]:
    """The relations of person `asker` to person `owner`, from `self`, `manager`, `manager_chain`, `peer`.

    A manager is in the manager chain too; peers have the same manager. Fetches no more than it needs: nobody for
    oneself, the owner for a manager, one level at a time for the chain. A circle of managers ends the walk, and in it
    a peer is a peer and nothing more.
    """
    if asker == owner:
        return frozenset({"self"})
    person = await fetch(owner)
    if person is None or person.manager_id is None:
        return frozenset()
    if person.manager_id == asker:
        return frozenset({"manager", "manager_chain"})
    beside = await fetch(asker)
    if beside is not None and beside.manager_id == person.manager_id:
        return frozenset({"peer"})
    return frozenset({"manager_chain"}) if await _above(asker, person.manager_id, fetch) else frozenset()


async def _above(asker: str, start: str, fetch: Fetch) -> bool:
    seen: set[str] = set()
    current: str | None = start
    while current is not None and current not in seen and len(seen) < DEEPEST:
        if current == asker:
            return True
        seen.add(current)
        person = await fetch(current)
        current = None if person is None else person.manager_id
    return False
