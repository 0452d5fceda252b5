"""A tree of four levels worked out by hand: every number the same for everybody, what hangs there only for some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from tests.journeys.company import tree
from tests.journeys.team import Goal, Team, change, check_in, day, look, read, refused, step

Goals = Mapping[str, Goal]
STATUSES = ("not_started", "on_track", "delayed", "off_track", "done")


@pytest.fixture(scope="module")
def goals(team: Team) -> Goals:
    """By title. Maya's company has three parts; of what its service does some is for few eyes only."""
    found: dict[str, Goal] = {}

    def hang(title: str, owner: str, under: str | None, kind: str = "objective", **fields: Any) -> None:
        parent = found[under]["id"] if under is not None else None
        found[title] = team.goal(team.maya, owner, title=title, kind=kind, parent_id=parent, **fields)

    def counted(target: int) -> dict[str, Any]:
        return {"start": 0, "target": target, "unit": "pieces"}

    hang("company", "maya", None)
    hang("service", "sam", "company", weight=2, progress_driver="key_results")
    hang("sales", "kim", "company", progress_driver="manual")
    hang("product", "kim", "company", metric=counted(10))
    hang("rating", "sam", "service", "key_result", metric=counted(8))
    hang("calls", "kim", "service", "key_result", metric=counted(4), weight=3, clamp=False)
    hang("routing", "sam", "service", weight=5, progress_driver="children", visibility="private")
    hang("secret", "sam", "service", visibility="private")
    hang("automation", "sam", "routing", weight=2, metric=counted(4), visibility="team")
    hang("training", "kim", "routing", progress_driver="manual", visibility="public")
    hang("rules", "sam", "routing", "key_result", metric=counted(2), weight=7)
    hang("deals", "kim", "sales", "key_result", metric=counted(6))
    hang("launch", "kim", "product", "key_result", metric=counted(3))
    hang("one day", "sam", "company", "key_result", metric=counted(1), draft=True)
    for title, status, said in (
        ("automation", "on_track", {"value": 3}),
        ("training", "delayed", {"progress": 0.5}),
        ("rules", "off_track", {"value": 2}),
        ("rating", "on_track", {"value": 2}),
        ("calls", "on_track", {"value": 6}),
        ("sales", "delayed", {"progress": 0.25}),
        ("deals", "on_track", {"value": 6}),
        ("product", "on_track", {"value": 5}),
    ):
        check_in(team.maya, found[title], status, **said)
    return found


def nodes(by: httpx2.Client, goals: Goals, **query: Any) -> dict[str, Mapping[str, Any]]:
    """The company's tree by title, as somebody sees it."""
    titles = {goal["id"]: title for title, goal in goals.items()}
    return {titles[id]: node for id, node in tree(by, root_id=goals["company"]["id"], **query).items()}


# --- the numbers ------------------------------------------------------------------------------------------------

PROGRESS = {
    "automation": 3 / 4,
    "training": 0.5,
    "rules": 2 / 2,
    # Takes what is no key result.
    "routing": (2 * 0.75 + 1 * 0.5) / 3,
    "rating": 2 / 8,
    # Beyond its target, and says so.
    "calls": 6 / 4,
    "secret": 0,
    # Takes its key results, which are (1 * 0.25 + 3 * 1.5) / 4 = 1.1875, and shows no more than the whole.
    "service": 1,
    # Says itself how far it is, whatever hangs below.
    "deals": 1,
    "sales": 0.25,
    # Follows its own metric.
    "launch": 0,
    "product": 5 / 10,
    "one day": 0,
    "company": (2 * 1 + 1 * 0.25 + 1 * 0.5) / 4,
}
STANDING = {
    # not started, on track, delayed, off track, done; the worst; leaves; children
    "routing": ((1, 1, 1, 1, 0), "off_track", 3, 3),
    "service": ((3, 3, 1, 1, 0), "off_track", 6, 4),
    "sales": ((0, 1, 1, 0, 0), "delayed", 1, 1),
    "product": ((1, 1, 0, 0, 0), "on_track", 1, 1),
    "company": ((5, 5, 2, 1, 0), "off_track", 8, 4),
    "training": ((0, 0, 1, 0, 0), "delayed", 1, 0),
    "secret": ((1, 0, 0, 0, 0), "not_started", 1, 0),
}


