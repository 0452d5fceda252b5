"""Which goal or check-in stands for which record of another system: one stream a record, named by a keyed hash."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from libs.events.catalog.goals import CheckInRef, ExternalRef
from libs.events.envelope import stream_name
from libs.events.handle import Guard, Kernel
from libs.events.load import Loaded
from services.goals.domain import decide
from services.goals.domain.commands import CreateGoal, RecordCheckIn, Reference
from services.goals.domain.state import REFERENCE
from services.goals.domain.state import Reference as Claim

ReferenceName = Callable[[str, str, str, str], Awaitable[str]]
"""`(tenant, kind, system, id) → the id of the record's stream`: a keyed hash, so that no name tells the record."""

Kind = Literal["goal", "check-in"]
AnyRef = Reference | ExternalRef | CheckInRef


@dataclass(frozen=True, kw_only=True)
class PutGoal:
    """Set or change the goal that stands for a record.

    `create` is the goal where there is none; else `changes`, as those of `ChangeGoal`, are applied to the one there is,
    which must have what is `fixed`.
    """

    reference: Reference
    create: CreateGoal
    changes: Mapping[str, Any]
    fixed: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class PutCheckIn:
    """Record the check-in that stands for a record, or correct it where it says another thing."""

    reference: Reference
    record: RecordCheckIn
    reason: str | None = None


@dataclass(frozen=True)
class References:
    """Looks records up, and makes the guards that claim and release them."""

    kernel: Kernel
    name: ReferenceName

    async def holder(self, tenant: str, kind: Kind, reference: AnyRef) -> Claim:
        """What stands for the record now."""
        return (await self._load(tenant, kind, reference))[1].state

    async def moved(
        self, tenant: str, kind: Kind, target: tuple[str, str], before: AnyRef | None, after: AnyRef | None
    ) -> list[Guard]:
        """The guards of a changed reference of `target`, `(its id, its goal's id)`; none where it means the same.

        Raises ReferenceTaken.
        """
        if before is not None and after is not None and (before.system, before.id) == (after.system, after.id):
            return []
        guards = []
        if after is not None:
            stream, claim = await self._load(tenant, kind, after)
            guards.append(Guard(stream, claim.version, decide.claim_reference(claim.state, *target)))
        if before is not None and before.id is not None:
            stream, claim = await self._load(tenant, kind, before)
            guards.append(Guard(stream, claim.version, decide.release_reference(claim.state, target[0])))
        return guards

    async def pinned(self, tenant: str, kind: Kind, reference: AnyRef) -> tuple[Claim, Guard]:
        """What stands for the record, and the guard that it still does when the command is appended."""
        stream, claim = await self._load(tenant, kind, reference)
        return claim.state, Guard(stream, claim.version, ())

    async def _load(self, tenant: str, kind: Kind, reference: AnyRef) -> tuple[str, Loaded[Claim]]:
        name = await self.name(tenant, kind, reference.system, reference.id or "")
        stream = stream_name(tenant, REFERENCE.kind, name)
        return stream, await self.kernel.load(REFERENCE, stream)
