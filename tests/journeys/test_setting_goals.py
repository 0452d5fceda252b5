"""Setting a quarter's goals together: drafts, what owner and manager agree on, what counts where, and who says so."""

from __future__ import annotations

from typing import Any

from tests.journeys.team import METRIC, Goal, Team, change, check_in, day, ids, look, progress, quarter, refused, step

OBJECTIVE = {"title": "Customers recommend us", "kind": "objective"}
HALF_WAY = {"start": 0, "target": 8, "current": 4, "unit": "tickets"}


def agreement(goal: Goal) -> tuple[str, bool, bool]:
    """The state, and whether owner and manager have said yes."""
    found: dict[str, Any] = goal["agreement"]
    return found["state"], found["owner_at"] is not None, found["manager_at"] is not None


def hints(goal: Goal) -> list[str]:
    return [hint["code"] for hint in goal["hints"]]


# --- drafts -----------------------------------------------------------------------------------------------------


def test_a_draft_is_thought_over_before_it_counts(team: Team) -> None:
    above = team.goal(team.maya, "maya", **OBJECTIVE)
    draft = team.goal(team.maya, "sam", parent_id=above["id"], metric=HALF_WAY, draft=True)
    assert (draft["state"], draft["alignment"], draft["progress"]) == ("draft", "accepted", 0.5)
    assert "publish" in draft["allowed_actions"]
    assert "check_in" not in draft["allowed_actions"]
    refused(team.sam.post(f"/goals/{draft['id']}/check-ins", json={"status": "on_track"}), 409, "goal_draft")
    refused(team.sam.post(f"/goals/{draft['id']}/close"), 409, "goal_draft")
    # It hangs there for all to see, and hands nothing up.
    node = look(team.sam, above, "rollup")
    assert (node["child_count"], node["leaf_count"], node["progress"]) == (1, 1, 0)

    draft = change(team.sam, draft, title="Half the tickets", weight=draft["weight"])
    published = step(team.sam, draft, "publish")
    assert (published["state"], published["version"]) == ("open", draft["version"] + 1)
    assert step(team.sam, draft, "publish")["version"] == published["version"]
    assert progress(team.sam, above) == [0.5]
    check_in(team.sam, draft, value=6)
    assert progress(team.sam, above) == [0.75]


# --- agreeing ---------------------------------------------------------------------------------------------------


def test_owner_and_manager_come_to_agree(team: Team) -> None:
    goal = team.goal(team.sam, "sam", metric=METRIC, period=quarter())
    path = f"/goals/{goal['id']}/agreement"
    assert agreement(goal) == ("none", False, False)
    refused(team.maya.post(path, json={"action": "agree"}), 409, "nothing_proposed")

    goal = step(team.sam, goal, "agreement", action="propose", note="As we said on Monday.")
    assert agreement(goal) == ("proposed", True, False)
    assert {"agree", "request_changes"} <= set(look(team.maya, goal)["allowed_actions"])
    refused(team.kim.post(path, json={"action": "agree"}), 403, "forbidden")
    goal = step(team.maya, goal, "agreement", action="request_changes", note="A little less.")
    assert agreement(goal) == ("changes_requested", False, False)
    refused(team.sam.post(path, json={"action": "agree"}), 409, "nothing_proposed")

    goal = change(team.sam, goal, metric={"target": 42})
    assert agreement(goal) == ("changes_requested", False, False)
    step(team.sam, goal, "agreement", action="propose")
    goal = step(team.maya, goal, "agreement", action="agree")
    assert agreement(goal) == ("agreed", True, True)
    assert goal["agreement"]["agreed_version"] == goal["version"]
    # Whoever said yes need not say it again.
    assert step(team.maya, goal, "agreement", action="agree")["version"] == goal["version"]


def test_a_later_change_reopens_what_was_agreed(team: Team) -> None:
    goal = team.goal(team.sam, "sam", metric=METRIC, period=quarter())
    for fields in (
        {"title": "Far fewer escalations"},
        {"metric": {"target": 39}},
        {"period": {"end": day(60)}},
        {"weight": 2},
    ):
        step(team.sam, goal, "agreement", action="propose")
        agreed = step(team.maya, goal, "agreement", action="agree")
        assert agreement(agreed) == ("agreed", True, True)
        beside = change(team.sam, goal, description=str(fields), labels=[next(iter(fields))])
        assert agreement(beside) == ("agreed", True, True)
        goal = change(team.sam, goal, **fields)
        assert agreement(goal) == ("proposed", False, False)
        step(team.sam, goal, "agreement", action="agree")
        goal = step(team.maya, goal, "agreement", action="request_changes")


def test_another_owner_agrees_anew_and_the_first_ones_manager_no_more(team: Team) -> None:
    goal = team.goal(team.sam, "sam", metric=METRIC)
    step(team.sam, goal, "agreement", action="propose")
    assert agreement(step(team.maya, goal, "agreement", action="agree"))[0] == "agreed"
    given = step(team.maya, goal, "transfer", owner_id=team.ids["alex"], reason="Alex knows the routing.")
    assert agreement(given) == ("proposed", False, False)
    refused(team.sam.post(f"/goals/{goal['id']}/agreement", json={"action": "agree"}), 404, "goal_not_found")
    # Alex has no manager who would have to agree too.
    assert agreement(step(team.alex, goal, "agreement", action="agree")) == ("agreed", True, False)


