"""A tree of four levels, worked out by hand: the numbers below come from a pencil.

company    all                               (3 x service + 1 x product) / 4
  service    weight 3, all                   (1 x team + 3 x training) / 4
    team       weight 1, key_results         (1 x escalations + 2 x interactions) / 3
      escalations    weight 1, key result    from 50 down to 40
      interactions   weight 2, key result    from 100 down to 85
      clean_up       weight 5, no key result: the team does not take it
    training   weight 3, manual
  product    weight 1, metric from 0 to 10
  idea       weight 10, a draft
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from libs.events.catalog import goals as said
from libs.events.testing import EPOCH
from services.goals.read_models import Cause, Counts
from tests.goals.tree.telling import Teller, metric


@pytest.fixture
def company() -> Teller:
    """The tree above before anybody checked in."""
    told = Teller()
    told.create("company")
    told.create("service", "company", weight=Decimal(3))
    told.create("team", "service", progress_driver="key_results")
    told.create("escalations", "team", kind="key_result", metric=metric("50", "40"), progress_driver="metric")
    more = {"metric": metric("100", "85"), "progress_driver": "metric", "weight": Decimal(2)}
    told.create("interactions", "team", kind="key_result", **more)
    told.create("clean_up", "team", kind="smart", weight=Decimal(5), progress_driver="manual")
    told.create("training", "service", weight=Decimal(3), progress_driver="manual")
    told.create("product", "company", metric=metric("0", "10"), progress_driver="metric")
    told.create("idea", "company", weight=Decimal(10), draft=True, progress_driver="manual")
    return told


def checked_in(told: Teller) -> None:
    told.check_in("escalations", value="45", status="delayed")  # 5 of 10 gone: 0.5
    told.check_in("interactions", value="91")  # 9 of 15 gone: 0.6
    told.check_in("clean_up", progress="1")
    told.check_in("training", progress="0.2", status="off_track")
    told.check_in("product", value="12")  # 1.2, shown as 1


def test_before_anybody_checked_in(company: Teller) -> None:
    top = company.node("company")
    assert (top.progress, top.own_progress) == (0.0, None)
    assert top.counts == Counts(not_started=8)
    # escalations, interactions, clean_up, training, product
    assert (top.leaf_count, top.child_count, top.contributing, top.kids) == (5, 3, 2, 3)
    assert top.worst_status == "not_started"


@pytest.mark.parametrize("at_once", [False, True])
def test_numbers_come_up_four_levels(company: Teller, at_once: bool) -> None:
    if at_once:
        company.hold()
    checked_in(company)
    if at_once:
        company.release()
    assert company.progress("escalations") == 0.5
    assert company.progress("interactions") == 0.6
    assert company.progress("team") == pytest.approx(1.7 / 3, abs=1e-15)  # (0.5 + 2 x 0.6) / 3
    assert company.progress("service") == pytest.approx(7 / 24, abs=1e-15)  # (1.7 / 3 + 3 x 0.2) / 4
    product = company.node("product")
    assert (product.own_progress, product.progress) == (1.2, 1.0)
    assert company.progress("company") == pytest.approx(0.46875, abs=1e-15)  # (3 x 7 / 24 + 1) / 4 = 15 / 32
    top = company.node("company")
    # company, service and team themselves have not started; interactions, clean_up and product are on track
    assert top.counts == Counts(not_started=3, on_track=3, delayed=1, off_track=1)
    assert top.worst_status == "off_track"
    assert company.node("team").worst_status == "delayed"
    assert (company.node("team").contributing, company.node("team").key_results) == (3, 2)


def test_the_cause_is_the_last_event_below_that_counts(company: Teller) -> None:
    checked_in(company)
    time = EPOCH + timedelta(seconds=len(company.facts))
    assert company.node("company").caused_by == Cause("product", "CheckInRecorded", time)
    assert company.node("service").caused_by == Cause("training", "CheckInRecorded", time - timedelta(seconds=1))
    company.check_in("clean_up", progress="0.5")
    # Its status is as before, and the team does not take its number.
    assert company.node("team").caused_by.goal_id == "clean_up"
    assert company.node("team").caused_by.time == time - timedelta(seconds=2), "when it came to be on track"


def test_another_title_or_owner_is_a_cause_in_the_goals_own_row_alone(company: Teller) -> None:
    checked_in(company)
    above = {id: company.node(id).caused_by for id in ("team", "service", "company")}
    plain = {"metric": metric("50", "40"), "progress_driver": "metric"}
    company.change("escalations", title="Fewer of them", **plain)
    assert company.node("escalations").caused_by == _last(company, "GoalChanged")
    # Nobody can say any more what it was called: it was called anew all the same.
    company.change("escalations", title=None, **plain)
    renamed = _last(company, "GoalChanged")
    assert company.node("escalations").caused_by == renamed
    company.change("escalations", description="Why.", **plain)
    assert company.node("escalations").caused_by == renamed, "no row shows a description"
    company.later(3)
    company.transfer("escalations", "bob")
    assert company.node("escalations").caused_by == _last(company, "GoalTransferred")
    assert [day.caused_by for day in company.days("escalations")] == [renamed, _last(company, "GoalTransferred")]
    assert {id: company.node(id).caused_by for id in above} == above


def _last(company: Teller, event: str) -> Cause:
    """The last fact of all, about the escalations, as a cause."""
    return Cause("escalations", event, company.facts[-1].time)


def test_a_draft_counts_once_it_is_published(company: Teller) -> None:
    checked_in(company)
    company.tell("idea", said.GoalPublished())
    # (3 x 7 / 24 + 1 x 1 + 10 x 0) / 14
    assert company.progress("company") == pytest.approx(1.875 / 14, abs=1e-15)
    company.tell("idea", said.GoalCancelled(author_id="ann", reason="no"))
    assert company.progress("company") == pytest.approx(0.46875, abs=1e-15)
    company.tell("idea", said.GoalRestored())
    assert company.node("idea").state == "open"
    assert company.progress("company") == pytest.approx(1.875 / 14, abs=1e-15)


def test_a_closed_goal_stands_still_and_goes_on_when_reopened(company: Teller) -> None:
    company.hold()
    checked_in(company)
    company.close("team", judged="0.566666667")
    company.check_in("escalations", value="40")
    company.release()
    assert company.progress("team") == pytest.approx(1.7 / 3, abs=1e-15), "what it showed when it was closed"
    assert company.node("team").frozen == company.progress("team")
    assert company.progress("company") == pytest.approx(0.46875, abs=1e-15)
    assert company.node("company").counts == Counts(not_started=2, on_track=4, off_track=1, done=1)
    company.reopen("team")
    assert company.progress("team") == pytest.approx(2.2 / 3, abs=1e-15)  # (1 + 2 x 0.6) / 3
    company.close("team", "0.9")
    assert company.progress("team") == 0.9
    assert company.progress("service") == pytest.approx(0.375, abs=1e-15)  # (0.9 + 3 x 0.2) / 4


def test_a_goal_keeps_what_was_judged_when_a_check_in_came_between(company: Teller) -> None:
    checked_in(company)
    company.check_in("escalations", value="40")
    company.close("team", judged="0.566666667")
    assert company.progress("team") == 0.566666667
    company.reopen("team")
    assert company.progress("team") == pytest.approx(2.2 / 3, abs=1e-15)


def test_a_reorganisation_moves_the_numbers_with_the_goals(company: Teller) -> None:
    checked_in(company)
    company.move("team", "product", weight="2")
    assert company.progress("service") == pytest.approx(0.2, abs=1e-15)  # training alone
    assert company.progress("product") == 1.0, "its driver is its metric: it takes none of its children"
    assert company.progress("company") == pytest.approx(0.4, abs=1e-15)  # (3 x 0.2 + 1) / 4
    company.change("product", progress_driver="all", metric=metric("0", "10"))
    assert company.progress("product") == pytest.approx(1.7 / 3, abs=1e-15)
    company.move("team", None)
    assert company.progress("product") == 1.0, "with no child left it is its own measure again"
    assert company.node("company").leaf_count == 2  # training and product


def test_only_accepted_goals_count(company: Teller) -> None:
    checked_in(company)
    company.move("training", "company", weight="1", alignment="proposed")
    assert company.progress("company") == pytest.approx(2.7 / 4, abs=1e-15)  # (3 x 1.7 / 3 + 1) / 4
    top = company.node("company")
    assert (top.kids, top.child_count, top.contributing) == (4, 3, 2)
    company.tell("training", said.AlignmentAccepted(parent_id="company", weight=Decimal(4)))
    assert company.progress("company") == pytest.approx(3.5 / 8, abs=1e-15)  # (1.7 + 1 + 4 x 0.2) / 8
    company.tell("training", said.AlignmentDetached(parent_id="company"))
    assert company.node("training").is_root
    assert company.progress("company") == pytest.approx(2.7 / 4, abs=1e-15)


def test_weight_zero_and_no_weight_at_all(company: Teller) -> None:
    checked_in(company)
    company.change("service", weight=Decimal(0))
    assert company.progress("company") == 1.0, "product alone weighs"
    company.change("product", weight=Decimal(0), metric=metric("0", "10"), progress_driver="metric")
    assert company.progress("company") == 0.0, "nothing weighs: its own measure, and there is none"
    company.change("company", metric=metric("0", "100", "25"))
    assert company.progress("company") == 0.25


def test_the_past_stays_as_it_was(company: Teller) -> None:
    checked_in(company)
    company.later(10)
    company.check_in("escalations", value="40")
    company.later(10)
    company.tell("product", said.GoalArchived())
    first, second, third = company.days("company")
    assert [day.day - EPOCH.date() for day in (first, second, third)] == [timedelta(0), timedelta(10), timedelta(20)]
    assert first.progress == pytest.approx(0.46875, abs=1e-15)
    assert second.progress == pytest.approx(0.5, abs=1e-15)  # (3 x (2.2 / 3 + 0.6) / 4 + 1) / 4 = (1 + 1) / 4
    assert third.progress == pytest.approx(1 / 3, abs=1e-15)
    assert (first.child_count, third.child_count) == (3, 2)
    assert [day.day for day in company.days("training")] == [EPOCH.date()], "a day without change has no row"
