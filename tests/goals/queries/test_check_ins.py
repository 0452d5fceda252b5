"""Check-ins as they count, with what was recorded and every correction beside it; words for those who may read them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET

from libs.events.catalog.goals import CheckInCorrected, CheckInRecorded, CheckInRef, GoalPublished, Source
from libs.web.references import ExternalRefAnswer
from services.goals.domain.errors import CheckInNotFound, GoalNotFound
from services.goals.queries.answers import SaidAnswer, SourceAnswer
from tests.access.organisation import TODAY, asker
from tests.goals.queries.company import Company, created

ANA, OLI = asker("ana"), asker("oli")
WORDS = {
    "confidence": Decimal("0.5"),
    "note": "Slow.",
    "adjustments": None,
    "support_needed": None,
    "blockers": "Rain.",
}


@pytest.fixture
async def here(here: Company) -> Company:
    """With a goal of Ana's that everybody sees."""
    await here.state("g1", created("ana"))
    return here


def recorded(id: str, **fields: Any) -> CheckInRecorded:
    given = {"author_id": "ana", "status": "on_track", "observed_on": TODAY, "progress": Decimal("0.25")} | WORDS
    return CheckInRecorded(check_in_id=id, **(given | fields))


def correction(id: str, version: int, **fields: Any) -> CheckInCorrected:
    return CheckInCorrected(check_in_id=id, recorded_version=version, author_id="ana", reason="Typo.", **fields)


async def test_what_is_not_there_or_belongs_to_another_goal_is_not_found(here: Company) -> None:
    await here.state("g2", created("ana"), recorded("c-2"))
    await here.state("g3", created("ana", visibility="private"), recorded("c-3"))
    for _ in range(2):
        for id in ("c-2", "unknown"):
            with pytest.raises(CheckInNotFound):
                await here.queries.check_in(ANA, "g1", id)
        for goal in ("g3", "unknown"):
            with pytest.raises(GoalNotFound):
                await here.queries.check_in(OLI, goal, "c-3")
            with pytest.raises(GoalNotFound):
                await here.queries.check_ins(OLI, goal)
        await here.fold()


async def test_a_check_in_is_there_before_its_row_is(here: Company) -> None:
    outcome = await here.state("g1", recorded("c-1"), resource="c-1")
    early = await here.queries.check_in(ANA, "g1", "c-1")
    assert early == await here.queries.check_in_after(ANA, "g1", outcome)
    await here.fold()
    assert early == await here.queries.check_in(ANA, "g1", "c-1")
    assert (early.version, early.corrected, early.recorded, early.corrections) == (2, False, None, [])
    assert (early.note, early.blockers, early.confidence) == ("Slow.", "Rain.", Decimal("0.5"))


async def test_a_correction_stands_beside_what_it_corrects_and_the_last_one_counts(here: Company) -> None:
    await here.state("g1", recorded("c-1"), resource="c-1")
    first = correction("c-1", 2, note="Fast.", progress=Decimal("0.5"))
    at = here.people.clock.now()
    one = await here.state("g1", first, resource="c-1")
    here.later()
    second = correction("c-1", 2, status="delayed", observed_on=TODAY - timedelta(days=1), cleared=["blockers"])
    two = await here.state("g1", second, resource="c-1")
    for _ in range(2):
        found = await here.queries.check_in(ANA, "g1", "c-1")
        assert (found.status, found.progress, found.note, found.blockers) == ("delayed", Decimal("0.25"), "Slow.", None)
        assert found.recorded == SaidAnswer(
            status="on_track", observed_on=TODAY, value=None, progress=Decimal("0.25"), source=None, **WORDS
        )
        assert [(each.version, each.progress, each.note, each.reason) for each in found.corrections] == [
            (3, Decimal("0.5"), "Fast.", "Typo."),
            (4, Decimal("0.25"), "Slow.", "Typo."),
        ]
        assert (found.created_at, found.updated_at) == (at, at + timedelta(days=1))
        # A command's answer is as it was then.
        then = await here.queries.check_in_after(ANA, "g1", one)
        assert (then.version, then.progress, len(then.corrections)) == (3, Decimal("0.5"), 1)
        assert await here.queries.check_in_after(ANA, "g1", two) == found
        await here.fold()
    assert (await here.queries.check_ins(ANA, "g1"))[0] == [found]


async def test_words_are_absent_for_who_may_see_value_and_status_only(here: Company) -> None:
    source = Source(system="jira", url="https://jira.example/17")
    record = CheckInRef(system="jira", id="17", url="https://jira.example/17")
    await here.state("g1", recorded("c-1", source=source, external_ref=record), correction("c-1", 2, note="Fast."))
    await here.fold()
    for person, may in (("ana", True), ("lead", True), ("oli", False)):
        [found], _ = await here.queries.check_ins(asker(person), "g1")
        assert found == await here.queries.check_in(asker(person), "g1", "c-1")
        url = "https://jira.example/17" if may else None
        assert found.source == SourceAnswer(system="jira", url=url)
        assert found.status == "on_track"
        assert found.recorded is not None
        for said in (found, found.recorded, *found.corrections):
            assert [getattr(said, name) is UNSET for name in WORDS] == [not may] * len(WORDS)
        assert (found.corrections[0].reason is UNSET) == (not may)
        assert found.external_ref == (
            ExternalRefAnswer(system="jira", id="17", url="https://jira.example/17") if may else UNSET
        )
        assert found.allowed_actions == (["correct"] if person == "ana" else [])


async def test_the_newest_come_first_in_pages_whatever_stands_between(here: Company) -> None:
    for number in range(12):
        await here.state("g1", recorded(f"c-{number:02}"), GoalPublished(), GoalPublished())
        if number % 3 == 0:
            await here.state("g1", correction(f"c-{number:02}", 2 + number * 3 + number // 3 + (number % 3 > 0)))
    await here.fold()
    for limit in (1, 5, 12):
        found, after = [], None
        while True:
            items, after = await here.queries.check_ins(OLI, "g1", after=after, limit=limit)
            assert len(items) <= limit
            found += items
            if after is None:
                break
        assert [one.id for one in found] == [f"c-{number:02}" for number in reversed(range(12))]
        assert [one.corrected for one in found] == [number % 3 == 0 for number in reversed(range(12))]
