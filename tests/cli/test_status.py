"""`cairn status` shows what needs an operator, with what to do, and says so with its exit code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from services.goals.projections import TREE
from tests.cli.installations import change, consumer, plant, status
from tests.product import Product, eventually, inside, run, start


def only(found: Mapping[str, Any], what: str, remedy: str) -> None:
    """Exactly one problem, with these words."""
    [problem] = found["problems"]
    assert what in problem["what"]
    assert remedy in problem["remedy"]


def test_a_consumer_that_met_an_event_of_a_newer_version(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        person = product.person("ann@acme.example")
        with product.client(product.issue(person)) as client:
            client.post("/goals", json={"title": "G", "kind": "objective", "owner_id": person}).raise_for_status()
        plant(product.data / "events/goals.db", "goals.goal-painted.v1")
        found = eventually(lambda: _stopped(product), "three consumers stop")
        tree = consumer(found, "goals.tree")
        [source] = tree["sources"]
        assert (source["state"], tree["position"], tree["lag_events"]) == ("stopped", 1, 1)
        assert (
            source["reason"]
            == "event_from_the_future: goals.goal-painted.v1 is newer than this code: update the service"
        )
        assert consumer(found, "people.people")["sources"][0]["state"] == "running"
        assert all("install the version of cairn that wrote" in problem["remedy"] for problem in found["problems"])
        done = run("status", "--data", product.data)
        assert done.returncode == 1
        assert "stopped: event_from_the_future" in done.stdout
        assert "goals.goal-painted.v1 is newer than this code" in done.stdout


def _stopped(product: Product) -> Mapping[str, Any] | None:
    found = status(product.data)
    return found if len(found["problems"]) == 3 else None


def test_a_key_that_is_parked_in_a_running_product(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        person = product.person("ann@acme.example")
        with product.client(product.issue(person)) as client:
            client.post("/goals", json={"title": "G", "kind": "objective", "owner_id": person}).raise_for_status()
        event = plant(product.data / "events/goals.db", "goals.goal-moved.v1", data={"nonsense": 1})
        found = eventually(
            lambda: (one := status(product.data)) and consumer(one, "goals.goals")["parked"]["keys"] and one, "it parks"
        )
        parked = consumer(found, "goals.goals")["parked"]
        first = parked["first"]
        assert parked["keys"] == 1
        assert (first["tenant"], first["topic"], first["key"], first["sequence"]) == (
            "acme",
            "goals.events",
            event.subject,
            2,
        )
        assert "malformed_event" in first["error"]
        assert consumer(found, "goals.goals")["sources"][0]["state"] == "running"
        assert any("parked list" in one["remedy"] and first["id"] in one["what"] for one in found["problems"])


def test_a_process_that_serves_and_does_not_answer(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        assert product.process is not None
        lock = product.data / "serving.lock"
        lock.write_text(lock.read_text().replace(str(product.port), "9"))
        found = status(product.data)
        assert found["process"] == {
            "holder": f"process {product.process.pid}",
            "url": "http://127.0.0.1:9",
            "answers": False,
        }
        assert {source["state"] for one in found["consumers"] for source in one["sources"]} == {"unknown"}
        only(found, "does not answer at http://127.0.0.1:9", "start it again")


def test_rows_of_an_older_fold(data: Path) -> None:
    change(data / "read/goals.db", "UPDATE generations SET version=0 WHERE model='goals.tree'")
    found = status(data)
    only(found, "goals.tree serves rows of version 0", "rebuild goals.tree")
    assert consumer(found, "goals.tree")["generation"] == {
        "number": 1,
        "version": 0,
        "declared_version": TREE.version,
        "outdated": True,
        "previous": None,
    }
    assert "1 (v0, outdated: rebuild)" in inside("status", "--data", data).stdout


def test_a_store_that_was_restored(data: Path) -> None:
    change(data / "events/goals.db", "UPDATE store SET store_id='another'")
    found = status(data)
    only(found, "event store of goals.events", "rebuild --all")
    assert consumer(found, "goals.tree")["sources"][0]["restored"]
    assert not consumer(found, "people.people")["sources"][0]["restored"]


@pytest.mark.parametrize("name", ["events/goals.db", "keys.db", "read/goals.db", "read/goals.tree.1.db"])
def test_a_file_that_is_none(data: Path, name: str) -> None:
    (data / name).write_bytes(b"no database at all" * 1000)
    found = status(data)
    assert found["problems"]
    assert all(problem["remedy"] for problem in found["problems"])
    assert any(name in problem["what"] for problem in found["problems"])


def test_a_key_encryption_key_that_is_gone(data: Path) -> None:
    (data / "key-encryption.key").unlink()
    found = status(data)
    assert found["keyring"]["key_from"] == "missing"
    only(found, "key-encryption.key is missing", "restore it")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    done = inside("status", "--data", tmp_path / "data")
    assert done.returncode == 1
    assert "is no folder" in done.stderr


def test_a_restore_that_was_cut_short(data: Path) -> None:
    """Neither says that the mark of it could go."""
    (data / "restore.unfinished").touch()
    (data / "tombstones.ndjson").touch(mode=0o600)
    only(status(data), "a restore was cut short", "--replace")
    done = inside("doctor", "--data", data)
    assert done.returncode == 1
    assert "a restore was cut short" in done.stdout
    assert "move them out" not in done.stdout
