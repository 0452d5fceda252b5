"""Wire names and the catalogue classes behind them, written out by hand, so that no Python path is ever stored.

Reading order (promise 6): envelope, open sealed fields under the stored version's paths, upcast, class. The registry
does the last two steps and knows the paths for the second.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from libs.events.canonical import Tree
from libs.events.catalog import goals, people
from libs.events.errors import EventFromTheFuture, MalformedEvent
from libs.events.personal import PersonalPath, has_field, personal_paths
from libs.events.upcasters import UPCASTERS, Upcaster

Event = msgspec.Struct
_NAME = re.compile(r"(?P<base>[a-z]+(?:\.[a-z]+(?:-[a-z]+)*))\.v(?P<version>[1-9][0-9]*)")


class Registry:
    """Both directions between wire names and classes; immutable once built.

    `shapes` holds every version ever stored, the newest of each name being what is written today. Raises ValueError
    on a wrong name, a class used twice, an old version without an upcaster to a known one, or a personal field of
    which an upcaster does not say what it is called from then on.
    """

    def __init__(self, shapes: Mapping[str, type[Event]], upcasters: Mapping[str, Upcaster] = UPCASTERS) -> None:
        self._shapes = dict(shapes)
        self._upcasters = {name: step for name, step in upcasters.items() if name in self._shapes}
        self._names = {shape: name for name, shape in self._shapes.items()}
        self._paths = {name: personal_paths(shape) for name, shape in self._shapes.items()}
        self._check()

    def name_of(self, shape: type[Event]) -> str:
        """The wire name under which a class is written. Raises MalformedEvent for a class that is not registered."""
        try:
            return self._names[shape]
        except KeyError:
            raise MalformedEvent(f"{shape.__name__} has no wire name: add it to the registry") from None

    def paths(self, name: str) -> tuple[PersonalPath, ...]:
        """The personal paths of a stored version. Raises EventFromTheFuture for a name this code does not know."""
        try:
            return self._paths[name]
        except KeyError:
            raise EventFromTheFuture(f"{name} is newer than this code: update the service") from None

    def read(self, name: str, tree: Tree) -> Event:
        """Upcasts opened data as far as it goes, then makes its class. Raises MalformedEvent, EventFromTheFuture."""
        self.paths(name)
        while (step := self._upcasters.get(name)) is not None:
            try:
                name, tree = step.to, step.lift(tree)
            except (LookupError, TypeError, AttributeError, ValueError) as error:
                # Not what its class lets through: this one event cannot be read, others can.
                raise MalformedEvent(f"{name} cannot be lifted to {step.to}: {type(error).__name__}") from error
        try:
            return msgspec.convert(tree, self._shapes[name])
        except msgspec.ValidationError as error:
            raise MalformedEvent(f"{name}: {error}") from error

    def paths_today(self, name: str, paths: Iterable[str]) -> tuple[str, ...]:
        """Where what stood at these dotted paths of a stored version stands in the class that it reads as today."""
        found = dict.fromkeys(paths)
        while (step := self._upcasters.get(name)) is not None:
            name, found = step.to, dict.fromkeys(new for path in found for new in step.paths_of(path))
        return tuple(found)

    def today(self, name: str) -> type[Event]:
        """The class that a stored version reads as today. Raises EventFromTheFuture."""
        self.paths(name)
        while (step := self._upcasters.get(name)) is not None:
            name = step.to
        return self._shapes[name]

    def names_of(self, shapes: Container[type[Event]]) -> tuple[str, ...]:
        """The wire names of everything stored that reads as one of the classes today."""
        return tuple(name for name in self if self.today(name) in shapes)

    def shape(self, name: str) -> type[Event]:
        """The class of one stored version, for schemas and samples."""
        return self._shapes[name]

    @property
    def services(self) -> frozenset[str]:
        """The services that state any of these events: all that have positions."""
        return frozenset(name.partition(".")[0] for name in self._shapes)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._shapes))

    def _check(self) -> None:
        if len(self._names) != len(self._shapes):
            raise ValueError("one class stands under two wire names")
        newest: dict[str, int] = {}
        for name, shape in self._shapes.items():
            match = _NAME.fullmatch(name)
            if match is None:
                raise ValueError(f"{name!r} is no wire name: use service.event-name.v1")
            newest[match["base"]] = max(newest.get(match["base"], 0), int(match["version"]))
            _check_closed(name, shape)
        for name in self._shapes:
            base, _, version = name.rpartition(".v")
            if int(version) < newest[base] and name not in self._upcasters:
                raise ValueError(f"{name} is old and has no upcaster")
        for name, step in self._upcasters.items():
            if step.to not in self._shapes:
                raise ValueError(f"{name} is lifted to {step.to}, which nobody knows")
            self._check_ends(name)
            self._check_moved(name, step)

    def _check_ends(self, name: str) -> None:
        passed = {name}
        while (step := self._upcasters.get(name)) is not None:
            name = step.to
            if name in passed:
                raise ValueError(f"{name} is lifted in a circle")
            passed.add(name)

    def _check_moved(self, name: str, step: Upcaster) -> None:
        for path in self._paths[name]:
            for new in step.paths_of(".".join(path.steps)):
                if not has_field(self._shapes[step.to], new.split(".")):
                    raise ValueError(f"{name}: {step.to} has no {new}; its upcaster says in `moved` where that text is")


def _check_closed(name: str, shape: type[Event]) -> None:
    for info in msgspec.inspect.multi_type_info([shape]):
        _refuse_open(name, info, set())


def _refuse_open(name: str, info: Any, seen: set[int]) -> None:
    if id(info) in seen:
        return
    seen.add(id(info))
    if isinstance(info, msgspec.inspect.FloatType):
        raise ValueError(f"{name}: an event holds no float, a fractional number is a Decimal")
    if isinstance(info, msgspec.inspect.AnyType | msgspec.inspect.RawType):
        raise ValueError(f"{name}: a closed schema says what each field is, not Any")
    if isinstance(info, msgspec.inspect.StructType):
        config: Any = info.cls.__struct_config__
        if not (config.forbid_unknown_fields and config.frozen):
            raise ValueError(f"{name}: an event is frozen and its schema closed (forbid_unknown_fields=True)")
        for field in info.fields:
            _refuse_open(name, field.type, seen)
    for attribute in ("types", "item_types"):
        for inner in getattr(info, attribute, ()):
            _refuse_open(name, inner, seen)
    for attribute in ("type", "item_type", "key_type", "value_type"):
        inner = getattr(info, attribute, None)
        if isinstance(inner, msgspec.inspect.Type):
            _refuse_open(name, inner, seen)


REGISTRY = Registry(
    {
        "people.person-added.v1": people.PersonAddedV1,
        "people.person-added.v2": people.PersonAddedV2,
        "people.person-added.v3": people.PersonAdded,
        "people.person-changed.v1": people.PersonChangedV1,
        "people.person-changed.v2": people.PersonChanged,
        "people.position-changed.v1": people.PositionChanged,
        "people.reporting-changed.v1": people.ReportingChanged,
        "people.person-deactivated.v1": people.PersonDeactivated,
        "people.person-reactivated.v1": people.PersonReactivated,
        "people.absence-planned.v1": people.AbsencePlanned,
        "people.absence-withdrawn.v1": people.AbsenceWithdrawn,
        "people.role-granted.v1": people.RoleGranted,
        "people.role-revoked.v1": people.RoleRevoked,
        "people.erasure-requested.v1": people.ErasureRequested,
        "people.erasure-confirmed.v1": people.ErasureConfirmed,
        "people.person-erased.v1": people.PersonErased,
        "people.erasure-completed.v1": people.ErasureCompleted,
        "people.email-claimed.v1": people.EmailClaimed,
        "people.email-released.v1": people.EmailReleased,
        "people.unit-created.v1": people.UnitCreated,
        "people.unit-changed.v1": people.UnitChanged,
        "people.unit-tree-changed.v1": people.UnitTreeChanged,
        "people.reference-claimed.v1": people.ReferenceClaimed,
        "people.reference-released.v1": people.ReferenceReleased,
        "people.event-skipped.v1": people.EventSkipped,
        "goals.goal-created.v1": goals.GoalCreatedV1,
        "goals.goal-created.v2": goals.GoalCreated,
        "goals.goal-changed.v1": goals.GoalChanged,
        "goals.goal-transferred.v1": goals.GoalTransferred,
        "goals.goal-published.v1": goals.GoalPublished,
        "goals.goal-moved.v1": goals.GoalMovedV1,
        "goals.goal-moved.v2": goals.GoalMoved,
        "goals.goal-closed.v1": goals.GoalClosed,
        "goals.goal-cancelled.v1": goals.GoalCancelled,
        "goals.goal-archived.v1": goals.GoalArchived,
        "goals.goal-restored.v1": goals.GoalRestored,
        "goals.goal-reopened.v1": goals.GoalReopened,
        "goals.alignment-accepted.v1": goals.AlignmentAccepted,
        "goals.alignment-declined.v1": goals.AlignmentDeclinedV1,
        "goals.alignment-declined.v2": goals.AlignmentDeclined,
        "goals.alignment-detached.v1": goals.AlignmentDetachedV1,
        "goals.alignment-detached.v2": goals.AlignmentDetached,
        "goals.tree-changed.v1": goals.TreeChanged,
        "goals.agreement-proposed.v1": goals.AgreementProposed,
        "goals.agreement-given.v1": goals.AgreementGiven,
        "goals.changes-requested.v1": goals.ChangesRequested,
        "goals.check-in-recorded.v1": goals.CheckInRecordedV1,
        "goals.check-in-recorded.v2": goals.CheckInRecorded,
        "goals.check-in-corrected.v1": goals.CheckInCorrectedV1,
        "goals.check-in-corrected.v2": goals.CheckInCorrected,
        "goals.milestone-added.v1": goals.MilestoneAdded,
        "goals.milestone-changed.v1": goals.MilestoneChanged,
        "goals.milestone-reached.v1": goals.MilestoneReached,
        "goals.milestone-removed.v1": goals.MilestoneRemoved,
        "goals.support-requested.v1": goals.SupportRequested,
        "goals.support-answered.v1": goals.SupportAnswered,
        "goals.comment-added.v1": goals.CommentAdded,
        "goals.comment-changed.v1": goals.CommentChanged,
        "goals.comment-removed.v1": goals.CommentRemoved,
        "goals.goal-followed.v1": goals.GoalFollowed,
        "goals.goal-unfollowed.v1": goals.GoalUnfollowed,
        "goals.reference-claimed.v1": goals.ReferenceClaimedV1,
        "goals.reference-claimed.v2": goals.ReferenceClaimed,
        "goals.reference-released.v1": goals.ReferenceReleased,
        "goals.event-skipped.v1": goals.EventSkipped,
    }
)
"""Every event that was ever stored. Add a version, never change or remove one."""
