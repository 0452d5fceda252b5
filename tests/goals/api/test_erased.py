"""What is answered of goals when somebody was erased: null wherever a word of theirs stood, and its path beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from libs.events.testing import eventually
from tests.goals.api.company import METRIC, Company, made, read

pytestmark = pytest.mark.anyio
WORDS = {"note": "Said by Sam.", "blockers": "Sam's blocker.", "adjustments": "Sam's.", "support_needed": "Of Sam."}
SOURCE = {"system": "tracker", "url": "https://tracker.example/sam"}
SPOKEN = ("Said by Sam", "Sam's", "Of Sam", "tracker.example/sam")


async def erased(acme: Company, name: str) -> None:
    """Two administrators have somebody erased, and goals know it."""
    other = await acme.installation.people.identify(acme.tenant, None, "other@t.example", ["admin"])
    acme.client("other", other)
    erasure = made(await acme.admin.post(f"people/{acme.ids[name]}/erase", json={"reason": "They asked for it."}))
    read(await acme.other.post(f"erasures/{erasure['id']}/confirm"))

    async def done() -> bool:
        return bool(read(await acme.admin.get(f"erasures/{erasure['id']}"))["state"] == "done")

    await eventually(done)


async def spoken(acme: Company) -> dict[str, str]:
    """Ids: Sam's goal and one of Kim below it, about which Sam and others said all that can be said."""
    top = await acme.goal(
        "sam",
        title="Said by Sam",
        description="Sam's reason.",
        labels=["Sam's", "Of Sam"],
        metric={**METRIC, "unit": "Sam's unit"},
        external_ref={"system": "tracker", "id": "Sam's", "url": SOURCE["url"]},
        visibility="public",
    )
    goal = f"goals/{top['id']}"
    below = await acme.goal("kim", title="Of Kim", kind="key_result", parent_id=top["id"])
    read(await acme.maya.post(f"goals/{below['id']}/alignment", json={"action": "accept"}))
    read(await acme.sam.patch(goal, json={"title": "Said by Sam anew"}))
    read(await acme.sam.patch(goal, json={"description": None}))
    made(await acme.sam.post(f"{goal}/milestones", json={"title": "Of Sam", "due_on": "2030-01-31"}))
    said = {"value": 45, "status": "on_track", "source": SOURCE, **WORDS}
    seen = made(await acme.sam.post(f"{goal}/check-ins", json=said))
    right = {"value": 44, "reason": "Of Sam, mistyped.", "note": "Said by Sam, rightly."}
    read(await acme.sam.post(f"{goal}/check-ins/{seen['id']}/correct", json=right))
    read(await acme.sam.post(f"{goal}/close", json={"reflection": "Of Sam.", "score": 0.5}))
    return {"top": top["id"], "below": below["id"], "seen": seen["id"]}


def at(answer: Any, path: str) -> Any:
    """What stands at a path; it must lead somewhere."""
    for step in path.split("."):
        answer = answer[int(step)] if isinstance(answer, list) else answer[step]
    return answer


def resources(answer: Any) -> Iterator[dict[str, Any]]:
    """Every object of an answer that says what was erased."""
    if isinstance(answer, dict) and "erased" in answer:
        yield answer
    for item in answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ():
        yield from resources(item)


async def test_every_path_of_every_answer_leads_to_a_null(acme: Company) -> None:
    ids = await spoken(acme)
    await erased(acme, "sam")
    top, below = f"goals/{ids['top']}", f"goals/{ids['below']}"
    found = 0
    for path in (
        *(top, f"{top}/history?limit=500", f"{top}/rollup", f"{top}/check-ins", f"{top}/milestones"),
        *("goals", "goals/tree?depth=3", f"{below}/impact", f"{below}/history", "support-requests"),
    ):
        answer = await acme.maya.get(path)
        told = read(answer)
        assert not any(word in answer.text for word in SPOKEN), path
        for one in resources(told):
            assert all(at(one, erased) is None for erased in one["erased"]), (path, one)
            assert len(set(one["erased"])) == len(one["erased"]), (path, one)
            found += len(one["erased"])
    assert found > 50


