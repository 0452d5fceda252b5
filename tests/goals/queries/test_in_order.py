"""What stands beside goals, in every order and since every time: as a naive sort has it, whatever the page's size."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from libs.events.catalog.goals import (
    CheckInCorrected,
    CheckInRecorded,
    CommentAdded,
    CommentChanged,
    GoalFollowed,
    GoalPublished,
    MilestoneAdded,
    MilestoneReached,
    SupportAnswered,
    SupportRequested,
)
from libs.web.sorting import Listing, Sort
from services.goals.domain.state import COMMENT, FOLLOW, SUPPORT
from services.goals.queries import SupportSearch
from tests.access.organisation import TENANT, TODAY, asker
from tests.goals.queries.company import Company, company, created

LEAD = asker("lead")
MANY = 40
PEOPLE = [f"p{number:02}" for number in range(MANY)]
Ask = Callable[..., Awaitable[tuple[list[Any], Any]]]
Key = Callable[[Any], Any]


def at(item: Any) -> Any:
    return item.created_at, item.id


def changed(item: Any) -> Any:
    return item.updated_at, item.id


@pytest.fixture
async def here(here: Company) -> Company:
    """What is said about a goal of Ana's comes in spells: of three things, two at the same moment."""
    random = Random(5)
    await here.state("g1", created("ana"))
    recorded: dict[str, int] = {}
    for number in random.sample(range(MANY), MANY):
        if number % 3:
            here.people.clock.move(timedelta(seconds=7))
        await _say(here, number, recorded, random)
    for number in random.sample(range(MANY), MANY // 3):
        here.people.clock.move(timedelta(seconds=number % 2))
        await _say_again(here, number, recorded, random)
    await here.fold()
    return here


async def _say(here: Company, number: int, recorded: dict[str, int], random: Random) -> None:
    id, observed_on = f"c{number:02}", TODAY - timedelta(days=random.randint(0, 9))
    outcome = await here.state(
        "g1",
        *([GoalPublished()] if number % 4 == 0 else []),
        CheckInRecorded(check_in_id=id, author_id="ana", status="on_track", observed_on=observed_on),
    )
    recorded[id] = outcome.version
    await here.state(f"k{number:02}", CommentAdded(goal_id="g1", author_id="ana", text="Hm."), of=COMMENT)
    person = PEOPLE[number]
    await here.state(f"g1.{person}", GoalFollowed(goal_id="g1", person_id=person), by=person, of=FOLLOW)
    asked = SupportRequested(goal_id="g1", check_in_id=id, author_id="ana", text="Help.")
    await here.state(id, asked, of=SUPPORT)
    due = TODAY + timedelta(days=random.randint(0, 9))
    added = MilestoneAdded(milestone_id=f"m{number:02}", author_id="ana", title="A step", due_on=due)
    await here.state("g1", added)


async def _say_again(here: Company, number: int, recorded: dict[str, int], random: Random) -> None:
    id = f"c{number:02}"
    day = TODAY - timedelta(days=random.randint(0, 9))
    given = {"reason": "Typo.", "observed_on": day, "value": Decimal(3)}
    correction = CheckInCorrected(check_in_id=id, recorded_version=recorded[id], author_id="ana", **given)
    await here.state("g1", correction)
    await here.state(f"k{number:02}", CommentChanged(author_id="ana", text="Ah."), of=COMMENT)
    await here.state(id, SupportAnswered(state="given", author_id="lead", answer="Here."), by="lead", of=SUPPORT)
    await here.state("g1", MilestoneReached(milestone_id=f"m{number:02}", reached_on=TODAY))


async def _paged(ask: Ask, asked: Listing, limit: int) -> list[Any]:
    found: list[Any] = []
    after = None
    while True:
        items, after = await ask(asked, after=after, limit=limit)
        assert len(items) <= limit
        found += items
        if after is None:
            return found
        assert len(items) == limit, "there is more, but the page is not full"


async def _in_every_way(ask: Ask, orders: dict[str, Key], when: Key = lambda item: item.updated_at) -> None:
    [first, *_] = orders
    everything = await _paged(ask, Listing(Sort(first)), 500)
    assert len(everything) >= MANY
    times: Sequence[datetime] = sorted({when(one) for one in everything})
    assert len(times) < len(everything), "there are ties"
    moments = (None, times[0], times[len(times) // 2], times[-1], times[-1] + timedelta(microseconds=1))
    for name, key in orders.items():
        ordered = sorted(everything, key=key)
        for since in (*moments, times[len(times) // 2] - timedelta(microseconds=1)):
            expected = [one for one in ordered if since is None or when(one) >= since]
            for limit in (1, 7, 500):
                assert await _paged(ask, Listing(Sort(name), since), limit) == expected, (name, since, limit)
                down = await _paged(ask, Listing(Sort(name, descending=True), since), limit)
                assert down == expected[::-1], (f"-{name}", since, limit)


async def test_check_ins_come_in_every_order(here: Company) -> None:
    """Of those at one moment, or of one day, what was recorded later counts as later."""
    facts = await here.queries.kernel.facts(f"{TENANT}/goal/g1", limit=1000, words=())
    recorded = {one.data.check_in_id: one.version for one in facts if isinstance(one.data, CheckInRecorded)}
    last = recorded | {one.data.check_in_id: one.version for one in facts if isinstance(one.data, CheckInCorrected)}

    async def ask(asked: Listing, **page: Any) -> tuple[list[Any], Any]:
        return await here.queries.check_ins(LEAD, "g1", asked, **page)

    orders: dict[str, Key] = {
        "created_at": lambda one: (one.created_at, recorded[one.id]),
        "updated_at": lambda one: (one.updated_at, last[one.id]),
        "observed_on": lambda one: (one.observed_on, recorded[one.id]),
    }
    await _in_every_way(ask, orders)
    unasked, _ = await here.queries.check_ins(LEAD, "g1", limit=500)
    assert unasked == await _paged(ask, Listing(Sort("created_at", descending=True)), 500)


async def test_comments_come_in_every_order(here: Company) -> None:
    async def ask(asked: Listing, **page: Any) -> tuple[list[Any], Any]:
        return await here.queries.comments(LEAD, "g1", asked, **page)

    await _in_every_way(ask, {"created_at": at, "updated_at": changed})
    assert (await here.queries.comments(LEAD, "g1", limit=500))[0] == await _paged(ask, _OLDEST_FIRST, 500)


async def test_followers_come_in_every_order(here: Company) -> None:
    async def ask(asked: Listing, **page: Any) -> tuple[list[Any], Any]:
        return await here.queries.followers(LEAD, "g1", asked, **page)

    await _in_every_way(ask, {"person_id": lambda one: one.person_id, "created_at": at, "updated_at": changed})
    found, _ = await here.queries.followers(LEAD, "g1", limit=500)
    assert [one.person_id for one in found] == PEOPLE


async def test_milestones_come_in_every_order(here: Company) -> None:
    async def ask(asked: Listing, **page: Any) -> tuple[list[Any], Any]:
        return await here.queries.milestones(LEAD, "g1", asked, **page)

    orders: dict[str, Key] = {"due_on": lambda one: (one.due_on, one.id), "created_at": at, "updated_at": changed}
    await _in_every_way(ask, orders)
    assert (await here.queries.milestones(LEAD, "g1"))[0] == await _paged(ask, Listing(Sort("due_on")), 500)


@pytest.mark.parametrize("filters", [{}, {"goal_id": ("g1", "g2")}, {"manager_id": ("lead",)}], ids=str)
async def test_requests_for_support_come_in_every_order(here: Company, filters: dict[str, Any]) -> None:
    async def ask(asked: Listing, **page: Any) -> tuple[list[Any], Any]:
        return await here.queries.support_requests(LEAD, SupportSearch(**filters, asked=asked), **page)

    await _in_every_way(ask, {"created_at": at, "updated_at": changed})
    unasked, _ = await here.queries.support_requests(LEAD, SupportSearch(**filters), limit=500)
    assert unasked == await _paged(ask, _OLDEST_FIRST, 500)


async def test_a_history_comes_in_both_orders(here: Company) -> None:
    async def ask(asked: Listing, **page: Any) -> tuple[list[Any], Any]:
        return await here.queries.history(LEAD, "g1", asked, **page)

    await _in_every_way(ask, {"time": lambda one: (one.time, one.version)}, lambda one: one.time)
    newest, _ = await here.queries.history(LEAD, "g1", limit=500)
    assert newest == await _paged(ask, Listing(Sort("time", descending=True)), 500)


async def test_a_request_that_a_correction_made_comes_when_it_was_made(here: Company) -> None:
    """Its id is the check-in's, which is older."""
    here.people.clock.move(timedelta(days=1))
    late = SupportRequested(goal_id="g1", check_in_id="a-very-old-one", author_id="ana", text="Now.")
    await here.state("a-very-old-one", late, of=SUPPORT)
    await here.fold()
    found, _ = await here.queries.support_requests(LEAD, SupportSearch(), limit=500)
    assert found[-1].id == "a-very-old-one"


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "updated_at", "-observed_on"])
async def test_a_page_of_a_long_list_costs_the_page(tmp_path: Path, sort: str) -> None:
    """A thousand check-ins at a thousand moments, of which the last twenty are asked for."""
    async with company(tmp_path) as here:
        here.people.add("ana")
        await here.people.fold()
        await here.state("g1", created("ana"))
        for number in range(100):
            here.people.clock.move(timedelta(minutes=1))
            said = [
                CheckInRecorded(check_in_id=f"c{number:02}{one}", author_id="ana", status="on_track", observed_on=TODAY)
                for one in range(10)
            ]
            await here.state("g1", *said)
        await here.fold()
        since = datetime(2026, 6, 15, 9, tzinfo=UTC) + timedelta(minutes=99)
        read = await _counted(here)
        asked = Listing(Sort(sort.removeprefix("-"), sort.startswith("-")), since)
        before = here.reads.rows
        first, place = await here.queries.check_ins(asker("ana"), "g1", asked, limit=10)
        more, end = await here.queries.check_ins(asker("ana"), "g1", asked, after=place, limit=10)
        expected = [f"c{number}{one}" for number in (98, 99) for one in range(10)]
        assert [one.id for one in (*first, *more)] == (expected[::-1] if sort.startswith("-") else expected)
        assert end is None
        assert here.reads.rows - before <= 30
        history = Listing(Sort("time", sort.startswith("-")), since)
        assert len((await here.queries.history(asker("ana"), "g1", history, limit=10))[0]) == 10
        assert read() < 120


async def _counted(here: Company) -> Callable[[], int]:
    """How many events were read since."""
    events, read = here.kernel.store.read_stream, 0

    async def counting(stream: str, **which: Any) -> Any:
        nonlocal read
        found = await events(stream, **which)
        read += len(found)
        return found

    here.kernel.store.read_stream = counting  # type: ignore[method-assign]
    return lambda: read


_OLDEST_FIRST = Listing(Sort("created_at"))
