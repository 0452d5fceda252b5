"""What the product's own upcasters make of old data, also where a sample or a history shows one case alone."""

from __future__ import annotations

from typing import Any

import pytest

from libs.events.catalog import goals
from libs.events.errors import MalformedEvent
from libs.events.registry import REGISTRY

CLAIMED, CORRECTED = "goals.reference-claimed.v1", "goals.check-in-corrected.v1"


@pytest.mark.parametrize("left_out", ["target_id", "goal_id"])
def test_a_claim_without_its_ids_is_malformed(left_out: str) -> None:
    tree = {"target_id": "c-1", "goal_id": "g-1"}
    del tree[left_out]
    with pytest.raises(MalformedEvent):
        REGISTRY.read(CLAIMED, tree)


@pytest.mark.parametrize(("target_id", "check_in_id"), [("g-1", None), ("c-1", "c-1")])
def test_a_claim_says_whether_it_is_the_goals_or_a_check_ins(target_id: str, check_in_id: str | None) -> None:
    read = REGISTRY.read(CLAIMED, {"target_id": target_id, "goal_id": "g-1"})
    assert read == goals.ReferenceClaimed(goal_id="g-1", check_in_id=check_in_id)


def test_a_correction_keeps_all_that_it_said() -> None:
    said: dict[str, Any] = {"check_in_id": "c-1", "author_id": "ada", "reason": "Twice.", "cleared": ["note"]}
    read = REGISTRY.read(CORRECTED, {**said, "corrected_version": 2})
    assert read == goals.CheckInCorrected(**said, recorded_version=2)
