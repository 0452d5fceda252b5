"""What answers look like: one of each shape, for the description of the API."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from libs.web.references import ExternalRefAnswer
from services.people.queries import AbsenceAnswer, PersonAnswer, ReportAnswer, UnitAnswer
from services.people.queries.answers import PositionAnswer

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

PERSON = PersonAnswer(**_SAM_FIELDS, allowed_actions=["change", "change_settings", "plan_absence", "deactivate"])
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
