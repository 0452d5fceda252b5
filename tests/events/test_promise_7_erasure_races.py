"""Promise 7, erasure meanwhile: what is read, said or written while a person is erased holds no word of theirs."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from libs.events.errors import OwnershipLost
from libs.events.ports import Commit
from tests.events.erasing import Home, at_home, lived_in, nothing
from tests.events.erasure_life import found_of, planted
from tests.events.test_promise_7_erasure import KeepsRows, retells

Change = Callable[[Home], None]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which everything was said; tests work on copies."""
    folder = tmp_path_factory.mktemp("lived") / "data"
    asyncio.run(lived_in(folder))
    return folder


async def check_who_has_it_in_hand_writes_nothing(folder: Path, change: Change) -> None:
    """A runner that has opened a word before the key was destroyed has lost the right to write it afterwards."""
    async with at_home(folder, change) as home:
        await home.fold()
        [runner] = [one for one in home.runners if one.consumer.name == "goals.talk"]
        opened, go_on = asyncio.Event(), asyncio.Event()
        reads: Any = runner.reads
        commit = reads.commit

        async def late(wanted: Commit) -> None:
            if wanted.owner.projection == "goals.talk":
                opened.set()
                await go_on.wait()
            await commit(wanted)

        reads.commit = late
        path, text = f"/goals/{home.ids['goal of boss']}/comments", planted("victim")["another_comment"]
        answer = await home.installed.send(path, {"text": text}, "said", home.ids["victim"])
        assert answer.status_code == 201, answer.text
        stepping = asyncio.create_task(runner.step())
        await opened.wait()
        path = f"/erasures/{home.ids['erasure']}/confirm"
        assert (await home.installed.send(path, None, "agreed", home.ids["other"], of="people")).is_success
        await home.fold(without=runner)
        go_on.set()
        with suppress(OwnershipLost):
            await stepping
        assert found_of(folder, "victim") == set()
        runner._owner = None
        await home.fold()
        comments = [
            one for one in await home.comments(home.ids["goal of boss"]) if one["author_id"] == home.ids["victim"]
        ]
        assert [(one["text"], one["erased"]) for one in comments] == [(None, ["text"])]


async def check_what_is_under_way_is_erased_too(folder: Path, change: Change) -> None:
    """Of what the person says while it is confirmed, each thing is refused, or stored and unreadable."""
    async with at_home(folder, change) as home:
        goal = f"/goals/{home.ids['goal of victim']}"
        text, step = planted("victim")["comment"], {"title": planted("victim")["milestone"], "due_on": "2030-01-31"}

        async def say(number: int) -> int:
            path, body = (f"{goal}/comments", {"text": text}) if number % 2 else (f"{goal}/milestones", step)
            return (await home.installed.send(path, body, f"said-{number}", home.ids["victim"])).status_code

        said = [asyncio.create_task(say(number)) for number in range(20)]
        confirming = asyncio.create_task(home.confirm())
        said += [asyncio.create_task(say(number)) for number in range(20, 40)]
        answers = await asyncio.gather(*said)
        await confirming
        await home.fold()
        assert 201 in answers
        assert set(answers) <= {201, 403, 409}, answers
        assert await say(40) == 403
        assert found_of(folder, "victim") == set()


Check = Callable[[Path, Change], Awaitable[None]]
CHECKS: Sequence[Check] = (check_who_has_it_in_hand_writes_nothing, check_what_is_under_way_is_erased_too)


@pytest.mark.parametrize("check", CHECKS)
async def test_the_promise(check: Check, lived: Path, tmp_path: Path) -> None:
    shutil.copytree(lived, tmp_path / "data")
    await check(tmp_path / "data", nothing)


# --- planted faults ---------------------------------------------------------------------------------------------


def keeps_the_epoch(home: Home) -> None:
    """Planted: rows are folded anew beside a runner that may write what it has in hand."""
    for one in home.forgetting:
        generations: Any = one.retelling.generations
        hold = generations.hold

        async def held(generation: Any, topics: Sequence[str], seconds: float, hold: Any = hold) -> Any:
            runners = [runner for runner in home.runners if runner.consumer.name == generation.model]
            owners = [runner._owner for runner in runners if runner.topic in topics and runner._owner is not None]
            return owners or await hold(generation, topics, seconds)

        generations.hold = held


FAULTS: Mapping[str, tuple[Check, Change]] = {
    "the epoch is kept": (check_who_has_it_in_hand_writes_nothing, keeps_the_epoch),
    "rows are kept": (check_what_is_under_way_is_erased_too, retells(KeepsRows)),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found_out(fault: str, lived: Path, tmp_path: Path) -> None:
    check, change = FAULTS[fault]
    shutil.copytree(lived, tmp_path / "data")
    with pytest.raises(AssertionError) as found:
        await check(tmp_path / "data", change)
    assert "Extra items in the left set" in str(found.value)


async def test_a_goal_of_the_erased_goes_on_and_gets_new_words_from_its_next_owner(lived: Path, tmp_path: Path) -> None:
    shutil.copytree(lived, tmp_path / "data")
    async with at_home(tmp_path / "data") as home:
        await home.confirm()
        goal, boss = f"/goals/{home.ids['goal of victim']}", home.ids["boss"]
        answer = await home.installed.send(goal, {"title": "Anew"}, "", boss, method="PATCH")
        assert (answer.status_code, answer.json()["code"]) == (409, "person_erased"), answer.text
        found = await home.act("boss", "PATCH", goal, {"weight": 3})
        assert (found["weight"], found["title"], found["state"]) == (3, None, "open")
        await home.act("boss", "POST", f"{goal}/check-ins", {"status": "on_track", "value": 41, "note": "Goes on."})
        await home.act("boss", "POST", f"{goal}/transfer", {"owner_id": boss, "reason": "They left."})
        found = await home.act(
            "boss", "PATCH", goal, {"title": "Anew", "metric": {"start": 50, "target": 40, "unit": "h"}}
        )
        assert (found["title"], found["owner_id"], found["own_progress"]) == ("Anew", boss, 0.9)
        assert "title" not in found["erased"]
