"""Commands that say what a goal is: set, changed, given to somebody else, by id or by another system's record."""

from __future__ import annotations

from dataclasses import dataclass

from libs.access.directory import Asker
from libs.events.caller import Caller
from libs.events.envelope import stream_name
from libs.events.errors import Forbidden, TooManyConflicts
from libs.events.handle import Guard, Outcome
from services.goals.domain import decide
from services.goals.domain.commands import ChangeGoal, CreateGoal, TransferGoal
from services.goals.domain.errors import GoalNotFound, ReferenceTaken
from services.goals.domain.state import GOAL, Goal
from services.goals.handlers.base import Plan
from services.goals.handlers.parents import Hanging, Parent
from services.goals.handlers.references import PutGoal

ATTEMPTS = 5
"""How often a record may change hands while one command looks for what stands for it."""


class _HeldByAnother(Exception):
    """Another goal stands for the record than a moment ago."""


@dataclass(frozen=True)
class Defining(Hanging):
    """What a goal is by somebody's word."""

    async def create_goal(self, asker: Asker, caller: Caller, command: CreateGoal) -> Outcome:
        """One sets goals for oneself and for those one leads; all people named work here."""
        goal_id = self.kernel.new_id()

        async def check(goal: Goal) -> None:
            if goal.version > 0:
                await self.rights.check(asker, goal, "goal.read")

        async def plan(_: Goal) -> Plan:
            await self.people(asker.tenant, (command.owner_id, *command.contributor_ids))
            await self.unit(asker, command.unit_id, command.owner_id)
            parent = await self.parent(asker, command.parent_id) if command.parent_id is not None else None
            above, attaches = (parent.goal, parent.attaches) if parent is not None else (None, None)
            events = decide.create_goal(command, above, attaches)
            await self._may_set(asker, command, parent)
            guards = [parent.pinned] if parent is not None else []
            guards += await self.references.goals.moved(asker.tenant, (goal_id, None), None, command.external_ref)
            return Plan(events, guards)

        return await self.run(GOAL, goal_id, caller, plan, check=check, created=True)

    async def change_goal(self, asker: Asker, caller: Caller, command: ChangeGoal) -> Outcome:
        """The goal's editors; its weight in a parent that accepted it is for the parent's."""

        async def check(goal: Goal) -> None:
            await self._may_change(asker, caller, goal, command)

        async def plan(goal: Goal) -> Plan:
            return await self._change(asker, goal, command)

        return await self.run(GOAL, command.goal_id, caller, plan, check=check)

    async def transfer_goal(self, asker: Asker, caller: Caller, command: TransferGoal) -> Outcome:
        """The goal's editors give it to somebody who works here; they may lose sight of it."""

        async def check(goal: Goal) -> None:
            await self.may(asker, caller, goal, "goal.edit")

        async def plan(goal: Goal) -> Plan:
            await self.people(asker.tenant, [command.owner_id])
            return Plan(decide.transfer_goal(goal, command, asker.person_id))

        return await self.run(GOAL, command.goal_id, caller, plan, check=check)

    async def put_goal(self, asker: Asker, caller: Caller, command: PutGoal) -> Outcome:
        """Sets the goal that stands for a record, or changes the one that does."""
        for _ in range(ATTEMPTS):
            held = (await self.references.goals.holder(asker.tenant, command.reference)).goal_id
            try:
                if held is None:
                    return await self.create_goal(asker, caller, command.create)
                return await self._change_held(asker, caller, held, command)
            except _HeldByAnother:
                continue
            except ReferenceTaken:
                # Somebody else was faster; what stands for it now is changed, where the asker sees it.
                if held is not None:
                    raise
        raise TooManyConflicts(command.reference.system)

    async def _change_held(self, asker: Asker, caller: Caller, held: str, command: PutGoal) -> Outcome:
        change = ChangeGoal(goal_id=held, changes=command.changes)

        async def check(goal: Goal) -> None:
            try:
                await self._may_change(asker, caller, goal, change)
            except GoalNotFound:
                raise ReferenceTaken from None

        async def plan(goal: Goal) -> Plan:
            claim, pinned = await self.references.goals.pinned(asker.tenant, command.reference)
            if claim.goal_id != held:
                raise _HeldByAnother
            decide.refuse_by_reference(goal, command.fixed)
            changed = await self._change(asker, goal, change)
            return Plan(changed.events, [*changed.guards, pinned])

        return await self.run(GOAL, held, caller, plan, check=check)

    async def _may_set(self, asker: Asker, command: CreateGoal, parent: Parent | None) -> None:
        meant = Goal(
            version=1,
            kind=command.kind,
            owner_id=command.owner_id,
            contributor_ids=list(command.contributor_ids),
            parent_id=command.parent_id,
            alignment=parent.attaches if parent is not None else "none",
            visibility=decide.visibility_of(command, parent.goal if parent is not None else None),
        )
        try:
            await self.rights.check(asker, meant, "goal.create")
        except GoalNotFound:
            raise Forbidden("You would not see this goal yourself. Choose another owner_id or visibility.") from None
        except Forbidden:
            raise Forbidden(
                "You set goals for yourself and for the people you lead. Choose another owner_id."
            ) from None

    async def _may_change(self, asker: Asker, caller: Caller, goal: Goal, command: ChangeGoal) -> None:
        try:
            await self.may(asker, caller, goal, "goal.edit")
        except Forbidden:
            if command.changes.keys() != {"weight"}:
                raise
            await self.rights.check(asker, goal, "goal.weigh")

    async def _change(self, asker: Asker, goal: Goal, command: ChangeGoal) -> Plan:
        changes = command.changes
        await self.people(asker.tenant, set(changes.get("contributor_ids") or ()) - set(goal.contributor_ids))
        if changes.get("unit_id") != goal.unit_id:
            await self.unit(asker, changes.get("unit_id"), goal.owner_id)
        loaded = await self.load(asker.tenant, goal.parent_id) if goal.parent_id is not None else None
        parent = loaded.state if loaded is not None else None
        may_weigh = parent is not None and "weight" in changes and await self.rights.edits(asker, parent)
        events = decide.change_goal(goal, command, parent=parent, may_weigh=may_weigh)
        guards: list[Guard] = []
        for event in events:
            if "weight" in event.changed and goal.alignment == "accepted" and loaded is not None:
                guards.append(Guard(stream_name(asker.tenant, GOAL.kind, loaded.state.id), loaded.version, ()))
            if "external_ref" in event.changed:
                whose, before = (goal.id, None), goal.external_ref
                guards += await self.references.goals.moved(asker.tenant, whose, before, event.external_ref)
        return Plan(events, guards)
