"""Hanging a goal under another: how it may hang there, and that neither a circle nor a closed parent comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from libs.access.directory import Asker
from libs.events.envelope import stream_name
from libs.events.handle import Guard
from services.goals.domain import decide
from services.goals.domain.errors import GoalNotFound, UnknownParent
from services.goals.domain.state import GOAL, TREE_GUARD, Goal
from services.goals.handlers.base import Commands

ALL = "all"
"""The id of the one guard of a tenant's tree."""


@dataclass(frozen=True)
class Parent:
    """A parent as the asker meets it: `pinned` keeps it from being closed or moved before the command is appended."""

    goal: Goal
    attaches: decide.Attaches
    pinned: Guard


@dataclass(frozen=True)
class Hanging(Commands):
    """What commands that hang goals under others have in common."""

    async def parent(self, asker: Asker, parent_id: str, *, seen: bool = False) -> Parent:
        """The parent for an edge to it. Raises UnknownParent where the asker sees none, unless it is `seen` already."""
        loaded = await self.load(asker.tenant, parent_id)
        if not seen:
            try:
                await self.rights.check(asker, loaded.state, "goal.read")
            except GoalNotFound:
                raise UnknownParent from None
        attaches: decide.Attaches = "accepted" if await self.rights.edits(asker, loaded.state) else "proposed"
        return Parent(
            loaded.state, attaches, Guard(stream_name(asker.tenant, GOAL.kind, parent_id), loaded.version, ())
        )

    async def left(self, asker: Asker, goal: Goal) -> tuple[Goal | None, list[Guard]]:
        """The parent that a key result leaves, which was seen as that one is, and the guard that it still is seen so.

        What other goals leave says nothing of them.
        """
        if goal.kind != "key_result" or goal.parent_id is None:
            return None, []
        loaded = await self.load(asker.tenant, goal.parent_id)
        return loaded.state, [Guard(stream_name(asker.tenant, GOAL.kind, goal.parent_id), loaded.version, ())]

    async def above(self, tenant: str, goal: Goal) -> list[str]:
        """The ids of the goals above one, nearest first, in whatever state and however aligned."""
        found: dict[str, None] = {}
        at = goal.parent_id
        while at is not None and at not in found:
            found[at] = None
            at = (await self.load(tenant, at)).state.parent_id
        return list(found)

    async def tree_version(self, tenant: str) -> tuple[str, int]:
        """The stream that guards the tenant's tree, and its version. Read it before the walk that it guards.

        Only the version counts, and the stream grows for ever: its end is read, never folded.
        """
        stream = stream_name(tenant, TREE_GUARD.kind, ALL)
        last = await self.kernel.facts(stream, limit=1, newest_first=True)
        return stream, last[0].version if last else 0
