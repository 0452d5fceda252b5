"""`kill -9` in a loop under load: nothing acknowledged is lost or doubled, and what is read catches up.

CAIRN_KILL_SECONDS says for how long (default 5), CAIRN_KILL_SEED repeats a run's moments.
"""

from __future__ import annotations

import os
import random
import time
from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import httpx2
import pytest

from tests.faults.load import Asker, Command, Load, Told
from tests.faults.promised import Found, broken
from tests.product import API, SOON, Product, eventually, run

SECONDS = float(os.environ.get("CAIRN_KILL_SECONDS") or 5)
REPEATED = 1000
"""How many acknowledged commands are sent once more in the end, besides those that a kill had cut off."""


async def test_what_was_acknowledged_survives_every_kill(product: Product, askers: list[Asker]) -> None:
    seed = int(os.environ.get("CAIRN_KILL_SEED") or random.randrange(2**32))
    print(f"CAIRN_KILL_SEED={seed} repeats these moments")
    chance = random.Random(seed)
    load = Load(product.url, random.Random(seed))
    async with anyio.create_task_group() as clients:
        load.up.set()
        for asker in askers:
            clients.start_soon(load.work, asker)
        kills = await storm(product, load, chance, SECONDS)
        load.stopped = True
    cut_off = [one for one in load.told if one.command.attempts > 1]
    assert cut_off, "no kill met a request under way: this run proves nothing"
    rest = [one for one in load.told if one.command.attempts == 1]
    await load.repeat_all([*cut_off, *chance.sample(rest, min(REPEATED, len(rest)))], clients=4)
    found = await find(product, load.told)
    print(f"{kills} kills, {len(load.told)} acknowledged, {len(cut_off)} cut off, {len(load.repeats)} repeated")
    assert broken(load.told, load.repeats, found) == []
    await anyio.to_thread.run_sync(eventually, partial(caught_up, product), "every read model is caught up")
    verdict = await anyio.to_thread.run_sync(partial(run, "doctor", "--data", product.data))
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


async def storm(product: Product, load: Load, chance: random.Random, seconds: float) -> int:
    """Kills and restarts for so long, at moments that chance picks, now and then while it is starting."""
    end, kills = time.monotonic() + seconds, 0
    while time.monotonic() < end or not kills:
        await load.more(chance.randint(1, 60))
        await anyio.sleep(chance.uniform(0, 0.02))
        load.up = anyio.Event()
        product.kill()
        kills += 1
        if chance.random() < 0.2:
            product.launch()
            await anyio.sleep(chance.uniform(0, 1.5))
            product.kill()
            kills += 1
        await anyio.to_thread.run_sync(product.restart)
        load.up.set()
    return kills


async def find(product: Product, told: list[Told]) -> Found:
    """Everything that there is, through the API and from the event stores' files."""
    check_ins: dict[str, list[Any]] = {}
    goals: dict[str, Any] = {}
    nodes: dict[str, Any] = {}
    async with httpx2.AsyncClient(base_url=product.url + API, timeout=SOON) as client:
        for goal in (one for one in told if one.command.goal_id is None):
            asker, goal_id = goal.command.asker, goal.body["id"]
            headers = {"Authorization": f"Bearer {asker.token}"}
            check_ins[goal_id] = await listed(client, f"/goals/{goal_id}/check-ins?limit=30", headers)
            [(head,)] = product.rows("goals", "SELECT sequence FROM heads WHERE tenant=?", asker.tenant)
            answer = await client.get(f"/goals/{goal_id}", headers={**headers, "Cairn-After": f"goals:{head}"})
            assert answer.status_code == 200, answer.text
            goals[goal_id] = answer.json()
            assert answer.headers["ETag"] == f'"{goals[goal_id]["version"]}"'
            nodes[goal_id] = (await client.get(f"/goals/{goal_id}/rollup", headers=headers)).json()
    sequences: dict[tuple[str, str], list[int]] = defaultdict(list)
    streams: dict[str, list[int]] = defaultdict(list)
    for service in ("goals", "people"):
        for tenant, sequence in product.rows(service, "SELECT tenant, sequence FROM sequences ORDER BY 1, 2"):
            sequences[service, tenant].append(sequence)
        stored = "SELECT originator_id, originator_version FROM stored_events ORDER BY 1, 2"
        for stream, version in product.rows(service, stored):
            streams[stream].append(version)
    return Found(check_ins, goals, nodes, sequences, streams)


async def listed(client: httpx2.AsyncClient, path: str, headers: dict[str, str]) -> list[Any]:
    """All pages of a list."""
    items: list[Any] = []
    cursor: str | None = None
    while True:
        page = await client.get(path if cursor is None else f"{path}&cursor={cursor}", headers=headers)
        assert page.status_code == 200, page.text
        items += page.json()["items"]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            return items


