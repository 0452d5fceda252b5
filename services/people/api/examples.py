"""What answers look like: one of each shape, for the description of the API."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from libs.web.references import ExternalRefAnswer
from services.people.queries import AbsenceAnswer, ErasureAnswer, PersonAnswer, ReportAnswer, UnitAnswer
from services.people.queries.answers import PositionAnswer, ReceiptAnswer

_ID = "0191d3a0-0000-7000-8000-0000000000{}"
_ADMIN, _SAM, _MAYA, _KIM = _ID.format("a0"), _ID.format("a1"), _ID.format("a3"), _ID.format("a2")
_UNIT, _ABOVE, _ABSENCE = _ID.format("b1"), _ID.format("b0"), _ID.format("e5")
_MADE, _CHANGED = datetime(2026, 10, 1, 8, 0, tzinfo=UTC), datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
_STATED: dict[str, Any] = {
    "created_at": _MADE,
    "created_by": _ADMIN,
    "updated_at": _CHANGED,
    "updated_by": _ADMIN,
}
_SAM_FIELDS: dict[str, Any] = {
    "id": _SAM,
    "version": 4,
    "display_name": "Sam Okafor",
    "email": "sam@acme.example",
    "job_title": "Support Agent",
    "manager_id": _MAYA,
    "unit_id": _UNIT,
    "upcoming": [
        PositionAnswer(effective_on=date(2027, 1, 1), manager_id=_KIM, unit_id=_UNIT, job_title="Support Agent")
    ],
    "roles": ["employee"],
    "state": "active",
    "locale": "en-GB",
    "timezone": "Europe/London",
    "external_ref": ExternalRefAnswer(system="hr", id="4711", url="https://hr.example/people/4711"),
    "erased": [],
    **_STATED,
    "hired_on": date(2025, 3, 1),
    "external_id": "E-4711",
}

PERSON = PersonAnswer(
    **_SAM_FIELDS, allowed_actions=["change", "change_settings", "plan_absence", "deactivate", "erase"]
)
ME = PersonAnswer(**_SAM_FIELDS, allowed_actions=["change_settings", "plan_absence"])
REPORT = ReportAnswer(**_SAM_FIELDS, allowed_actions=["plan_absence"], level=1)
ABSENCE = AbsenceAnswer(
    id=_ABSENCE,
    person_id=_SAM,
    version=5,
    first_day=date(2026, 12, 21),
    last_day=date(2027, 1, 3),
    created_at=_CHANGED,
    created_by=_SAM,
    updated_at=_CHANGED,
    updated_by=_SAM,
    allowed_actions=["withdraw"],
)
_ERASURE: dict[str, Any] = {
    "id": _ID.format("e7"),
    "person_id": _SAM,
    "reason": "Asked for it on leaving, letter of 3 May.",
    "erased": [],
    "created_at": _MADE,
    "created_by": _ADMIN,
}
ERASURE_ASKED = ErasureAnswer(
    **_ERASURE,
    version=1,
    state="requested",
    receipt=None,
    updated_at=_MADE,
    updated_by=_ADMIN,
    allowed_actions=[],
)
ERASURE = ErasureAnswer(
    **_ERASURE,
    version=4,
    state="done",
    receipt=ReceiptAnswer(
        erasure_id=_ID.format("e7"),
        person_id=_SAM,
        tenant="acme",
        requested_at="2026-10-01T08:00:00.000000Z",
        requested_by=_ADMIN,
        confirmed_at="2026-11-20T09:30:00.000000Z",
        confirmed_by=_KIM,
        erased_at="2026-11-20T09:30:00.120000Z",
        key_digest="6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
        events=[{"service": "goals", "events": 112}, {"service": "people", "events": 4}],
        models=[{"model": "people.people", "topic": "people.events", "position": 812}],
        digest="d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35",
    ),
    updated_at=_CHANGED,
    updated_by="reaction:people.completing",
    allowed_actions=[],
)
UNIT = UnitAnswer(
    id=_UNIT,
    version=2,
    name="Customer Service",
    parent_id=_ABOVE,
    lead_id=_MAYA,
    external_ref=None,
    erased=[],
    **_STATED,
    allowed_actions=["change"],
)
