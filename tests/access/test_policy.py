"""Policies: what no rule allows is denied."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.access.policy import Policy, Rule, matrix

POLICY = Policy(
    "goals",
    (
        Rule("goal.read", ("owner", "contributor")),
        Rule("goal.read", ("employee",), {"visibility": ("public",)}),
        Rule("goal.read", ("peer", "manager_chain"), {"visibility": ("public", "team")}),
        Rule("goal.edit", ("owner",), {"state": ("open", "draft"), "kind": ("objective",)}),
    ),
    {"GET /goals/{id}": "goal.read", "PATCH /goals/{id}": "goal.edit"},
)


@pytest.mark.parametrize(
    ("action", "relations", "attributes", "answer"),
    [
        ("goal.read", {"owner"}, {}, True),
        ("goal.read", {"stranger", "contributor"}, {"visibility": "private"}, True),
        ("goal.read", {"employee"}, {"visibility": "public"}, True),
        ("goal.read", {"employee"}, {"visibility": "team"}, False),
        ("goal.read", {"employee"}, {}, False),
        ("goal.read", {"peer"}, {"visibility": "team"}, True),
        ("goal.read", set(), {"visibility": "public"}, False),
        ("goal.edit", {"owner"}, {"state": "open", "kind": "objective"}, True),
        ("goal.edit", {"owner"}, {"state": "open"}, False),
        ("goal.edit", {"owner"}, {"state": "closed", "kind": "objective"}, False),
        ("goal.edit", {"employee"}, {"state": "open", "kind": "objective"}, False),
        ("goal.delete", {"owner"}, {}, False),
        ("", {"owner"}, {}, False),
        ("goal", {"owner"}, {}, False),
    ],
)
def test_decisions(action: str, relations: set[str], attributes: dict[str, str], answer: bool) -> None:
    assert POLICY.decide(action, relations, attributes) is answer


def test_a_string_in_place_of_relations_allows_nothing() -> None:
    assert not POLICY.decide("goal.read", "the owner", {})
    assert not POLICY.decide("goal.read", "owner", {})


def test_allowed_keeps_the_order_asked_for() -> None:
    attributes = {"state": "open", "kind": "objective"}
    asked = ["goal.edit", "goal.fly", "goal.read"]
    assert POLICY.allowed(asked, {"owner"}, attributes) == ("goal.edit", "goal.read")
    assert POLICY.allowed(POLICY.actions, {"stranger"}, attributes) == ()
    assert POLICY.actions == ("goal.read", "goal.edit")


@pytest.mark.parametrize(
    ("allow", "when"),
    [
        ((), {}),
        ("owner", {}),
        (["owner"], {}),
        (("owner",), {"visibility": ()}),
        (("owner",), {"visibility": "public"}),
        (("own er",), {}),
        (("owner|",), {}),
        ((7,), {}),
        (("owner",), {"": ("public",)}),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(allow: Any, when: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        Rule("goal.read", allow, when)


@pytest.mark.parametrize(
    "routes",
    [{"GET /goals": "goal.list"}, {"goals": "goal.read"}, {"FETCH /goals": "goal.read"}, {"GET  /a": "goal.read"}],
)
def test_routes_without_a_rule_are_refused(routes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"route|no rule"):
        Policy("goals", POLICY.rules, routes)


NAMES = st.sampled_from(["a", "b", "c"])
RULES = st.builds(
    Rule,
    NAMES,
    st.lists(NAMES, min_size=1).map(tuple),
    st.dictionaries(NAMES, st.lists(NAMES, min_size=1).map(tuple)),
)


@given(st.lists(RULES), NAMES, st.sets(NAMES), st.dictionaries(NAMES, NAMES))
def test_a_decision_is_that_some_rule_holds(
    rules: list[Rule], action: str, relations: set[str], attributes: dict[str, str]
) -> None:
    expected = False
    for rule in rules:
        if rule.action == action and set(rule.allow) & relations:
            expected = expected or all(name in attributes and attributes[name] in rule.when[name] for name in rule.when)
    policy = Policy("s", tuple(rules))
    assert policy.decide(action, relations, attributes) is expected
    assert not policy.decide(action, set(), attributes)


def test_the_matrix_shows_who_may_do_what_and_when() -> None:
    people = Policy("people", (Rule("person.read", ("employee",)),))
    team = "visibility is public or team"
    assert matrix([POLICY, people]) == "\n".join(
        [
            "## goals",
            "",
            "| action | owner | contributor | employee | peer | manager_chain |",
            "| --- | --- | --- | --- | --- | --- |",
            f"| `goal.read` | yes | yes | visibility is public | {team} | {team} |",
            "| `goal.edit` | state is open or draft and kind is objective |  |  |  |  |",
            "",
            "| route | action |",
            "| --- | --- |",
            "| `GET /goals/{id}` | `goal.read` |",
            "| `PATCH /goals/{id}` | `goal.edit` |",
            "",
            "## people",
            "",
            "| action | employee |",
            "| --- | --- |",
            "| `person.read` | yes |",
            "",
        ]
    )
    assert matrix([]) == ""
