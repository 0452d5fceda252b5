"""Where goals hang: moved, proposed, accepted, declined, detached; never under themselves or what has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from libs.events.catalog.goals import (
    AlignmentAccepted,
    AlignmentDeclined,
    AlignmentDetached,
    GoalMoved,
    GoalPublished,
    TreeChanged,
)
from libs.events.errors import Conflict
from services.goals.domain import decide
from services.goals.domain.commands import Align, AlignmentAction, MoveGoal
from services.goals.domain.errors import (
    AlignmentStands,
    GoalCycle,
    GoalIsArchived,
    GoalIsCancelled,
    GoalIsClosed,
    GoalNotFound,
    NoAlignmentProposed,
    ParentIsKeyResult,
    UnknownParent,
    WeightIsTheParents,
    WellbeingHasNoParent,
)
from services.goals.domain.state import Goal
from tests.goals.facts import ARCHIVED, CANCELLED, DRAFT, FINISHED, NEW, changed, closed, created, goal, parent

ACCEPTED = created(parent_id="g-p", alignment="accepted")
PROPOSED = created(parent_id="g-p", alignment="proposed")
ENDED = [(closed(), GoalIsClosed), (CANCELLED, GoalIsCancelled), (ARCHIVED, GoalIsArchived)]
Decider = Callable[[Goal], Sequence[Any]]


def moving(
    to: Goal | str | None,
    *,
    weight: Decimal | None = None,
    ancestors: Sequence[str] = (),
    attaches: decide.Attaches | None = "accepted",
) -> Decider:
    """The decider of a command to hang the goal under a parent; a bare id is one that the asker may not know of."""
    known = to if isinstance(to, Goal) else None
    command = MoveGoal(goal_id="g-1", parent_id=known.id if known is not None else to, weight=weight)
    return lambda goal: decide.move_goal(goal, command, parent=known, ancestors=ancestors, attaches=attaches)


def aligning(action: AlignmentAction, above: Goal | None = None, weight: Decimal | None = None) -> Decider:
    """The decider of a command on the goal's place under `above`."""
    command = Align(goal_id="g-1", action=action, weight=weight)
    return lambda goal: decide.align(goal, command, above)


def moved(
    to: str | None,
    *,
    before: str | None = None,
    alignment: str = "accepted",
    weight: int = 1,
    visibility: str | None = None,
) -> GoalMoved:
    """The fact that a move leads to."""
    hung = {"parent_id": to, "previous_parent_id": before, "alignment": alignment}
    return GoalMoved(**hung, weight=Decimal(weight), visibility=visibility)


# --- moving: what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [moving(parent()), moving(None), aligning("accept"), aligning("detach")])
def test_a_goal_that_does_not_exist_hangs_nowhere(asked: Decider) -> None:
    NEW.when(asked).then_refused(GoalNotFound)


@pytest.mark.parametrize(
    "asked",
    [moving(parent()), moving(None), aligning("accept", parent()), aligning("decline"), aligning("detach")],
)
@pytest.mark.parametrize("ended", FINISHED)
def test_what_has_ended_stays_where_it_hangs(ended: str, asked: Decider) -> None:
    history, refusal = FINISHED[ended]
    NEW.given(*history).when(asked).then_refused(refusal)


def test_nothing_is_moved_under_what_the_asker_may_not_know_of() -> None:
    NEW.given(created()).when(moving("g-p")).then_refused(UnknownParent)
    command = MoveGoal(goal_id="g-1", parent_id="g-p")
    NEW.given(created()).when(lambda goal: decide.move_goal(goal, command, parent=Goal())).then_refused(UnknownParent)


def test_nothing_is_moved_under_a_key_result() -> None:
    NEW.given(created()).when(moving(parent(kind="key_result"))).then_refused(ParentIsKeyResult)


def test_wellbeing_is_moved_under_nothing() -> None:
    NEW.given(created(focus="wellbeing")).when(moving(parent())).then_refused(WellbeingHasNoParent)


@pytest.mark.parametrize(("ended", "refusal"), ENDED)
def test_nothing_is_moved_under_what_has_ended(ended: Any, refusal: type[Conflict]) -> None:
    refused = NEW.given(created()).when(moving(parent(ended))).then_refused(refusal)
    assert "parent" in refused.message


@pytest.mark.parametrize("attaches", ["accepted", "proposed"])
@pytest.mark.parametrize("ancestors", [["g-1"], ["g-2", "g-1", "g-0"]])
def test_a_goal_does_not_hang_under_what_hangs_under_it(ancestors: list[str], attaches: decide.Attaches) -> None:
    asked = moving(parent(), ancestors=ancestors, attaches=attaches)
    refused = NEW.given(created()).when(asked).then_refused(GoalCycle)
    assert (refused.kind, refused.code) == ("conflict", "goal_cycle")


