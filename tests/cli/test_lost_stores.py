"""An event store that is gone or emptied is no restored one: nothing starts on it, and nobody is told to rebuild."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from libs.events.adapters.sqlite.lost import EventsLost, lost_stores
from libs.events.adapters.sqlite.restored import renew_store_id
from libs.web.embedded import Embedded
from libs.web.settings import ServiceSettings
from tests.cli.installation import kept, refused
from tests.cli.installations import change, consumer, doctor, only, status
from tests.product import eventually, inside, run, start

Loss = Callable[[Path], None]


def removed(data: Path) -> None:
    """Deleted, with what lay beside it."""
    for path in data.glob("events/goals.db*"):
        path.unlink()


def truncated(data: Path) -> None:
    """Replaced by an empty file."""
    removed(data)
    (data / "events/goals.db").touch(0o600)


def emptied(data: Path) -> None:
    """Still an event store, of which every row was taken."""
    for table in ("stored_events", "sequences", "heads", "commands"):
        change(data / "events/goals.db", f"DELETE FROM {table}")


def all_removed(data: Path) -> None:
    """The whole folder of events."""
    shutil.rmtree(data / "events")


def begun_anew(data: Path) -> None:
    """What an earlier version of `cairn up` made of a folder whose store was gone."""
    removed(data)

    with closing(sqlite3.connect(data / "events/people.db")) as like:
        tables = [sql for (sql,) in like.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    for sql in tables:
        change(data / "events/goals.db", sql)
    change(data / "events/goals.db", "INSERT INTO store VALUES (1, 'another')")


LOSSES = pytest.mark.parametrize("lose", [removed, truncated, emptied, begun_anew, all_removed])


@LOSSES
def test_it_is_told_as_what_it_is(data: Path, lose: Loss) -> None:
    lose(data)
    found = status(data)
    told = {one["what"]: one["remedy"] for one in found["problems"]}
    [goals] = [what for what in told if what.startswith("event store goals: it is ")]
    assert "1 events of it were applied here" in goals
    assert "restore BACKUP --replace" in told[goals]
    assert not [what for what in told if "restored" in what]
    assert not [remedy for remedy in told.values() if "rebuild" in remedy]
    assert not consumer(found, "goals.tree")["sources"][0]["restored"]
    _, wrong = doctor(data)
    assert any(goals in one and told[goals] in one for one in wrong)
    assert not [one for one in wrong if "rebuild" in one]
    if lose is not all_removed:
        assert (len(told), len(wrong)) == (1, 1)


@LOSSES
@pytest.mark.parametrize(
    "command",
    [
        ("rebuild", "--all"),
        ("rebuild", "goals.tree"),
        ("rebuild", "goals.tree", "--accept"),
        ("parked", "list"),
        ("token", "--tenant", "acme", "--email", "sam@acme.example"),
        ("backup", "copy"),
    ],
    ids=" ".join,
)
def test_nothing_is_begun_on_it(data: Path, lose: Loss, command: tuple[str, ...]) -> None:
    lose(data)
    before = kept(data)
    given = [str(data.parent / part) if part == "copy" else part for part in command]
    done = inside(*given, "--data", data)
    refused(done, "event store goals: it is ", "Restore it from a backup (`cairn restore BACKUP --replace")
    assert kept(data) == before
    assert not (data.parent / "copy").exists()


@LOSSES
def test_it_is_not_served(data: Path, lose: Loss) -> None:
    lose(data)
    before = kept(data)
    refused(run("up", "--port", "0", "--data", data), "event store goals: it is ", "Restore it from a backup")
    assert kept(data) == before


@pytest.mark.parametrize("lose", [removed, truncated, emptied, begun_anew])
def test_a_restore_helps_and_saying_that_there_was_one_does_not(data: Path, lose: Loss) -> None:
    copy = data.parent / "copy"
    assert inside("backup", copy, "--data", data).returncode == 0
    lose(data)
    done = inside("restored", "--data", data)
    assert (done.returncode, "event store goals" in done.stderr) == (1, True)
    assert inside("restore", copy, "--replace", "--data", data).returncode == 0
    assert [one["remedy"].partition(" --all")[0].rpartition(" ")[2] for one in status(data)["problems"]] == [
        "rebuild",
        "rebuild",
    ]
    done = inside("rebuild", "--all", "--data", data)
    assert done.returncode == 0, done.stderr
    assert status(data)["well"]


def test_a_backup_from_before_the_first_event_is_as_it_was(data: Path) -> None:
    """A store may be empty: a restore that says so is believed, and the rows go with it."""
    emptied(data)
    renew_store_id(data / "events/goals.db")
    assert lost_stores(data) == []
    only(doctor(data), "event store of goals.events", "rebuild --all")
    done = inside("rebuild", "--all", "--data", data)
    assert done.returncode == 0, done.stderr
    assert status(data)["well"]
    # The mark is that restore's: what is lost afterwards is lost.
    change(data / "events/goals.db", "UPDATE store SET store_id='another'")
    assert [one.service for one in lost_stores(data)] == ["goals"]


@pytest.mark.parametrize("damage", ["DELETE FROM heads", "DELETE FROM stored_events"])
def test_a_damaged_store_is_no_empty_one(data: Path, damage: str) -> None:
    change(data / "events/goals.db", damage)
    assert lost_stores(data) == []


async def test_what_never_held_anything_is_not_missed(tmp_path: Path) -> None:
    parts = Embedded(ServiceSettings(data_dir=tmp_path))
    try:
        await parts.open_keyring()
        await parts.folder.event_store("goals").open()
        await parts.open_keyring()
    finally:
        await parts.close()


# --- beneath a running product --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lose", [removed, truncated])
def test_taken_from_a_running_product_it_takes_nothing_more(tmp_path: Path, lose: Loss) -> None:
    with start(tmp_path) as product:
        owner = product.person("ann@acme.example")
        with product.client(product.issue(owner)) as client:
            goal = {"title": "G", "kind": "objective", "owner_id": owner}
            client.post("/goals", json=goal).raise_for_status()
            eventually(lambda: consumer(status(product.data), "goals.tree")["position"] == 1, "it is applied")
            lose(product.data)
            answer = client.post("/goals", json=goal)
            assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable"), answer.text
        ready = httpx2.get(f"{product.url}/readyz", timeout=5)
        part = ready.json()["services"]["goals"]["parts"]["event store"]
        assert (ready.status_code, part["state"]) == (503, "unavailable")
        assert "events/goals.db was removed or replaced while it was open" in part["reason"]
        done = inside("status", "--data", product.data)
        assert done.returncode == 1
        assert "event store goals: it is " in done.stdout
        # What was read from it is not lost with the process: nobody begins anew.
        product.kill()
    refused(run("up", "--port", "0", "--data", product.data), "event store goals: it is ")


def test_another_store_put_in_the_place_of_an_open_one_takes_nothing(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with start(tmp_path_factory.mktemp("running")) as product:
        owner = product.person("ann@acme.example")
        removed(product.data)
        shutil.copy(data / "events/goals.db", product.data / "events/goals.db")
        with product.client(product.issue(owner)) as client:
            goal = {"title": "G", "kind": "objective", "owner_id": owner}
            assert client.post("/goals", json=goal).status_code == 503
        done = inside("status", "--data", product.data)
        assert "event store goals takes no appends: events/goals.db was removed or replaced" in done.stdout


def test_a_keyring_taken_from_a_running_product_makes_no_more_keys(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        token = product.token("ann@acme.example", "admin")
        for path in product.data.glob("keys.db*"):
            path.unlink()
        with product.client(token) as client:
            new = {"email": "new@acme.example", "display_name": "New"}
            assert client.post("/people", json=new).status_code == 503
        assert not (product.data / "keys.db").exists()
        done = inside("status", "--data", product.data)
        assert (done.returncode, "keys.db is missing or empty, but there are events" in done.stdout) == (1, True)


async def test_the_error_names_the_folder(data: Path) -> None:
    removed(data)
    parts = Embedded(ServiceSettings(data_dir=data))
    try:
        with pytest.raises(EventsLost, match=str(data)):
            await parts.open_keyring()
    finally:
        await parts.close()
