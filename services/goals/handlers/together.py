"""Commands by which people set goals together: agreed on, aligned, moved."""

from __future__ import annotations

from dataclasses import dataclass

from libs.access.directory import Asker
from libs.events.caller import Caller
from libs.events.handle import Guard, Outcome
from services.goals.domain import decide
from services.goals.domain.commands import Agree, Align, MoveGoal
from services.goals.domain.state import GOAL, Goal
from services.goals.handlers.base import Plan
from services.goals.handlers.parents import Hanging


@dataclass(frozen=True)
class Together(Hanging):
    """Where a goal hangs and who stands to it."""

    async def agree(self, asker: Asker, caller: Caller, command: Agree) -> Outcome:
        """Editors propose; the owner and the owner's direct manager agree or ask for changes."""

        async def check(goal: Goal) -> None:
            await self.rights.check(asker, goal, "goal.edit" if command.action == "propose" else "goal.agree")

        async def plan(goal: Goal) -> Plan:
            part = await self._part(asker, goal)
            has_manager = await self.rights.has_manager(asker.tenant, goal.owner_id)
            return Plan(decide.agree(goal, command, asker.person_id, part=part, has_manager=has_manager))

        return await self.run(GOAL, command.goal_id, caller, plan, check=check)

    async def align(self, asker: Asker, caller: Caller, command: Align) -> Outcome:
        """The parent's editors accept or decline a goal; they and the goal's own detach it."""

        async def check(goal: Goal) -> None:
            if command.action == "detach":
                await self.may(asker, caller, goal, "goal.detach")
            else:
                # Where nothing hangs there is nobody to ask, and the rule says what is wrong.
                await self.may(asker, caller, goal, "goal.read" if goal.parent_id is None else "goal.align")

        async def plan(goal: Goal) -> Plan:
            if command.action != "accept" or goal.parent_id is None:
                above, guards = await self.left(asker, goal)
                return Plan(decide.align(goal, command, above), guards)
            parent = await self.parent(asker, goal.parent_id, seen=True)
            return Plan(decide.align(goal, command, parent.goal), [parent.pinned])

        return await self.run(GOAL, command.goal_id, caller, plan, check=check)

    async def move_goal(self, asker: Asker, caller: Caller, command: MoveGoal) -> Outcome:
        """The goal's editors; whether it counts at once under its new parent is for the parent's."""

        async def check(goal: Goal) -> None:
            await self.may(asker, caller, goal, "goal.edit")

        async def plan(goal: Goal) -> Plan:
            if command.parent_id is None:
                above, guards = await self.left(asker, goal)
                return Plan(decide.move_goal(goal, command, parent=above), guards)
            edge = decide.change_tree(goal, command)
            # Its version is read before anybody's stream: whoever adds an edge meanwhile makes the append fail.
            tree, version = await self.tree_version(asker.tenant) if edge else ("", 0)
            parent = await self.parent(asker, command.parent_id, seen=not edge)
            ancestors = await self.above(asker.tenant, parent.goal) if edge else []
            events = decide.move_goal(goal, command, parent=parent.goal, ancestors=ancestors, attaches=parent.attaches)
            return Plan(events, [Guard(tree, version, edge), parent.pinned] if edge else [parent.pinned])

        return await self.run(GOAL, command.goal_id, caller, plan, check=check)

    async def _part(self, asker: Asker, goal: Goal) -> decide.Part:
        relations = await self.rights.directory.relations(asker, goal.owner_id)
        if "self" in relations:
            return "owner"
        return "manager" if "manager" in relations else "editor"