def test_a_goal_does_not_hang_under_itself() -> None:
    NEW.given(created()).when(moving(goal(created()))).then_refused(GoalCycle)
    NEW.given(created()).when(moving(goal(created(), closed()))).then_refused(GoalCycle)


def test_a_circle_is_told_before_the_end_of_the_parent() -> None:
    NEW.given(created()).when(moving(parent(closed()), ancestors=["g-1"])).then_refused(GoalCycle)


def test_where_it_counts_only_who_edits_the_parent_weighs_it() -> None:
    asked = moving(parent(), weight=Decimal(2), attaches="proposed")
    NEW.given(ACCEPTED).when(asked).then_refused(WeightIsTheParents)


# --- moving: what follows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("attaches", ["accepted", "proposed"])
@pytest.mark.parametrize("before", [created(), DRAFT])
@pytest.mark.parametrize("above", [parent(), parent(draft=True)])
def test_a_goal_is_accepted_by_who_edits_the_parent_and_else_proposed(
    above: Goal, before: Any, attaches: decide.Attaches
) -> None:
    NEW.given(before).when(moving(above, attaches=attaches)).then(moved("g-p", alignment=attaches))


def test_a_key_result_moves_like_any_goal_and_is_seen_as_its_new_parent_is() -> None:
    before = created(kind="key_result", parent_id="g-0", alignment="accepted", visibility="team")
    seen = moved("g-p", before="g-0", visibility="private")
    NEW.given(before).when(moving(parent(visibility="private"))).then(seen)
    # Weighed in place, nothing new is said of who sees it.
    weighed = moving(parent(visibility="private"), weight=Decimal(2))
    NEW.given(before, seen).when(weighed).then(moved("g-p", before="g-p", weight=2))


def test_a_goal_takes_its_weight_along_unless_it_gets_another() -> None:
    before = created(weight=Decimal(3), parent_id="g-0", alignment="accepted")
    NEW.given(before).when(moving(parent())).then(moved("g-p", before="g-0", weight=3))
    NEW.given(before).when(moving(parent(), weight=Decimal(0))).then(moved("g-p", before="g-0", weight=0))


@pytest.mark.parametrize("before", [ACCEPTED, PROPOSED])
def test_a_goal_becomes_a_root_again(before: Any) -> None:
    NEW.given(before).when(moving(None)).then(moved(None, before="g-p", alignment="none"))


def test_nothing_follows_where_it_hangs_already() -> None:
    NEW.given(created()).when(moving(None)).then()
    NEW.given(ACCEPTED).when(moving(parent())).then()
    NEW.given(ACCEPTED).when(moving(parent(), attaches="proposed", weight=Decimal("1.0"))).then()
    NEW.given(ACCEPTED).when(moving(parent(closed()))).then()
    NEW.given(PROPOSED).when(moving(parent(), attaches="proposed")).then()


def test_who_edits_the_parent_accepts_or_weighs_by_moving_it_there() -> None:
    NEW.given(PROPOSED).when(moving(parent())).then(moved("g-p", before="g-p"))
    NEW.given(ACCEPTED).when(moving(parent(), weight=Decimal(2))).then(moved("g-p", before="g-p", weight=2))


@pytest.mark.parametrize(("ended", "refusal"), ENDED)
@pytest.mark.parametrize(
    ("before", "attaches", "weight"),
    [(PROPOSED, "accepted", None), (ACCEPTED, "accepted", 2), (PROPOSED, "proposed", 2)],
)
def test_under_what_has_ended_nothing_is_accepted_or_weighed_by_moving_it_there(
    ended: Any, refusal: type[Conflict], before: Any, attaches: decide.Attaches, weight: int | None
) -> None:
    asked = moving(parent(ended), attaches=attaches, weight=Decimal(weight) if weight is not None else None)
    refused = NEW.given(before).when(asked).then_refused(refusal)
    assert "parent" in refused.message


def test_a_proposal_is_weighed_by_who_makes_it() -> None:
    asked = moving(parent(), weight=Decimal(2), attaches="proposed")
    NEW.given(PROPOSED).when(asked).then(moved("g-p", before="g-p", alignment="proposed", weight=2))


@pytest.mark.parametrize("before", [created(), created(parent_id="g-0", alignment="accepted")])
def test_the_guard_of_the_tree_hears_of_every_new_edge(before: Any) -> None:
    command = MoveGoal(goal_id="g-1", parent_id="g-p")
    assert decide.change_tree(goal(before), command) == (TreeChanged(goal_id="g-1", parent_id="g-p"),)


def test_the_guard_hears_of_nothing_else() -> None:
    there, away = MoveGoal(goal_id="g-1", parent_id="g-p", weight=Decimal(2)), MoveGoal(goal_id="g-1", parent_id=None)
    assert decide.change_tree(goal(PROPOSED), there) == ()
    assert decide.change_tree(goal(ACCEPTED), away) == ()


