"""How people stand to each other on a day, read off who leads whom, level by level. No clock, no store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

DEEPEST = 200
"""Levels of managers that are looked at; above that nobody is anybody's manager."""

Managers = Mapping[str, str | None]
"""`person → their manager` on the day in question, None at the top; who is not in it does not exist."""

Fetch = Callable[[Collection[str]], Awaitable[Managers]]
"""Looks up the managers of these people; those who do not exist are left out."""

SELF = frozenset({"self"})
MANAGER = frozenset({"manager", "manager_chain"})
CHAIN = frozenset({"manager_chain"})
PEER = frozenset({"peer"})
NONE: frozenset[str] = frozenset()


async def above(asker: str, owners: Iterable[str], known: Managers, fetch: Fetch) -> Managers:
    """What is `known`, and the managers above those owners of whom it does not yet tell how the asker stands to them.

    One look-up a level, whatever the number of owners; nobody is looked up twice, so a circle ends.
    """
    managers = dict(known)
    level = {managers[owner] for owner in owners if _beside(asker, owner, managers) is None}
    for _ in range(DEEPEST):
        wanted = [person for person in level if person not in (None, asker) and person not in managers]
        if wanted:
            managers.update(await fetch([person for person in wanted if person is not None]))
        level = {managers.get(person) for person in level if person is not None and person != asker} - {None}
        if not level:
            break
    return managers


def relations(asker: str, owner: str, managers: Managers) -> frozenset[str]:
    """The relations of `asker` to `owner`, from `self`, `manager`, `manager_chain`, `peer`.

    `managers` tells of both and of everybody up to the asker or the top. A manager is in the manager chain too; peers
    have the same manager. A circle of managers ends the walk, and in it a peer is a peer and nothing more.
    """
    found = _beside(asker, owner, managers)
    if found is not None:
        return found
    seen: set[str] = set()
    current = managers[owner]
    while current is not None and current not in seen and len(seen) < DEEPEST:
        if current == asker:
            return CHAIN
        seen.add(current)
        current = managers.get(current)
    return NONE


def _beside(asker: str, owner: str, managers: Managers) -> frozenset[str] | None:
    """The relations that the two alone tell; None: only those above can."""
    if asker == owner:
        return SELF
    manager = managers.get(owner)
    if manager is None:
        return NONE
    if manager == asker:
        return MANAGER
    return PEER if managers.get(asker) == manager else None
