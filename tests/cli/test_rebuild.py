"""`cairn rebuild` as operators use it: beside a `cairn up` that serves, without one, killed, and where rows differ."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.product import CAIRN, SOON, Product, ask, environment, eventually, rows, run, start

MODELS = (
    "people.people",
    "people.units",
    "people.members",
    "people.erasures-asked",
    "goals.goals",
    "goals.tree",
    "goals.talk",
    "goals.members",
)
TREE, OWN = "goals.tree", "goals.goals"
KILLS = 6


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with start(tmp_path_factory.mktemp("rebuilt"), "--demo") as served:
        yield served


def answers(product: Product) -> dict[str, Any]:
    """What Sam is told, of every kind."""
    with product.client(product.token("sam@acme.example")) as client:
        paths = ["/goals?limit=500", "/goals/tree?depth=4", "/people?limit=500", "/units", "/support-requests"]
        found = {path: _told(client, path) for path in paths}
        for goal in found["/goals?limit=500"]["items"][:10]:
            for at in ("", "/rollup", "/trend", "/impact", "/check-ins", "/comments"):
                found[goal["id"] + at] = _told(client, f"/goals/{goal['id']}{at}")
    return found


def right_answers(product: Product) -> dict[str, Any]:
    """The same, when nothing is amiss."""
    found = answers(product)
    assert [path for path, told in found.items() if not isinstance(told, dict)] == []
    return found


def _told(client: httpx2.Client, path: str) -> Any:
    """Refusals as they are: rows may be missing until the right ones serve."""
    answer = client.get(path)
    return answer.json() if answer.status_code == 200 else answer.status_code


def serving(product: Product, model: str) -> tuple[int, int]:
    """The generation of a model that serves, and the version of its fold."""
    register = product.data / "read" / f"{model.partition('.')[0]}.db"
    [found] = rows(register, "SELECT number, version FROM generations WHERE model=?", model)
    return found


def listed(client: httpx2.Client, path: str) -> set[str]:
    """The ids on all pages."""
    found: set[str] = set()
    query: dict[str, Any] = {"limit": 500}
    while True:
        page = client.get(path, params=query).json()
        found |= {one["id"] for one in page["items"]}
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]


def own_goal(client: httpx2.Client) -> str:
    """A goal that Sam may check in to."""
    found = client.get("/goals", params={"owner_id": client.get("/me").json()["id"], "state": "open"}).json()["items"]
    id: str = next(goal["id"] for goal in found if "check_in" in goal["allowed_actions"])
    return id


def test_all_of_them_while_people_work(product: Product) -> None:
    before = {model: serving(product, model)[0] for model in MODELS}
    done, taken = threading.Event(), []
    with product.client(product.token("sam@acme.example")) as client:
        goal = own_goal(client)

        def work() -> None:
            while not done.is_set():
                answer = client.post(f"/goals/{goal}/check-ins", json={"status": "on_track", "note": "busy"})
                assert answer.status_code == 201, answer.text
                after = {"Cairn-After": answer.headers["Cairn-Position"]}
                read = client.get(f"/goals/{goal}/rollup", headers=after)
                assert read.status_code == 200, read.text
                taken.append(answer.json()["id"])

        working = threading.Thread(target=work)
        working.start()
        ended = run("rebuild", "--all", "--data", product.data)
        done.set()
        working.join(SOON)
        assert ended.returncode == 0, ended.stderr
        assert {model: serving(product, model)[0] for model in MODELS} == {m: n + 1 for m, n in before.items()}
        assert listed(client, f"/goals/{goal}/check-ins") >= set(taken)
    assert len(taken) > 5
    for model in MODELS:
        assert f"{model}: " in ended.stdout
    assert "the same as before" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_rows_that_differ_are_told_and_do_not_serve_until_accepted(product: Product) -> None:
    right = right_answers(product)
    number, _ = serving(product, OWN)
    file = product.data / "read" / f"{OWN}.{number}.db"
    [(tenant, id)] = rows(file, "SELECT tenant, id FROM rows_goals LIMIT 1")
    with closing(sqlite3.connect(file, timeout=SOON)) as spoiled:
        spoiled.execute("DELETE FROM rows_goals WHERE tenant=? AND id=?", (tenant, id))
        spoiled.commit()
    ended = run("rebuild", OWN, "--data", product.data)
    assert ended.returncode == 1
    assert f"surplus: goals {tenant} {id}" in ended.stdout
    assert "1 of them not as before" in ended.stdout
    assert "--accept" in ended.stderr
    assert serving(product, OWN)[0] == number
    ended = run("rebuild", OWN, "--accept", "--data", product.data)
    assert ended.returncode == 0, ended.stderr
    # The process that serves notices by itself, though nobody writes anything.
    eventually(lambda: answers(product) == right, "all answers are right again")


def test_the_rows_before_can_serve_again(product: Product) -> None:
    right, (number, _) = right_answers(product), serving(product, TREE)
    assert run("rebuild", TREE, "--data", product.data).returncode == 0
    back = run("rebuild", TREE, "--roll-back", "--data", product.data)
    assert (back.returncode, serving(product, TREE)[0]) == (0, number), back.stderr
    assert f"generation {number} serves again" in back.stdout
    twice = run("rebuild", TREE, "--roll-back", "--data", product.data)
    assert (twice.returncode, "no generation to go back to" in twice.stderr) == (1, True)
    eventually(lambda: answers(product) == right, "all answers are the same")


def test_of_all_those_go_back_that_can_and_the_others_are_named(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        product.person("ann@acme.example")
        assert run("rebuild", OWN, TREE, "--data", product.data).returncode == 0
        back = run("rebuild", "--all", "--roll-back", "--data", product.data)
        assert back.returncode == 1
        told = {model: f"{model}: generation 1 serves again." for model in (OWN, TREE)}
        assert back.stdout.splitlines() == list(told.values())
        left = [line.partition(": ") for line in back.stderr.splitlines()]
        assert {name for name, _, _ in left} == {*MODELS, "people.erasures-asked"} - {OWN, TREE}
        assert all("no generation to go back to" in why for _, _, why in left)
        assert {serving(product, model)[0] for model in (OWN, TREE, "people.people")} == {1}
        assert run("rebuild", "--all", "--data", product.data).returncode == 0
        assert run("rebuild", "--all", "--roll-back", "--data", product.data).returncode == 0


def test_killed_it_leaves_nothing_and_the_next_one_ends(product: Product) -> None:
    right, random_ = right_answers(product), random.Random(4)
    for _ in range(KILLS):
        process = subprocess.Popen(
            [CAIRN, "rebuild", TREE, "--data", product.data],
            env=environment(),
            cwd=product.data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(random_.uniform(0.3, 1.8))  # a kill comes at any moment: that is the test
        _kill_all(process)
        assert answers(product) == right
    ended = run("rebuild", TREE, "--data", product.data)
    assert ended.returncode == 0, ended.stderr
    number, _ = serving(product, TREE)
    left = {path.name for path in (product.data / "read").glob(f"{TREE}.*.db")}
    assert (len(left), f"{TREE}.{number}.db" in left) == (2, True)
    eventually(lambda: answers(product) == right, "all answers are the same")


def test_a_model_whose_process_is_gone_fails_alone(product: Product) -> None:
    process = subprocess.Popen(
        [CAIRN, "rebuild", "--all", "--data", product.data],
        env=environment(),
        cwd=product.data,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    [first, *_] = eventually(lambda: _children(process.pid), "it works in processes of its own")
    os.kill(first, signal.SIGKILL)
    said, failed = process.communicate(timeout=120)
    assert process.returncode == 1
    assert failed.count("it ended without a word") == 1
    assert said.count(" serves.") == len(MODELS) - 1
    assert "Traceback" not in failed


def _children(process: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _kill_all(process: subprocess.Popen[bytes]) -> None:
    """The command and the process that it has the rebuild done by."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(SOON)


