"""Hints: what would make a goal better, by code and in words; they block nothing and fall silent with the goal."""

from __future__ import annotations

from typing import Any

import pytest

from services.goals.domain.hints import DETAILS, hints

FINE: dict[str, Any] = {
    "kind": "objective",
    "focus": "business",
    "state": "open",
    "has_metric": True,
    "key_results": 3,
    "contributing": 3,
    "aligned": True,
    "owner_has_manager": True,
    "period_over": False,
}


def codes(**differs: Any) -> list[str]:
    """The codes for a goal that is fine but for what differs."""
    return [code for code, _ in hints(**FINE | differs)]


@pytest.mark.parametrize(
    ("differs", "found"),
    [
        ({"key_results": 0}, ["objective_without_key_results"]),
        ({"key_results": 1}, ["fewer_than_three_key_results"]),
        ({"key_results": 2}, ["fewer_than_three_key_results"]),
        ({"key_results": 6}, ["too_many_key_results"]),
        (
            {"key_results": 0, "contributing": 0, "has_metric": False},
            ["objective_without_key_results", "goal_without_measure"],
        ),
        ({"key_results": 0, "contributing": 2, "has_metric": False}, ["objective_without_key_results"]),
        ({"kind": "key_result", "key_results": 0, "contributing": 0, "has_metric": False}, ["goal_without_measure"]),
        ({"aligned": False}, ["not_aligned"]),
        ({"aligned": False, "state": "draft"}, ["not_aligned"]),
        ({"period_over": True}, ["period_over"]),
        (
            {"key_results": 2, "aligned": False, "period_over": True},
            ["fewer_than_three_key_results", "not_aligned", "period_over"],
        ),
    ],
)
def test_what_would_make_a_goal_better_is_said(differs: dict[str, Any], found: list[str]) -> None:
    assert codes(**differs) == found


@pytest.mark.parametrize(
    "differs",
    [
        {},
        {"key_results": 5},
        {"has_metric": False},
        {"kind": "key_result", "key_results": 0},
        {"kind": "smart", "key_results": 0},
        {"aligned": False, "owner_has_manager": False},
        {"aligned": False, "focus": "development"},
        {"aligned": False, "focus": "wellbeing"},
    ],
)
def test_a_goal_that_is_fine_has_no_hints(differs: dict[str, Any]) -> None:
    assert codes(**differs) == []


@pytest.mark.parametrize("state", ["closed", "cancelled", "archived"])
def test_a_goal_that_has_ended_is_left_in_peace(state: str) -> None:
    assert codes(state=state, key_results=0, has_metric=False, aligned=False, period_over=True) == []


def test_every_hint_says_what_to_do() -> None:
    assert dict(hints(**FINE | {"aligned": False})) == {"not_aligned": DETAILS["not_aligned"]}
    assert all(detail.endswith(".") for detail in DETAILS.values())
