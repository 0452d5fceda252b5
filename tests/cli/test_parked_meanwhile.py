"""Replay, skip and rebuild of one model at once: nothing is lost or doubled, and who has to wait is told so."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.goals.projections import TREE
from tests.cli.parking import hold_up, listed, part, rebuilt, refused, set_goal
from tests.product import CAIRN, Product, ask, environment, eventually, inside, run, start
from tests.told import Told

HELD = "is being held by a rebuild or a replay: try again in a moment"


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """A running product, whose tree waits from an event on that today's code can apply, with thousands behind it."""
    with start(tmp_path) as product:
        owner = product.person("ann@acme.example")
        with product.client(product.token("ann@acme.example"), told=Told()) as client:
            set_goal(client, owner)
        hold_up(product, TREE, "acme")
        seeded = run("seed", "--tenant", "acme", "--people", "20", "--goals", "1500", "--data", product.data)
        assert seeded.returncode == 0, seeded.stderr
        eventually(lambda: part(product, TREE)["lag"] == 0, "all but the tree goes on", within=60)
        yield product


@contextmanager
def begun(product: Product, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A `cairn …` under way beside the product."""
    process = subprocess.Popen(
        [CAIRN, *arguments, "--data", product.data],
        env=environment(),
        cwd=product.data.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def ended(process: subprocess.Popen[str]) -> str:
    """What a command said that went well."""
    said, errors = process.communicate(timeout=120)
    assert (process.returncode, "Traceback" in errors) == (0, False), said + errors
    return said


def replaying(product: Product) -> None:
    """Waits until a replay has applied something."""
    file = product.data / "read" / f"{TREE.name}.1.db"
    first = ask(file, "SELECT min(sequence) FROM parked")
    eventually(lambda: ask(file, "SELECT coalesce(min(sequence), 0) FROM parked") != first, "the replay has begun")


def waits_or_finds_nothing(done: subprocess.CompletedProcess[str]) -> None:
    """Refused as long as the replay is under way; on a machine that was quick with that, there is nothing to do."""
    assert (done.returncode, HELD in done.stderr or "nothing is parked" in done.stderr) == (1, True), done.stderr


def right(product: Product) -> None:
    """Nothing waits any more, the model goes on, and its rows are those of a rebuild."""
    assert listed(product) == []
    owner = product.person("ann@acme.example")
    with product.client(product.token("ann@acme.example"), told=Told()) as client:
        last = set_goal(client, owner)
        assert client.get(f"/goals/{last['id']}/rollup").status_code == 200
    product.stop()
    report = rebuilt(product, TREE)
    assert (report.compared, report.differences.count, report.parked) == (True, 0, 0)


def test_a_skip_and_another_replay_wait_for_the_replay_of_the_same_key(product: Product) -> None:
    [waits] = listed(product)
    before = product.written()["goals"]
    with begun(product, "parked", "replay", waits["id"]) as replay:
        replaying(product)
        waits_or_finds_nothing(inside("parked", "skip", waits["id"], "--reason", "Why.", "--data", product.data))
        waits_or_finds_nothing(inside("parked", "replay", waits["id"], "--data", product.data))
        assert f"{waits['id']} is free" in ended(replay)
    assert product.written()["goals"] == before, "a skip was stated"
    refused(inside("parked", "skip", waits["id"], "--reason", "Why.", "--data", product.data), "nothing is parked")
    right(product)


def test_a_replay_beside_a_rebuild_of_the_same_model(product: Product) -> None:
    """The rebuild reads while the replay writes, and waits for it before it lets its own rows serve."""
    [waits] = listed(product)
    with begun(product, "rebuild", TREE.name) as rebuild:
        eventually(lambda: list(product.data.glob(f"read/{TREE.name}.2.db")), "the rebuild has begun")
        replayed = inside("parked", "replay", waits["id"], "--data", product.data)
        assert "is free" in replayed.stdout or "nothing is parked" in replayed.stderr, replayed.stderr
        assert "Generation 2 serves" in ended(rebuild)
    right(product)


def test_a_rebuild_waits_for_a_replay_that_holds_its_model(product: Product) -> None:
    [waits] = listed(product)
    with begun(product, "parked", "replay", waits["id"]) as replay:
        replaying(product)
        done = run("rebuild", TREE.name, "--data", product.data)
        assert (done.returncode, "Generation 2 serves" in done.stdout) == (0, True), done.stderr
        ended(replay)
    right(product)
