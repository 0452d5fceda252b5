"""`cairn seed` once more: on a tenant that has people already, beside the demonstration, and after it was cut short."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.product import CAIRN, SOON, Product, environment, eventually, free_port, run, start

PEOPLE, GOALS = 20, 150


def seed(data: Path, people: int = PEOPLE, goals: int = GOALS, tenant: str = "acme") -> str:
    """What it says when all went well; what is under way goes to standard error."""
    done = run("seed", "--tenant", tenant, "--people", str(people), "--goals", str(goals), "--data", data)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert f"people: {people} of {people}" in done.stderr
    return done.stdout


def listed(client: httpx2.Client, path: str, **query: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    while True:
        answer = client.get(path, params={"limit": 200, **query})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if (cursor := answer.json()["next_cursor"]) is None:
            return found
        query["cursor"] = cursor


def answers_well(client: httpx2.Client) -> None:
    """Every kind of question about it is answered."""
    tree = client.get("/goals/tree", params={"depth": 1})
    assert tree.status_code == 200, tree.text
    for node in [one for one in tree.json()["nodes"] if "restricted" not in one][:5]:
        for at in ("", "/rollup", "/impact", "/trend", "/history", "/check-ins"):
            assert client.get(f"/goals/{node['id']}{at}").status_code == 200
    for path in ("/goals?stale=true", "/goals?state=closed", "/units", "/support-requests", "/people?q=ada"):
        assert client.get(path).status_code == 200


def sound(data: Path) -> None:
    done = run("doctor", "--data", data)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One tenant was seeded twice before the first start, another with people alone."""
    folder = tmp_path_factory.mktemp("seeded")
    tops = {seed(folder / "data").splitlines()[1] for _ in range(2)}
    assert len(tops) == 2, "two crowds have addresses of their own"
    seed(folder / "data", 3, 0, tenant="few")
    sound(folder / "data")
    with start(folder) as product:
        yield product


def test_twice_on_the_same_tenant_adds_twice(seeded: Product) -> None:
    with seeded.client(seeded.token("admin@acme.example")) as admin:
        people = listed(admin, "/people")
        # One administrator for both of them.
        assert len(people) == 2 * PEOPLE + 1
        assert len({one["email"] for one in people}) == len(people)
        created = "SELECT count(*) FROM stored_events WHERE topic = 'goals.goal-created.v2'"
        assert seeded.rows("goals", created) == [(2 * GOALS,)]
        tops = [one for one in people if one["manager_id"] is None and "admin" not in one["roles"]]
        assert len(tops) == 2
        for top in tops:
            with seeded.client(seeded.issue(top["id"])) as chief:
                answers_well(chief)
                below = listed(chief, f"/people/{top['id']}/reports", depth=20)
                assert len(below) == PEOPLE - 1


def test_a_stage_without_work_is_not_spoken_of(tmp_path: Path) -> None:
    done = run("seed", "--tenant", "few", "--people", "2", "--goals", "0", "--data", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["people", "read models"]


def test_people_without_goals(seeded: Product) -> None:
    with seeded.client(seeded.token("admin@few.example", tenant="few")) as admin:
        assert len(listed(admin, "/people")) == 4
        assert listed(admin, "/goals") == []
        assert admin.get("/goals/tree").json()["nodes"] == []


def test_a_crowd_joins_the_demonstration_while_it_is_shown(tmp_path: Path) -> None:
    with start(tmp_path, "--demo") as product, product.client(product.token("nora@acme.example")) as nora:
        goals, people = (listed(nora, path) for path in ("/goals", "/people"))
        position = nora.get("/goals/tree").json()["position"]
        said = seed(product.data)
        assert "is folding into its read models now" in said
        heads = {"Cairn-After": ", ".join(product.heads("acme"))}
        assert nora.get("/goals/tree", headers=heads).json()["position"] != position
        after = listed(nora, "/goals")
        assert {one["id"] for one in goals} < {one["id"] for one in after}
        assert len(listed(nora, "/people")) == len(people) + PEOPLE
        answers_well(nora)
        assert product.stop() == 0
        # What is there already is neither doubled nor mixed up at the next start.
        before = product.written()
        product.restart()
        assert product.written() == before


def test_what_was_cut_short_stays_sound_and_is_added_to(tmp_path: Path) -> None:
    product = Product(tmp_path / "data", free_port(), {})
    half = [cut_short(product, of) for of in ("people", "goals")]
    sound(product.data)
    seed(product.data)
    assert events(product, "goals") > half[1]
    try:
        product.restart()
        with product.client(product.token("admin@acme.example")) as admin:
            answers_well(admin)
    finally:
        product.kill()
    sound(product.data)


def cut_short(product: Product, of: str) -> int:
    """Kills one that has begun to add people or goals, and says how many events there are then."""
    command = [CAIRN, "seed", "--tenant", "acme", "--people", "1500", "--goals", "9000", "--data", product.data]
    seeding = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        eventually(lambda: events(product, of) > 0, f"the first {of} are there")
    finally:
        seeding.kill()
        seeding.communicate(timeout=SOON)
    assert seeding.returncode < 0, "it was through before it was killed"
    return events(product, of)


def events(product: Product, service: str) -> int:
    """How many events a service's store has; 0 before there is one."""
    with suppress(sqlite3.OperationalError):
        [(count,)] = product.rows(service, "SELECT count(*) FROM stored_events")
        return int(count)
    return 0
