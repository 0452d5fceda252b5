"""Goals that go to another owner, and goals that another system's record names: what follows, what is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from libs.events.catalog.goals import GoalTransferred
from services.goals.domain import decide
from services.goals.domain.commands import TransferGoal
from services.goals.domain.errors import GoalNotFound, NotByReference
from services.goals.domain.state import GOAL, Goal
from tests.goals.facts import DRAFT, FINISHED, MEASURED, NEW, created, goal, transferred

UNDER = created(kind="key_result", parent_id="g-p", alignment="accepted", visibility="team")
Decider = Callable[[Goal], Sequence[Any]]


def transferring(to: str) -> Decider:
    """The decider of Bob's command to give the goal to another owner."""
    command = TransferGoal(goal_id="g-1", owner_id=to, reason="Ada changes teams.")
    return lambda goal: decide.transfer_goal(goal, command, "bob")


@pytest.mark.parametrize("to", ["bob", "ada"])
def test_nobody_gives_away_a_goal_that_does_not_exist(to: str) -> None:
    NEW.when(transferring(to)).then_refused(GoalNotFound)


@pytest.mark.parametrize("to", ["bob", "ada"])
@pytest.mark.parametrize("ended", FINISHED)
def test_what_has_ended_stays_with_its_owner(ended: str, to: str) -> None:
    history, refusal = FINISHED[ended]
    NEW.given(*history).when(transferring(to)).then_refused(refusal)


# --- another owner ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [created(), DRAFT])
def test_a_goal_goes_to_another_owner_with_all_that_it_is(before: Any) -> None:
    NEW.given(before).when(transferring("bob")).then(transferred("bob"))
    [fact] = transferring("bob")(goal(MEASURED))
    assert isinstance(fact, GoalTransferred)
    assert (fact.metric, fact.visibility, fact.progress_driver) == (MEASURED.metric, "team", "metric")


def test_nothing_follows_where_the_owner_stays() -> None:
    NEW.given(created()).when(transferring("ada")).then()


def test_the_new_owner_contributes_anyway() -> None:
    before = created(contributor_ids=["bob", "cy"])
    NEW.given(before).when(transferring("bob")).then(transferred("bob", contributor_ids=["cy"]))


# --- by another system's record ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fixed", "route"),
    [
        ({"owner_id": "bob"}, "/transfer"),
        ({"parent_id": "g-p"}, "/move"),
        ({"kind": "smart"}, "create another goal"),
        ({"draft": True}, "/publish"),
        ({"kind": "objective", "owner_id": "ada", "parent_id": None, "draft": True}, "/publish"),
    ],
)
def test_what_has_a_route_of_its_own_is_not_changed_by_reference(fixed: dict[str, Any], route: str) -> None:
    with pytest.raises(NotByReference) as refused:
        decide.refuse_by_reference(goal(created()), fixed)
    assert route in refused.value.message


def test_by_reference_a_goal_may_be_told_what_it_is() -> None:
    decide.refuse_by_reference(goal(created()), {})
    decide.refuse_by_reference(goal(UNDER), {"kind": "key_result", "owner_id": "ada", "parent_id": "g-p"})
    decide.refuse_by_reference(goal(DRAFT), {"draft": True})
    decide.refuse_by_reference(goal(created()), {"draft": False})
    with pytest.raises(GoalNotFound):
        decide.refuse_by_reference(GOAL.initial, {})
