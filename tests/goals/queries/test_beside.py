"""What stands beside goals: milestones, comments, followers, and requests for support with who may read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from libs.events.catalog.goals import (
    CommentAdded,
    CommentChanged,
    CommentRemoved,
    GoalFollowed,
    GoalUnfollowed,
    MilestoneAdded,
    MilestoneReached,
    MilestoneRemoved,
    SupportAnswered,
    SupportRequested,
)
from libs.events.declare import RowKey
from libs.events.handle import Outcome
from libs.events.ports import Put
from libs.web.sorting import Listing, Sort
from services.goals.domain.errors import (
    CommentNotFound,
    GoalNotFound,
    MilestoneNotFound,
    SupportRequestNotFound,
)
from services.goals.domain.state import COMMENT, FOLLOW, SUPPORT
from services.goals.queries import SupportSearch
from services.goals.queries.bounds import BOUNDS, Bounds
from services.goals.read_models import SUPPORT as REQUESTS
from services.goals.read_models import Node, SupportRow
from tests.access.organisation import TENANT, TODAY, asker
from tests.goals.queries.company import Company, company, created
from tests.goals.queries.naive import Rules
from tests.goals.queries.planting import populate

FIRST_OF_JUNE = datetime(2026, 6, 1, tzinfo=UTC)
ANA, BOB, OLI, LEAD = asker("ana"), asker("bob"), asker("oli"), asker("lead")


@pytest.fixture
async def here(here: Company) -> Company:
    """With a goal of Ana's that everybody sees, and one that only she and Lead do."""
    await here.state("g1", created("ana"))
    await here.state("hidden", created("ana", visibility="private"))
    return here


# --- milestones -------------------------------------------------------------------------------------------------


async def test_milestones_stand_by_due_date_and_are_gone_when_removed(here: Company) -> None:
    for number, days in enumerate((30, 10, 20)):
        due = TODAY + timedelta(days=days)
        added = MilestoneAdded(milestone_id=f"m-{number}", author_id="ana", title=f"Step {number}", due_on=due)
        await here.state("g1", added)
    reached = await here.state("g1", MilestoneReached(milestone_id="m-1", reached_on=TODAY))
    await here.state("g1", MilestoneRemoved(milestone_id="m-2"))
    for _ in range(2):
        found, _ = await here.queries.milestones(OLI, "g1")
        assert [(one.id, one.title, one.reached_on) for one in found] == [
            ("m-1", "Step 1", TODAY),
            ("m-0", "Step 0", None),
        ]
        assert {one.version for one in found} == {6}
        assert found[0].allowed_actions == []
        assert (await here.queries.milestone(ANA, "g1", "m-0")).allowed_actions == ["change", "reach", "remove"]
        assert (await here.queries.milestone_after(ANA, reached, "m-2")).version == 5
        with pytest.raises(MilestoneNotFound):
            await here.queries.milestone(ANA, "g1", "m-2")
        with pytest.raises(GoalNotFound):
            await here.queries.milestones(OLI, "hidden")
        await here.fold()


# --- comments ---------------------------------------------------------------------------------------------------


async def _comment(here: Company, id: str, goal: str = "g1", text: str = "Well done.") -> Outcome:
    return await here.state(id, CommentAdded(goal_id=goal, author_id="bob", text=text), by="bob", of=COMMENT)


