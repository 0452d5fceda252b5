"""Rights on any goals among any people: every way of asking says what the rules say."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.goals.domain.errors import GoalNotFound
from services.goals.domain.state import Goal
from tests.access.goal_streams import Goals, goals
from tests.access.organisation import asker

NAMES = [f"p{number}" for number in range(6)]
PEOPLE = st.sampled_from(NAMES)
GOAL = st.tuples(
    PEOPLE,
    st.lists(PEOPLE, max_size=1),
    st.sampled_from(["objective", "key_result"]),
    st.sampled_from(["public", "team", "private"]),
    st.sampled_from(["none", "proposed", "accepted"]),
    st.integers(0, 7),
)


@settings(max_examples=40)
@given(managers=st.lists(st.none() | PEOPLE, min_size=6, max_size=6), stated=st.lists(GOAL, min_size=1, max_size=8))
async def test_lists_single_goals_and_commands_agree_with_the_definition(
    managers: list[str | None], stated: list[tuple[str, list[str], str, str, str, int]]
) -> None:
    with TemporaryDirectory() as folder:
        async with goals(Path(folder)) as here:
            for name, manager in zip(NAMES, managers, strict=True):
                here.people.add(name, manager)
            await here.people.fold()
            for number, (owner, contributors, kind, visibility, alignment, under) in enumerate(stated):
                parents = [id for id, node in here.nodes.items() if node.kind != "key_result"]
                parent = parents[under % len(parents)] if parents and alignment != "none" else None
                await here.set(
                    f"g{number}",
                    owner,
                    contributor_ids=tuple(one for one in contributors if one != owner),
                    kind=kind,
                    visibility=visibility,
                    parent_id=parent,
                    alignment=alignment if parent is not None else "none",
                )
            for name in NAMES:
                await compare(here, name, dict(zip(NAMES, managers, strict=True)))


async def compare(here: Goals, name: str, managers: dict[str, str | None]) -> None:
    """What somebody sees and is offered, by every way of asking."""
    who = asker(name)
    listed = await here.rights.judge(who, list(here.nodes.values()))
    for id, goal in here.goals.items():
        assert (id in listed) == visible(here, name, goal, managers), (name, goal)
        if id not in listed:
            for ask in (here.rights.see(who, goal), here.rights.check(who, goal, "goal.read")):
                with pytest.raises(GoalNotFound):
                    await ask
            continue
        offered = here.rights.allowed_actions(goal, listed[id])
        for found in (
            await here.rights.see(who, goal),
            await here.rights.check(who, goal, "goal.read"),
            await here.rights.relations(who, goal),
            (await here.rights.judge(who, [here.nodes[id]]))[id],
        ):
            assert here.rights.allowed_actions(goal, found) == offered
            assert here.rights.may_read_words(goal, found) == here.rights.may_read_words(goal, listed[id])


def visible(here: Goals, name: str, goal: Goal, managers: dict[str, str | None]) -> bool:
    """Who sees a goal, in the words of the rules."""
    owner = goal.owner_id
    parent = here.goals.get(goal.parent_id or "")
    if name in (owner, *goal.contributor_ids) or managers[owner] == name:
        return True
    if parent is not None and edits(name, parent, managers):
        return True
    holds = parent.visibility if parent is not None and goal.kind == "key_result" else goal.visibility
    return holds == "public" or (holds == "team" and (beside(name, owner, managers) or leads(name, owner, managers)))


def edits(name: str, goal: Goal, managers: dict[str, str | None]) -> bool:
    """The owner's chain, as far up as they see the goal: a private one also where they contribute to it."""
    owner = goal.owner_id
    if name == owner or managers[owner] == name:
        return True
    return leads(name, owner, managers) and (goal.visibility != "private" or name in goal.contributor_ids)


def leads(name: str, owner: str, managers: dict[str, str | None]) -> bool:
    """In a circle a peer is a peer and nothing more."""
    chain: list[str] = []
    above = managers[owner]
    while above is not None and above not in chain:
        chain.append(above)
        above = managers[above]
    return name in chain and name != owner and (managers[owner] == name or not beside(name, owner, managers))


def beside(name: str, owner: str, managers: dict[str, str | None]) -> bool:
    return name != owner and managers[name] == managers[owner] is not None
