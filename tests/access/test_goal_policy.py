"""The policy of goals against the rules of access as they are written down, for everybody and every action."""

from __future__ import annotations

import itertools

import pytest

from services.goals.policy import OFFERED, POLICY
from services.goals.rights import may, offered

STANDS: dict[str, frozenset[str]] = {
    who: frozenset({"employee", *relations})
    for who, relations in {
        "owner": ["self", "owner"],
        "contributor": ["contributor"],
        "manager": ["manager", "manager_chain"],
        "manager's manager": ["manager_chain"],
        "peer": ["peer"],
        "stranger": [],
        "parent's editor": ["parent_editor"],
    }.items()
}
VISIBILITIES = ("public", "team", "private")
ALIGNMENTS = ("none", "proposed", "accepted")

EVERYBODY = set(STANDS)
LEADING = {"manager", "manager's manager"}
EDITORS = {"owner", *LEADING}

SEE = {
    "public": EVERYBODY,
    "team": {"owner", "contributor", "peer", *LEADING},
    "private": {"owner", "contributor", "manager"},
}
"""Beside the parent's editors, who see a goal while its alignment is proposed or accepted."""

DO = {
    "goal.create": EDITORS,
    "goal.read": EVERYBODY,
    "goal.read_words": {"contributor", *EDITORS},
    "goal.check_in": {"contributor", *EDITORS},
    "goal.edit": EDITORS,
    "goal.agree": {"owner", "manager"},
    "goal.comment": EVERYBODY,
    "goal.follow": EVERYBODY,
    "support.read": {"contributor", *EDITORS},
    "support.answer": LEADING,
    "goal.weigh": EDITORS,
    "goal.align": set(),
    "goal.detach": EDITORS,
    # Only for who wrote it.
    "check_in.correct": set(),
    "comment.change": set(),
    # Only for who follows.
    "follow.end": set(),
}
"""Who may do what to a goal that they see, as long as no parent has a say in it."""


def sees(who: str, visibility: str, alignment: str) -> bool:
    return who in SEE[visibility] or (who == "parent's editor" and alignment != "none")


def does(who: str, action: str, alignment: str) -> bool:
    match action, alignment:
        case "goal.weigh", "accepted":
            return who == "parent's editor"
        case (("goal.align" | "goal.detach"), ("proposed" | "accepted")) if who == "parent's editor":
            return True
        case _:
            return who in DO[action]


EVERY_CASE = list(itertools.product(STANDS, VISIBILITIES, ALIGNMENTS))


@pytest.mark.parametrize("action", POLICY.actions)
def test_everybody_may_do_exactly_what_is_written_down(action: str) -> None:
    found = {case: may(action, STANDS[case[0]], *case[1:]) for case in EVERY_CASE}
    assert found == {
        (who, visibility, alignment): sees(who, visibility, alignment) and does(who, action, alignment)
        for who, visibility, alignment in EVERY_CASE
    }


@pytest.mark.parametrize("action", ["check_in.correct", "comment.change"])
def test_what_one_wrote_is_ones_own_while_one_sees_the_goal(action: str) -> None:
    for who, visibility, alignment in EVERY_CASE:
        author = STANDS[who] | {"author"}
        assert may(action, author, visibility, alignment) == sees(who, visibility, alignment)
        for other in set(POLICY.actions) - {"check_in.correct", "comment.change"}:
            assert may(other, author, visibility, alignment) == may(other, STANDS[who], visibility, alignment)


def test_every_action_is_written_down_and_no_other() -> None:
    assert DO.keys() == set(POLICY.actions)


def test_without_its_visibility_only_what_every_visibility_allows_is_allowed() -> None:
    for action, who, alignment in itertools.product(POLICY.actions, STANDS, ALIGNMENTS):
        surely = all(may(action, STANDS[who], visibility, alignment) for visibility in VISIBILITIES)
        assert may(action, STANDS[who], None, alignment) <= surely


def test_roles_and_unknown_words_give_nothing() -> None:
    nobody = frozenset({"admin", "compliance", "hr_partner", "service", "participant", "self"})
    for action, visibility, alignment in itertools.product(POLICY.actions, VISIBILITIES, ALIGNMENTS):
        assert not may(action, nobody, visibility, alignment)
    assert not any(may("goal.burn", relations, "public", "none") for relations in STANDS.values())
    assert not any(may("goal.read", STANDS[who], "secret", "none") for who in ("stranger", "peer", "manager's manager"))