async def test_a_goal_shows_each_destroyed_label_as_null_in_its_place(acme: Company) -> None:
    ids = await spoken(acme)
    await erased(acme, "sam")
    goal = f"goals/{ids['top']}"
    shown = read(await acme.maya.get(goal))
    assert (shown["title"], shown["description"], shown["labels"]) == (None, None, [None, None])
    texts = {"title", "labels.0", "labels.1", "metric.unit", "external_ref.id", "external_ref.url"}
    assert set(shown["erased"]) == texts, "the description was cleared, by Sam"
    read(await acme.maya.post(f"{goal}/reopen", json={"reason": "Once more."}))
    restated = read(await acme.maya.patch(goal, json={"check_in_every": "week"}))
    assert (restated["labels"], set(restated["erased"])) == ([None, None], texts)
    cleared = read(await acme.maya.patch(goal, json={"labels": []}))
    assert (cleared["labels"], set(cleared["erased"])) == ([], texts - {"labels.0", "labels.1"})
    assert read(await acme.maya.get(goal))["labels"] == []
    assert read(await acme.maya.get("goals?label=Of Sam"))["items"] == []


async def test_the_tree_a_rollup_and_an_impact_say_that_a_title_was_destroyed(acme: Company) -> None:
    ids = await spoken(acme)
    await erased(acme, "sam")
    nodes = {one["id"]: one for one in read(await acme.maya.get("goals/tree?depth=3"))["nodes"]}
    rollup = read(await acme.maya.get(f"goals/{ids['top']}/rollup"))
    [impact] = read(await acme.maya.get(f"goals/{ids['below']}/impact"))["items"]
    for one in (nodes[ids["top"]], rollup, impact):
        assert (one["title"], one["erased"]) == (None, ["title"])
    assert (nodes[ids["below"]]["title"], nodes[ids["below"]]["erased"]) == ("Of Kim", [])


async def test_a_history_says_of_each_change_what_was_destroyed(acme: Company) -> None:
    ids = await spoken(acme)
    await erased(acme, "sam")
    items = read(await acme.maya.get(f"goals/{ids['top']}/history?limit=500"))["items"]
    told = {one["type"].partition(".v")[0].partition(".")[2]: one for one in items[::-1]}
    lost = {kind: {_named(one, path) for path in one["erased"]} for kind, one in told.items()}
    assert lost == {
        "goal-created": {
            *("title to", "description to", "labels to.0", "labels to.1"),
            *("metric to.unit", "external_ref to.id", "external_ref to.url"),
        },
        # The last of them: what was said until then is destroyed, and nobody said anything anew.
        "goal-changed": {"description from"},
        "milestone-added": {"milestone to.title"},
        "check-in-recorded": {*(f"{name} to" for name in WORDS), "source to.url"},
        "check-in-corrected": {"note from", "note to", "reason to"},
        "goal-closed": {"reflection to"},
    }
    assert all("erased" in one for one in items)
    bare = read(await acme.alex.get(f"goals/{ids['top']}/history?limit=500"))["items"]
    assert not any(_named(one, path).startswith((*WORDS, "reason")) for one in bare for path in one["erased"])


async def test_a_check_in_names_what_was_destroyed_of_it_and_of_what_was_recorded(acme: Company) -> None:
    ids = await spoken(acme)
    await erased(acme, "sam")
    [seen] = read(await acme.maya.get(f"goals/{ids['top']}/check-ins"))["items"]
    paths = {*WORDS, "source.url"}
    assert set(seen["erased"]) == paths | {f"recorded.{path}" for path in paths}
    assert set(seen["corrections"][0]["erased"]) == {*paths, "reason"}
    [bare] = read(await acme.alex.get(f"goals/{ids['top']}/check-ins"))["items"]
    assert (bare["erased"], bare["corrections"][0]["erased"]) == ([], [])


def _named(entry: dict[str, Any], path: str) -> str:
    """A path of an entry, by the field's name."""
    _, number, rest = path.split(".", 2)
    return f"{entry['changes'][int(number)]['field']} {rest}"
