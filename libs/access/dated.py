"""The line of positions in which a person stands from day to day: the one fold of dated changes that there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

import msgspec

from libs.events.catalog.people import PersonAdded, PositionChanged


class Dated(msgspec.Struct, frozen=True, kw_only=True):
    """What holds from `effective_on` on (None: from ever), until the next position of its line begins.

    Who keeps a line adds the fields of `PositionChanged` that it needs. `named` are those that were changed for this
    very day; the others carry on from the position before, whatever comes to be said there.
    """

    effective_on: date | None = None
    named: tuple[str, ...] = ()


P = TypeVar("P", bound=Dated)


def held(line: Sequence[P], day: date) -> P | None:
    """What holds on a day: the last position to begin; None before the first."""
    return next((one for one in reversed(line) if one.effective_on is None or one.effective_on <= day), None)


def first(fact: PersonAdded, nowhere: P) -> list[P]:
    """The line of somebody new; `nowhere` is what holds before its first position.

    What they begin without they did not have before either, so it is not named: said for an earlier day, it carries on.
    """
    given = {name: getattr(fact, name) for name in _fields(nowhere)}
    named = tuple(name for name, value in given.items() if value is not None)
    return [msgspec.structs.replace(nowhere, **given, effective_on=fact.effective_on, named=named)]


def changed(line: Sequence[P], fact: PositionChanged, nowhere: P) -> list[P]:
    """The line, in order of its days, after a change: what changed holds until a later day for which it is named.

    Of what is said for one day the last word counts. What the fact restates without changing it is what held when it
    was recorded, which an earlier day may have changed since: it is not looked at.
    """
    day = fact.effective_on
    changes = {name: getattr(fact, name) for name in _fields(nowhere) if name in fact.changed}
    before = [one for one in line if one.effective_on is None or one.effective_on < day]
    same = [one for one in line if one.effective_on == day]
    later = [one for one in line if one.effective_on is not None and one.effective_on > day]
    named = dict.fromkeys([name for one in same for name in one.named] + list(changes))
    last = [nowhere, *before, *same][-1]
    begun = msgspec.structs.replace(last, **changes, effective_on=day, named=tuple(named))
    return [*before, begun, *_carried(later, changes)]


def _carried(later: Sequence[P], changes: Mapping[str, Any]) -> list[P]:
    carried: list[P] = []
    for one in later:
        changes = {name: value for name, value in changes.items() if name not in one.named}
        carried.append(msgspec.structs.replace(one, **changes))
    return carried


def _fields(of: Dated) -> list[str]:
    return [name for name in of.__struct_fields__ if name not in Dated.__struct_fields__]
