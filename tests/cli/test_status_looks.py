"""`cairn status` shows what there is, in every state of a folder; it changes nothing and keeps nobody waiting."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.looking import looked
from libs.events.adapters.sqlite.read_models import SQLiteReadModels
from libs.events.errors import StoreUnavailable
from services.cli.status.gather import Watch
from services.goals import wiring as goals
from services.goals.projections import TREE
from tests.cli.installations import change, consumer, plant, status
from tests.product import Product, eventually, inside, run, start


def test_nothing_is_there_yet(tmp_path: Path) -> None:
    done = inside("status", "--data", tmp_path / "none")
    assert done.returncode == 0
    assert "There is nothing yet" in done.stdout
    assert not (tmp_path / "none").exists()


def test_an_empty_folder_stays_empty(tmp_path: Path) -> None:
    found = status(tmp_path)
    assert (found["stores"], found["process"], list(tmp_path.iterdir())) == ([], None, [])
    assert all(one["generation"] is None and one["position"] == 0 for one in found["consumers"])
    assert found["keyring"]["key_from"] == "none_yet"


def test_a_stopped_installation(data: Path) -> None:
    found = status(data)
    assert found["process"] is None
    [goals, people] = found["stores"]
    assert (goals["service"], goals["tenants"], goals["events"]) == ("goals", 1, 1)
    assert (people["events"], people["greatest"], people["heads"]) == (2, {"tenant": "acme", "sequence": 2}, None)
    tree = consumer(found, "goals.tree")
    assert (tree["position"], tree["lag_events"], tree["lag_seconds"], tree["events_per_second"]) == (1, 0, 0.0, None)
    assert tree["sources"][0]["state"] == "not_running"
    assert found["keyring"] == {"holders": 1, "tombstones": 0, "key_from": "file", "problem": None}
    disk = found["disk"]
    assert disk["folder"] == disk["events"] + disk["read"] + disk["keys"] + disk["other"]
    lines = inside("status", "--data", data).stdout.splitlines()
    assert "Nobody serves it." in lines
    [line] = [line.split() for line in lines if line.strip().startswith("goals.tree")]
    assert line[:8] == ["goals.tree", "1", f"(v{TREE.version})", "1", "0", "-", "-", "0"]
    assert lines[-1] == "All is well."


def test_every_tenant_only_when_asked_for(data: Path) -> None:
    found = status(data, "--tenants")
    assert found["stores"][0]["heads"] == [{"tenant": "acme", "sequence": 1}]
    assert consumer(found, "goals.tree")["sources"][0]["positions"] == [{"tenant": "acme", "sequence": 1}]


def test_what_is_due_is_counted_and_dated(data: Path) -> None:
    event = plant(data / "events/goals.db", "goals.goal-followed.v1", data={})
    found = status(data)
    tree = consumer(found, "goals.tree")
    assert (tree["position"], tree["lag_events"]) == (1, 1)
    age = datetime.fromisoformat(found["at"]) - event.time
    assert tree["lag_seconds"] == pytest.approx(age.total_seconds())
    assert found["well"], "it goes by itself"


def test_a_tombstone_is_counted(data: Path) -> None:
    change(data / "keys.db", "UPDATE holders SET destroyed_at='2026-01-01T00:00:00Z' WHERE holder NOT LIKE 'secret:%'")
    keyring = status(data, CAIRN_KEY_ENCRYPTION_KEY="A" * 43 + "=")["keyring"]
    assert (keyring["holders"], keyring["tombstones"], keyring["key_from"]) == (0, 1, "setting")


def test_beside_a_running_product_and_after_it_was_killed(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        person = product.person("ann@acme.example")
        found = eventually(lambda: _caught_up(product), "all is applied")
        assert product.process is not None
        assert found["process"] == {"holder": f"process {product.process.pid}", "url": product.url, "answers": True}
        assert {source["state"] for one in found["consumers"] for source in one["sources"]} == {"running"}
        assert all(one["events_per_second"] is not None for one in found["consumers"])
        with product.client(product.issue(person)) as client:
            assert client.get("/me").status_code == 200
        product.kill()
        assert (product.data / "events/people.db-wal").exists()
        left = status(product.data)
        assert (left["process"], consumer(left, "people.people")["position"]) == (None, 2)


def test_another_generation_has_applied_nothing_by_coming_to_serve(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        product.person("ann@acme.example")
        eventually(lambda: _caught_up(product), "all is applied")
        watch = Watch(product._settings())
        watch.look()
        assert run("rebuild", "people.people", "--data", product.data).returncode == 0
        rates = {one.name: one.events_per_second for one in watch.look().consumers}
        assert (rates["people.people"], rates["people.units"]) == (None, 0.0)
        assert watch.look().consumers[0].events_per_second == 0.0


def _caught_up(product: Product) -> Mapping[str, Any] | None:
    found = status(product.data)
    return found if found["well"] and not any(one["lag_events"] for one in found["consumers"]) else None


async def test_while_a_read_model_is_rebuilt(data: Path) -> None:
    [tree] = [model for model in goals.PROJECTIONS if model.name == "goals.tree"]
    models = SQLiteReadModels(data / "read/goals.db", goals.PROJECTIONS)
    try:
        async with models.building(tree) as made:
            found = await asyncio.to_thread(_read, data)
            assert consumer(found, "goals.tree")["rebuilding"] == made.number
            assert consumer(found, "goals.talk")["rebuilding"] is None
            assert found["well"]
            live = await models.live(tree)
            held = await models.hold(live, tree.topics, 60)
            assert consumer(await asyncio.to_thread(_read, data), "goals.tree")["held"]
            await models.let_go(live, held)
        assert consumer(await asyncio.to_thread(_read, data), "goals.tree")["rebuilding"] is None
    finally:
        await models.close()


def _read(data: Path) -> Mapping[str, Any]:
    return dict(json.loads(inside("status", "--json", "--data", data).stdout))


def test_what_a_rebuild_that_was_killed_left_is_no_rebuild(data: Path) -> None:
    shutil.copy(data / "read/goals.tree.1.db", data / "read/goals.tree.2.db")
    (data / "read/goals.tree.building").touch()
    assert consumer(status(data), "goals.tree")["rebuilding"] is None


def test_after_a_rebuild_the_new_generation_is_shown(data: Path) -> None:
    assert run("rebuild", "goals.tree", "--data", data).returncode == 0
    generation = consumer(status(data), "goals.tree")["generation"]
    assert (generation["number"], generation["previous"]) == (2, 1)
    # A register that was not told yet: the switch stands in the generation's own file.
    change(data / "read/goals.db", "UPDATE generations SET number=1, previous=NULL WHERE model='goals.tree'")
    found = consumer(status(data), "goals.tree")
    assert (found["generation"]["number"], found["position"]) == (2, 1)


def test_a_file_that_somebody_begins_to_write_is_looked_at_again(tmp_path: Path) -> None:
    path, seen = tmp_path / "some.db", []
    change(path, "PRAGMA journal_mode=WAL")
    change(path, "CREATE TABLE stones (at INTEGER)")
    with closing(sqlite3.connect(path, isolation_level=None)) as rival:

        def work(connection: sqlite3.Connection) -> int:
            [(count,)] = connection.execute("SELECT count(*) FROM stones").fetchall()
            if not seen:
                rival.execute("INSERT INTO stones VALUES (1)")
            seen.append(count)
            return int(count)

        assert looked(path, work) == 1
    assert seen == [0, 1]


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        looked(tmp_path / "none.db", lambda connection: connection.execute("SELECT 1").fetchone())
    assert list(tmp_path.iterdir()) == []


def test_a_writer_is_not_kept_waiting(data: Path) -> None:
    path = data / "events/goals.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as rival:
        rival.execute("BEGIN IMMEDIATE")
        rival.execute("UPDATE heads SET sequence=7")
        done: list[subprocess.CompletedProcess[str]] = []
        thread = threading.Thread(target=lambda: done.append(inside("status", "--json", "--data", data)))
        thread.start()
        thread.join(20)
        assert json.loads(done[0].stdout)["stores"][0]["events"] == 1
        rival.execute("COMMIT")
    assert json.loads(inside("status", "--json", "--data", data).stdout)["stores"][0]["events"] == 7