def test_every_number_is_what_a_sheet_of_paper_says(team: Team, goals: Goals) -> None:
    found = nodes(team.maya, goals)
    assert {title: node["progress"] for title, node in found.items()} == PROGRESS
    for title, (counts, worst, leaves, children) in STANDING.items():
        node = found[title]
        assert node["status_counts"] == dict(zip(STATUSES, counts, strict=True)), title
        assert (node["worst_status"], node["leaf_count"], node["child_count"]) == (worst, leaves, children), title
        assert node["hidden_count"] == 0
    assert found["calls"]["own_progress"] == found["calls"]["progress"] == 1.5
    assert (found["service"]["own_progress"], found["product"]["own_progress"]) == (None, 0.5)
    assert found["one day"]["state"] == "draft"
    # Each stands by itself as it stands in the tree, and today as now.
    for title, node in found.items():
        assert look(team.maya, goals[title], "rollup") == node
        assert look(team.maya, goals[title])["progress"] == node["progress"]
    assert nodes(team.maya, goals, as_of=day()) == found


def test_levels_are_counted_from_the_root(team: Team, goals: Goals) -> None:
    for depth, titles in enumerate(
        (
            {"company"},
            {"service", "sales", "product", "one day"},
            {"rating", "calls", "routing", "secret", "deals", "launch"},
            {"automation", "training", "rules"},
            set(),
        )
    ):
        found = nodes(team.maya, goals, depth=depth)
        assert set(found) - (set(nodes(team.maya, goals, depth=depth - 1)) if depth else set()) == titles
        assert found["company"]["progress"] == PROGRESS["company"]
    below = tree(team.maya, root_id=goals["routing"]["id"], depth=1)
    assert len(below) == 4
    for wrong in ("-1", "21", "x"):
        refused(team.maya.get(f"/goals/tree?depth={wrong}"), 422, "invalid_parameter")


def test_other_drivers_clamps_and_weights_change_the_number_by_hand(team: Team, goals: Goals) -> None:
    def company_with(title: str, **fields: Any) -> float:
        """The company's number with a goal changed, which is then changed back."""
        before = look(team.maya, goals[title])
        change(team.maya, goals[title], **fields)
        found: float = look(team.maya, goals["company"], "rollup")["progress"]
        change(team.maya, goals[title], **{name: before[name] for name in fields})
        assert look(team.maya, goals["company"], "rollup")["progress"] == PROGRESS["company"]
        return found

    assert company_with("service", clamp=False) == (2 * 1.1875 + 0.25 + 0.5) / 4
    assert company_with("service", weight=0) == (0.25 + 0.5) / 2
    assert company_with("service", progress_driver="children") == pytest.approx(
        (2 * (5 * (2 / 3) + 1 * 0) / 6 + 0.75) / 4, abs=1e-15
    )
    assert company_with("service", progress_driver="all") == pytest.approx(
        (2 * (1 * 0.25 + 3 * 1.5 + 5 * (2 / 3) + 1 * 0) / 10 + 0.75) / 4, abs=1e-15
    )
    assert company_with("calls", clamp=True) == (2 * (0.25 + 3 * 1) / 4 + 0.75) / 4
    assert company_with("sales", progress_driver="all") == (2 * 1 + 1 + 0.5) / 4
    assert company_with("product", metric={"start": 0, "target": 5, "unit": "pieces"}) == (2 * 1 + 0.25 + 1) / 4
    # A goal to which nothing comes up says itself how far it is, and that is nothing yet.
    assert company_with("company", progress_driver="key_results") == 0


# --- who sees what of it ----------------------------------------------------------------------------------------


