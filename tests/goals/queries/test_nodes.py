"""What a node of the tree says: how far it is and should be, whether it is stale, what brought it there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from libs.events.catalog.people import AbsencePlanned
from services.goals.queries import NodeAnswer, TreeAnswer
from services.goals.queries.answers import CauseAnswer
from services.goals.read_models import Cause, Counts
from tests.access.organisation import TODAY, asker
from tests.goals.queries.company import Company, node

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def _first(tree: TreeAnswer) -> NodeAnswer:
    assert isinstance(tree.nodes[0], NodeAnswer)
    return tree.nodes[0]


async def test_a_node_says_all_that_the_contract_names(here: Company) -> None:
    seen = datetime(2026, 6, 1, tzinfo=UTC)
    cause = Cause("g1", "goals.check-in-recorded.v2", seen)
    quarter = {"period_start": date(2026, 4, 1), "period_end": date(2026, 6, 30)}
    moved = {"own_progress": 0.2, "progress": 0.5, "counts": Counts(1, 2, 0, 1, 3), "leaf_count": 4}
    said = {"unit_id": "u-1", "weight": Decimal("2.5"), "last_check_in_at": seen, "caused_by": cause}
    await here.plant([node("g1", "ana", progress_driver="all", **quarter, **moved, **said)])
    assert _first(await here.queries.tree(asker("oli"))) == NodeAnswer(
        id="g1",
        parent_id=None,
        title="Goal g1",
        kind="objective",
        owner_id="ana",
        unit_id="u-1",
        weight=Decimal("2.5"),
        progress_driver="all",
        own_progress=0.2,
        progress=0.5,
        # 76 of 91 days, of the mark 0.7.
        expected_progress=76 / 91 * 0.7,
        pace="on_pace",
        state="open",
        status="not_started",
        worst_status="off_track",
        status_counts={"not_started": 1, "on_track": 2, "delayed": 0, "off_track": 1, "done": 3},
        leaf_count=4,
        child_count=0,
        hidden_count=0,
        last_check_in_at=seen,
        stale=False,
        caused_by=CauseAnswer(goal_id="g1", event_type="goals.check-in-recorded.v2", time=seen),
        erased=[],
    )


async def test_nothing_is_expected_of_a_goal_that_is_not_open_or_has_no_period(here: Company) -> None:
    period = {"period_start": date(2026, 4, 1), "period_end": date(2026, 6, 30)}
    await here.plant([node("a", "ana"), node("b", "ana", state="draft", **period), node("c", "ana", **period)])
    nodes = {one.id: one for one in (await here.queries.tree(asker("ana"))).nodes}
    assert [(nodes[id].expected_progress, nodes[id].pace) for id in ("a", "b")] == [(None, None)] * 2
    assert nodes["c"].pace == "behind"


async def test_a_goal_is_stale_when_nobody_checked_in_for_two_weeks_unless_the_owner_is_away(here: Company) -> None:
    absence = AbsencePlanned(person_id="bob", absence_id="a", first_day=TODAY, last_day=TODAY)
    here.people.state("person/bob", absence)
    await here.people.fold()
    long_ago = {"created_at": LONG_AGO}
    border = datetime.combine(TODAY, datetime.min.time(), UTC) - timedelta(days=14)
    await here.plant(
        [
            node("stale", "ana", **long_ago),
            node("fresh", "ana", last_check_in_at=border, **long_ago),
            node("one-later", "ana", last_check_in_at=border - timedelta(seconds=1), **long_ago),
            node("away", "bob", **long_ago),
            node("draft", "ana", state="draft", **long_ago),
            node("above", "ana", progress_driver="all", **long_ago),
            node("below", "ana", parent_id="above", last_check_in_at=border, **long_ago),
        ]
    )
    nodes = (await here.queries.tree(asker("ana"))).nodes
    assert {one.id for one in nodes if one.stale} == {"stale", "one-later"}


async def test_the_cause_is_named_to_who_may_see_it(here: Company) -> None:
    cause = Cause("hidden", "goals.goal-closed.v1", LONG_AGO)
    await here.plant(
        [
            node("top", "oli", caused_by=cause),
            node("mid", "oli", parent_id="top", caused_by=cause),
            node("hidden", "ana", parent_id="mid", visibility="private", caused_by=cause),
        ]
    )
    for depth in (0, 3):
        tree = await here.queries.tree(asker("bob"), depth=depth)
        assert [one.caused_by for one in tree.nodes] == [None] * len(tree.nodes)
        cause_shown = _first(await here.queries.tree(asker("lead"), depth=depth)).caused_by
        assert cause_shown is not None
        assert cause_shown.goal_id == "hidden"
