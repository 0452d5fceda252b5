"""Rights on goals with real streams, rows and people: who sees, does and is offered what."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from libs.events.errors import Forbidden
from services.goals.domain.errors import GoalNotFound
from services.goals.domain.state import Goal
from services.goals.policy import POLICY
from services.goals.read_models import NODES
from tests.access.goal_streams import EVERYBODY, Goals
from tests.access.organisation import TODAY, asker


async def who_may(here: Goals, goal: Goal, action: str = "goal.read") -> list[str]:
    """Those who may do this; what they may not see is not there, for lists and for one alone alike."""
    found = []
    for person in EVERYBODY:
        in_list = goal.id in await here.rights.judge(asker(person), [here.nodes[goal.id]])
        try:
            await here.rights.check(asker(person), goal, action)
        except GoalNotFound:
            assert not in_list
            with pytest.raises(GoalNotFound):
                await here.rights.see(asker(person), goal)
            continue
        except Forbidden:
            assert in_list
            continue
        assert in_list
        found.append(person)
    return found


# --- the unhappy path first -------------------------------------------------------------------------------------


async def test_what_does_not_exist_is_not_found_by_anybody(here: Goals) -> None:
    for action in POLICY.actions:
        with pytest.raises(GoalNotFound):
            await here.rights.check(asker("ceo"), Goal(), action)
    with pytest.raises(GoalNotFound):
        await here.rights.see(asker("ceo"), Goal())


async def test_what_one_may_not_see_is_not_there_and_what_one_may_not_do_is_forbidden(here: Goals) -> None:
    private = await here.set("private", "ana", visibility="private")
    public = await here.set("public", "ana")
    for action in POLICY.actions:
        with pytest.raises(GoalNotFound):
            await here.rights.check(asker("head"), private, action, author_id="head")
    with pytest.raises(Forbidden):
        await here.rights.check(asker("kim"), public, "goal.edit")
    with pytest.raises(Forbidden):
        await here.rights.check(asker("ana"), public, "comment.change", author_id="kim")
    with pytest.raises(Forbidden):
        await here.rights.check(asker("ana"), public, "goal.align")


async def test_only_the_author_changes_what_they_wrote(here: Goals) -> None:
    goal = await here.set("goal", "ana")
    assert "author" in await here.rights.check(asker("kim"), goal, "comment.change", author_id="kim")
    with pytest.raises(Forbidden):
        await here.rights.check(asker("ana"), goal, "check_in.correct", author_id=None)


# --- who sees and edits -----------------------------------------------------------------------------------------


async def test_who_sees_goals_of_each_visibility(here: Goals) -> None:
    seen = {
        visibility: await who_may(
            here, await here.set(visibility, "ana", visibility=visibility, contributor_ids=("kim",))
        )
        for visibility in ("public", "team", "private")
    }
    assert seen == {
        "public": list(EVERYBODY),
        "team": ["ceo", "head", "lead", "ana", "ben", "kim"],
        "private": ["lead", "ana", "kim"],
    }


async def test_who_does_what_to_a_public_goal(here: Goals) -> None:
    goal = await here.set("goal", "ana", contributor_ids=("kim",))
    above = ["ceo", "head", "lead", "ana"]
    may = {action: await who_may(here, goal, action) for action in ("goal.edit", "goal.check_in", "goal.agree")}
    assert may == {"goal.edit": above, "goal.check_in": [*above, "kim"], "goal.agree": ["lead", "ana"]}


async def test_rights_are_those_of_today(here: Goals) -> None:
    goal = await here.set("goal", "ana", visibility="team")
    here.people.move("ana", "opa", TODAY)
    await here.people.fold()
    assert await who_may(here, goal, "goal.edit") == ["ceo", "ana", "opa"]
    assert await who_may(here, goal) == ["ceo", "ana", "opa", "oli", "kim"]


async def test_rights_do_not_come_back_with_what_was_planned_before_they_went(here: Goals) -> None:
    goal = await here.set("goal", "ana", visibility="private")
    here.people.unit("care")
    here.people.change("ana", TODAY + timedelta(days=10), unit_id="care")
    here.people.change("ana", TODAY, manager_id="opa")
    await here.people.fold()
    for passed in (0, 9, 1, 90):
        here.people.clock.move(timedelta(days=passed))
        assert await who_may(here, goal) == ["ana", "opa"]
        assert await who_may(here, goal, "goal.agree") == ["ana", "opa"]
    assert await here.rights.may_use_unit(asker("ana"), "care", "ana")


async def test_editors_of_the_parent_see_what_hangs_there(here: Goals) -> None:
    await here.set("parent", "oli")
    hanging = {"parent_id": "parent", "visibility": "private"}
    for alignment, above in (("proposed", ["opa", "oli"]), ("accepted", ["opa", "oli"]), ("none", [])):
        goal = await here.set(alignment, "ben", alignment=alignment, **hanging)
        assert await who_may(here, goal) == [*(["ceo"] if above else []), "lead", "ben", *above]
        assert await who_may(here, goal, "goal.align") == [*(["ceo"] if above else []), *above]
        # The chief, who leads them all, edits only what the chief sees.
        editors = [*(["ceo"] if above else []), "lead", "ben"]
        assert await who_may(here, goal, "goal.edit") == editors
        weigh = ["ceo", "opa", "oli"] if alignment == "accepted" else editors
        assert await who_may(here, goal, "goal.weigh") == weigh
        assert await who_may(here, goal, "goal.detach") == [*editors, *above]


async def test_who_may_not_see_a_parent_does_not_edit_it(here: Goals) -> None:
    parent = await here.set("parent", "oli", visibility="private")
    edits = [person for person in EVERYBODY if await here.rights.edits(asker(person), parent)]
    assert edits == ["opa", "oli"]
    goal = await here.set("goal", "ben", alignment="accepted", parent_id="parent", visibility="private")
    assert await who_may(here, goal) == ["lead", "ben", "opa", "oli"]


async def test_a_key_result_is_seen_by_whom_its_parents_visibility_says(here: Goals) -> None:
    for visibility in ("public", "team", "private"):
        await here.set(visibility, "oli", visibility=visibility)
        for alignment in ("proposed", "accepted"):
            result = await here.set(
                f"{visibility}-{alignment}",
                "ana",
                kind="key_result",
                parent_id=visibility,
                alignment=alignment,
                # What it was set with no longer counts: the parent's does.
                visibility="private" if visibility == "public" else "public",
            )
            assert (
                await who_may(here, result)
                == {
                    "public": list(EVERYBODY),
                    "team": ["ceo", "head", "lead", "ana", "ben", "opa", "oli"],
                    "private": ["lead", "ana", "opa", "oli"],
                }[visibility]
            )
    detached = await here.set("detached", "ana", kind="key_result", visibility="private")
    assert await who_may(here, detached) == ["lead", "ana"]


async def test_a_row_that_is_not_there_yet_is_no_hindrance(here: Goals) -> None:
    await here.set("parent", "oli", visibility="private")
    result = await here.set("kr", "ana", kind="key_result", parent_id="parent", alignment="accepted")
    await here.people.remove(NODES, "parent")
    with pytest.raises(GoalNotFound):
        await here.rights.see(asker("ben"), result)
    found, _, read = await here.asked(here.rights.see(asker("opa"), result))
    assert "parent_editor" in found
    assert read == {"parent"}


# --- what is offered --------------------------------------------------------------------------------------------


async def test_allowed_actions_are_those_that_make_sense_now(here: Goals) -> None:
    await here.set("parent", "oli")
    goal = await here.set("goal", "ana", parent_id="parent", alignment="proposed")
    offered = {
        person: here.rights.allowed_actions(goal, await here.rights.see(asker(person), goal))
        for person in ("ana", "lead", "oli", "kim")
    }
    own = ["check_in", "edit", "propose", "detach", "add_milestone", "move", "transfer", "close", "cancel", "archive"]
    assert offered == {
        "ana": [*own, "comment", "follow"],
        "lead": [*own, "comment", "follow"],
        "oli": ["align", "detach", "comment", "follow"],
        "kim": ["comment", "follow"],
    }
    both = msgspec.structs.replace(goal, agreement=msgspec.structs.replace(goal.agreement, state="proposed"))
    assert "agree" in here.rights.allowed_actions(both, await here.rights.see(asker("lead"), both))
    assert "agree" not in here.rights.allowed_actions(both, await here.rights.see(asker("head"), both))


async def test_an_editor_of_both_is_offered_both(here: Goals) -> None:
    await here.set("parent", "oli")
    goal = await here.set("goal", "ana", parent_id="parent", alignment="proposed")
    for found in (
        await here.rights.see(asker("ceo"), goal),
        await here.rights.relations(asker("ceo"), goal),
        await here.rights.check(asker("ceo"), goal, "goal.read"),
        (await here.rights.judge(asker("ceo"), [here.nodes["goal"]]))["goal"],
    ):
        assert {"align", "edit"} <= set(here.rights.allowed_actions(goal, found))


async def test_an_editor_of_the_parent_is_offered_to_weigh_what_counts_there(here: Goals) -> None:
    await here.set("parent", "oli")
    goal = await here.set("goal", "ana", parent_id="parent", alignment="accepted")
    mine = await here.set("mine", "oli", parent_id="parent", alignment="accepted")
    for person, one, weighs in (("oli", goal, True), ("ceo", goal, True), ("oli", mine, True), ("ana", goal, False)):
        for found in (
            await here.rights.see(asker(person), one),
            await here.rights.relations(asker(person), one),
            (await here.rights.judge(asker(person), [here.nodes[one.id]]))[one.id],
        ):
            assert ("weigh" in here.rights.allowed_actions(one, found)) == weighs


async def test_words_are_for_those_who_work_with_the_owner(here: Goals) -> None:
    await here.set("parent", "oli")
    goal = await here.set("goal", "ana", parent_id="parent", alignment="accepted", contributor_ids=("kim",))
    reading = [
        person for person in EVERYBODY if here.rights.may_read_words(goal, await here.rights.see(asker(person), goal))
    ]
    assert reading == ["ceo", "head", "lead", "ana", "kim"]
