"""What happens beside a goal: support asked for and answered, comments, followers, outside records, milestones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest

from libs.events.catalog.goals import (
    CommentAdded,
    CommentChanged,
    CommentRemoved,
    GoalFollowed,
    GoalUnfollowed,
    MilestoneAdded,
    MilestoneChanged,
    MilestoneReached,
    MilestoneRemoved,
    ReferenceClaimed,
    ReferenceReleased,
    SupportAnswered,
    SupportRequested,
)
from libs.events.testing import Scenario
from services.goals.domain import commands, decide
from services.goals.domain.commands import AddMilestone, AnswerSupport, ChangeMilestone, SupportState
from services.goals.domain.errors import (
    CommentNotFound,
    GoalNotFound,
    MilestoneNotFound,
    NotYourComment,
    ReferenceTaken,
    SupportIsAnswered,
    SupportRequestNotFound,
    TooManyMilestones,
)
from services.goals.domain.state import COMMENT, FOLLOW, REFERENCE, SUPPORT, Comment, Goal, Support
from tests.goals.facts import DRAFT, FINISHED, NEW, TODAY, created, goal

# --- support ----------------------------------------------------------------------------------------------------

REQUESTS = Scenario(SUPPORT, stream="acme/support/c-1")
ASKED = SupportRequested(goal_id="g-1", check_in_id="c-1", author_id="ada", text="A second tester.")


def answering(state: SupportState, answer: str = "From next week on.") -> Callable[[Support], Sequence[Any]]:
    """The decider of Mia's answer."""
    command = AnswerSupport(request_id="c-1", state=state, answer=answer)
    return lambda support: decide.answer_support(support, command, "mia")


def answered(state: str, answer: str = "From next week on.") -> SupportAnswered:
    """The fact that follows."""
    return SupportAnswered(state=state, author_id="mia", answer=answer)


def asking(text: str | None) -> Callable[[Support], Sequence[Any]]:
    """The decider of what a check-in's `support_needed` opens."""
    return lambda support: decide.request_support(support, goal_id="g-1", check_in_id="c-1", author_id="ada", text=text)


def test_nobody_answers_what_was_not_asked() -> None:
    REQUESTS.when(answering("given")).then_refused(SupportRequestNotFound)


@pytest.mark.parametrize("last", ["given", "declined"])
@pytest.mark.parametrize("state", ["promised", "given", "declined"])
def test_what_was_given_or_declined_is_over(last: str, state: SupportState) -> None:
    REQUESTS.given(ASKED, answered(last)).when(answering(state, "Another word.")).then_refused(SupportIsAnswered)


@pytest.mark.parametrize("state", ["promised", "given", "declined"])
def test_a_request_is_answered_once_and_a_repeat_says_nothing(state: SupportState) -> None:
    REQUESTS.given(ASKED).when(answering(state)).then(answered(state))
    REQUESTS.given(ASKED, answered(state)).when(answering(state)).then()


@pytest.mark.parametrize("state", ["promised", "given", "declined"])
def test_a_promise_may_be_answered_again(state: SupportState) -> None:
    asked = answering(state, "From May on.")
    REQUESTS.given(ASKED, answered("promised")).when(asked).then(answered(state, "From May on."))


def test_a_check_in_that_needs_support_opens_one_request() -> None:
    REQUESTS.when(asking("A second tester.")).then(ASKED)
    REQUESTS.given(ASKED).when(asking("A third tester.")).then()
    REQUESTS.given(ASKED, answered("declined")).when(asking("A second tester.")).then()


@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_a_check_in_that_needs_nothing_opens_none(text: str | None) -> None:
    REQUESTS.when(asking(text)).then()


# --- comments ---------------------------------------------------------------------------------------------------

COMMENTS = Scenario(COMMENT, stream="acme/comment/k-1")
SAID = CommentAdded(goal_id="g-1", author_id="bob", text="Which week was it?", check_in_id="c-1")


def saying(text: str, author: str = "bob") -> Callable[[Comment], Sequence[Any]]:
    """The decider of a changed comment."""
    return lambda comment: decide.change_comment(comment, text, author)


def taking_back(author: str = "bob") -> Callable[[Comment], Sequence[Any]]:
    """The decider of a removed comment."""
    return lambda comment: decide.remove_comment(comment, author)


