"""Promise 7, transfers: a goal that was handed over keeps its words when the key of who had it is destroyed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from libs.events.caller import Caller
from libs.events.catalog.goals import GoalChanged, GoalCreated, GoalTransferred
from libs.events.envelope import Fact, stream_name
from services.goals.domain.state import GOAL
from services.people.domain.commands import AddPerson
from tests.events.installation import Installation, Parts, installed

TITLE, AGAIN, UNIT = "Wrenhatch title", "Wrenhatch, restated", "siskins"


async def handed_over(home: Installation) -> str:
    """The stream of a goal that Ann set and changed, and that Bob, who leads her, has now."""
    for name, above in (("bob", None), ("ann", "bob")):
        command = AddPerson(
            display_name=name.title(),
            email=f"{name}@acme.example",
            manager_id=home.ids[above] if above is not None else None,
        )
        home.ids[name] = (await home.people.handlers.admit(Caller("acme", "operator"), command)).resource
    await home.fold()
    body = {
        "title": TITLE,
        "description": "Finchlings",
        "kind": "key_result",
        "owner_id": home.ids["ann"],
        "metric": {"start": 50, "target": 40, "unit": UNIT},
        "labels": ["larks"],
    }
    goal = await home.act("POST", "/goals", body, home.ids["ann"])
    await home.act("PATCH", f"/goals/{goal['id']}", {"title": AGAIN}, home.ids["ann"])
    body = {"owner_id": home.ids["bob"], "reason": "I am leaving"}
    await home.act("POST", f"/goals/{goal['id']}/transfer", body, home.ids["ann"])
    return stream_name("acme", GOAL.kind, str(goal["id"]))


async def told(home: Installation, stream: str) -> dict[type[Any], Fact[Any]]:
    """The facts of the goal by their class, as its stream tells them."""
    facts = await home.goals.handlers.kernel.facts(stream, limit=100)
    return {type(fact.data): fact for fact in facts}


async def test_the_new_owners_words_outlive_the_old_owners_key(tmp_path: Path) -> None:
    async with installed(tmp_path / "data", Parts()) as home:
        stream = await handed_over(home)
        before = await told(home, stream)
        assert [before[one].data.title for one in (GoalCreated, GoalChanged, GoalTransferred)] == [TITLE, AGAIN, AGAIN]
        await home.embedded.keyring.destroy("acme", home.ids["ann"])
    async with installed(tmp_path / "data", Parts()) as later:
        found = await told(later, stream)
        for restated in (GoalCreated, GoalChanged):
            data, erased = found[restated].data, set(found[restated].erased)
            assert (data.title, data.description, data.metric.unit, data.labels) == (None, None, None, [None])
            assert {"title", "description", "metric.unit"} <= erased
        data = found[GoalTransferred].data
        assert (data.title, data.description, data.metric.unit, data.labels) == (AGAIN, "Finchlings", UNIT, ["larks"])
        assert data.reason is None, "why she hands it over are her own words"
        goal = (await later.goals.handlers.kernel.load(GOAL, stream)).state
        assert (goal.title, goal.description, goal.labels) == (AGAIN, "Finchlings", ["larks"])


async def test_the_old_owners_words_outlive_the_new_owners_key(tmp_path: Path) -> None:
    """It works by whose key a text is under, and not by which text is the last."""
    async with installed(tmp_path / "data", Parts()) as home:
        stream = await handed_over(home)
        await home.embedded.keyring.destroy("acme", home.ids["bob"])
    async with installed(tmp_path / "data", Parts()) as later:
        found = await told(later, stream)
        assert [found[one].data.title for one in (GoalCreated, GoalChanged, GoalTransferred)] == [TITLE, AGAIN, None]
