"""How owner and manager agree: somebody proposes, both consent, and what matters is agreed on anew when it changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from libs.events.catalog.goals import (
    AgreementGiven,
    AgreementProposed,
    AlignmentAccepted,
    ChangesRequested,
    GoalMoved,
    Metric,
)
from services.goals.domain import decide
from services.goals.domain.commands import Agree, AgreementAction
from services.goals.domain.errors import AgreementIsTheirs, GoalNotFound, NothingProposed
from services.goals.domain.state import Goal
from tests.goals.facts import DRAFT, FINISHED, NEW, QUARTER, changed, checked_in, created, goal, transferred

PEOPLE = {"owner": "ada", "manager": "mia", "editor": "max"}
ACTIONS: tuple[AgreementAction, ...] = ("propose", "agree", "request_changes")
Decider = Callable[[Goal], Sequence[Any]]


def asking(action: AgreementAction, part: decide.Part, *, has_manager: bool = True, note: str | None = None) -> Decider:
    """The decider of somebody's step towards an agreement."""
    command = Agree(goal_id="g-1", action=action, note=note)
    return lambda goal: decide.agree(goal, command, PEOPLE[part], part=part, has_manager=has_manager)


def proposed(part: str, *, complete: bool = False, note: str | None = None) -> AgreementProposed:
    """Somebody asked both to agree."""
    return AgreementProposed(author_id=PEOPLE[part], part=part, complete=complete, note=note)


def agreed(part: str, *, complete: bool = False, note: str | None = None) -> AgreementGiven:
    """Owner or manager consented."""
    return AgreementGiven(author_id=PEOPLE[part], part=part, complete=complete, note=note)


def objected(part: str, note: str | None = None) -> ChangesRequested:
    """Owner or manager did not."""
    return ChangesRequested(author_id=PEOPLE[part], part=part, note=note)


BOTH = (created(), proposed("owner"), agreed("manager", complete=True))


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_agrees_on_a_goal_that_does_not_exist(action: AgreementAction) -> None:
    NEW.when(asking(action, "owner")).then_refused(GoalNotFound)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("ended", FINISHED)
def test_nobody_agrees_on_what_has_ended(ended: str, action: AgreementAction) -> None:
    history, refusal = FINISHED[ended]
    NEW.given(*history).when(asking(action, "owner")).then_refused(refusal)


@pytest.mark.parametrize("action", ["agree", "request_changes"])
@pytest.mark.parametrize("history", [(created(),), (created(), proposed("owner")), BOTH])
def test_only_owner_and_manager_have_a_say(history: Sequence[Any], action: AgreementAction) -> None:
    refused = NEW.given(*history).when(asking(action, "editor")).then_refused(AgreementIsTheirs)
    assert refused.kind == "forbidden"


@pytest.mark.parametrize("part", ["owner", "manager"])
@pytest.mark.parametrize("action", ["agree", "request_changes"])
@pytest.mark.parametrize("history", [(created(),), (created(), proposed("editor"), objected("owner"))])
def test_where_nothing_is_proposed_nothing_is_agreed(
    history: Sequence[Any], action: AgreementAction, part: decide.Part
) -> None:
    NEW.given(*history).when(asking(action, part)).then_refused(NothingProposed)


def test_what_is_agreed_is_changed_and_not_objected_to() -> None:
    NEW.given(*BOTH).when(asking("request_changes", "manager")).then_refused(NothingProposed)


# --- proposing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [created(), DRAFT])
@pytest.mark.parametrize("part", ["owner", "manager", "editor"])
def test_who_edits_a_goal_proposes_it(part: decide.Part, before: Any) -> None:
    NEW.given(before).when(asking("propose", part, note="As we said.")).then(proposed(part, note="As we said."))


def test_an_owner_without_manager_agrees_by_proposing() -> None:
    NEW.given(created()).when(asking("propose", "owner", has_manager=False)).then(proposed("owner", complete=True))


def test_without_manager_the_owner_is_still_asked() -> None:
    NEW.given(created()).when(asking("propose", "editor", has_manager=False)).then(proposed("editor"))
    asked = asking("agree", "owner", has_manager=False)
    NEW.given(created(), proposed("editor")).when(asked).then(agreed("owner", complete=True))


def test_after_an_objection_it_is_proposed_again_from_the_beginning() -> None:
    history = (created(), proposed("owner"), objected("manager"))
    NEW.given(*history).when(asking("propose", "manager")).then(proposed("manager"))
    NEW.given(*history, proposed("manager")).when(asking("agree", "owner")).then(agreed("owner", complete=True))


