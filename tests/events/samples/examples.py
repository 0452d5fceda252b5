"""What the samples say: one example of every event, every field of it filled. Written before its sample is made."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from libs.events.catalog import goals, people
from libs.events.registry import Event

ADA, BOB, CY = (f"0198f3a4-0000-7000-8000-00000000000{number}" for number in "abc")
CHECK_IN = "0198f3a4-0000-7000-8000-0000000000c1"

EXAMPLES: dict[str, Event] = {
    "people.person-added.v1": people.PersonAdded(
        person_id=ADA,
        display_name="Ada Byron, größer als “x”",
        email="ada@example.org",
        job_title="Engineer 𝄞",
        manager_id=BOB,
        roles=["admin", "hr_partner"],
    ),
    "people.role-granted.v1": people.RoleGranted(person_id=ADA, role="compliance"),
    "people.email-claimed.v1": people.EmailClaimed(person_id=ADA),
    "goals.goal-created.v1": goals.GoalCreated(
        title="Fewer escalations",
        description="From 50 a month\nto 40.",
        kind="smart",
        owner_id=ADA,
        contributor_ids=[BOB, CY],
        weight=Decimal("2.5"),
        period=goals.Period(start=date(2026, 1, 1), end=date(2026, 3, 31)),
        metric=goals.Metric(start=Decimal(50), target=Decimal(40), current=Decimal("48.5"), unit="tickets"),
        progress_driver="metric",
        clamp=False,
        commitment="committed",
        focus="development",
        visibility="team",
        labels=["support", "q1"],
        check_in_every="two_weeks",
    ),
    "goals.check-in-recorded.v1": goals.CheckInRecorded(
        check_in_id=CHECK_IN,
        author_id=BOB,
        status="on_track",
        observed_on=date(2026, 2, 3),
        value=Decimal("45.25"),
        progress=Decimal("0.5"),
        confidence=Decimal("0.8"),
        note="Two weeks without one.",
        adjustments="Fewer meetings.",
        support_needed="A second tester.",
        blockers="The old export.",
        source=goals.Source(system="tracker", url="tracker:board/12"),
    ),
}
