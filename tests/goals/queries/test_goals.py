"""One goal: its own fields from its row or stream, the rest from the tree, whichever of them is late."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from libs.events.catalog.goals import (
    AgreementProposed,
    CheckInRecorded,
    ExternalRef,
    GoalClosed,
    GoalPublished,
    Metric,
    Period,
)
from libs.events.declare import RowKey
from libs.events.ports import Put
from libs.web.references import ExternalRefAnswer
from services.goals.domain.errors import GoalNotFound
from services.goals.queries import ANSWERS, Search
from services.goals.queries.answers import AgreementAnswer, MetricAnswer
from services.goals.read_models import GOALS, NODES
from tests.access.organisation import TENANT, TODAY, asker
from tests.goals.queries.company import Company, changed, created, goal_of, node

METRIC = Metric(start=Decimal(50), target=Decimal(40), current=Decimal(50), unit="tickets")
QUARTER = Period(start=date(2026, 4, 1), end=date(2026, 6, 30))


def measured(**fields: Any) -> Any:
    given = {"kind": "key_result", "metric": METRIC, "progress_driver": "metric"} | fields
    return created("ana", "Fewer", **given)


def check_in(value: str, **fields: Any) -> CheckInRecorded:
    given = {"check_in_id": "c-1", "author_id": "ana", "status": "delayed", "observed_on": TODAY} | fields
    return CheckInRecorded(value=Decimal(value), **given)


def _whole() -> Any:
    """A draft of Ana's with everything that one can say of a goal."""
    return measured(
        description="All of them.",
        unit_id="u-1",
        contributor_ids=["bob"],
        weight=Decimal(2),
        period=QUARTER,
        commitment="committed",
        labels=["q2"],
        check_in_every="week",
        external_ref=ExternalRef(system="jira", id="17", url="https://jira.example/17"),
        draft=True,
    )


async def test_what_one_may_not_see_is_as_what_is_not_there(here: Company) -> None:
    await here.state("g1", created("ana", visibility="private"))
    for _ in range(2):
        for goal in ("g1", "unknown"):
            with pytest.raises(GoalNotFound):
                await here.queries.may_know(asker("oli"), goal)
            with pytest.raises(GoalNotFound):
                await here.queries.goal(asker("oli"), goal)
        await here.fold()
    await here.queries.may_know(asker("lead"), "g1")


async def test_an_answer_says_all_that_the_contract_names(here: Company) -> None:
    fact = _whole()
    await here.state("g1", fact, GoalPublished())
    await here.state("g1", AgreementProposed(author_id="ana", part="owner", complete=False), check_in("45"))
    await here.fold()
    found = msgspec.structs.asdict(await here.queries.goal(asker("ana"), "g1"))
    now = here.people.clock.now()
    derived: dict[str, Any] = {
        "id": "g1",
        "version": 4,
        "metric": MetricAnswer(start=Decimal(50), target=Decimal(40), current=Decimal(45), unit="tickets"),
        "state": "open",
        "status": "delayed",
        "progress": 0.5,
        "own_progress": 0.5,
        "agreement": AgreementAnswer(state="proposed", agreed_version=None, owner_at=now, manager_at=None),
        "outcome": None,
        "score": None,
        "last_check_in_on": TODAY,
        "next_check_in_on": TODAY + timedelta(days=7),
        "external_ref": ExternalRefAnswer(system="jira", id="17", url="https://jira.example/17"),
        "erased": [],
    }
    moved = {"created_at": now, "created_by": "ana", "updated_at": now, "updated_by": "ana"}
    given = {name: getattr(fact, name) for name in fact.__struct_fields__ if name != "draft"}
    assert found == found | given | derived | moved
    assert found.keys() == {*given, *derived, *moved, "hints", "allowed_actions"}


