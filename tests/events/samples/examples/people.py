"""Examples of what the people service states."""

from __future__ import annotations

from datetime import date

from libs.events.catalog import people
from libs.events.registry import Event
from tests.events.samples.examples.ids import ABOVE, ABSENCE, ADA, BOB, ERASURE, UNIT

PEOPLE: dict[str, Event] = {
    "people.person-added.v1": people.PersonAddedV1(
        person_id=ADA,
        display_name="Ada Byron, größer als “x”",
        email="ada@example.org",
        job_title="Engineer 𝄞",
        manager_id=BOB,
        roles=["admin", "hr_partner"],
    ),
    "people.person-added.v2": people.PersonAddedV2(
        person_id=ADA,
        display_name="Ada Byron",
        email="ada@example.org",
        job_title="Engineer",
        manager_id=BOB,
        unit_id=UNIT,
        roles=["compliance"],
        external_id="E-1815",
        hired_on=date(2025, 12, 10),
        locale="en-GB",
        timezone="Europe/London",
        effective_on=date(2026, 1, 1),
        external_ref=people.PersonRef(system="hr", id="1815", url="https://hr.example.org/1815"),
    ),
    "people.person-added.v3": people.PersonAdded(
        person_id=ADA,
        display_name="Ada Byron",
        email="ada@example.org",
        job_title="Engineer",
        manager_id=BOB,
        unit_id=UNIT,
        roles=["compliance"],
        external_id="E-1816",
        hired_on=date(2025, 12, 10),
        locale="en-GB",
        timezone="Europe/London",
        effective_on=date(2026, 1, 1),
        external_ref=people.PersonRef(system="hr", id="1815", url="https://hr.example.org/1815"),
    ),
    "people.person-changed.v1": people.PersonChangedV1(
        person_id=ADA,
        display_name="Ada Lovelace",
        email="ada.lovelace@example.org",
        external_id="E-1835",
        hired_on=date(2025, 12, 11),
        locale="en-GB",
        timezone="Europe/London",
        external_ref=people.PersonRef(system="hr", id="1835", url="https://hr.example.org/1835"),
        changed=["display_name", "email", "external_id", "hired_on", "external_ref"],
    ),
    "people.person-changed.v2": people.PersonChanged(
        person_id=ADA,
        display_name="Ada Lovelace",
        email="ada.lovelace@example.org",
        external_id="E-1836",
        hired_on=date(2025, 12, 11),
        locale="en-GB",
        timezone="Europe/London",
        external_ref=people.PersonRef(system="hr", id="1835", url="https://hr.example.org/1835"),
        changed=["display_name", "email", "external_id", "hired_on", "external_ref", "locale"],
    ),
    "people.position-changed.v1": people.PositionChanged(
        person_id=ADA,
        effective_on=date(2026, 4, 1),
        manager_id=BOB,
        unit_id=UNIT,
        job_title="Lead engineer",
        changed=["manager_id", "unit_id", "job_title"],
    ),
    "people.reporting-changed.v1": people.ReportingChanged(person_id=ADA, manager_id=BOB),
    "people.person-deactivated.v1": people.PersonDeactivated(person_id=ADA),
    "people.person-reactivated.v1": people.PersonReactivated(person_id=ADA),
    "people.absence-planned.v1": people.AbsencePlanned(
        person_id=ADA, absence_id=ABSENCE, first_day=date(2026, 7, 6), last_day=date(2026, 7, 24)
    ),
    "people.absence-withdrawn.v1": people.AbsenceWithdrawn(person_id=ADA, absence_id=ABSENCE),
    "people.role-granted.v1": people.RoleGranted(person_id=ADA, role="compliance"),
    "people.role-revoked.v1": people.RoleRevoked(person_id=ADA, role="compliance"),
    "people.erasure-requested.v1": people.ErasureRequested(
        person_id=ADA, erasure_id=ERASURE, author_id=BOB, reason="She asked for it when she left."
    ),
    "people.erasure-confirmed.v1": people.ErasureConfirmed(person_id=ADA, erasure_id=ERASURE, author_id=BOB),
    "people.person-erased.v1": people.PersonErased(
        person_id=ADA,
        erasure_id=ERASURE,
        key_digest="6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
    ),
    "people.erasure-completed.v1": people.ErasureCompleted(
        person_id=ADA,
        erasure_id=ERASURE,
        sealed=[people.SealedEvents(service="people", events=12)],
        models=[people.CleanModel(model="people.people", topic="people.events", position=812)],
        digest="d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35",
    ),
    "people.email-claimed.v1": people.EmailClaimed(person_id=ADA),
    "people.email-released.v1": people.EmailReleased(person_id=ADA),
    "people.unit-created.v1": people.UnitCreated(
        unit_id=UNIT,
        name="Customer service",
        parent_id=ABOVE,
        lead_id=BOB,
        external_ref=people.UnitRef(system="hr", id="cs", url="https://hr.example.org/units/cs"),
    ),
    "people.unit-changed.v1": people.UnitChanged(
        unit_id=UNIT,
        name="Customer care",
        parent_id=ABOVE,
        lead_id=ADA,
        external_ref=people.UnitRef(system="hr", id="care", url="https://hr.example.org/units/care"),
        changed=["name", "lead_id", "external_ref"],
    ),
    "people.unit-tree-changed.v1": people.UnitTreeChanged(unit_id=UNIT, parent_id=ABOVE),
    "people.reference-claimed.v1": people.ReferenceClaimed(target_id=ADA),
    "people.reference-released.v1": people.ReferenceReleased(target_id=ADA),
    "people.event-skipped.v1": people.EventSkipped(
        projection="people.people",
        sequence=4711,
        key=f"acme/person/{BOB}",
        author_id=ADA,
        reason="Imported twice by the old connector; Bob's position is right as it stands.",
    ),
}