async def test_a_comment_is_there_before_its_row_is_and_gone_when_removed(here: Company) -> None:
    outcome = await _comment(here, "k-1")
    await here.state("k-1", CommentChanged(author_id="bob", text="Very well done."), by="bob", of=COMMENT)
    await _comment(here, "k-2")
    await here.state("k-2", CommentRemoved(), by="bob", of=COMMENT)
    await _comment(here, "k-3", "hidden")
    for _ in range(2):
        found = await here.queries.comment(OLI, "g1", "k-1")
        assert (found.text, found.version, found.author_id, found.allowed_actions) == ("Very well done.", 2, "bob", [])
        assert (await here.queries.comment(BOB, "g1", "k-1")).allowed_actions == ["change", "remove"]
        assert (await here.queries.comment_after(BOB, outcome)).text == "Well done."
        for id in ("k-2", "k-3", "unknown"):
            with pytest.raises(CommentNotFound):
                await here.queries.comment(ANA, "g1", id)
        with pytest.raises(GoalNotFound):
            await here.queries.comment(OLI, "hidden", "k-3")
        await here.fold()
    assert [one.id for one in (await here.queries.comments(OLI, "g1"))[0]] == ["k-1"]


async def test_comments_come_in_pages_the_oldest_first(here: Company) -> None:
    for number in range(7):
        await _comment(here, f"k-{number}")
    await here.fold()
    found, after = [], None
    while True:
        items, after = await here.queries.comments(OLI, "g1", after=after, limit=3)
        found += [one.id for one in items]
        if after is None:
            break
    assert found == [f"k-{number}" for number in range(7)]
    with pytest.raises(GoalNotFound):
        await here.queries.comments(OLI, "hidden")


# --- followers --------------------------------------------------------------------------------------------------


async def test_followers_are_listed_until_they_leave(here: Company) -> None:
    for person in ("bob", "oli"):
        outcome = await here.state(f"g1.{person}", GoalFollowed(goal_id="g1", person_id=person), by=person, of=FOLLOW)
    await here.fold()
    found, end = await here.queries.followers(OLI, "g1")
    assert end is None
    assert [(one.id, one.person_id, one.allowed_actions) for one in found] == [
        ("bob", "bob", []),
        ("oli", "oli", ["unfollow"]),
    ]
    assert await here.queries.follower_after(OLI, outcome) == found[1]
    await here.state("g1.bob", GoalUnfollowed(goal_id="g1", person_id="bob"), by="bob", of=FOLLOW)
    await here.fold()
    assert [one.person_id for one in (await here.queries.followers(OLI, "g1"))[0]] == ["oli"]
    with pytest.raises(GoalNotFound):
        await here.queries.followers(OLI, "hidden")


# --- requests for support ---------------------------------------------------------------------------------------


async def _ask(here: Company, id: str, goal: str = "g1") -> Outcome:
    asked = SupportRequested(goal_id=goal, check_in_id=id, author_id="ana", text="A day of help.")
    return await here.state(id, asked, of=SUPPORT)


async def test_a_request_is_for_those_who_may_read_the_check_in(here: Company) -> None:
    outcome = await _ask(here, "s-1")
    await _ask(here, "s-2", "hidden")
    answered = SupportAnswered(state="promised", author_id="lead", answer="Tomorrow.")
    answer = await here.state("s-1", answered, by="lead", of=SUPPORT)
    for _ in range(2):
        found = await here.queries.support_request(LEAD, "s-1")
        assert (found.text, found.state, found.answer, found.answered_by) == (
            "A day of help.",
            "promised",
            "Tomorrow.",
            "lead",
        )
        assert found.allowed_actions == ["answer"]
        assert (await here.queries.support_after(ANA, outcome)).state == "open"
        assert await here.queries.support_after(LEAD, answer) == found
        # Oli sees the goal, but not what its check-ins say.
        for person, id in ((OLI, "s-1"), (OLI, "s-2"), (BOB, "s-1"), (ANA, "unknown")):
            with pytest.raises(SupportRequestNotFound):
                await here.queries.support_request(person, id)
        await here.fold()
    given = SupportAnswered(state="given", author_id="lead", answer="Here.")
    over = await here.state("s-1", given, by="lead", of=SUPPORT)
    await here.fold()
    assert (await here.queries.support_request(LEAD, "s-1")).allowed_actions == []
    assert (await here.queries.support_after(LEAD, over)).allowed_actions == []
    listed = [one.id for one in (await here.queries.support_requests(LEAD, SupportSearch()))[0]]
    assert listed == ["s-1", "s-2"]
    assert await here.queries.support_requests(OLI, SupportSearch()) == ([], None)
    assert await here.queries.support_requests(OLI, SupportSearch(goal_id=("g1",))) == ([], None)


