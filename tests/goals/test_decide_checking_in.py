"""How goals are seen to stand: check-ins, and corrections that stand beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from libs.events.catalog.goals import CheckInCorrected, CheckInRecorded, CheckInRef, Source
from services.goals.domain import decide
from services.goals.domain.commands import CorrectCheckIn, RecordCheckIn, Reference
from services.goals.domain.errors import (
    CannotBeCleared,
    GoalNotFound,
    NothingCorrected,
    NotYourCheckIn,
    ObservedInFuture,
    ProgressWithMetric,
    ValueWithoutMetric,
)
from services.goals.domain.state import Goal
from tests.goals.facts import MEASURED, NEW, TODAY, UNTAKEN, checked_in, created

TOMORROW = date(2026, 3, 11)
WORDS: dict[str, Any] = {
    "status": "off_track",
    "confidence": Decimal("0.4"),
    "note": "slow start",
    "adjustments": "fewer meetings",
    "support_needed": "a second tester",
    "blockers": "the old export",
}
Decider = Callable[[Goal], Sequence[Any]]


def checking_in(author: str = "ada", **fields: Any) -> Decider:
    """The decider of a command to check in to the goal."""
    command = RecordCheckIn(**{"goal_id": "g-1", "status": "on_track", **fields})
    return lambda goal: decide.record_check_in(goal, command, "c-1", author, TODAY)


def correcting(recorded: CheckInRecorded | None = None, *, author: str = "ada", **changes: Any) -> Decider:
    """The decider of a command to correct a check-in that version 2 recorded; Ada's plainest unless told otherwise."""
    standing = recorded if recorded is not None else checked_in()
    command = CorrectCheckIn(goal_id="g-1", check_in_id="c-1", reason="Counted twice.", changes=changes)
    return lambda goal: decide.correct_check_in(goal, standing, 2, command, author, TODAY)


def corrected(**fields: Any) -> CheckInCorrected:
    """The fact that a correction leads to."""
    plain = {"check_in_id": "c-1", "recorded_version": 2, "author_id": "ada", "reason": "Counted twice."}
    return CheckInCorrected(**{**plain, **fields})


# --- checking in: what is refused -------------------------------------------------------------------------------


def test_nobody_checks_in_to_a_goal_that_does_not_exist() -> None:
    NEW.when(checking_in()).then_refused(GoalNotFound)
    NEW.when(checking_in(value=Decimal(1), observed_on=TOMORROW)).then_refused(GoalNotFound)
    NEW.when(correcting(status="delayed")).then_refused(GoalNotFound)


@pytest.mark.parametrize("asked", [checking_in(), checking_in(value=Decimal(1)), correcting(status="delayed")])
@pytest.mark.parametrize("state", UNTAKEN)
def test_nobody_checks_in_to_what_nobody_works_on(state: str, asked: Decider) -> None:
    history, refusal = UNTAKEN[state]
    NEW.given(*history).when(asked).then_refused(refusal)


def test_a_value_needs_something_that_is_measured() -> None:
    NEW.given(created()).when(checking_in(value=Decimal(0))).then_refused(ValueWithoutMetric)


def test_nobody_estimates_what_is_measured() -> None:
    NEW.given(MEASURED).when(checking_in(progress=Decimal(0))).then_refused(ProgressWithMetric)
    NEW.given(MEASURED).when(checking_in(progress=Decimal("0.5"), value=Decimal(1))).then_refused(ProgressWithMetric)


def test_nobody_observes_the_future() -> None:
    NEW.given(created()).when(checking_in(observed_on=TOMORROW)).then_refused(ObservedInFuture)


# --- checking in: what follows ----------------------------------------------------------------------------------


def test_a_check_in_without_number_or_day_is_about_today() -> None:
    NEW.given(created()).when(checking_in()).then(checked_in())
    NEW.given(MEASURED).when(checking_in()).then(checked_in())


def test_a_measured_goal_takes_a_value_and_any_other_a_progress() -> None:
    NEW.given(MEASURED).when(checking_in(value=Decimal(0))).then(checked_in(value=Decimal(0)))
    NEW.given(created()).when(checking_in(progress=Decimal(0))).then(checked_in(progress=Decimal(0)))


@pytest.mark.parametrize("day", [TODAY, date(2026, 3, 9), date(2020, 1, 1)])
def test_a_check_in_is_about_today_or_a_day_before(day: date) -> None:
    NEW.given(created()).when(checking_in(observed_on=day)).then(checked_in(observed_on=day))


