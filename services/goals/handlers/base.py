"""What every command of goals stands on: the way from a stream's state to a plan, and who may go it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from libs.access.directory import Asker
from libs.access.members import ACTIVE
from libs.events.caller import Caller
from libs.events.declare import Aggregate
from libs.events.envelope import stream_name
from libs.events.errors import Forbidden
from libs.events.handle import Guard, Kernel, Outcome
from libs.events.load import Loaded
from libs.events.ports import ReadStore
from libs.events.positions import Positions
from libs.events.registry import Event
from services.goals.domain.errors import GoalNotFound, UnitIsTheirs, UnknownPerson, UnknownUnit
from services.goals.domain.state import GOAL, Goal
from services.goals.handlers.references import References
from services.goals.rights import GoalRights

S = TypeVar("S")


@dataclass(frozen=True)
class Plan:
    """What a command does: the facts for its own stream, and what it says on others or expects of them."""

    events: Sequence[Event]
    guards: Sequence[Guard] = ()


class _Attempt:
    """One attempt's state and plan, handed from one step of the kernel to the next."""

    state: object
    plan: Plan


@dataclass(frozen=True)
class Commands:
    """One method a command; each returns how it ended and raises a DomainError when it is refused."""

    kernel: Kernel
    rights: GoalRights
    reads: ReadStore
    positions: Positions
    references: References

    async def run(
        self,
        of: Aggregate[S],
        entity_id: str,
        caller: Caller,
        plan: Callable[[S], Awaitable[Plan]],
        *,
        check: Callable[[S], Awaitable[object]],
        resource: str | None = None,
        created: bool | Callable[[S], bool] = False,
    ) -> Outcome:
        """Runs one command. `check` may refuse the asker, also at a repeat; `plan` decides, and may look elsewhere.

        Both see the state, as `created` may, and run again when a race was lost.
        """
        attempt = _Attempt()

        async def checked(state: S) -> None:
            await check(state)
            attempt.state = state

        async def guards() -> Sequence[Guard]:
            attempt.plan = await plan(attempt.state)  # type: ignore[arg-type]  # what `checked` has just seen
            return attempt.plan.guards

        return await self.kernel.handle(
            of,
            entity_id,
            caller,
            lambda _: attempt.plan.events,
            check=checked,
            guards=guards,
            resource=resource,
            created=created,
        )

    async def load(self, tenant: str, goal_id: str) -> Loaded[Goal]:
        """A goal as it stands, from its stream."""
        return await self.kernel.load(GOAL, stream_name(tenant, GOAL.kind, goal_id))

    async def may(self, asker: Asker, caller: Caller, goal: Goal, action: str) -> None:
        """As `GoalRights.check`, for commands by which one may lose sight of a goal: who repeats one may see its end.

        Raises GoalNotFound, Forbidden.
        """
        try:
            await self.rights.check(asker, goal, action)
        except (GoalNotFound, Forbidden):
            if (
                caller.command_id is None
                or await self.kernel.store.find_command(asker.tenant, caller.command_id) is None
            ):
                raise

    async def people(self, tenant: str, ids: Iterable[str]) -> None:
        """Raises UnknownPerson unless all of them work here."""
        wanted = list(dict.fromkeys(ids))
        found = await self.rights.directory.members(tenant, wanted) if wanted else {}
        if any(person not in found or found[person].state != ACTIVE for person in wanted):
            raise UnknownPerson

    async def unit(self, asker: Asker, unit_id: str | None, owner_id: str) -> None:
        """Raises UnknownUnit unless there is such a unit, or none is meant; UnitIsTheirs unless it is theirs to use."""
        if unit_id is None:
            return
        if unit_id not in await self.rights.directory.units(asker.tenant, [unit_id]):
            raise UnknownUnit
        if not await self.rights.may_use_unit(asker, unit_id, owner_id):
            raise UnitIsTheirs
