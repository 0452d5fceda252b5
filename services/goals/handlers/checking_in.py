"""Commands that say how a goal stands: check-ins, corrections beside them, by id or by another system's record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from libs.access.directory import Asker
from libs.events.caller import Caller
from libs.events.catalog.goals import CheckInCorrected, CheckInRecorded
from libs.events.envelope import Fact, stream_name
from libs.events.errors import TooManyConflicts
from libs.events.handle import Guard, Outcome
from services.goals.domain import decide
from services.goals.domain.commands import CorrectCheckIn, RecordCheckIn
from services.goals.domain.errors import ReferenceTaken
from services.goals.domain.state import GOAL, SUPPORT, Goal
from services.goals.handlers.base import Plan
from services.goals.handlers.finding import Finding
from services.goals.handlers.references import PutCheckIn

ATTEMPTS = 3
_SAID = ("status", "value", "progress", "confidence", "note", "adjustments", "support_needed", "blockers")

PlanOfOne = Callable[[Goal, Fact[CheckInRecorded]], Awaitable[Plan]]
"""What to do with a goal's one check-in."""


@dataclass(frozen=True)
class CheckingIn(Finding):
    """How a goal is seen to stand, by its owner, its contributors and those who lead the owner."""

    async def record_check_in(self, asker: Asker, caller: Caller, command: RecordCheckIn) -> Outcome:
        """One more observation; one that asks for support opens a request beside it."""
        check_in_id = self.kernel.new_id()

        async def check(goal: Goal) -> None:
            await self.rights.check(asker, goal, "goal.check_in")

        async def plan(goal: Goal) -> Plan:
            today = self.rights.directory.today()
            events = decide.record_check_in(goal, command, check_in_id, asker.person_id, today)
            guards = await self._support(asker, goal.id, check_in_id, command.support_needed)
            guards += await self.references.check_ins.moved(
                asker.tenant, (goal.id, check_in_id), None, command.external_ref
            )
            return Plan(events, guards)

        return await self.run(GOAL, command.goal_id, caller, plan, check=check, resource=check_in_id, created=True)

    async def correct_check_in(self, asker: Asker, caller: Caller, command: CorrectCheckIn) -> Outcome:
        """What a check-in should have said, by its author alone."""

        async def plan(goal: Goal, recorded: Fact[CheckInRecorded]) -> Plan:
            return await self._correct(asker, goal, recorded, command)

        return await self._about(asker, caller, command.goal_id, command.check_in_id, plan)

    async def put_check_in(self, asker: Asker, caller: Caller, command: PutCheckIn) -> Outcome:
        """Records the check-in that stands for a record, or corrects the one that does where it says another thing."""
        goal_id = command.record.goal_id
        for _ in range(ATTEMPTS):
            held = await self.references.check_ins.holder(asker.tenant, command.reference)
            if held.check_in_id is not None:
                if held.goal_id != goal_id:
                    # Who may not know of this goal learns that first.
                    await self.rights.check(asker, (await self.load(asker.tenant, goal_id)).state, "goal.check_in")
                    raise ReferenceTaken
                return await self._restate(asker, caller, held.check_in_id, command)
            try:
                return await self.record_check_in(asker, caller, command.record)
            except ReferenceTaken:
                # Somebody else was faster; what stands for it now is corrected.
                continue
        raise TooManyConflicts(command.reference.system)

    async def _restate(self, asker: Asker, caller: Caller, check_in_id: str, command: PutCheckIn) -> Outcome:
        async def plan(goal: Goal, recorded: Fact[CheckInRecorded]) -> Plan:
            correction = await self.corrected(recorded)
            stands = stated(recorded.data, correction.data if correction is not None else None)
            wanted = stands | _of(command.record)
            if wanted == stands:
                return Plan(())
            was = stated(recorded.data, None)
            # A correction that leads back to what was recorded restates a part of it.
            changes = {name: value for name, value in wanted.items() if value != was[name]} or {"status": was["status"]}
            reason = command.reason or f"Changed in {command.reference.system}."
            correct = CorrectCheckIn(goal_id=goal.id, check_in_id=check_in_id, reason=reason, changes=changes)
            return await self._correct(asker, goal, recorded, correct)

        return await self._about(asker, caller, command.record.goal_id, check_in_id, plan)

    async def _about(self, asker: Asker, caller: Caller, goal_id: str, check_in_id: str, plan: PlanOfOne) -> Outcome:
        found: dict[str, Fact[CheckInRecorded]] = {}

        async def check(goal: Goal) -> None:
            await self.rights.check(asker, goal, "goal.read")
            recorded = found[goal_id] = await self.recorded(asker.tenant, goal_id, check_in_id)
            await self.rights.check(asker, goal, "check_in.correct", author_id=recorded.data.author_id)

        async def planned(goal: Goal) -> Plan:
            return await plan(goal, found[goal_id])

        return await self.run(GOAL, goal_id, caller, planned, check=check, resource=check_in_id)

    async def _correct(
        self, asker: Asker, goal: Goal, recorded: Fact[CheckInRecorded], command: CorrectCheckIn
    ) -> Plan:
        today = self.rights.directory.today()
        events = decide.correct_check_in(goal, recorded.data, recorded.version, command, asker.person_id, today)
        text = command.changes.get("support_needed")
        return Plan(events, await self._support(asker, goal.id, recorded.data.check_in_id, text))

    async def _support(self, asker: Asker, goal_id: str, check_in_id: str, text: str | None) -> list[Guard]:
        """The guard that opens a request for support, where one is asked for that is not open yet."""
        if text is None:
            return []
        stream = stream_name(asker.tenant, SUPPORT.kind, check_in_id)
        support = await self.kernel.load(SUPPORT, stream)
        events = decide.request_support(
            support.state, goal_id=goal_id, check_in_id=check_in_id, author_id=asker.person_id, text=text
        )
        return [Guard(stream, support.version, events)] if events else []


def stated(recorded: CheckInRecorded, correction: CheckInCorrected | None) -> dict[str, Any]:
    """What a check-in says, by the keys of `CorrectCheckIn`: as recorded, overlaid with its last correction."""
    said = _fields(recorded)
    if correction is not None:
        said |= {name: value for name, value in _fields(correction).items() if value is not None}
        said |= dict.fromkeys(correction.cleared)
    return said


def _fields(fact: CheckInRecorded | CheckInCorrected) -> dict[str, Any]:
    source = (fact.source.system, fact.source.url) if fact.source is not None else None
    return {name: getattr(fact, name) for name in (*_SAID, "observed_on")} | {"source": source}


def _of(command: RecordCheckIn) -> dict[str, Any]:
    """All that a check-in is put to say; it keeps its day unless it names one."""
    said = {name: getattr(command, name) for name in (*_SAID, "source")}
    return said if command.observed_on is None else said | {"observed_on": command.observed_on}
