"""A goal's history: every event in words, for each reader only what they may read, in pages that cost little."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from libs.events.catalog.goals import CheckInCorrected, CheckInRecorded, Metric
from services.goals.projections.observed import CORRECTIONS_KEPT
from services.goals.queries.answers import ChangeAnswer, HistoryAnswer
from tests.access.organisation import TODAY, asker
from tests.goals.queries.company import Company, changed, created

MANY = 1_000

LEAD = asker("lead")


async def _eventful(here: Company) -> None:
    metric = Metric(start=Decimal(0), target=Decimal(10), current=Decimal(0), unit="calls")
    await here.state("g1", created("ana", "First", metric=metric, progress_driver="metric"))
    second = changed("ana", "Second", "title", metric=metric, progress_driver="metric")
    await here.state("g1", second, by="lead")
    recorded = CheckInRecorded(
        check_in_id="c-1", author_id="ana", status="on_track", observed_on=TODAY, value=Decimal(3), note="Secret."
    )
    await here.state("g1", recorded)
    correction = CheckInCorrected(
        check_in_id="c-1", recorded_version=3, author_id="ana", reason="Typo.", value=Decimal(4)
    )
    await here.state("g1", correction)


async def test_a_history_tells_everything_newest_first(here: Company) -> None:
    await _eventful(here)
    items, end = await here.queries.history(LEAD, "g1")
    assert end is None
    assert [(one.version, one.actor, one.summary) for one in items] == [
        (4, "ana", "corrected a check-in"),
        (3, "ana", "checked in as on track"),
        (2, "lead", "changed title"),
        (1, "ana", "set the goal"),
    ]
    assert items[2].changes == [ChangeAnswer(field="title", from_="First", to="Second")]
    assert ChangeAnswer(field="value", from_=Decimal(3), to=Decimal(4)) in items[0].changes
    assert ChangeAnswer(field="note", from_=None, to="Secret.") in items[1].changes
    assert [one.type for one in items][-1] == "goals.goal-created.v2"


async def test_who_may_not_read_the_words_is_told_none_of_them(here: Company) -> None:
    await _eventful(here)
    items, _ = await here.queries.history(asker("oli"), "g1")
    assert len(items) == 4
    told = {change.field for one in items for change in one.changes} & {"note", "reason", "confidence", "blockers"}
    assert told == set()
    assert items[2].changes == [ChangeAnswer(field="title", from_="First", to="Second")]


def _correction(id: str, version: int, **fields: Any) -> CheckInCorrected:
    return CheckInCorrected(check_in_id=id, recorded_version=version, author_id="ana", reason="Typo.", **fields)


def _seen(id: str, progress: str = "0.1") -> CheckInRecorded:
    return CheckInRecorded(
        check_in_id=id, author_id="ana", status="on_track", observed_on=TODAY, progress=Decimal(progress)
    )


def _moves(items: list[HistoryAnswer]) -> list[list[tuple[str, Any, Any]]]:
    return [[(one.field, one.from_, one.to) for one in item.changes if one.field != "reason"] for item in items]


@pytest.mark.parametrize("folded", [True, False], ids=["rows are written", "rows are late"])
@pytest.mark.parametrize("limit", [1, 2, 3, 50])
async def test_every_correction_is_told_from_what_counted_until_then(here: Company, folded: bool, limit: int) -> None:
    await here.state("g1", created("ana"), _seen("c-1"), _seen("c-2", "0.7"))
    await here.state("g1", _correction("c-1", 2, progress=Decimal("0.2")), _correction("c-2", 3, status="off_track"))
    if folded:
        await here.fold()
    await here.state("g1", _correction("c-1", 2, status="delayed"), _correction("c-1", 2, progress=Decimal("0.4")))
    if folded:
        await here.fold()
    told, after = [], None
    while True:
        items, after = await here.queries.history(LEAD, "g1", after=after, limit=limit)
        told += _moves(items)
        if after is None:
            break
    assert told[:4] == [
        [("status", "delayed", "on_track"), ("progress", Decimal("0.1"), Decimal("0.4"))],
        [("status", "on_track", "delayed"), ("progress", Decimal("0.2"), Decimal("0.1"))],
        [("status", "on_track", "off_track")],
        [("progress", Decimal("0.1"), Decimal("0.2"))],
    ]


@pytest.mark.parametrize("folded", [True, False], ids=["rows are written", "rows are late"])
async def test_a_row_that_does_not_lead_to_all_corrections_is_no_matter(here: Company, folded: bool) -> None:
    await here.state("g1", created("ana"), _seen("c-1"))
    numbers = [Decimal(number) / 100 for number in range(20, 20 + CORRECTIONS_KEPT + 10)]
    await here.state("g1", *[_correction("c-1", 2, progress=number) for number in numbers])
    if folded:
        await here.fold()
    told, after = [], None
    while True:
        items, after = await here.queries.history(LEAD, "g1", after=after, limit=1)
        told += _moves(items)
        if after is None:
            break
    pairs = zip([Decimal("0.1"), *numbers], numbers, strict=False)
    assert told[: len(numbers)] == [[("progress", was, now)] for was, now in pairs][::-1]


async def test_a_history_in_pages_is_the_same_history(here: Company) -> None:
    await _eventful(here)
    whole, _ = await here.queries.history(LEAD, "g1")
    for limit in (1, 2, 3):
        paged, after = [], None
        while True:
            items, after = await here.queries.history(LEAD, "g1", after=after, limit=limit)
            paged += items
            if after is None:
                break
        assert paged == whole


async def test_a_page_of_a_long_history_reads_little_more_than_the_page(here: Company) -> None:
    await here.state("g1", created("ana"))
    many = [
        CheckInRecorded(check_in_id=f"c-{number}", author_id="ana", status="on_track", observed_on=TODAY)
        for number in range(MANY)
    ]
    await here.state("g1", *many)
    read = _counted(here)
    items, end = await here.queries.history(LEAD, "g1", limit=20)
    more, _ = await here.queries.history(LEAD, "g1", after=end, limit=20)
    assert [one.version for one in (*items, *more)] == list(range(MANY + 1, MANY - 39, -1))
    assert sum(read) < 60


@pytest.mark.parametrize("folded", [True, False], ids=["rows are written", "rows are late"])
async def test_a_page_of_corrections_reads_little_more_than_what_they_are_about(here: Company, folded: bool) -> None:
    await here.state("g1", created("ana"), *[_seen(f"c-{number}") for number in range(MANY)])
    # Each is corrected twice, a long way from what recorded it.
    for status in ("delayed", "off_track"):
        await here.state(
            "g1", *[_correction(f"c-{number}", number + 2, status=status) for number in range(0, MANY, 25)]
        )
    if folded:
        await here.fold()
    read = _counted(here)
    items, _ = await here.queries.history(LEAD, "g1", limit=20)
    assert _moves(items) == [[("status", "delayed", "off_track")]] * 20
    assert sum(read) < 130


def _counted(here: Company) -> list[int]:
    """How many events each reading of a stream finds from now on."""
    read: list[int] = []
    events = here.kernel.store.read_stream

    async def counting(stream: str, **which: Any) -> Any:
        found = await events(stream, **which)
        read.append(len(found))
        return found

    here.kernel.store.read_stream = counting  # type: ignore[method-assign]
    return read