def test_what_is_asked_wrongly_is_refused(product: Product) -> None:
    for arguments, said in (
        ((), "name the read models to rebuild, or say --all"),
        ((TREE, "--all"), "name the read models to rebuild, or say --all"),
        (("goals.nothing",), "there is no read model goals.nothing. There are: people.people"),
        ((TREE, "--accept", "--roll-back"), "say one of them"),
    ):
        ended = run("rebuild", *arguments, "--data", product.data)
        assert (ended.returncode, said in ended.stderr, "Traceback" in ended.stderr) == (1, True, False), ended.stderr


def test_rows_of_another_version_are_made_anew_at_the_start_while_they_serve(product: Product) -> None:
    right, (number, version) = right_answers(product), serving(product, TREE)
    assert product.stop() == 0
    with closing(sqlite3.connect(product.data / "read" / "goals.db")) as register:
        register.execute("UPDATE generations SET version=version-1 WHERE model=?", (TREE,))
        register.commit()
    product.restart()
    assert answers(product) == right
    eventually(lambda: serving(product, TREE) == (number + 1, version), "the model is rebuilt", within=60)
    eventually(lambda: answers(product) == right, "all answers are the same")
    eventually(lambda: "a read model was rebuilt" in product.log.read_text(), "it says so")


def test_stopped_it_works_as_well_and_keeps_others_out(product: Product) -> None:
    right = right_answers(product)
    assert product.stop() == 0
    ended = run("rebuild", "--all", "--data", product.data)
    assert ended.returncode == 0, ended.stderr
    product.restart()
    assert answers(product) == right
    assert ask(product.data / "read" / "goals.db", "SELECT count(*) FROM generations") == 4


def test_what_is_no_data_folder_stays_none(tmp_path: Path) -> None:
    ended = run("rebuild", "--all", "--data", tmp_path / "typo")
    assert (ended.returncode, "is no data folder" in ended.stderr) == (1, True)
    assert not (tmp_path / "typo").exists()