def caught_up(product: Product) -> bool:
    """Whether no consumer is stopped, parked anything or lags."""
    answer = httpx2.get(f"{product.url}/readyz", timeout=SOON)
    parts = [part for service in answer.json()["services"].values() for part in service["parts"].values()]
    consumers = [part for part in parts if "lag" in part]
    assert len(consumers) == 12, answer.text
    return all((part["state"], part["lag"], part["parked"]) == ("running", 0, 0) for part in consumers)


# --- the check itself must be able to fail ----------------------------------------------------------------------


ANN = Asker("acme", "p1", "t")
HEADERS = {"Location": "/api/v1/goals/g/check-ins/c", "ETag": '"2"', "Cairn-Position": "goals:2", "Content-Type": "j"}
ROOT = Told(Command(ANN, "goal-0", "/goals", {"title": "Goal 0"}), 201, HEADERS, {"id": "r", "version": 1})
GOAL = Told(Command(ANN, "goal-1", "/goals", {"title": "Goal 1"}), 201, HEADERS, {"id": "g", "version": 1})
FIRST = Told(Command(ANN, "c-2", "/goals/g/check-ins", {"value": 2}, "g"), 201, HEADERS, {"version": 2, "value": 2})
SECOND = Told(Command(ANN, "c-3", "/goals/g/check-ins", {"value": 3}, "g"), 201, HEADERS, {"version": 3, "value": 3})
TOLD = [ROOT, GOAL, FIRST, SECOND]
ROOT_ROW = {"version": 1, "metric": None, "progress": 0.003}
GOAL_ROW = {"version": 3, "metric": {"current": 3}, "progress": 0.003}
ROOT_NODE = {"parent_id": None, "progress": 0.003, "leaf_count": 1}
GOAL_NODE = {"parent_id": "r", "progress": 0.003, "leaf_count": 1}
WHOLE = Found(
    check_ins={"r": [], "g": [{"value": 3}, {"value": 2}]},
    rows={"r": ROOT_ROW, "g": GOAL_ROW},
    nodes={"r": ROOT_NODE, "g": GOAL_NODE},
    sequences={("goals", "acme"): [1, 2, 3]},
    streams={"acme/goal/g": [1, 2, 3]},
)


def test_the_check_finds_nothing_where_nothing_is_broken() -> None:
    again = replace(FIRST, body={**FIRST.body, "allowed_actions": ["check_in"]})
    assert broken(TOLD, [(FIRST, again)], WHOLE) == []


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (replace(WHOLE, check_ins={"r": [], "g": [{"value": 3}]}), "check-in 2 of goal g was acknowledged and is lost"),
        (replace(WHOLE, check_ins={"r": [], "g": [{"value": 3}, *2 * [{"value": 2}]]}), "2 of goal g is there 1 times"),
        (replace(WHOLE, check_ins={"r": [], "g": [{"value": 3}, {"value": 9}]}), "9 of goal g is there 1 times"),
        (replace(WHOLE, check_ins={}, rows={}, nodes={}), "2 goals were acknowledged, 0 are there"),
        (replace(WHOLE, rows={"r": ROOT_ROW, "g": {**GOAL_ROW, "version": 2}}), "version 3, its row at 2"),
        (replace(WHOLE, rows={"r": ROOT_ROW, "g": {**GOAL_ROW, "metric": {"current": 2}}}), "at 3, its row at 2"),
        (replace(WHOLE, nodes={"r": {**ROOT_NODE, "progress": 0.002}, "g": GOAL_NODE}), "goal r shows 0.002 of 1"),
        (replace(WHOLE, nodes={"r": {**ROOT_NODE, "leaf_count": 2}, "g": GOAL_NODE}), "goal r shows 0.003 of 2"),
        (replace(WHOLE, nodes={"r": ROOT_NODE, "g": {**GOAL_NODE, "progress": 0.002}}), "in the tree at 0.002"),
        (replace(WHOLE, sequences={("goals", "acme"): [1, 3]}), "('goals', 'acme') has gaps or doubles"),
        (replace(WHOLE, streams={"acme/goal/g": [1, 2, 2]}), "acme/goal/g has gaps or doubles"),
    ],
)
def test_the_check_finds_planted_damage(found: Found, says: str) -> None:
    assert any(says in one for one in broken(TOLD, [], found))


@pytest.mark.parametrize(
    "again",
    [
        replace(FIRST, status=200),
        replace(FIRST, headers={**HEADERS, "Location": "/api/v1/goals/g/check-ins/d"}),
        replace(FIRST, headers={**HEADERS, "ETag": '"3"'}),
        replace(FIRST, headers={**HEADERS, "Cairn-Position": "goals:3"}),
        replace(FIRST, body={"version": 2, "value": 5}),
    ],
)
def test_the_check_finds_a_repeat_that_is_answered_otherwise(again: Told) -> None:
    assert len(broken(TOLD, [(FIRST, again)], WHOLE)) == 1
