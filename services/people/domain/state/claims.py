"""Who has an address or stands for an outside record, and the names of the guards against circles."""

from __future__ import annotations

from typing import Any

import msgspec

from libs.events.catalog.people import EmailClaimed, EmailReleased, ReferenceClaimed, ReferenceReleased
from libs.events.declare import Aggregate
from libs.events.envelope import Fact


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The id of who has it; None while nobody does."""

    holder: str | None = None


def fold_claim(claim: Claim, fact: Fact[Any]) -> Claim:
    """Who has it after one more fact of its stream."""
    match fact.data:
        case EmailClaimed(person_id=holder) | ReferenceClaimed(target_id=holder):
            return Claim(holder=holder)
        case EmailReleased() | ReferenceReleased():
            return Claim()
        case _:
            return claim


EMAIL: Aggregate[Claim] = Aggregate("email", Claim(), fold_claim)
"""A stream an address, named by its keyed hash."""
REFERENCE: Aggregate[Claim] = Aggregate("reference", Claim(), fold_claim)
"""A stream a record of another system, named by its keyed hash."""

REPORTING, UNIT_TREE = "reporting", "units"
"""The kinds of the guard streams `<tenant>/reporting/all` and `<tenant>/units/all`. Only their versions count."""
ALL = "all"