def test_who_may_not_see_the_middle_sees_where_it_is_and_every_number_the_same(team: Team, goals: Goals) -> None:
    found = nodes(team.alex, goals)
    hidden = {"secret", "automation", "rules"}
    assert set(found) == set(goals) - hidden
    routing = found.pop("routing")
    # Something that Alex may see hangs below it.
    assert routing == {"id": goals["routing"]["id"], "parent_id": goals["service"]["id"], "restricted": True}
    assert found["training"]["parent_id"] == goals["routing"]["id"]
    assert (found["service"]["hidden_count"], found["company"]["hidden_count"]) == (1, 0)
    whole = nodes(team.maya, goals)
    for title, node in found.items():
        same = {name: value for name, value in node.items() if name not in ("hidden_count", "caused_by")}
        assert same == {name: whole[title][name] for name in same}
    for at in ("", "/rollup", "/impact", "/trend", "/history", "/check-ins"):
        refused(team.alex.get(f"/goals/{goals['routing']['id']}{at}"), 404, "goal_not_found")
    refused(team.alex.get("/goals/tree", params={"root_id": goals["routing"]["id"]}), 404, "goal_not_found")
    assert [look(team.alex, goals["service"], "rollup")[name] for name in ("leaf_count", "hidden_count")] == [6, 1]


def test_a_peer_sees_more_than_a_stranger_and_less_than_the_manager(team: Team, goals: Goals) -> None:
    found = nodes(team.kim, goals)
    assert set(goals) - set(found) == {"secret", "rules"}
    assert found["routing"]["restricted"]
    assert found["service"]["hidden_count"] == 1
    assert set(nodes(team.sam, goals)) == set(goals)
    # A level that is not shown is counted nevertheless.
    assert nodes(team.kim, goals, depth=1)["service"]["hidden_count"] == 1


def test_impact_leaves_out_what_one_may_not_see_and_counts_it(team: Team, goals: Goals) -> None:
    def impact(by: httpx2.Client, title: str) -> dict[str, tuple[float, float, bool]]:
        titles = {goal["id"]: name for name, goal in goals.items()}
        found = look(by, goals[title], "impact")["items"]
        return {titles[one["goal_id"]]: (one["weight"], one["points"], one["counts"]) for one in found}

    assert impact(team.alex, "rating") == {
        "service": (1 / 4, 1 / 4 * 0.25, True),
        "company": (1 / 4 * 2 / 4, 1 / 4 * 2 / 4 * 0.25, True),
    }
    # Its number ends at the routing: the service takes key results only.
    assert impact(team.alex, "training") == {"service": (0, 0, False), "company": (0, 0, False)}
    assert impact(team.maya, "training")["routing"] == (1 / 3, 1 / 3 * 0.5, True)
    assert impact(team.maya, "company") == {}


def test_what_moved_a_number_is_told_to_who_may_see_it(team: Team, goals: Goals) -> None:
    def cause(by: httpx2.Client) -> tuple[str, str] | None:
        found = look(by, goals["service"], "rollup")["caused_by"]
        return (found["goal_id"], found["event_type"]) if found is not None else None

    recorded = "goals.check-in-recorded.v2"
    for value in (4, 2):
        check_in(team.sam, goals["rating"], value=value)
    assert cause(team.alex) == cause(team.maya) == (goals["rating"]["id"], recorded)
    for status in ("delayed", "off_track"):
        check_in(team.sam, goals["rules"], status)
    assert (cause(team.alex), cause(team.maya)) == (None, (goals["rules"]["id"], recorded))
    # Who says the same again moves nothing.
    check_in(team.sam, goals["rating"], value=2)
    assert cause(team.maya) == (goals["rules"]["id"], recorded)


def test_a_proposal_hangs_nowhere_until_it_is_accepted(team: Team, goals: Goals) -> None:
    body = {"start": 0, "target": 2, "current": 1, "unit": "pieces"}
    asks = team.goal(team.alex, "alex", title="asks", kind="objective", metric=body, parent_id=goals["company"]["id"])
    everything = {**goals, "asks": asks}
    assert "asks" not in nodes(team.maya, everything)
    roots = {node["id"] for node in read(team.alex.get("/goals/tree?depth=0"))["nodes"]}
    assert {asks["id"], goals["company"]["id"]} <= roots
    step(team.maya, asks, "alignment", action="accept", weight=4)
    assert nodes(team.alex, everything)["company"]["progress"] == (2 * 1 + 0.25 + 0.5 + 4 * 0.5) / 8
    step(team.maya, asks, "alignment", action="detach")
    assert nodes(team.alex, everything)["company"]["progress"] == PROGRESS["company"]
