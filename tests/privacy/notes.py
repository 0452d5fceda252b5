"""An event with personal text wherever it can stand, for the tests of sealing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from libs.events.envelope import Envelope
from libs.events.personal import Personal, personal_paths
from libs.privacy.sealing import FieldSealer

Text = Annotated[str | None, Personal("owner_id")]


class Remark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person's text within a list."""

    owner_id: str | None
    text: Text
    stars: int = 0


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part whose text is the owner's of the whole."""

    text: Text


class Noted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event with personal text at the top, nested, and in lists; a unit's text where there is a unit."""

    owner_id: str | None
    title: Annotated[str | None, Personal("unit_id", "owner_id")] = None
    note: Text = None
    unit_id: str | None = None
    first: Remark | None = None
    remarks: list[Remark] = []
    blockers: Annotated[list[str | None], Personal("owner_id")] = []
    step: Step | None = None
    weight: str = "1"


PATHS = personal_paths(Noted)


def noted(**data: Any) -> Envelope:
    """An envelope around `Noted`."""
    return Envelope(
        id="e-1",
        source="/goals",
        type="goals.noted.v1",
        subject="acme/goal/g-1",
        time=datetime(2026, 1, 31, tzinfo=UTC),
        tenant="acme",
        actor="p-1",
        version=1,
        data={"owner_id": "p-1", **data},
    )


FULL = {
    "title": "Ship it",
    "note": "between us",
    "unit_id": "u-1",
    "first": {"owner_id": "p-2", "text": "well done", "stars": 5},
    "remarks": [
        {"owner_id": "p-1", "text": "ünïcödé 😀", "stars": 1},
        {"owner_id": "p-2", "text": None, "stars": 2},
        {"owner_id": "p-2", "text": "", "stars": 3},
    ],
    "blockers": ["no budget", None, "no time"],
    "step": {"text": "call them"},
}


async def opened(sealer: FieldSealer, envelope: Envelope) -> dict[str, Any]:
    """The data in clear."""
    [result] = await sealer.open([(envelope, PATHS)])
    return result.envelope.data
