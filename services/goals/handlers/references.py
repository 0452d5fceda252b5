"""Which goal or check-in stands for which record of another system: one stream a record, named by a keyed hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from libs.events.claims import Claims, Record, RecordName, records
from libs.events.handle import Kernel
from libs.events.registry import Event
from services.goals.domain import decide
from services.goals.domain.commands import CreateGoal, RecordCheckIn, Reference
from services.goals.domain.state import REFERENCE
from services.goals.domain.state import Reference as Claim

Target = tuple[str, str | None]


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
    """What stands for which record; moving raises ReferenceTaken. Whose it is: `(the goal's id, the check-in's)`."""

    kernel: Kernel
    name: RecordName

    @property
    def goals(self) -> Claims[Claim, Record, Target]:
        """Goals that stand for records."""
        return records(self.kernel, self.name, "goal", REFERENCE, _claim, _release)

    @property
    def check_ins(self) -> Claims[Claim, Record, Target]:
        """Check-ins that stand for records."""
        return records(self.kernel, self.name, "check-in", REFERENCE, _claim, _release)


def _claim(claim: Claim, target: Target) -> Sequence[Event]:
    return decide.claim_reference(claim, *target)


def _release(claim: Claim, target: Target) -> Sequence[Event]:
    return decide.release_reference(claim, *target)