def test_a_check_in_is_stated_as_it_was_said_by_who_said_it() -> None:
    source = Source(system="tracker", url="tracker:4711")
    reference = CheckInRef(system="tracker", id="4711", url="https://tracker.example.org/4711")
    asked = checking_in(
        author="bob",
        progress=Decimal("0.25"),
        source=("tracker", "tracker:4711"),
        external_ref=Reference("tracker", "4711", "https://tracker.example.org/4711"),
        **WORDS,
    )
    stated = checked_in(author_id="bob", progress=Decimal("0.25"), source=source, external_ref=reference, **WORDS)
    NEW.given(created()).when(asked).then(stated)
    bare = checking_in(source=("tracker", None))
    NEW.given(created()).when(bare).then(checked_in(source=Source(system="tracker")))


def test_a_goal_takes_one_check_in_after_the_other() -> None:
    before = [checked_in(check_in_id=f"c-{number}", value=Decimal(50 - number)) for number in range(3)]
    NEW.given(MEASURED, *before).when(checking_in(value=Decimal(44))).then(checked_in(value=Decimal(44)))


def test_deciders_are_pure() -> None:
    goal = NEW.given(MEASURED).state
    assert goal is not None
    before = msgspec.json.encode(goal)
    decider = checking_in(value=Decimal(45))
    assert decider(goal) == decider(goal)
    assert msgspec.json.encode(goal) == before


# --- correcting: what is refused --------------------------------------------------------------------------------


def test_nobody_corrects_what_another_said() -> None:
    refused = NEW.given(created(), checked_in()).when(correcting(author="bob", status="delayed"))
    assert refused.then_refused(NotYourCheckIn).kind == "forbidden"
    theirs = correcting(checked_in(author_id="bob"), status="delayed")
    NEW.given(created(), checked_in(author_id="bob")).when(theirs).then_refused(NotYourCheckIn)


def test_a_correction_says_something() -> None:
    NEW.given(created(), checked_in()).when(correcting()).then_refused(NothingCorrected)


@pytest.mark.parametrize("name", ["status", "observed_on"])
def test_a_check_in_keeps_a_status_and_a_day(name: str) -> None:
    refused = NEW.given(created(), checked_in()).when(correcting(**{name: None})).then_refused(CannotBeCleared)
    assert name in refused.message


def test_a_corrected_check_in_keeps_the_rules_of_a_new_one() -> None:
    plain, measured = NEW.given(created(), checked_in()), NEW.given(MEASURED, checked_in())
    plain.when(correcting(observed_on=TOMORROW)).then_refused(ObservedInFuture)
    plain.when(correcting(value=Decimal(1))).then_refused(ValueWithoutMetric)
    measured.when(correcting(progress=Decimal(0))).then_refused(ProgressWithMetric)
    measured.when(correcting(progress=Decimal(1), value=Decimal(1))).then_refused(ProgressWithMetric)


# --- correcting: what follows -----------------------------------------------------------------------------------


def test_a_correction_says_what_differs_and_which_fact_it_corrects() -> None:
    recorded = checked_in(value=Decimal(48), note="slow start")
    asked = correcting(recorded, value=Decimal(45), status="delayed", observed_on=date(2026, 3, 9))
    NEW.given(MEASURED, recorded).when(asked).then(
        corrected(value=Decimal(45), status="delayed", observed_on=date(2026, 3, 9))
    )


def test_what_a_correction_clears_is_named() -> None:
    recorded = checked_in(value=Decimal(48), note="slow start")
    asked = correcting(recorded, value=None, note=None, source=None, blockers="none any more")
    NEW.given(MEASURED, recorded).when(asked).then(
        corrected(blockers="none any more", cleared=["value", "note", "source"])
    )


def test_every_field_is_corrected_as_it_is_asked_for() -> None:
    asked = correcting(progress=Decimal(0), source=("tracker", "tracker:4711"), **WORDS)
    source = Source(system="tracker", url="tracker:4711")
    NEW.given(created(), checked_in()).when(asked).then(corrected(progress=Decimal(0), source=source, **WORDS))


def test_words_are_corrected_whatever_became_of_the_goals_measure() -> None:
    """The number was right for the goal as it was; only what is said anew is judged."""
    estimated, valued = checked_in(progress=Decimal("0.5")), checked_in(value=Decimal(45))
    NEW.given(MEASURED, estimated).when(correcting(estimated, note="So.")).then(corrected(note="So."))
    NEW.given(created(), valued).when(correcting(valued, note="So.")).then(corrected(note="So."))
    cleared = corrected(cleared=["progress"], value=Decimal(45))
    NEW.given(MEASURED, estimated).when(correcting(estimated, progress=None, value=Decimal(45))).then(cleared)


def test_a_check_in_is_corrected_again_and_again() -> None:
    before = (created(), checked_in(), corrected(status="delayed"))
    NEW.given(*before).when(correcting(status="delayed")).then(corrected(status="delayed"))
