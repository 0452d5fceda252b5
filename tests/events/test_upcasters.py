"""What the product's own upcasters make of old data, also where a sample or a history shows one case alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from libs.events.catalog import goals, people
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


SETTINGS = {"locale": "de-AT", "timezone": "Europe/Vienna"}


@pytest.mark.parametrize("name", ["people.person-added.v1", "people.person-added.v2", "people.person-changed.v1"])
@pytest.mark.parametrize("display_name", ["Ada", None])
def test_what_stood_in_clear_is_read_as_long_as_the_name_is(name: str, display_name: str | None) -> None:
    shape = REGISTRY.shape(name)
    tree = {"person_id": "ada", "display_name": display_name, "email": "ada@example.org"}
    tree |= {field: value for field, value in SETTINGS.items() if field in shape.__struct_fields__}
    read = REGISTRY.read(name, tree | ({"changed": []} if "changed" in shape.__struct_fields__ else {}))
    assert isinstance(read, people.PersonAdded | people.PersonChanged)
    stands = SETTINGS if display_name is not None and "locale" in tree else dict.fromkeys(SETTINGS)
    assert {field: getattr(read, field) for field in SETTINGS} == stands


def test_the_guide_tells_of_what_there_is() -> None:
    root = Path(__file__).parents[2]
    guide = (root / "docs/guides/events.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:goals|people)\.[a-z-]+\.v[0-9]+", guide))
    assert len(named) > 5
    assert named <= set(REGISTRY)
    for file in re.findall(r"`((?:libs|tests)/[\w/.]+)`", guide):
        assert (root / file).exists(), file
    for test in re.findall(r"`(test_\w+\.py)`", guide):
        assert (Path(__file__).parent / test).exists(), test
    for link in re.findall(r"\]\(([^)]+)\)", guide):
        assert (root / "docs/guides" / link).exists(), link
