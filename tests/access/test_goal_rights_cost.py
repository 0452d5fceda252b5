"""What judging costs: look-ups among rows, and a parent's stream only where a command depends on it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from services.goals.domain.errors import GoalNotFound
from services.goals.read_models import NODES
from tests.access.goal_streams import EVERYBODY, Goals
from tests.access.organisation import asker

ONE_LOOK_UP = Counter({"get_many": 1})


async def test_what_one_goal_costs(here: Goals) -> None:
    await here.set("parent", "oli")
    root = await here.set("root", "ana")
    child = await here.set("child", "ana", parent_id="parent", alignment="accepted")
    cost = {
        (person, goal.id): (await here.asked(here.rights.see(asker(person), goal)))[1:]
        for person in ("ana", "lead", "kim")
        for goal in (root, child)
    }
    assert cost == {
        # Nothing for the owner of a root. What a goal hangs under is one more look-up, and its owner another.
        ("ana", "root"): (Counter(), set()),
        ("ana", "child"): (Counter({"get_many": 2}), set()),
        ("lead", "root"): (ONE_LOOK_UP, set()),
        ("kim", "root"): (ONE_LOOK_UP, set()),
        ("kim", "child"): (Counter({"get_many": 2}), set()),
        # Who leads somebody could lead the parent's owner: that takes a look at oli's manager, and at the chief.
        ("lead", "child"): (Counter({"get_many": 4}), set()),
    }


@pytest.mark.parametrize(
    ("person", "action", "streams"),
    [
        ("ana", "goal.check_in", set()),
        ("lead", "goal.edit", set()),
        ("kim", "goal.check_in", set()),
        ("ana", "goal.read", {"parent"}),
        ("oli", "goal.align", {"parent"}),
    ],
)
async def test_a_command_asks_the_parents_stream_only_where_something_depends_on_it(
    here: Goals, person: str, action: str, streams: set[str]
) -> None:
    await here.set("parent", "oli", visibility="team")
    goal = await here.set(
        "goal", "ana", kind="key_result", parent_id="parent", alignment="accepted", contributor_ids=("kim",)
    )
    found, _, read = await here.asked(here.rights.check(asker(person), goal, action))
    assert found
    assert read == streams


async def test_a_command_believes_the_stream_and_not_the_row(here: Goals) -> None:
    await here.set("parent", "oli", visibility="team")
    goal = await here.set("goal", "ana", kind="key_result", parent_id="parent", alignment="accepted")
    stale = msgspec.structs.replace(here.nodes["parent"], owner_id="kim", seen_by="public", visibility="public")
    await here.people.put(NODES, stale, "parent")
    with pytest.raises(GoalNotFound):
        await here.rights.check(asker("kim"), goal, "goal.comment")
    assert await here.rights.check(asker("oli"), goal, "goal.align")


async def test_many_goals_cost_as_much_as_one(here: Goals) -> None:
    await here.set("parent", "oli")
    for number in range(60):
        owner = EVERYBODY[number % len(EVERYBODY)]
        under: dict[str, Any] = {"parent_id": "parent", "alignment": "accepted"} if number % 2 else {}
        await here.set(f"g{number}", owner, **under)
    nodes = [here.nodes[f"g{number}"] for number in range(60)]
    seen, asked, read = await here.asked(here.rights.judge(asker("kim"), nodes))
    assert (len(seen), asked, read) == (60, Counter({"get_many": 2}), set())
    seen, asked, read = await here.asked(here.rights.judge(asker("kim"), [here.nodes["parent"], *nodes]))
    assert (len(seen), asked, read) == (61, ONE_LOOK_UP, set())
    mine = [node for node in nodes if node.owner_id == "kim"]
    seen, asked, read = await here.asked(here.rights.judge(asker("kim"), mine))
    assert (len(seen), asked, read) == (len(mine), Counter({"get_many": 2}), set())
    assert await here.rights.judge(asker("kim"), []) == {}
