"""A goal with a long history costs what is asked for, not what it holds: one check-in, one page, one fold for all."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from libs.access.principals import Principal
from libs.events.caller import Caller
from libs.events.catalog.goals import CheckInRecorded
from libs.events.envelope import Fact, stream_name
from libs.events.reader import Reader, Unread
from libs.events.testing import drain
from libs.privacy.sealing import FieldSealer
from services.goals.domain.state import GOAL
from services.people.domain.commands import AddPerson
from tests.events.installation import Installation, Parts, installed

MANY = 300


class CountsFacts(Reader):
    """A reader that counts what it makes facts of."""

    read: list[int]

    async def facts(self, events: Sequence[Unread], words: Collection[Any] | None = None) -> list[Fact[Any]]:
        self.read.append(len(events))
        return await super().facts(events, words)


class OpensNoNote(FieldSealer):
    """A sealer that notices when a check-in's words are opened."""

    async def open(self, items: Any) -> Any:
        assert not any(envelope.type.startswith("goals.check-in-recorded.") for envelope, _ in items)
        return await super().open(items)


async def long_goal(home: Installation) -> tuple[str, str, list[str]]:
    """Its owner, its id, and the ids of its check-ins in order."""
    added = AddPerson(display_name="Ann", email="ann@example.org")
    owner = (await home.people.handlers.admit(Caller("acme", "operator"), added)).resource
    await drain([*home.people.reading.runners, *home.goals.reading.runners])
    body = {"title": "Fewer escalations", "kind": "objective", "owner_id": owner}
    goal_id = (await home.send("/goals", body, "goal", owner)).json()["id"]
    check_in = {"status": "on_track", "progress": 0.5, "note": "Routing is live."}
    path = f"/goals/{goal_id}/check-ins"
    ids = [(await home.send(path, check_in, f"check-in-{at}", owner)).json()["id"] for at in range(MANY)]
    return owner, goal_id, ids


async def ask(home: Installation, path: str, asker: str) -> httpx2.Response:
    header = home.embedded.signer.header(Principal("acme", "cairn-development", asker))
    answer = await home.clients["goals"].get(path, headers={"cairn-principal": header})
    assert answer.status_code in (200, 404), answer.text
    return answer


@pytest.mark.parametrize("applied", [True, False], ids=["rows are written", "rows are late"])
async def test_reading_a_little_of_a_long_goal_reads_a_little(applied: bool, tmp_path: Path) -> None:
    async with installed(tmp_path, Parts()) as home:
        owner, goal_id, ids = await long_goal(home)
        if applied:
            await drain(home.goals.reading.runners)
        kernel = home.goals.handlers.kernel
        counting = CountsFacts(kernel.reader.registry, kernel.reader.sealer)
        object.__setattr__(counting, "read", counted := [])
        kernel.reader = counting
        page = await ask(home, f"/goals/{goal_id}/check-ins?limit=2", owner)
        assert [one["id"] for one in page.json()["items"]] == ([ids[-1], ids[-2]] if applied else [])
        assert (await ask(home, f"/goals/{goal_id}/check-ins/{ids[-1]}", owner)).json()["id"] == ids[-1]
        assert sum(counted) <= 60
        oldest = await ask(home, f"/goals/{goal_id}/check-ins/{ids[0]}", owner)
        assert oldest.status_code == (200 if applied else 404), "an old one is found by its row"
        assert (await ask(home, f"/goals/{goal_id}/check-ins/{owner}", owner)).status_code == 404
        assert sum(counted) <= 160


async def test_paging_shows_every_check_in_once(tmp_path: Path) -> None:
    async with installed(tmp_path, Parts()) as home:
        owner, goal_id, ids = await long_goal(home)
        await drain(home.goals.reading.runners)
        seen: list[str] = []
        path: str | None = f"/goals/{goal_id}/check-ins?limit=7"
        while path is not None:
            answer = (await ask(home, path, owner)).json()
            seen += [one["id"] for one in answer["items"]]
            cursor = answer["next_cursor"]
            path = f"/goals/{goal_id}/check-ins?limit=7&cursor={cursor}" if cursor else None
        assert seen == ids[::-1]


async def test_of_many_who_ask_one_folds_few_facts_and_no_words_are_opened(tmp_path: Path) -> None:
    async with installed(tmp_path, Parts()) as home:
        _, goal_id, _ = await long_goal(home)
    async with installed(tmp_path, Parts(sealer=OpensNoNote)) as later:
        kernel = later.goals.handlers.kernel
        counting = CountsFacts(kernel.reader.registry, kernel.reader.sealer)
        object.__setattr__(counting, "read", counted := [])
        kernel.reader = counting
        stream = stream_name("acme", GOAL.kind, goal_id)
        loads = await asyncio.gather(*(kernel.load(GOAL, stream) for _ in range(20)))
        assert {loaded.version for loaded in loads} == {MANY + 1}
        assert loads[0].state.title == "Fewer escalations"
        assert sum(counted) == 2, "the goal and its last check-in: the others say nothing of it"
        [fact] = await Reader(kernel.reader.registry, FieldSealer(later.embedded.keyring)).facts(
            [Unread(one.body, 0) for one in await kernel.store.read_stream(stream, after=MANY)], words=()
        )
        assert isinstance(fact.data, CheckInRecorded)
        assert fact.data.note is None