def test_nobody_comments_on_what_does_not_exist() -> None:
    command = commands.Comment(goal_id="g-1", text="Which week was it?")
    NEW.when(lambda goal: decide.add_comment(goal, command, "bob")).then_refused(GoalNotFound)
    COMMENTS.when(saying("Which month?")).then_refused(CommentNotFound)
    COMMENTS.when(taking_back()).then_refused(CommentNotFound)


def test_nobody_changes_what_another_said() -> None:
    COMMENTS.given(SAID).when(saying("Which month?", "ada")).then_refused(NotYourComment)
    COMMENTS.given(SAID).when(taking_back("ada")).then_refused(NotYourComment)


def test_what_was_taken_back_is_not_said_differently() -> None:
    COMMENTS.given(SAID, CommentRemoved()).when(saying("Which month?")).then_refused(CommentNotFound)


@pytest.mark.parametrize("history", [(created(),), (DRAFT,), *(history for history, _ in FINISHED.values())])
def test_a_goal_is_talked_about_in_every_state(history: Sequence[Any]) -> None:
    command = commands.Comment(goal_id="g-1", text="Which week was it?", check_in_id="c-1")
    NEW.given(*history).when(lambda goal: decide.add_comment(goal, command, "bob")).then(SAID)


def test_an_author_says_it_differently_or_takes_it_back_once() -> None:
    changed = CommentChanged(author_id="bob", text="Which month?")
    COMMENTS.given(SAID).when(saying("Which month?")).then(changed)
    COMMENTS.given(SAID, changed).when(saying("Which month?")).then()
    COMMENTS.given(SAID).when(taking_back()).then(CommentRemoved())
    COMMENTS.given(SAID, CommentRemoved()).when(taking_back()).then()


# --- followers --------------------------------------------------------------------------------------------------

FOLLOWS = Scenario(FOLLOW, stream="acme/follow/g-1.bob")
FOLLOWED = GoalFollowed(goal_id="g-1", person_id="bob")
UNFOLLOWED = GoalUnfollowed(goal_id="g-1", person_id="bob")


def test_nobody_follows_what_does_not_exist() -> None:
    FOLLOWS.when(lambda follow: decide.follow_goal(follow, Goal(), "bob")).then_refused(GoalNotFound)
    FOLLOWS.when(lambda follow: decide.unfollow_goal(follow, Goal(), "bob")).then_refused(GoalNotFound)


@pytest.mark.parametrize("history", [(created(),), (DRAFT,), *(history for history, _ in FINISHED.values())])
def test_a_goal_is_followed_once_until_it_is_not(history: Sequence[Any]) -> None:
    here = goal(*history)
    FOLLOWS.when(lambda follow: decide.follow_goal(follow, here, "bob")).then(FOLLOWED)
    FOLLOWS.given(FOLLOWED).when(lambda follow: decide.follow_goal(follow, here, "bob")).then()
    FOLLOWS.given(FOLLOWED).when(lambda follow: decide.unfollow_goal(follow, here, "bob")).then(UNFOLLOWED)
    FOLLOWS.when(lambda follow: decide.unfollow_goal(follow, here, "bob")).then()
    again = FOLLOWS.given(FOLLOWED, UNFOLLOWED).when(lambda follow: decide.follow_goal(follow, here, "bob"))
    again.then(FOLLOWED)


# --- outside records --------------------------------------------------------------------------------------------

RECORDS = Scenario(REFERENCE, stream="acme/reference/hash")
CLAIMED = ReferenceClaimed(goal_id="g-1", check_in_id="c-1")
RELEASED = ReferenceReleased(target_id="c-1")
OF_THE_GOAL = ReferenceClaimed(goal_id="g-1")


def test_one_record_has_one_thing_that_stands_for_it() -> None:
    RECORDS.when(lambda record: decide.claim_reference(record, "g-1", "c-1")).then(CLAIMED)
    RECORDS.when(lambda record: decide.claim_reference(record, "g-1", None)).then(OF_THE_GOAL)
    RECORDS.given(CLAIMED).when(lambda record: decide.claim_reference(record, "g-1", "c-1")).then()
    RECORDS.given(OF_THE_GOAL).when(lambda record: decide.claim_reference(record, "g-1", None)).then()
    for standing, whose in ((CLAIMED, ("g-1", "c-2")), (CLAIMED, ("g-1", None)), (OF_THE_GOAL, ("g-2", None))):
        taken = RECORDS.given(standing).when(lambda record, whose=whose: decide.claim_reference(record, *whose))
        assert taken.then_refused(ReferenceTaken).kind == "conflict"


