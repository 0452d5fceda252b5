"""Bodies that say what a goal is: a new one, changes to one, one that stands for another system's record."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from libs.web.fields import Date, Id, Model, Number, Title, Weight, line
from libs.web.patch import ABSENT, Kept, Patch
from libs.web.references import KnownReferenceBody, ReferenceBody, ReferencePatch, given, named
from services.goals.api.bodies.fields import Reason, Words
from services.goals.domain.commands import (
    Cadence,
    ChangeGoal,
    Commitment,
    CreateGoal,
    Driver,
    Focus,
    Kind,
    MetricSpec,
    Reference,
    TransferGoal,
    Visibility,
)
from services.goals.handlers.references import PutGoal

Unit = Annotated[str, line(40)]
Label = Annotated[str, line(60)]
MOST_CONTRIBUTORS, MOST_LABELS = 100, 20

_PERSON, _OTHER = "0191d3a0-0000-7000-8000-0000000000a1", "0191d3a0-0000-7000-8000-0000000000a2"
_PARENT = "0191d3a0-0000-7000-8000-0000000000f1"
_URL = "https://tickets.example/projects/17"
_NEW: dict[str, Any] = {
    "title": "Fewer escalations",
    "kind": "key_result",
    "owner_id": _PERSON,
    "parent_id": _PARENT,
    "period": {"start": "2026-10-01", "end": "2026-12-31"},
    "metric": {"start": 50, "target": 40, "unit": "escalations a week"},
    "contributor_ids": [_OTHER],
    "labels": ["customer service"],
    "check_in_every": "week",
}


class PeriodBody(Model):
    """First and last day, both included."""

    start: Date
    end: Date


class MetricBody(Model):
    """What is measured: from `start` to `target`; `current` where it stands already."""

    start: Number
    target: Number
    current: Number | None = None
    unit: Unit


class GoalFields(Model):
    """What a goal is. Left out: the defaults that its kind, focus and parent give."""

    title: Title
    kind: Kind
    owner_id: Id
    unit_id: Id | None = None
    parent_id: Id | None = None
    description: Words | None = None
    contributor_ids: Annotated[list[Id], Field(max_length=MOST_CONTRIBUTORS, default_factory=list)]
    weight: Weight = Decimal(1)
    period: PeriodBody | None = None
    metric: MetricBody | None = None
    progress_driver: Driver | None = None
    clamp: bool = True
    commitment: Commitment = "aspirational"
    focus: Focus = "business"
    visibility: Visibility | None = None
    labels: Annotated[list[Label], Field(max_length=MOST_LABELS, default_factory=list)]
    check_in_every: Cadence | None = None
    draft: bool = False

    def creating(self, record: Reference | None) -> CreateGoal:
        """A new goal like this, that stands for the record of another system if one is given."""
        metric, period = self.metric, self.period
        same = {name: getattr(self, name) for name in _SAME}
        return CreateGoal(
            **same,
            contributor_ids=tuple(self.contributor_ids),
            period=(period.start, period.end) if period is not None else None,
            metric=MetricSpec(metric.start, metric.target, metric.unit, metric.current) if metric is not None else None,
            labels=tuple(self.labels),
            external_ref=record,
        )


class GoalBody(GoalFields):
    """A new goal."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    external_ref: ReferenceBody | None = None

    def command(self) -> CreateGoal:
        """The body as a command."""
        return self.creating(given(Reference, self.external_ref))


class GoalByReferenceBody(GoalFields):
    """A goal that stands for the record of another system: created, or changed where it is another already.

    A changed goal keeps what is left out. Its kind, owner, parent and being a draft must be what they are.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW | {"external_ref": {"url": _URL}}]})

    external_ref: KnownReferenceBody | None = None

    def command(self, system: str, external_id: str) -> PutGoal:
        """The body as a command for the record that the path names. Raises Problem when the body names another."""
        record = named(Reference, self.external_ref, system, external_id)
        sent = self.model_fields_set
        changes = {name: getattr(self, name) for name in _CHANGEABLE if name in sent}
        changes |= {name: tuple(getattr(self, name)) for name in ("contributor_ids", "labels") if name in sent}
        changes |= {name: getattr(self, name) for name in _DEFAULTED if getattr(self, name) is not None}
        changes |= {name: _whole(getattr(self, name)) for name in ("period", "metric") if name in sent}
        if self.external_ref is not None and "url" in self.external_ref.model_fields_set:
            changes["external_ref"] = {"url": record.url}
        fixed = {name: getattr(self, name) for name in _FIXED if name in sent}
        return PutGoal(reference=record, create=self.creating(record), changes=changes, fixed=fixed)


_CHANGEABLE = ("title", "description", "unit_id", "weight", "clamp", "commitment", "focus", "check_in_every")
_DEFAULTED = ("progress_driver", "visibility")
_FIXED = ("kind", "owner_id", "parent_id", "draft")


def _whole(part: Model | None) -> dict[str, Any] | None:
    return {name: getattr(part, name) for name in part.model_fields_set} if part is not None else None


_SAME = (
    *("title", "kind", "owner_id", "unit_id", "parent_id", "description", "weight", "progress_driver", "clamp"),
    *("commitment", "focus", "visibility", "check_in_every", "draft"),
)


class PeriodPatch(Patch):
    """Another first or last day."""

    start: Kept[Date] = ABSENT
    end: Kept[Date] = ABSENT


class MetricPatch(Patch):
    """Another measure; `current` is where it stood when nobody had measured, null: at the start."""

    start: Kept[Number] = ABSENT
    target: Kept[Number] = ABSENT
    current: Number | None = ABSENT
    unit: Kept[Unit] = ABSENT


class GoalPatch(Patch):
    """Changes to a goal (RFC 7386). Owner, parent and state have routes of their own; the kind stays."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"title": "Far fewer escalations", "metric": {"target": 35}, "description": None}]
        }
    )

    title: Kept[Title] = ABSENT
    description: Words | None = ABSENT
    unit_id: Id | None = ABSENT
    contributor_ids: Annotated[list[Id], Field(max_length=MOST_CONTRIBUTORS)] | None = ABSENT
    weight: Kept[Weight] = ABSENT
    period: PeriodPatch | None = ABSENT
    metric: MetricPatch | None = ABSENT
    progress_driver: Kept[Driver] = ABSENT
    clamp: Kept[bool] = ABSENT
    commitment: Kept[Commitment] = ABSENT
    focus: Kept[Focus] = ABSENT
    visibility: Kept[Visibility] = ABSENT
    labels: Annotated[list[Label], Field(max_length=MOST_LABELS)] | None = ABSENT
    check_in_every: Cadence | None = ABSENT
    external_ref: ReferencePatch | None = ABSENT

    def command(self, goal_id: str) -> ChangeGoal:
        """The body as a command for one goal."""
        return ChangeGoal(goal_id=goal_id, changes=self.changes())


class TransferBody(Model):
    """The goal's new owner, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"owner_id": _OTHER, "reason": "Sam changes teams."}]})

    owner_id: Id
    reason: Reason

    def command(self, goal_id: str) -> TransferGoal:
        """The body as a command for one goal."""
        return TransferGoal(goal_id=goal_id, owner_id=self.owner_id, reason=self.reason)