@pytest.mark.parametrize(
    "bounds", [BOUNDS, Bounds(people=1, rows=30), Bounds(apart=1, rows=10_000)], ids=["shipped", "wide", "spread"]
)
async def test_requests_are_found_by_every_filter(tmp_path: Path, bounds: Bounds) -> None:
    random = Random(11)
    async with company(tmp_path, bounds) as here:
        rules = await populate(here, random, people=14, goals=120)
        rows = [_row(f"s{number:03}", random.choice(sorted(rules.nodes)), random) for number in range(150)]
        await here.people.write([Put(TENANT, RowKey(REQUESTS, row.id), row) for row in rows])
        for person in sorted(rules.managers):
            for _ in range(6):
                search = _search(random, sorted(rules.managers), sorted(rules.nodes))
                expected = [
                    row
                    for row in rows
                    if _reads(rules, person, rules.nodes[row.goal_id]) and _matches(rules, search, row)
                ]
                assert await _all(here, person, search) == _in_order(expected, search.asked.sort), (person, search)


async def _all(here: Company, person: str, search: SupportSearch) -> list[str]:
    found, after = [], None
    while True:
        items, after = await here.queries.support_requests(asker(person), search, after=after, limit=7)
        found += [one.id for one in items]
        assert len(items) <= 7
        if after is None:
            return found


def _search(random: Random, people: list[str], goals: list[str]) -> SupportSearch:
    def maybe(values: list[str], most: int) -> tuple[str, ...]:
        return tuple(random.sample(values, random.randint(1, most))) if random.random() < 0.4 else ()

    states = maybe(["open", "promised", "given", "declined"], 2)
    since = FIRST_OF_JUNE + timedelta(hours=random.randint(0, 40)) if random.random() < 0.4 else None
    asked = Listing(Sort(random.choice(("created_at", "updated_at")), random.random() < 0.4), since)
    return SupportSearch(state=states, manager_id=maybe(people, 3), goal_id=maybe(goals, 40), asked=asked)


def _in_order(rows: list[SupportRow], sort: Sort) -> list[str]:
    found = sorted(rows, key=lambda row: (getattr(row, sort.name), row.id), reverse=sort.descending)
    return [row.id for row in found]


def _row(id: str, goal: str, random: Random) -> SupportRow:
    at = FIRST_OF_JUNE + timedelta(hours=random.randint(0, 30))
    state = random.choice(("open", "promised", "given", "declined"))
    changed = at + timedelta(hours=random.choice((0, 0, 10)))
    fields: dict[str, Any] = {"created_at": at, "created_by": "x", "updated_at": changed, "updated_by": "x"}
    return SupportRow(
        id=id,
        version=1,
        goal_id=goal,
        check_in_id=id,
        author_id="x",
        text="Help.",
        state=state,
        answer=None,
        answered_by=None,
        answered_at=None,
        erased=[],
        **fields,
    )


def _reads(rules: Rules, person: str, goal: Node) -> bool:
    near = person == goal.owner_id or person in goal.contributor_ids or person in rules.chain(goal.owner_id)
    return near and rules.sees(person, goal)


def _matches(rules: Rules, search: SupportSearch, row: SupportRow) -> bool:
    manager = rules.managers[rules.nodes[row.goal_id].owner_id]
    return (
        (not search.state or row.state in search.state)
        and (not search.goal_id or row.goal_id in search.goal_id)
        and (not search.manager_id or manager in search.manager_id)
        and (search.asked.updated_since is None or row.updated_at >= search.asked.updated_since)
    )
