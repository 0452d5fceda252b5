"""Commands of a goal's life: published, closed, cancelled, archived, restored, reopened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from libs.access.directory import Asker
from libs.events.caller import Caller
from libs.events.declare import RowKey
from libs.events.envelope import topic_of
from libs.events.errors import NotCaughtUp
from libs.events.handle import Outcome
from libs.events.registry import Event
from services.goals.domain import decide
from services.goals.domain.commands import CancelGoal, CloseGoal, ReopenGoal
from services.goals.domain.state import GOAL, Goal
from services.goals.handlers.base import Commands, Plan
from services.goals.projections import TREE
from services.goals.read_models import NODES, Node

ROLL_UP_SECONDS = 2.0
"""How long closing waits for the roll-up that it judges."""


@dataclass(frozen=True)
class Living(Commands):
    """What becomes of a goal, by word of its editors."""

    async def publish_goal(self, asker: Asker, caller: Caller, goal_id: str) -> Outcome:
        """A draft opens."""
        return await self._edit(asker, caller, goal_id, decide.publish_goal)

    async def close_goal(self, asker: Asker, caller: Caller, command: CloseGoal) -> Outcome:
        """A goal ends, judged by its score or else by its progress: the one thing that a command takes from rows.

        Raises NotCaughtUp when the roll-up does not hold all that happened before within two seconds, and KeyParked.
        """

        async def check(goal: Goal) -> None:
            await self.rights.check(asker, goal, "goal.edit")

        async def plan(goal: Goal) -> Plan:
            judges = decide.judges_progress(goal, command)
            progress = await self._progress(asker.tenant, goal.id) if judges else None
            return Plan(decide.close_goal(goal, command, asker.person_id, progress))

        return await self.run(GOAL, command.goal_id, caller, plan, check=check)

    async def cancel_goal(self, asker: Asker, caller: Caller, command: CancelGoal) -> Outcome:
        """A goal is given up."""
        person = asker.person_id
        return await self._edit(asker, caller, command.goal_id, lambda goal: decide.cancel_goal(goal, command, person))

    async def archive_goal(self, asker: Asker, caller: Caller, goal_id: str) -> Outcome:
        """A goal is put away."""
        return await self._edit(asker, caller, goal_id, decide.archive_goal)

    async def restore_goal(self, asker: Asker, caller: Caller, goal_id: str) -> Outcome:
        """A cancelled or archived goal is what it was."""
        return await self._edit(asker, caller, goal_id, decide.restore_goal)

    async def reopen_goal(self, asker: Asker, caller: Caller, command: ReopenGoal) -> Outcome:
        """A closed goal is taken up again."""
        person = asker.person_id
        return await self._edit(asker, caller, command.goal_id, lambda goal: decide.reopen_goal(goal, command, person))

    async def _edit(
        self, asker: Asker, caller: Caller, goal_id: str, decides: Callable[[Goal], Sequence[Event]]
    ) -> Outcome:
        async def check(goal: Goal) -> None:
            await self.rights.check(asker, goal, "goal.edit")

        async def plan(goal: Goal) -> Plan:
            return Plan(decides(goal))

        return await self.run(GOAL, goal_id, caller, plan, check=check)

    async def _progress(self, tenant: str, goal_id: str) -> float:
        await self.positions.wait_for_head(tenant, TREE, within=ROLL_UP_SECONDS)
        await self.positions.refuse_parked(tenant, TREE)
        key = RowKey(NODES, goal_id)
        node: Node | None = (await self.reads.get_many(tenant, [key])).get(key)
        if node is None:
            service = self.kernel.service
            head = await self.positions.log.tenant_head(topic_of(service), tenant)
            raise NotCaughtUp({service: head.sequence})
        return node.progress
