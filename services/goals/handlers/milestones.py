"""Commands about the steps on a goal's way: set, changed, reached, taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from libs.access.directory import Asker
from libs.events.caller import Caller
from libs.events.handle import Outcome
from libs.events.registry import Event
from services.goals.domain import decide
from services.goals.domain.commands import AddMilestone, ChangeMilestone
from services.goals.domain.state import GOAL, Goal
from services.goals.handlers.base import Commands, Plan


@dataclass(frozen=True)
class Milestones(Commands):
    """The steps on a goal's way, by word of its editors."""

    async def add_milestone(self, asker: Asker, caller: Caller, command: AddMilestone) -> Outcome:
        """One more step."""
        milestone_id, person = self.kernel.new_id(), asker.person_id

        async def check(goal: Goal) -> None:
            await self.rights.check(asker, goal, "goal.edit")

        async def plan(goal: Goal) -> Plan:
            return Plan(decide.add_milestone(goal, command, milestone_id, person))

        return await self.run(GOAL, command.goal_id, caller, plan, check=check, resource=milestone_id, created=True)

    async def change_milestone(self, asker: Asker, caller: Caller, command: ChangeMilestone) -> Outcome:
        """Another title or date."""
        person = asker.person_id
        return await self._step(
            asker,
            caller,
            command.goal_id,
            command.milestone_id,
            lambda goal: decide.change_milestone(goal, command, person),
        )

    async def reach_milestone(self, asker: Asker, caller: Caller, goal_id: str, milestone_id: str) -> Outcome:
        """Behind us since today."""
        today = self.rights.directory.today()
        return await self._step(
            asker, caller, goal_id, milestone_id, lambda goal: decide.reach_milestone(goal, milestone_id, today)
        )

    async def remove_milestone(self, asker: Asker, caller: Caller, goal_id: str, milestone_id: str) -> Outcome:
        """No longer meant."""
        return await self._step(
            asker, caller, goal_id, milestone_id, lambda goal: decide.remove_milestone(goal, milestone_id)
        )

    async def _step(
        self, asker: Asker, caller: Caller, goal_id: str, milestone_id: str, decides: Callable[[Goal], Sequence[Event]]
    ) -> Outcome:
        async def check(goal: Goal) -> None:
            await self.rights.check(asker, goal, "goal.edit")

        async def plan(goal: Goal) -> Plan:
            return Plan(decides(goal))

        return await self.run(GOAL, goal_id, caller, plan, check=check, resource=milestone_id)