# --- aligning ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["accept", "decline"])
def test_where_nothing_was_proposed_nothing_is_decided(action: AlignmentAction) -> None:
    NEW.given(created()).when(aligning(action, parent())).then_refused(NoAlignmentProposed)


def test_what_counts_is_detached_and_not_declined() -> None:
    NEW.given(ACCEPTED).when(aligning("decline")).then_refused(AlignmentStands)
    NEW.given(ACCEPTED).when(aligning("detach")).then(AlignmentDetached(parent_id="g-p"))


@pytest.mark.parametrize(("ended", "refusal"), ENDED)
def test_a_parent_that_has_ended_accepts_nothing_but_lets_go(ended: Any, refusal: type[Conflict]) -> None:
    NEW.given(PROPOSED).when(aligning("accept", parent(ended))).then_refused(refusal)
    NEW.given(PROPOSED).when(aligning("decline", parent(ended))).then(AlignmentDeclined(parent_id="g-p"))
    NEW.given(ACCEPTED).when(aligning("detach", parent(ended))).then(AlignmentDetached(parent_id="g-p"))


LEFT = [
    (parent(visibility="private"), "private"),
    (parent(visibility="team"), "team"),
    (parent(visibility="public"), "team"),
    (parent(changed("visibility", visibility="private"), visibility="public"), "private"),
    (parent(closed(), visibility="private"), "private"),
    (None, "private"),
]


@pytest.mark.parametrize(("above", "seen"), LEFT)
@pytest.mark.parametrize("own", ["public", "private"])
def test_leaving_its_parent_shows_a_key_result_to_nobody_new(above: Goal | None, seen: str, own: str) -> None:
    under = {"kind": "key_result", "parent_id": "g-p", "visibility": own}
    accepted, proposed = created(**under, alignment="accepted"), created(**under, alignment="proposed")
    detached = AlignmentDetached(parent_id="g-p", visibility=seen)
    NEW.given(accepted).when(aligning("detach", above)).then(detached)
    NEW.given(proposed).when(aligning("detach", above)).then(detached)
    NEW.given(proposed).when(aligning("decline", above)).then(AlignmentDeclined(parent_id="g-p", visibility=seen))
    away = MoveGoal(goal_id="g-1", parent_id=None)
    alone = moved(None, before="g-p", alignment="none", visibility=seen)
    NEW.given(accepted).when(lambda goal: decide.move_goal(goal, away, parent=above)).then(alone)


@pytest.mark.parametrize("own", ["public", "team", "private"])
def test_a_key_result_of_its_own_is_weighed_and_seen_as_before(own: str) -> None:
    alone = created(kind="key_result", visibility=own)
    weighed = moved(None, alignment="none", weight=2, visibility=own)
    NEW.given(alone).when(moving(None, weight=Decimal(2))).then(weighed)


def test_accepting_gives_the_weight_that_was_proposed_or_another() -> None:
    asked, given = aligning("accept", parent()), aligning("accept", parent(), Decimal(0))
    NEW.given(PROPOSED).when(asked).then(AlignmentAccepted(parent_id="g-p", weight=Decimal(1)))
    NEW.given(PROPOSED).when(given).then(AlignmentAccepted(parent_id="g-p", weight=Decimal(0)))


def test_accepting_twice_changes_the_weight_at_most() -> None:
    NEW.given(ACCEPTED).when(aligning("accept", parent())).then()
    NEW.given(ACCEPTED).when(aligning("accept", parent(closed()), Decimal(1))).then()
    weighed = AlignmentAccepted(parent_id="g-p", weight=Decimal(2))
    NEW.given(ACCEPTED).when(aligning("accept", parent(), Decimal(2))).then(weighed)


def test_a_proposal_is_taken_back_by_detaching_and_a_root_is_detached_already() -> None:
    NEW.given(PROPOSED).when(aligning("detach")).then(AlignmentDetached(parent_id="g-p"))
    NEW.given(created()).when(aligning("detach")).then()


@pytest.mark.parametrize("last", [AlignmentDeclined(parent_id="g-p"), AlignmentDetached(parent_id="g-p")])
def test_declined_or_detached_a_goal_is_a_root_again(last: Any) -> None:
    NEW.given(PROPOSED, last).when(aligning("detach")).then()
    NEW.given(PROPOSED, last).when(moving(parent(), attaches="proposed")).then(moved("g-p", alignment="proposed"))


def test_a_draft_is_aligned_like_an_open_goal() -> None:
    draft = created(draft=True, parent_id="g-p", alignment="proposed")
    accepted = AlignmentAccepted(parent_id="g-p", weight=Decimal(1))
    NEW.given(draft).when(aligning("accept", parent())).then(accepted)
    NEW.given(draft, accepted, GoalPublished()).when(aligning("accept", parent())).then()
