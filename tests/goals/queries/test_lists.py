"""Lists of goals against every goal looked at: for each filter, for several together, for several askers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from libs.access.directory import Asker
from services.goals.queries import GoalQueries, Search
from services.goals.queries.bounds import BOUNDS, Bounds
from tests.access.organisation import TODAY, asker
from tests.goals.queries.company import Company, company, node
from tests.goals.queries.naive import Rules, days, in_order
from tests.goals.queries.planting import add_strangers, populate

SMALL = Bounds(people=200, apart=2_000, few=1, rows=60)
WIDE = Bounds(people=1, apart=2_000, few=1, rows=5_000)
SPREAD = Bounds(people=200, apart=1, few=5, rows=200)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path) as found:
        yield found


async def everything(queries: GoalQueries, who: Asker, search: Search, limit: int = 7) -> list[str]:
    """The ids of all pages; a page may be short, but never leads nowhere."""
    found: list[str] = []
    after, met = None, set()
    while True:
        items, after = await queries.goals(who, search, after=after, limit=limit)
        assert len(items) <= limit
        found += [item.id for item in items]
        if after is None:
            return found
        assert after not in met
        met.add(after)


def _choices(random: Random, rules: Rules) -> dict[str, Any]:
    people, goals = sorted(rules.managers), sorted(rules.nodes)

    def some(values: Any, most: int = 3) -> tuple[Any, ...]:
        return tuple(random.sample(list(values), random.randint(1, most)))

    start = days(TODAY, random.randint(-300, 300))
    return {
        "owner_id": some(people),
        "unit_id": some(("u-1", "u-2", "u-unknown"), 2),
        "manager_id": some(people),
        "contributor_id": some(people),
        "parent_id": some(goals, 5),
        "state": some(("draft", "open", "closed", "cancelled", "archived"), 2),
        "status": some(("not_started", "on_track", "delayed", "off_track", "done"), 2),
        "kind": some(("objective", "key_result", "smart"), 2),
        "label": some(("growth", "STRASSE", "q3"), 1),
        "focus": some(("business", "development", "wellbeing"), 2),
        "period": (start, days(start, random.choice((0, 10, 120)))),
        "due_before": days(TODAY, random.randint(-300, 300)),
        "q": random.choice(("fewer", "Escalations FEWER", "in", "nowhere", "answers in support")),
        "stale": random.choice((True, False)),
        "updated_since": datetime(2026, random.randint(3, 5), random.randint(1, 28), tzinfo=UTC),
    }


# --- the unhappy path first -------------------------------------------------------------------------------------


async def test_an_empty_company_lists_nothing(here: Company) -> None:
    here.people.add("ana")
    await here.people.fold()
    for search in (Search(), Search(q="x"), Search(stale=True), Search(period=(TODAY, TODAY)), Search(sort="-due")):
        assert await here.queries.goals(asker("ana"), search) == ([], None)


async def test_a_q_without_any_word_and_people_who_lead_nobody_find_nothing(here: Company) -> None:
    here.people.add("ana")
    await here.people.fold()
    await here.plant([node("g1", "ana")])
    for search in (Search(q="?!"), Search(manager_id=("ana",)), Search(manager_id=("unknown",))):
        assert await everything(here.queries, asker("ana"), search) == []


async def test_a_cursor_from_elsewhere_shows_nothing_that_its_list_would_not_show(here: Company) -> None:
    here.people.add("ana")
    here.people.add("bob")
    await here.people.fold()
    await here.plant([node("g1", "ana", visibility="private"), node("g2", "bob")])
    for search in (Search(), Search(sort="-due"), Search(due_before=days(TODAY, 400)), Search(stale=True)):
        for place in ((None, "g0"), ("zzz", "g0"), ("2026", "g9")):
            items, _ = await here.queries.goals(asker("bob"), search, after=place)
            assert {item.id for item in items} <= {"g2"}


# --- against every goal looked at -------------------------------------------------------------------------------


@pytest.mark.parametrize("bounds", [BOUNDS, SMALL, WIDE, SPREAD], ids=["as shipped", "small", "wide", "spread"])
@pytest.mark.parametrize("seed", range(2))
async def test_every_filter_alone_and_several_together(tmp_path: Path, bounds: Bounds, seed: int) -> None:
    random = Random(seed)
    async with company(tmp_path, bounds) as here:
        rules = await populate(here, random, people=20, goals=200)
        searches = [{}]
        for _ in range(2):
            searches += [{name: value} for name, value in _choices(random, rules).items()]
        for _ in range(30):
            chosen = _choices(random, rules)
            searches.append({name: chosen[name] for name in random.sample(sorted(chosen), random.randint(2, 3))})
        sorts = ("created_at", "-created_at", "updated_at", "-updated_at", "due", "-due")
        for given in searches:
            sort = random.choice((None, None, *sorts))
            search, person = Search(**given, sort=sort), random.choice(sorted(rules.managers))
            expected = rules.listed(person, search)
            found = await everything(here.queries, asker(person), search, limit=random.choice((3, 20, 50)))
            assert sorted(found) == [goal.id for goal in expected], (person, search)
            if sort is not None:
                assert found == in_order(expected, sort), (person, search)


async def test_without_a_sort_a_list_follows_what_it_is_asked_for(here: Company) -> None:
    random = Random(7)
    rules = await populate(here, random, people=12, goals=200)
    due = days(TODAY, 200)
    period = (days(TODAY, -50), days(TODAY, 50))
    changed = datetime(2026, 4, 10, tzinfo=UTC)
    for person in random.sample(sorted(rules.managers), 4):
        for search, key in (
            (Search(), lambda goal: goal.id),
            (Search(due_before=due), lambda goal: (goal.period_end, goal.id)),
            (Search(period=period, stale=True), lambda goal: goal.id),
            (Search(stale=True), lambda goal: (goal.quiet_since, goal.id)),
            (Search(updated_since=changed), lambda goal: (goal.updated_at, goal.id)),
        ):
            expected = [goal.id for goal in sorted(rules.listed(person, search), key=key)]
            assert await everything(here.queries, asker(person), search, limit=30) == expected


# --- what it costs ----------------------------------------------------------------------------------------------


FILTERS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "owner": {"owner_id": ("p05",)},
    "unit": {"unit_id": ("u-1",)},
    "manager": {"manager_id": ("p02",)},
    "contributor": {"contributor_id": ("p07",)},
    "parent": {"parent_id": ("g00001",)},
    "state": {"state": ("closed",)},
    "archived": {"state": ("archived",)},
    "status": {"status": ("off_track",)},
    "kind": {"kind": ("smart",)},
    "label": {"label": ("growth",)},
    "focus": {"focus": ("development",)},
    "period": {"period": (TODAY, TODAY)},
    "due": {"due_before": TODAY},
    "due and open": {"due_before": TODAY, "state": ("open",)},
    "words": {"q": "fewer escalations"},
    "stale": {"stale": True},
    "changed": {"updated_since": datetime(2026, 5, 1, tzinfo=UTC)},
    "by change": {"sort": "-updated_at"},
}


async def test_a_page_costs_the_same_among_many_goals(tmp_path: Path) -> None:
    costs: list[dict[str, int]] = []
    for strangers in (300, 3_000):
        folder = tmp_path / str(strangers)
        folder.mkdir()
        async with company(folder, Bounds(few=20)) as here:
            await populate(here, Random(3), people=15, goals=300)
            await add_strangers(here, Random(4), people=strangers // 20, goals=strangers)
            costs.append({name: await _cost(here, Search(**given)) for name, given in FILTERS.items()})
    few, many = costs
    assert {name: cost for name, cost in many.items() if cost > 1.5 * max(few.values())} == {}


async def _cost(company: Company, search: Search) -> int:
    """Rows read for the second page, or the first where there is no other."""
    _, after = await company.queries.goals(asker("p07"), search, limit=10)
    company.reads.rows = 0
    await company.queries.goals(asker("p07"), search, after=after, limit=10)
    return company.reads.rows


async def test_a_page_that_would_take_too_much_looking_ends_early_and_goes_on(tmp_path: Path) -> None:
    async with company(tmp_path, Bounds(rows=100, few=1)) as here:
        here.people.add("ana")
        here.people.add("bob")
        await here.people.fold()
        hidden = [node(f"g{number:04}", "bob", kind="smart", title="much") for number in range(500)]
        await here.plant([*hidden, node("h", "bob", kind="objective", title="much rarer")])
        search = Search(sort="due", kind=("objective",))
        here.reads.rows = 0
        items, after = await here.queries.goals(asker("ana"), search, limit=10)
        assert items == []
        assert after is not None
        assert here.reads.rows < 250
        assert await everything(here.queries, asker("ana"), search, limit=10) == ["h"]