async def test_an_answer_after_a_command_is_as_it_was_then_but_for_what_moves(here: Company) -> None:
    outcome = await here.state("g1", _whole(), GoalPublished())
    await here.state("g1", AgreementProposed(author_id="ana", part="owner", complete=False), check_in("45"))
    await here.fold()
    found = await here.queries.goal(asker("ana"), "g1")
    assert [hint.code for hint in found.hints] == ["not_aligned"]
    assert "check_in" in found.allowed_actions
    assert "edit" in found.allowed_actions
    assert "edit" not in (await here.queries.goal(asker("oli"), "g1")).allowed_actions
    after = await here.queries.goal_after(asker("ana"), outcome)
    assert (after.version, after.state, after.agreement.state) == (2, "open", "none")
    # Derived fields are as now.
    assert (after.progress, after.status) == (0.5, "delayed")


async def test_while_the_rows_are_late_a_goal_reads_as_not_started(here: Company) -> None:
    outcome = await here.state("g1", measured(check_in_every="month"))
    found = await here.queries.goal_after(asker("ana"), outcome)
    assert (found.status, found.progress, found.own_progress, found.next_check_in_on) == (
        "not_started",
        0.0,
        0.0,
        date(2026, 7, 15),
    )
    with pytest.raises(GoalNotFound):
        await here.queries.goal(asker("ana"), "g1")
    goal = goal_of(node("g2", "ana"))
    await here.people.write([Put(TENANT, RowKey(GOALS, "g2"), goal)])
    assert (await here.queries.goal(asker("oli"), "g2")).status == "not_started"


async def test_a_closed_goal_is_done_with_its_score(here: Company) -> None:
    closed = GoalClosed(author_id="ana", score=Decimal("0.8"), judged=Decimal("0.8"), outcome="partly")
    outcome = await here.state("g1", measured(check_in_every="week"), check_in("45"), closed)
    for _ in range(2):
        found = await here.queries.goal_after(asker("ana"), outcome)
        assert (found.state, found.status, found.progress, found.outcome) == ("closed", "done", 0.8, "partly")
        assert (found.score, found.next_check_in_on, found.hints) == (Decimal("0.8"), None, [])
        await here.fold()


async def test_hints_name_what_is_missing(here: Company) -> None:
    await here.state("top", created("lead", period=Period(start=QUARTER.start, end=TODAY - timedelta(days=1))))
    for number in range(2):
        await here.state(f"kr{number}", measured(parent_id="top", alignment="accepted"))
    await here.state("bare", created("ana", kind="key_result", progress_driver="manual"))
    await here.state("plan", created("lead"))
    await here.state("part", measured(kind="objective", parent_id="plan", alignment="accepted"))
    await here.fold()

    async def codes(goal: str) -> set[str]:
        return {hint.code for hint in (await here.queries.goal(asker("ana"), goal)).hints}

    assert await codes("top") == {"fewer_than_three_key_results", "period_over"}
    assert await codes("kr0") == set()
    # Its progress comes from below, though from no key result.
    assert await codes("plan") == {"objective_without_key_results"}
    assert await codes("bare") == {"goal_without_measure", "not_aligned"}


async def test_a_list_shows_no_goal_that_was_hidden_since_the_tree_was_written(here: Company) -> None:
    await here.state("g1", created("ana", "Open"))
    await here.fold()
    assert [one.title for one in (await here.queries.goals(asker("oli"), Search()))[0]] == ["Open"]
    await here.state("g1", changed("ana", "Secret", "title", "visibility", visibility="private"))
    stale: Any = await here.queries.row(TENANT, NODES, "g1")
    await here.fold()
    await here.people.put(NODES, stale, "g1")
    assert await here.queries.goals(asker("oli"), Search()) == ([], None)
    assert [one.title for one in (await here.queries.goals(asker("ana"), Search()))[0]] == ["Secret"]


def test_every_answer_has_a_schema() -> None:
    _, components = msgspec.json.schema_components(ANSWERS, ref_template="#/{name}")
    resources = ("GoalAnswer", "CheckInAnswer", "MilestoneAnswer", "CommentAnswer", "FollowerAnswer", "SupportAnswer")
    for name in resources:
        assert {
            "id",
            "version",
            "created_at",
            "created_by",
            "updated_at",
            "updated_by",
            "allowed_actions",
        } <= components[name]["properties"].keys()
