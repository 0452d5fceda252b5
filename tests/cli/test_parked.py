"""`cairn parked`: poison is found, told and got past beside a running `cairn up`, and without one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from libs.events.parking import UNFINISHED
from services.goals.projections import GOAL_ROWS, TREE
from tests.cli.parking import TOPIC, hold_up, listed, part, poison, rebuilt, refused, set_goal
from tests.product import Product, ask, environment, eventually, inside, run, start
from tests.told import Told


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """A running product of its own."""
    with start(tmp_path) as product:
        yield product


# --- what is refused --------------------------------------------------------------------------------------------


def test_what_is_not_there_is_told(product: Product, tmp_path: Path) -> None:
    data = product.data
    assert inside("parked", "list", "--data", data).stdout == "Nothing is parked.\n"
    assert listed(product) == []
    refused(inside("parked", "list", "--data", tmp_path / "none"), "no data folder", "--data")
    assert not (tmp_path / "none").exists()
    refused(inside("parked", "replay", "0123456789ab", "--data", data), "nothing is parked", "parked list")
    refused(inside("parked", "skip", "0123456789ab", "--reason", "Why.", "--data", data), "parked list")
    refused(inside("parked", "skip", "0123456789ab", "--reason", "  ", "--data", data), "--reason")
    refused(inside("parked", "replay", "--data", data), "--all", "parked list")
    refused(inside("parked", "replay", "--all", "0123456789ab", "--data", data), "either")
    done = inside("parked", "skip", "0123456789ab", "--data", data)
    assert (done.returncode, "--reason" in done.stderr) == (2, True)
    assert inside("parked", "replay", "--all", "--data", data).returncode == 0
    assert product.written()["goals"] == (0, 0)


def test_an_event_of_the_future_is_told_and_nothing_is_parked(product: Product) -> None:
    poison(product, "goals.goal-created.v9")
    eventually(lambda: part(product, TREE)["state"] != "running", "it stands still")
    said = part(product, TREE)
    assert (said["state"], said["parked"]) == ("event_from_the_future", 0)
    assert said["reason"].endswith("goals.goal-created.v9 is newer than this code: update the service")
    assert httpx2.get(f"{product.url}/readyz", timeout=5).status_code == 503
    assert listed(product) == []


# --- poison -----------------------------------------------------------------------------------------------------


def test_poison_is_told_and_skipped_beside_a_running_product(product: Product) -> None:
    owner = product.person("ann@acme.example")
    with product.client(product.token("ann@acme.example"), told=Told()) as client:
        first = set_goal(client, owner)
        stream = poison(product)
        second = set_goal(client, owner, "behind it")
        eventually(lambda: part(product, TREE)["parked"] == 1, "the tenant's tree is parked")
        assert client.get(f"/goals/{second['id']}/rollup").json()["code"] == "parked"
        assert httpx2.get(f"{product.url}/readyz", timeout=5).status_code == 200
        found = told(product, stream)
        done = inside("parked", "replay", found["goals.tree"]["id"], "--data", product.data)
        refused(done, "mend")
        assert f"{found['goals.tree']['id']} waits at 2 now: malformed_event" in done.stdout
        for one in found.values():
            done = inside("parked", "skip", one["id"], "--reason", "A broken import.", "--data", product.data)
            assert (done.returncode, done.stderr) == (0, "")
            assert "is free" in done.stdout
        assert listed(product) == []
        eventually(lambda: part(product, TREE)["parked"] == 0, "nothing is parked")
        assert "hint" not in part(product, TREE)
        for goal in (first, second):
            assert client.get(f"/goals/{goal['id']}/rollup").status_code == 200
    product.stop()
    report = rebuilt(product, TREE)
    assert (report.compared, report.differences.count, report.parked) == (True, 0, 0)


def told(product: Product, stream: str) -> dict[str, dict[str, Any]]:
    """What is parked, by model, as an operator is told of it in three places."""
    said = part(product, TREE)
    assert (said["state"], said["first_parked"]) == ("running", 2)
    assert "cairn parked list" in said["hint"]
    found = {one["projection"]: one for one in listed(product)}
    assert {"goals.goals", "goals.tree"} <= found.keys()
    assert (found["goals.goals"]["key"], found["goals.goals"]["waiting"]) == (stream, 0)
    tree = found["goals.tree"]
    assert (tree["topic"], tree["tenant"], tree["key"], tree["sequence"]) == (TOPIC, "acme", "acme", 2)
    assert tree["error"].startswith("malformed_event: ")
    assert (tree["waiting"], tree["waiting_is_more"]) == (1, False)
    shown = inside("parked", "list", "--data", product.data).stdout
    for word in (tree["id"], "goals.tree", TOPIC, stream, "malformed_event", "1 events behind it", "parked skip"):
        assert word in shown
    return found


def test_a_skip_that_is_said_while_nobody_serves_is_honoured_at_the_next_start(product: Product) -> None:
    owner = product.person("ann@acme.example")
    token = product.token("ann@acme.example")
    poison(product)
    eventually(lambda: part(product, TREE)["parked"] == 1, "the tenant's tree is parked")
    product.stop()
    for one in listed(product):
        done = inside("parked", "skip", one["id"], "--reason", "A broken import.", "--data", product.data)
        assert (done.returncode, "as soon as" in done.stdout) == (0, True)
    product.restart()
    eventually(lambda: listed(product) == [], "nothing is parked")
    with product.client(token, told=Told()) as client:
        goal = set_goal(client, owner)
        assert client.get(f"/goals/{goal['id']}/rollup").status_code == 200


# --- mended code ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_what_waits_is_replayed(product: Product, *, running: bool) -> None:
    owner = product.person("ann@acme.example")
    with product.client(product.token("ann@acme.example"), told=Told()) as client:
        path = f"/goals/{set_goal(client, owner)['id']}"
        other = f"/goals/{set_goal(client, owner)['id']}"
        assert client.get(path).status_code == 200
        hold_up(product, GOAL_ROWS, f"acme/goal/{path.rpartition('/')[2]}")
        assert client.patch(path, json={"title": "held up"}).is_success
        assert client.patch(other, json={"title": "not held up"}).is_success
        assert client.get(other).json()["title"] == "not held up"
        assert client.get(path).json()["code"] == "parked"
        if not running:
            product.stop()
        [waits] = listed(product)
        assert (waits["projection"], waits["waiting"]) == (GOAL_ROWS.name, 0)
        done = inside("parked", "replay", waits["id"], "--data", product.data)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{waits['id']} is free" in done.stdout
        if not running:
            product.restart()
        assert listed(product) == []
        assert client.get(path).json()["title"] == "held up"
        assert client.patch(path, json={"title": "goes on"}).is_success
        assert client.get(path).json()["title"] == "goes on"
        eventually(lambda: part(product, GOAL_ROWS)["parked"] == 0, "nothing is parked")


def test_a_replay_that_is_killed_half_way_is_taken_up_again(product: Product) -> None:
    """By the next one, from where it was; the rows are those of a rebuild, and the product went on meanwhile."""
    owner = product.person("ann@acme.example")
    with product.client(product.token("ann@acme.example"), told=Told()) as client:
        set_goal(client, owner)
        hold_up(product, TREE, "acme")
        seeded = run("seed", "--tenant", "acme", "--people", "20", "--goals", "1500", "--data", product.data)
        assert seeded.returncode == 0, seeded.stderr
        file = product.data / "read" / f"{TREE.name}.1.db"
        begun = ask(file, "SELECT sequence FROM parked")
        program = Path(sys.executable).with_name("cairn")
        replay = subprocess.Popen(
            [program, "parked", "replay", "--all", "--data", product.data], env=environment(), cwd=product.data.parent
        )
        try:
            eventually(lambda: ask(file, "SELECT max(sequence) FROM parked") > begun, "the replay has begun")
        finally:
            replay.kill()
            replay.wait()
        [waits] = listed(product)
        assert waits["sequence"] > begun
        assert waits["error"] == UNFINISHED
        skip = ("parked", "skip", waits["id"], "--reason", "Why.", "--data", product.data)
        eventually(lambda: "replay it" in inside(*skip).stderr, "it is not to be skipped")
        assert client.post("/goals", json={"title": "G", "kind": "objective", "owner_id": owner}).status_code == 201

        def replayed() -> bool:
            """Whoever is killed holds the model for a few seconds more."""
            return inside("parked", "replay", waits["id"], "--data", product.data).returncode == 0

        eventually(replayed, "the next replay ends it", within=60)
        assert listed(product) == []
        last = set_goal(client, owner)
        assert client.get(f"/goals/{last['id']}/rollup").status_code == 200
    product.stop()
    report = rebuilt(product, TREE)
    assert (report.compared, report.differences.count, report.parked) == (True, 0, 0)
