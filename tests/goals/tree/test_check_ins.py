"""Which check-in counts, after any correction, without looking at all of a goal's check-ins."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from libs.events.catalog.goals import CheckInCorrected
from libs.events.declare import Group, Held, RowKey
from libs.events.testing import fact_of
from services.goals.projections.tree import needs
from services.goals.read_models import CHECK_INS, CheckInRow, Node
from tests.goals.tree.telling import Teller, metric


@pytest.fixture
def told() -> Teller:
    """A goal from 0 to 100."""
    told = Teller()
    told.create("goal", metric=metric("0", "100"), progress_driver="metric")
    told.later(30)
    return told


def row(told: Teller, check_in_id: str) -> CheckInRow:
    found = told.rows.rows[RowKey(CHECK_INS, check_in_id)]
    assert isinstance(found, CheckInRow)
    return found


def stand(node: Node) -> tuple[str, float | None]:
    return node.status, node.own_progress


def test_the_latest_observed_counts_whenever_it_was_recorded(told: Teller) -> None:
    told.check_in("goal", value="40", status="delayed", ago=1)
    told.check_in("goal", value="20", ago=5)
    assert stand(told.node("goal")) == ("delayed", 0.4)
    assert told.node("goal").last_check_in_at == told.time
    told.check_in("goal", value="30", status="off_track", ago=1)
    assert stand(told.node("goal")) == ("off_track", 0.3), "of one day the latest recorded"


def test_a_check_in_without_number_changes_the_status_and_no_number(told: Teller) -> None:
    told.check_in("goal", value="40", ago=3)
    told.check_in("goal", status="off_track", ago=2)
    assert stand(told.node("goal")) == ("off_track", 0.4)


def test_a_corrected_day_lets_another_count(told: Teller) -> None:
    told.check_in("goal", value="20", ago=5)
    told.check_in("goal", value="40", status="delayed", ago=3)
    last = told.check_in("goal", value="60", status="off_track", ago=1)
    told.correct("goal", last, observed_on=told.time.date() - timedelta(days=4))
    assert stand(told.node("goal")) == ("delayed", 0.4)
    told.correct("goal", last, observed_on=told.time.date() - timedelta(days=3))
    assert stand(told.node("goal")) == ("off_track", 0.6), "on the same day it was recorded later"


def test_a_second_correction_replaces_the_first(told: Teller) -> None:
    one = told.check_in("goal", value="20", status="on_track", ago=2)
    told.correct("goal", one, value=Decimal(30), status="delayed")
    assert stand(told.node("goal")) == ("delayed", 0.3)
    told.correct("goal", one, value=Decimal(50))
    assert stand(told.node("goal")) == ("on_track", 0.5), "the status is as recorded again"
    assert row(told, one).recorded == (told.time.date() - timedelta(days=2), "on_track", Decimal(20), None)
    assert (row(told, one).corrected_by, row(told, one).corrections) == (4, (3, 4))


def test_a_cleared_number_no_longer_counts(told: Teller) -> None:
    told.check_in("goal", value="20", ago=5)
    last = told.check_in("goal", value="60", status="delayed", ago=1)
    told.correct("goal", last, cleared=["value"])
    assert stand(told.node("goal")) == ("delayed", 0.2)
    assert (row(told, last).value, row(told, last).measured_place) == (None, None)


def test_words_alone_change_no_number_and_cause_nothing(told: Teller) -> None:
    last = told.check_in("goal", value="60", ago=1)
    before = told.node("goal")
    told.correct("goal", last, note="We counted twice.")
    after = told.node("goal")
    assert (after.caused_by, after.changed_on) == (before.caused_by, before.changed_on)
    assert after.updated_at == told.time


def test_a_changed_target_keeps_what_was_measured(told: Teller) -> None:
    told.check_in("goal", value="50")
    told.change("goal", metric=metric("0", "200", "10"), progress_driver="metric")
    assert told.node("goal").own_progress == 0.25
    told.change("goal", metric=None, progress_driver="manual")
    assert told.node("goal").own_progress is None, "a value is no estimate"
    told.check_in("goal", progress="0.9")
    assert told.node("goal").own_progress == 0.9
    told.change("goal", metric=metric("0", "200", "10"), progress_driver="metric")
    assert told.node("goal").own_progress == 0.05, "and an estimate no value"


def test_of_ten_thousand_check_ins_few_are_looked_at(told: Teller) -> None:
    told.hold()
    ids = [told.check_in("goal", value=str(number % 90), ago=number % 7) for number in range(10_000)]
    told.release()
    counting = told.node("goal").seen
    assert counting is not None
    fact = fact_of(
        CheckInCorrected(
            check_in_id=counting.check_in_id,
            recorded_version=counting.version,
            author_id="ann",
            reason="misread",
            observed_on=told.time.date() - timedelta(days=20),
        ),
        stream="acme/goal/goal",
        version=10_002,
    )
    wanted = needs([fact], Held({}, {}))
    assert {key for key in wanted.rows if key.collection is CHECK_INS} == {RowKey(CHECK_INS, counting.check_in_id)}
    assert {group for group in wanted.groups if group.collection is CHECK_INS} == {
        Group(CHECK_INS, "goal_id", "goal", sort, 2) for sort in ("place", "measured_place")
    }
    told.rows.apply([fact])
    next_best = max((row(told, id) for id in ids), key=lambda one: one.place)
    now = told.node("goal").seen
    assert now is not None
    assert now.check_in_id == next_best.id != counting.check_in_id


@pytest.mark.parametrize("goal_id", ["goal", "other"])
def test_a_correction_of_what_is_not_there_is_refused(told: Teller, goal_id: str) -> None:
    told.create("other")
    mine = told.check_in("other", progress="0.5")
    check_in_id = mine if goal_id == "goal" else "nowhere"
    before = dict(told.rows.rows)
    fact = fact_of(
        CheckInCorrected(check_in_id=check_in_id, recorded_version=2, author_id="ann", reason="misread"),
        stream=f"acme/goal/{goal_id}",
        version=9,
    )
    with pytest.raises(LookupError, match="correction"):
        told.rows.apply([fact])
    assert told.rows.rows == before