def test_to_propose_again_says_no_more_than_to_agree() -> None:
    history = (created(), proposed("owner"))
    NEW.given(*history).when(asking("propose", "owner")).then()
    NEW.given(*history).when(asking("propose", "editor")).then()
    NEW.given(*history).when(asking("propose", "manager")).then(agreed("manager", complete=True))
    NEW.given(*BOTH).when(asking("propose", "owner")).then()
    NEW.given(*BOTH).when(asking("propose", "editor")).then()


# --- agreeing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "last"), [("owner", "manager"), ("manager", "owner")])
def test_both_consent_in_any_order(first: decide.Part, last: decide.Part) -> None:
    started = NEW.given(created(), proposed("editor"))
    started.when(asking("agree", first, note="Yes.")).then(agreed(first, note="Yes."))
    started.given(agreed(first)).when(asking("agree", last)).then(agreed(last, complete=True))
    NEW.given(created(), proposed(first)).when(asking("agree", last)).then(agreed(last, complete=True))


@pytest.mark.parametrize("part", ["owner", "manager"])
def test_who_has_consented_consents_once(part: decide.Part) -> None:
    NEW.given(created(), proposed(part)).when(asking("agree", part)).then()
    NEW.given(created(), proposed("editor"), agreed(part)).when(asking("agree", part)).then()
    NEW.given(*BOTH).when(asking("agree", part)).then()


def test_an_owner_whose_manager_left_completes_it_alone() -> None:
    asked = asking("agree", "owner", has_manager=False)
    NEW.given(created(), proposed("owner")).when(asked).then(agreed("owner", complete=True))


def test_a_manager_who_came_later_may_add_a_consent() -> None:
    alone = (created(), proposed("owner", complete=True))
    NEW.given(*alone).when(asking("agree", "manager")).then(agreed("manager", complete=True))
    NEW.given(*alone).when(asking("agree", "owner")).then()


@pytest.mark.parametrize("part", ["owner", "manager"])
def test_either_asks_for_changes_while_it_is_proposed(part: decide.Part) -> None:
    asked = asking("request_changes", part, note="Less, please.")
    NEW.given(created(), proposed("owner")).when(asked).then(objected(part, "Less, please."))


# --- agreed on anew ---------------------------------------------------------------------------------------------

METRIC = Metric(start=Decimal(1), target=Decimal(5), current=Decimal(1), unit="points")
UNDER = {"parent_id": "g-p", "previous_parent_id": None, "alignment": "proposed"}
REOPENS = [
    changed(title="Far fewer"),
    changed(metric=METRIC),
    changed(period=QUARTER),
    changed(weight=Decimal(2)),
    changed("labels", "weight", labels=["a"], weight=Decimal(2)),
    transferred("bob"),
    GoalMoved(**UNDER, weight=Decimal(2)),
    AlignmentAccepted(parent_id="g-p", weight=Decimal(2)),
]
KEEPS = [
    changed(description="By March"),
    changed("contributor_ids", "visibility", visibility="team", contributor_ids=["cy"]),
    GoalMoved(**UNDER, weight=Decimal(1)),
    AlignmentAccepted(parent_id="g-p", weight=Decimal(1)),
    checked_in(),
]


@pytest.mark.parametrize("fact", REOPENS)
@pytest.mark.parametrize("history", [BOTH, BOTH[:2]])
def test_what_both_consented_to_is_proposed_anew_when_it_changes(history: Sequence[Any], fact: Any) -> None:
    agreement = goal(*history, fact).agreement
    assert (agreement.state, agreement.agreed_version) == ("proposed", None)
    assert (agreement.owner_at, agreement.manager_at) == (None, None)
    NEW.given(*history, fact).when(asking("agree", "owner")).then(agreed("owner"))


@pytest.mark.parametrize("fact", KEEPS)
def test_what_nobody_agrees_on_leaves_the_agreement_alone(fact: Any) -> None:
    assert goal(*BOTH, fact).agreement == goal(*BOTH).agreement


@pytest.mark.parametrize("history", [(created(),), (created(), proposed("owner"), objected("manager"))])
def test_where_nobody_was_asked_a_change_asks_nobody(history: Sequence[Any]) -> None:
    assert goal(*history, changed(title="Far fewer")).agreement == goal(*history).agreement


def test_the_version_that_both_agreed_to_is_kept() -> None:
    agreement = goal(*BOTH, checked_in()).agreement
    assert (agreement.state, agreement.agreed_version) == ("agreed", 3)
    assert agreement.owner_at is not None
    assert agreement.manager_at is not None