# --- allowed_actions --------------------------------------------------------------------------------------------

NEVER = {"parent's editor", "contributor", "peer", "stranger"}
IN_STATE = {
    "draft": ["edit", "publish", "add_milestone", "move", "transfer", "cancel", "archive"],
    "open": ["check_in", "edit", "add_milestone", "move", "transfer", "close", "cancel", "archive"],
    "closed": ["archive", "reopen"],
    "cancelled": ["restore"],
    "archived": ["restore"],
}
TALK = ["comment", "follow"]


@pytest.mark.parametrize("state", IN_STATE)
def test_editors_are_offered_what_the_state_takes(state: str) -> None:
    for who in EDITORS:
        assert list(offered("goal", STANDS[who], state, "none")) == IN_STATE[state] + TALK
    for who in NEVER:
        own = ["check_in"] if (who, state) == ("contributor", "open") else []
        assert list(offered("goal", STANDS[who], state, "none")) == own + TALK


@pytest.mark.parametrize("state", IN_STATE)
def test_what_hangs_under_a_parent_is_accepted_and_let_go(state: str) -> None:
    alive = state in ("draft", "open")
    for alignment, who in itertools.product(ALIGNMENTS, STANDS):
        names = offered("goal", STANDS[who], state, alignment)
        assert ("align" in names) == (alive and alignment == "proposed" and who == "parent's editor")
        assert ("detach" in names) == (alive and alignment != "none" and who in EDITORS | {"parent's editor"})


def test_agreeing_is_offered_to_the_two_who_agree_when_there_is_something_to_agree_on() -> None:
    words = ("propose", "agree", "request_changes")
    for agreement, state, who in itertools.product(
        ("none", "proposed", "changes_requested", "agreed", None), IN_STATE, STANDS
    ):
        names = [name for name in offered("goal", STANDS[who], state, "none", agreement) if name in words]
        alive = state in ("draft", "open")
        if alive and agreement in ("none", "changes_requested") and who in EDITORS:
            assert names == ["propose"]
        elif alive and agreement == "proposed" and who in ("owner", "manager"):
            assert names == ["agree", "request_changes"]
        else:
            assert names == []


def test_what_belongs_to_a_goal_is_offered_to_its_author_or_to_editors() -> None:
    author = STANDS["peer"] | {"author"}
    assert offered("check_in", author, "open", "none") == ("correct",)
    assert offered("check_in", author, "closed", "none") == ()
    assert offered("comment", author, "archived", "none") == ("change", "remove")
    assert offered("milestone", author, "open", "none") == ()
    assert offered("milestone", STANDS["manager"], "draft", "none") == ("change", "reach", "remove")
    assert offered("follower", STANDS["stranger"] | {"follower"}, "archived", "none") == ("unfollow",)
    assert offered("follower", STANDS["owner"], "open", "none") == ()
    for of, who in itertools.product(("check_in", "comment"), STANDS):
        assert offered(of, STANDS[who], "open", "none") == ()


@pytest.mark.parametrize("state", ["open", "promised", "given", "declined", None])
def test_a_request_is_answered_until_it_was_for_good(state: str | None) -> None:
    for who, relations in STANDS.items():
        answers = ("answer",) if who in LEADING and state in ("open", "promised") else ()
        assert offered("support", relations, "closed", "none", own=state) == answers


@pytest.mark.parametrize("state", IN_STATE)
def test_what_counts_is_weighed_by_the_parents_editors(state: str) -> None:
    for alignment, who in itertools.product(ALIGNMENTS, STANDS):
        weighs = state in ("draft", "open") and alignment == "accepted" and who == "parent's editor"
        assert ("weigh" in offered("goal", STANDS[who], state, alignment)) == weighs


def test_what_is_offered_is_ruled() -> None:
    offers = [offer for of in OFFERED.values() for offer in of.values()]
    assert {offer.action for offer in offers} <= set(POLICY.actions)
    assert {state for offer in offers for state in offer.states} == set(IN_STATE)
    assert {one for offer in offers for one in offer.alignments} <= set(ALIGNMENTS)