def test_who_leads_a_managers_manager_edits_and_proposes_but_agrees_to_nothing(team: Team) -> None:
    lee = team.joins("lee", "sam")
    goal = team.goal(lee, "lee", metric=METRIC)
    proposed = step(team.maya, goal, "agreement", action="propose")
    assert agreement(proposed) == ("proposed", False, False)
    refused(team.maya.post(f"/goals/{goal['id']}/agreement", json={"action": "agree"}), 403, "forbidden")
    assert agreement(step(team.sam, goal, "agreement", action="agree")) == ("proposed", False, True)
    assert agreement(step(lee, goal, "agreement", action="agree")) == ("agreed", True, True)


# --- aligning ---------------------------------------------------------------------------------------------------


def test_an_alignment_is_proposed_from_below_and_accepted_from_above(team: Team) -> None:
    above = team.goal(team.maya, "maya", **OBJECTIVE)
    goal = team.goal(team.sam, "sam", parent_id=above["id"], metric=HALF_WAY)
    assert (goal["parent_id"], goal["alignment"]) == (above["id"], "proposed")
    assert progress(team.sam, above) == [0]
    path = f"/goals/{goal['id']}/alignment"
    refused(team.sam.post(path, json={"action": "accept"}), 403, "forbidden")
    refused(team.maya.post(path, json={"action": "decline", "weight": 1}), 422, "invalid_value")

    goal = step(team.maya, goal, "alignment", action="accept", weight=3)
    assert (goal["alignment"], goal["weight"]) == ("accepted", 3)
    assert progress(team.sam, above) == [0.5]
    other = team.goal(team.maya, "kim", parent_id=above["id"], metric={**HALF_WAY, "current": 8})
    assert other["alignment"] == "accepted"
    assert progress(team.sam, above) == [(3 * 0.5 + 1 * 1) / 4]
    # What it counts there is for those who answer for the goal above.
    refused(team.sam.patch(f"/goals/{goal['id']}", json={"weight": 9}), 403, "forbidden")
    change(team.maya, goal, weight=1)
    assert progress(team.sam, above) == [0.75]

    refused(team.maya.post(path, json={"action": "decline"}), 409, "alignment_accepted")
    goal = step(team.sam, goal, "alignment", action="detach")
    assert (goal["parent_id"], goal["alignment"]) == (None, "none")
    assert progress(team.sam, above, goal) == [1, 0.5]
    refused(team.maya.post(path, json={"action": "accept"}), 409, "no_alignment_proposed")


def test_an_alignment_that_is_declined_leaves_a_goal_of_its_own(team: Team) -> None:
    above = team.goal(team.maya, "maya", **OBJECTIVE)
    goal = team.goal(team.alex, "alex", parent_id=above["id"], metric=HALF_WAY, kind="smart", period=quarter())
    # The one above sees what asks to count in it, also where it would not else.
    assert look(team.maya, goal)["alignment"] == "proposed"
    declined = step(team.maya, goal, "alignment", action="decline")
    assert (declined["parent_id"], declined["alignment"]) == (None, "none")
    refused(team.maya.get(f"/goals/{goal['id']}"), 404, "goal_not_found")
    assert look(team.alex, goal)["parent_id"] is None


# --- what would make a goal better ------------------------------------------------------------------------------


def test_hints_say_what_would_make_a_goal_better_and_block_nothing(team: Team) -> None:
    objective = team.goal(team.sam, "sam", **OBJECTIVE)
    assert hints(objective) == ["objective_without_key_results", "goal_without_measure", "not_aligned"]
    results = [team.goal(team.sam, "sam", parent_id=objective["id"], metric=METRIC) for _ in range(2)]
    assert hints(results[0]) == []
    assert hints(look(team.sam, objective)) == ["fewer_than_three_key_results", "not_aligned"]
    results += [team.goal(team.sam, "sam", parent_id=objective["id"], metric=METRIC) for _ in range(4)]
    assert hints(look(team.sam, objective)) == ["too_many_key_results", "not_aligned"]
    for one in results[4:]:
        step(team.sam, one, "archive")
    above = team.goal(team.maya, "maya", **OBJECTIVE)
    step(team.sam, objective, "move", parent_id=above["id"])
    assert hints(look(team.sam, objective)) == []
    late = change(team.sam, objective, period={"start": day(-90), "end": day(-1)})
    assert hints(late) == ["period_over"]
    # Nobody leads Maya, so there is nothing that her goal should hang under.
    assert "not_aligned" not in hints(look(team.maya, above))
    assert hints(step(team.sam, objective, "close", score=1)) == []


# --- who sees what a key result is a result of ------------------------------------------------------------------


def test_a_key_result_is_seen_by_those_who_see_its_objective(team: Team) -> None:
    objective = team.goal(team.sam, "sam", **OBJECTIVE, visibility="team")
    body = {"title": "Result", "kind": "key_result", "owner_id": team.ids["sam"], "parent_id": objective["id"]}
    for other in ("public", "private"):
        refused(team.sam.post("/goals", json={**body, "visibility": other}), 422, "visibility_of_parent")
    result = team.goal(team.sam, "sam", parent_id=objective["id"])
    assert result["visibility"] == "team"

    def seen() -> list[bool]:
        return [result["id"] in ids(one, "/goals", kind="key_result") for one in (team.kim, team.alex)]

    assert seen() == [True, False]
    refused(team.sam.patch(f"/goals/{result['id']}", json={"visibility": "public"}), 422, "visibility_of_parent")
    change(team.sam, objective, visibility="public")
    assert seen() == [True, True]
    assert look(team.alex, result)["visibility"] == "public"
    change(team.sam, objective, visibility="private")
    assert seen() == [False, False]
    assert look(team.sam, result)["visibility"] == "private"
    refused(team.kim.get(f"/goals/{result['id']}"), 404, "goal_not_found")
    # By itself it is shown to nobody new.
    step(team.sam, result, "alignment", action="detach")
    assert seen() == [False, False]
    assert look(team.sam, result)["visibility"] == "private"
