"""Bodies that say how a goal moves: check-ins, corrections of them, milestones."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict

from libs.web.fields import Date, Fraction01, Model, Number, Title
from libs.web.patch import ABSENT, Kept, Patch
from libs.web.references import KnownReferenceBody, Link, ReferenceBody, System, given, named
from services.goals.api.bodies.fields import Reason, Words
from services.goals.domain.commands import (
    AddMilestone,
    ChangeMilestone,
    CheckInStatus,
    CorrectCheckIn,
    RecordCheckIn,
    Reference,
)
from services.goals.handlers.references import PutCheckIn

_NEW: dict[str, Any] = {
    "status": "delayed",
    "value": 47,
    "confidence": 0.6,
    "note": "Two of five teams use the new rota.",
    "adjustments": "Training moves forward to this month.",
    "support_needed": "A day of the tool's vendor.",
    "observed_on": "2026-11-20",
}


class SourceBody(Model):
    """The system that a check-in was read off."""

    system: System
    url: Link | None = None

    def pair(self) -> tuple[str, str | None]:
        """The body as commands know it."""
        return self.system, self.url


class CheckInFields(Model):
    """How a goal stands: `value` for one with a metric, `progress` for any other, both optional."""

    status: CheckInStatus
    value: Number | None = None
    progress: Fraction01 | None = None
    confidence: Fraction01 | None = None
    note: Words | None = None
    adjustments: Words | None = None
    support_needed: Words | None = None
    blockers: Words | None = None
    observed_on: Date | None = None
    source: SourceBody | None = None

    def recording(self, goal_id: str, record: Reference | None) -> RecordCheckIn:
        """A new check-in like this, that stands for the record of another system if one is given."""
        same = {name: getattr(self, name) for name in _SAME}
        source = self.source.pair() if self.source is not None else None
        return RecordCheckIn(goal_id=goal_id, **same, source=source, external_ref=record)


_WORDS = ("confidence", "note", "adjustments", "support_needed", "blockers")
_SAME = ("status", "value", "progress", *_WORDS, "observed_on")


class CheckInBody(CheckInFields):
    """A new check-in."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    external_ref: ReferenceBody | None = None

    def command(self, goal_id: str) -> RecordCheckIn:
        """The body as a command for one goal."""
        return self.recording(goal_id, given(Reference, self.external_ref))


class CheckInByReferenceBody(CheckInFields):
    """A check-in that stands for the record of another system: recorded, or corrected where it says another thing.

    A corrected check-in says all of this and nothing else; only `observed_on` stays when it is left out.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    reason: Reason | None = None
    external_ref: KnownReferenceBody | None = None

    def command(self, goal_id: str, system: str, external_id: str) -> PutCheckIn:
        """The body as a command for the record that the path names. Raises Problem when the body names another."""
        record = named(Reference, self.external_ref, system, external_id)
        return PutCheckIn(reference=record, record=self.recording(goal_id, record), reason=self.reason)


class CorrectionBody(Patch):
    """What a check-in should have said: what is left out stays as it was recorded, null says that there was none."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"value": 45, "reason": "Two escalations were counted twice."}]}
    )

    reason: Reason
    status: Kept[CheckInStatus] = ABSENT
    value: Number | None = ABSENT
    progress: Fraction01 | None = ABSENT
    confidence: Fraction01 | None = ABSENT
    note: Words | None = ABSENT
    adjustments: Words | None = ABSENT
    support_needed: Words | None = ABSENT
    blockers: Words | None = ABSENT
    observed_on: Kept[Date] = ABSENT
    source: SourceBody | None = ABSENT

    def command(self, goal_id: str, check_in_id: str) -> CorrectCheckIn:
        """The body as a command for one check-in."""
        changes = self.changes()
        del changes["reason"]
        if self.source is not None:
            changes["source"] = self.source.pair()
        return CorrectCheckIn(goal_id=goal_id, check_in_id=check_in_id, reason=self.reason, changes=changes)


class MilestoneBody(Model):
    """A step on the way."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Rota in all teams", "due_on": "2026-12-01"}]})

    title: Title
    due_on: Date

    def command(self, goal_id: str) -> AddMilestone:
        """The body as a command for one goal."""
        return AddMilestone(goal_id=goal_id, title=self.title, due_on=self.due_on)


class MilestonePatch(Patch):
    """Another title or date."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"due_on": "2026-12-08"}]})

    title: Kept[Title] = ABSENT
    due_on: Kept[Date] = ABSENT

    def command(self, goal_id: str, milestone_id: str) -> ChangeMilestone:
        """The body as a command for one milestone."""
        return ChangeMilestone(goal_id=goal_id, milestone_id=milestone_id, title=self.title, due_on=self.due_on)