def test_a_record_is_let_go_by_what_stands_for_it_and_taken_anew() -> None:
    RECORDS.given(CLAIMED).when(lambda record: decide.release_reference(record, "g-1", "c-1")).then(RELEASED)
    goals = RECORDS.given(OF_THE_GOAL).when(lambda record: decide.release_reference(record, "g-1", None))
    goals.then(ReferenceReleased(target_id="g-1"))
    for whose in (("g-1", "c-2"), ("g-1", None)):
        RECORDS.given(CLAIMED).when(lambda record, whose=whose: decide.release_reference(record, *whose)).then()
    RECORDS.given(CLAIMED, RELEASED).when(lambda record: decide.release_reference(record, "g-1", "c-1")).then()
    anew = RECORDS.given(CLAIMED, RELEASED).when(lambda record: decide.claim_reference(record, "g-1", "c-2"))
    anew.then(ReferenceClaimed(goal_id="g-1", check_in_id="c-2"))


# --- milestones -------------------------------------------------------------------------------------------------

DUE, LATER = date(2026, 4, 1), date(2026, 5, 1)
STEP = MilestoneAdded(milestone_id="m-1", author_id="bob", title="Rota in all teams", due_on=DUE)
REACHED = MilestoneReached(milestone_id="m-1", reached_on=TODAY)
Decider = Callable[[Goal], Sequence[Any]]


def adding(goal: Goal) -> Sequence[Any]:
    command = AddMilestone(goal_id="g-1", title="Rota in all teams", due_on=DUE)
    return decide.add_milestone(goal, command, "m-1", "bob")


def changing(title: str | None = None, due_on: date | None = None) -> Decider:
    """The decider of Ada's command to change Bob's milestone."""
    command = ChangeMilestone(goal_id="g-1", milestone_id="m-1", title=title, due_on=due_on)
    return lambda goal: decide.change_milestone(goal, command, "ada")


def reaching(goal: Goal) -> Sequence[Any]:
    return decide.reach_milestone(goal, "m-1", TODAY)


def removing(goal: Goal) -> Sequence[Any]:
    return decide.remove_milestone(goal, "m-1")


EVERY: list[Decider] = [adding, changing("x"), reaching, removing]


@pytest.mark.parametrize("asked", EVERY)
def test_milestones_are_of_goals_that_are_worked_on(asked: Decider) -> None:
    NEW.when(asked).then_refused(GoalNotFound)
    for (first, *rest), refusal in FINISHED.values():
        NEW.given(first, STEP, *rest).when(asked).then_refused(refusal)


@pytest.mark.parametrize("asked", EVERY[1:])
def test_a_milestone_that_is_not_there_is_not_touched(asked: Decider) -> None:
    NEW.given(created()).when(asked).then_refused(MilestoneNotFound)
    NEW.given(created(), STEP, MilestoneRemoved(milestone_id="m-1")).when(asked).then_refused(MilestoneNotFound)


def test_a_goal_has_at_most_a_hundred_milestones() -> None:
    steps = [MilestoneAdded(milestone_id=f"m-{n}", author_id="bob", title="x", due_on=DUE) for n in range(2, 102)]
    NEW.given(created(), *steps).when(adding).then_refused(TooManyMilestones)
    NEW.given(created(), *steps, MilestoneRemoved(milestone_id="m-7")).when(adding).then(STEP)


@pytest.mark.parametrize("before", [created(), DRAFT])
def test_a_milestone_is_set_reached_once_and_removed(before: Any) -> None:
    NEW.given(before).when(adding).then(STEP)
    NEW.given(before, STEP).when(reaching).then(REACHED)
    NEW.given(before, STEP, REACHED).when(reaching).then()
    NEW.given(before, STEP, REACHED).when(removing).then(MilestoneRemoved(milestone_id="m-1"))


def test_a_title_that_stays_is_still_its_authors_own() -> None:
    def restated(author: str, title: str, due_on: date) -> MilestoneChanged:
        return MilestoneChanged(milestone_id="m-1", author_id=author, title=title, due_on=due_on)

    NEW.given(created(), STEP).when(changing(due_on=LATER)).then(restated("bob", "Rota in all teams", LATER))
    NEW.given(created(), STEP).when(changing("Rota in most")).then(restated("ada", "Rota in most", DUE))
    NEW.given(created(), STEP).when(changing("Rota in all teams", DUE)).then()
    NEW.given(created(), STEP).when(changing()).then()
