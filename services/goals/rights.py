"""Judges an asker for commands and queries alike: policy as data, over relations from the service's own replica."""

from __future__ import annotations

from dataclasses import dataclass

from libs.access.directory import Asker, Directory
from libs.events.errors import Forbidden
from services.goals.domain.errors import GoalNotFound
from services.goals.domain.state import Goal
from services.goals.policy import OFFERED, POLICY


@dataclass(frozen=True)
class GoalRights:
    """Judges an asker by policy and the own replica of people."""

    directory: Directory

    async def relations(self, asker: Asker, goal: Goal) -> frozenset[str]:
        """How the asker stands to a goal: roles, and relations to its owner."""
        found = set(asker.roles)
        if asker.person_id in goal.contributor_ids:
            found.add("contributor")
        to_owner = await self.directory.relations(asker, goal.owner_id)
        return frozenset(found | to_owner | ({"owner"} if "self" in to_owner else set()))

    async def check(self, asker: Asker, goal: Goal, action: str) -> frozenset[str]:
        """The asker's relations to the goal. Raises GoalNotFound (may not see it), Forbidden (may not do it)."""
        if goal.version == 0:
            raise GoalNotFound
        relations = await self.relations(asker, goal)
        attributes = {"visibility": goal.visibility}
        if not POLICY.decide("goal.read", relations, attributes):
            raise GoalNotFound
        if not POLICY.decide(action, relations, attributes):
            raise Forbidden
        return relations

    def allowed_actions(self, goal: Goal, relations: frozenset[str]) -> list[str]:
        """What the asker may do to a goal now."""
        attributes = {"visibility": goal.visibility}
        return [name for name, action in OFFERED.items() if POLICY.decide(action, relations, attributes)]

    def may_read_words(self, goal: Goal, relations: frozenset[str]) -> bool:
        """Whether the asker may read what people wrote in a goal's check-ins."""
        return POLICY.decide("goal.read_words", relations, {"visibility": goal.visibility})
