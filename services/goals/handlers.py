"""Commands of goals: who may give them, which stream they go to, which rule decides."""

from __future__ import annotations

from dataclasses import dataclass

from libs.access.directory import Asker
from libs.events.caller import Caller
from libs.events.errors import Forbidden
from libs.events.handle import Kernel, Outcome
from services.goals.domain import decide
from services.goals.domain.commands import CreateGoal, RecordCheckIn
from services.goals.domain.errors import UnknownPerson
from services.goals.domain.state import GOAL, Goal
from services.goals.policy import POLICY
from services.goals.rights import GoalRights


@dataclass(frozen=True)
class GoalHandlers:
    """One method a command; each returns how it ended and raises a DomainError when it is refused."""

    kernel: Kernel
    rights: GoalRights

    async def create_goal(self, asker: Asker, caller: Caller, command: CreateGoal) -> Outcome:
        """Owner and contributors must work here; one sets goals for oneself and for one's reports."""
        people = await self.rights.directory.members(asker.tenant, (command.owner_id, *command.contributor_ids))
        for person in (command.owner_id, *command.contributor_ids):
            if person not in people or people[person].state != "active":
                raise UnknownPerson
        relations = await self.rights.relations(asker, Goal(owner_id=command.owner_id))
        shown = {"visibility": decide.visibility_of(command)}
        if not POLICY.decide("goal.read", relations, shown):
            raise Forbidden("You would not see this goal yourself. Choose another owner_id or visibility.")
        if not POLICY.decide("goal.create", relations, shown):
            raise Forbidden("You set goals for yourself and for the people you lead. Choose another owner_id.")
        return await self.kernel.handle(
            GOAL, self.kernel.new_id(), caller, lambda _: decide.create_goal(command), created=True
        )

    async def record_check_in(self, asker: Asker, caller: Caller, command: RecordCheckIn) -> Outcome:
        """Owner, contributors and the owner's managers say how a goal stands."""

        async def check(goal: Goal) -> None:
            await self.rights.check(asker, goal, "goal.check_in")

        check_in_id, today = self.kernel.new_id(), self.kernel.clock.now().date()
        return await self.kernel.handle(
            GOAL,
            command.goal_id,
            caller,
            lambda goal: decide.record_check_in(goal, command, check_in_id, asker.person_id, today),
            check=check,
            resource=check_in_id,
            created=True,
        )
