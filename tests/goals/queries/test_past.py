"""Looking back: the tree of a day and progress by day; and up: what a goal is to those above it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from libs.events.catalog.goals import (
    AlignmentAccepted,
    AlignmentDetached,
    CheckInRecorded,
    GoalArchived,
    GoalCancelled,
    GoalClosed,
    GoalMoved,
    GoalRestored,
)
from services.goals.domain.errors import GoalNotFound
from services.goals.queries.answers import AncestorAnswer, TrendPointAnswer
from tests.access.organisation import TODAY, asker
from tests.goals.queries.company import Company, changed, created

LEAD = asker("lead")


def check_in(number: int, progress: str, **fields: Any) -> CheckInRecorded:
    given = {"author_id": "ana", "status": "on_track", "observed_on": TODAY} | fields
    return CheckInRecorded(check_in_id=f"c-{number}", progress=Decimal(progress), **given)


# --- the tree of a day ------------------------------------------------------------------------------------------


async def test_before_a_goal_was_set_it_is_nowhere(here: Company) -> None:
    yesterday = TODAY - timedelta(days=1)
    await here.state("g1", created("ana"))
    await here.fold()
    assert (await here.queries.tree(LEAD, as_of=yesterday)).nodes == []
    with pytest.raises(GoalNotFound):
        await here.queries.tree(LEAD, root_id="g1", as_of=yesterday)
    tree = await here.queries.tree(LEAD, as_of=TODAY)
    assert ([one.id for one in tree.nodes], tree.position) == (["g1"], "goals:1")


async def test_titles_owners_and_visibility_are_as_now(here: Company) -> None:
    await here.state("g1", created("ana", "Before"))
    day = here.later()
    await here.state("g1", changed("ana", "After", "title", "visibility", visibility="private"))
    await here.fold()
    then = day - timedelta(days=1)
    assert [one.title for one in (await here.queries.tree(LEAD, as_of=then)).nodes] == ["After"]
    assert (await here.queries.tree(asker("oli"), as_of=then)).nodes == []


@pytest.mark.parametrize("seed", range(3))
async def test_a_day_looks_back_as_it_looked_at_its_end(here: Company, seed: int) -> None:
    random, story = Random(seed), Story(here)
    looked: list[tuple[Any, list[Any]]] = []
    for _ in range(12):
        for _ in range(random.randint(0, 5)):
            await story.go_on(random)
        await here.fold()
        looked.append((here.queries.today(), (await here.queries.tree(LEAD, depth=20)).nodes))
        here.later(random.randint(1, 12))
    for day, nodes in looked:
        assert (await here.queries.tree(LEAD, depth=20, as_of=day)).nodes == nodes
        for root in [one for one in nodes if one.parent_id is not None][:2]:
            tree = await here.queries.tree(LEAD, root_id=root.id, depth=0, as_of=day)
            assert tree.nodes == [root]


class Story:
    """Goals that are set, moved, checked in, put away and closed, at random."""

    def __init__(self, here: Company) -> None:
        self.here = here
        self.parents: dict[str, str | None] = {}
        self.states: dict[str, str] = {}
        self.check_ins = 0

    async def go_on(self, random: Random) -> None:
        """One thing more happens."""
        if len(self.parents) < 3 or random.random() < 0.2:
            await self._set(random)
            return
        goal = random.choice(sorted(self.parents))
        state = self.states[goal]
        if state == "archived":
            self.states[goal] = "open"
            await self.here.state(goal, GoalRestored())
        elif state == "open":
            await random.choice((self._check_in, self._check_in, self._move, self._end))(random, goal)

    async def _set(self, random: Random) -> None:
        goal = f"g{len(self.parents):02}"
        above = [one for one, state in self.states.items() if state == "open"]
        parent = random.choice([None, *above])
        alignment = random.choice(("accepted", "accepted", "proposed")) if parent else "none"
        weight = Decimal(random.randint(0, 4))
        await self.here.state(goal, created("ana", parent_id=parent, alignment=alignment, weight=weight))
        self.parents[goal], self.states[goal] = parent, "open"

    async def _check_in(self, random: Random, goal: str) -> None:
        self.check_ins += 1
        status = random.choice(("on_track", "delayed", "off_track"))
        observed_on = self.here.queries.today() - timedelta(days=random.randint(0, 3))
        fact = check_in(self.check_ins, f"0.{random.randint(0, 9)}", status=status, observed_on=observed_on)
        await self.here.state(goal, fact)

    async def _move(self, random: Random, goal: str) -> None:
        parent = random.choice([None, *(one for one, state in self.states.items() if state == "open")])
        above = parent
        while above is not None and above != goal:
            above = self.parents[above]
        if above == goal:
            return
        alignment = random.choice(("accepted", "proposed")) if parent else "none"
        previous = self.parents[goal]
        await self.here.state(
            goal, GoalMoved(parent_id=parent, previous_parent_id=previous, alignment=alignment, weight=Decimal(2))
        )
        self.parents[goal] = parent

    async def _end(self, random: Random, goal: str) -> None:
        ends = {
            "archived": GoalArchived(),
            "closed": GoalClosed(author_id="ana", judged=Decimal("0.5"), outcome="partly", score=Decimal("0.5")),
            "cancelled": GoalCancelled(author_id="ana", reason="No."),
        }
        self.states[goal] = random.choice(sorted(ends))
        await self.here.state(goal, ends[self.states[goal]])


# --- progress by day --------------------------------------------------------------------------------------------


async def test_a_trend_has_the_days_on_which_something_changed(here: Company) -> None:
    first = TODAY
    await here.state("g1", created("ana"))
    second = here.later(2)
    await here.state("g1", check_in(1, "0.25"), check_in(2, "0.5"))
    third = here.later(3)
    await here.state("g1", check_in(3, "0.75", observed_on=third))
    await here.fold()
    points = [
        TrendPointAnswer(day=first, progress=0.0),
        TrendPointAnswer(day=second, progress=0.5),
        TrendPointAnswer(day=third, progress=0.75),
    ]

    async def trend(**days: Any) -> list[TrendPointAnswer]:
        return (await here.queries.trend(LEAD, "g1", **days)).items

    assert await trend() == points
    assert await trend(until=second) == points[:2]
    assert await trend(since=second) == points[1:]
    between = second + timedelta(days=1)
    assert await trend(since=between) == [TrendPointAnswer(day=between, progress=0.5), points[2]]
    assert await trend(since=first - timedelta(days=9), until=first - timedelta(days=1)) == []
    assert await trend(since=third + timedelta(days=5)) == [
        TrendPointAnswer(day=third + timedelta(days=5), progress=0.75)
    ]


async def test_what_one_may_not_see_has_no_trend_impact_or_history(here: Company) -> None:
    await here.state("g1", created("ana", visibility="private"))
    await here.fold()
    for query in (here.queries.trend, here.queries.impact, here.queries.history, here.queries.rollup):
        for goal in ("g1", "unknown"):
            with pytest.raises(GoalNotFound):
                await query(asker("oli"), goal)


# --- what a goal is to those above ------------------------------------------------------------------------------


async def _family(here: Company) -> None:
    """top ← mid (weight 3 of 4) ← low (weight 1 of 2, half done), and their sisters."""
    await here.state("top", created("ana", "Top"))
    await here.state("mid", created("ana", "Mid", parent_id="top", alignment="accepted", weight=Decimal(3)))
    await here.state("mid-2", created("ana", parent_id="top", alignment="accepted"))
    await here.state("low", created("ana", parent_id="mid", alignment="accepted"), check_in(1, "0.5"))
    await here.state("low-2", created("ana", parent_id="mid", alignment="accepted"))
    for number, end in enumerate((GoalArchived(), GoalCancelled(author_id="ana", reason="No."))):
        await here.state(f"gone-{number}", created("ana", parent_id="mid", alignment="accepted"), end)


async def test_impact_is_the_share_of_a_share(here: Company) -> None:
    await _family(here)
    await here.fold()
    impact = await here.queries.impact(asker("oli"), "low")
    assert impact.items == [
        AncestorAnswer(
            goal_id="mid", title="Mid", weight=0.5, raw_weight=Decimal(1), points=0.25, counts=True, erased=[]
        ),
        AncestorAnswer(
            goal_id="top", title="Top", weight=0.375, raw_weight=None, points=0.1875, counts=True, erased=[]
        ),
    ]
    assert (await here.queries.rollup(asker("oli"), "top")).progress == 0.1875
    assert (await here.queries.impact(asker("oli"), "top")).items == []


async def test_an_ancestor_that_takes_nothing_gets_nothing_and_an_invisible_one_is_left_out(here: Company) -> None:
    await _family(here)
    await here.state("mid", changed("ana", "Mid", "visibility", visibility="private", weight=Decimal(3)))
    await here.fold()
    impact = await here.queries.impact(asker("oli"), "low")
    assert [(one.goal_id, one.points, one.weight) for one in impact.items] == [("top", 0.1875, 0.375)]
    await here.state("mid", GoalClosed(author_id="ana", judged=Decimal(1), outcome="achieved", score=Decimal(1)))
    await here.fold()
    impact = await here.queries.impact(asker("lead"), "low")
    assert [(one.goal_id, one.counts, one.points) for one in impact.items] == [("mid", False, 0.0), ("top", False, 0.0)]
    assert [one.weight for one in impact.items] == [0.0, 0.0]


async def test_impact_tells_nothing_of_a_goal_between_that_is_not_seen(here: Company) -> None:
    await here.state("top", created("ana", "Top"))
    hidden = created("ana", "Mid", parent_id="top", alignment="accepted", weight=Decimal(37), visibility="private")
    await here.state("mid", hidden)
    await here.state("mid-2", created("ana", parent_id="top", alignment="accepted", weight=Decimal(63)))
    await here.state("low", created("ana", parent_id="mid", alignment="accepted"), check_in(1, "0.5"))
    await here.state("low-2", created("ana", parent_id="mid", alignment="accepted"))
    await here.fold()
    [above] = (await here.queries.impact(asker("oli"), "low")).items
    assert above == AncestorAnswer(
        goal_id="top", title="Top", weight=0.185, raw_weight=None, points=0.0925, counts=True, erased=[]
    )


async def test_a_proposal_counts_nowhere(here: Company) -> None:
    await here.state("top", created("ana"))
    await here.state("low", created("ana", parent_id="top", alignment="proposed"), check_in(1, "0.5"))
    await here.fold()
    [above] = (await here.queries.impact(asker("oli"), "low")).items
    assert (above.counts, above.points, above.weight) == (False, 0.0, 0.0)
    await here.state("low", AlignmentAccepted(parent_id="top", weight=Decimal(1)))
    await here.fold()
    [above] = (await here.queries.impact(asker("oli"), "low")).items
    assert (above.counts, above.points) == (True, 0.5)
    await here.state("low", AlignmentDetached(parent_id="top"))
    await here.fold()
    assert (await here.queries.impact(asker("oli"), "low")).items == []
