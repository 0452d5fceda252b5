"""`cairn doctor` finds what would hurt a user later: keys, clock, versions, restores, foreign files, lost settings."""

from __future__ import annotations

import os
import shutil
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from libs.events.clock import SystemClock
from services.cli.doctor.files import Entry, judged
from tests.cli.installations import change, contents, doctor, only, plant
from tests.product import inside, run, start


def test_a_clock_that_is_behind_the_last_event(data: Path) -> None:
    plant(data / "events/goals.db", "goals.goal-created.v2", at=SystemClock().now() + timedelta(days=2))
    only(doctor(data), "clock: it is", "last event of goals", "set this machine's clock")


@pytest.mark.parametrize("name", ["goals.goal-painted.v1", "goals.goal-created.v9"])
@pytest.mark.parametrize("deep", [(), ("--deep",)])
def test_an_event_of_a_newer_version(data: Path, name: str, deep: tuple[str, ...]) -> None:
    plant(data / "events/goals.db", name)
    only(doctor(data, *deep), "versions: goals", f"{name} (1 events)", "install the version of cairn that wrote it")


def test_a_store_of_a_service_that_this_version_does_not_have(data: Path) -> None:
    shutil.copy(data / "events/goals.db", data / "events/weather.db")
    change(data / "events/weather.db", "UPDATE stored_events SET topic='weather.rain-fell.v1'")
    only(doctor(data), "versions: weather", "weather.rain-fell.v1")


def test_a_key_that_is_gone_without_a_tombstone(data: Path) -> None:
    change(data / "keys.db", "DELETE FROM holders WHERE holder NOT LIKE 'secret:%' AND tenant != '-'")
    code, wrong = doctor(data)
    assert code == 1
    assert [one.partition(" -> ")[0].split()[1] for one in wrong] == ["keys:", "keys:"], "one of each store"
    assert all("gone without a tombstone" in one and "restore keys.db" in one for one in wrong)


def test_a_key_that_was_destroyed_is_no_fault(data: Path) -> None:
    change(data / "keys.db", "UPDATE holders SET destroyed_at='2026-01-01T00:00:00Z' WHERE tenant != '-'")
    assert doctor(data) == (0, [])


def test_a_key_that_only_an_old_event_needs(data: Path) -> None:
    path = data / "events/goals.db"
    plant(path, "goals.goal-followed.v1", data={})
    # As if thousands had come between the two.
    change(path, "UPDATE stored_events SET rowid=rowid+5000 WHERE rowid>1")
    change(path, "UPDATE sequences SET notification_id=notification_id+5000 WHERE notification_id>1")
    change(data / "keys.db", "DELETE FROM holders WHERE holder NOT LIKE 'secret:%' AND tenant != '-'")
    newest, every = [
        [one for one in doctor(data, *flags)[1] if "of goals need are gone" in one] for flags in ((), ("--deep",))
    ]
    assert (len(newest), len(every)) == (0, 1)


def test_a_keyring_that_is_gone(data: Path) -> None:
    (data / "keys.db").unlink()
    only(doctor(data), "keys.db is missing or empty, but there are events", "restore it")


def test_a_key_encryption_key_in_two_places(data: Path) -> None:
    key = (data / "key-encryption.key").read_text().strip()
    found = doctor(data, CAIRN_KEY_ENCRYPTION_KEY=key)
    only(found, "CAIRN_KEY_ENCRYPTION_KEY is set, and key-encryption.key is there too", "move")
    assert key not in found[1][0]


def test_a_key_that_is_wrong_beside_the_right_one(data: Path) -> None:
    wrong = "A" * 43 + "="
    only(doctor(data, CAIRN_KEY_ENCRYPTION_KEY=wrong), "key-encryption.key opens it: unset CAIRN_KEY_ENCRYPTION_KEY")


@pytest.mark.parametrize(
    ("name", "said"),
    [("CAIRN_DATADIR", "CAIRN_DATA_DIR"), ("CAIRN_WHATEVER", "settings.md"), ("cairn_log_levels", "CAIRN_LOG_LEVEL")],
)
def test_a_setting_that_nobody_reads(data: Path, name: str, said: str) -> None:
    found = doctor(data, **{name: "canary"})
    only(found, name, said, "means nothing")
    assert "canary" not in found[1][0]


@pytest.mark.parametrize("name", ["CAIRN_STALE_AFTER_DAYS", "CAIRN_QUOTA_TENANT", "CAIRN_PROFILE"])
def test_a_setting_without_a_meaning(data: Path, name: str) -> None:
    done = inside("doctor", "--data", data, **{name: "canary"})
    assert done.returncode == 1
    assert name in done.stderr
    assert "canary" not in done.stderr + done.stdout


def test_a_folder_that_others_may_look_into(data: Path) -> None:
    data.chmod(0o755)
    only(doctor(data), "other users may look into the folder", "events/goals.db", f"chmod -R go= {data}")


@pytest.mark.parametrize("name", ["events/goals.db", "read/goals.db", "keys.db", "events"])
def test_a_file_that_its_owner_may_not_write(data: Path, name: str) -> None:
    (data / name).chmod(0o500)
    code, wrong = doctor(data)
    (data / name).chmod(0o700)
    assert code == 1
    assert any("not to be read and written" in one and name in one and "chmod" in one for one in wrong)


def test_files_of_another_user(tmp_path: Path) -> None:
    itself = os.stat_result((stat.S_IFDIR | 0o700, 0, 0, 0, 1000, 1000, 0, 0, 0, 0))
    found = [Entry(f"events/{name}.db", stat.S_IFREG | 0o600, 0, True) for name in ("a", "b", "c", "d")]
    wrong = [one for one in judged(tmp_path, itself, found) if not one.good]
    assert [one.what for one in wrong] == [
        "of another user than the folder: events/a.db, events/b.db, events/c.db and 1 more"
    ]
    assert wrong[0].remedy.endswith(f"chown -R 1000 {tmp_path}")


@pytest.mark.parametrize("name", ["notes.txt", "events/goals.db.bak", "read/goals.tree.1.db.gz", "read/deep/x.db"])
def test_a_file_that_is_not_ours(data: Path, name: str) -> None:
    (data / name).parent.mkdir(exist_ok=True)
    (data / name).write_text("mine")
    only(doctor(data), "no files of Cairn", name, "move them")


def test_a_store_that_was_restored(data: Path) -> None:
    change(data / "events/goals.db", "UPDATE store SET store_id='another'")
    only(doctor(data), "event store of goals.events", "goals.goals, goals.talk, goals.tree", "rebuild --all")


def test_a_store_that_lacks_what_was_read_from_it(data: Path) -> None:
    change(data / "read/goals.tree.1.db", "UPDATE checkpoints SET sequence=99")
    only(doctor(data), "not as far, as when goals.tree read it", "rebuild --all")


def test_a_read_model_of_an_older_fold(data: Path) -> None:
    change(data / "read/goals.db", "UPDATE generations SET version=0 WHERE model='goals.tree'")
    only(doctor(data), "goals.tree serves rows of version 0", "rebuild goals.tree")


def test_a_parked_key(data: Path) -> None:
    parked = (
        "INSERT INTO parked VALUES (1, 'goals.tree', 'goals.events', 'acme', 'acme', 1, 'internal_error: KeyError')"
    )
    change(data / "read/goals.tree.1.db", parked)
    only(doctor(data), "goals.tree has 1 parked key", "acme at goals:1", "KeyError", "parked list")


@pytest.mark.parametrize("name", ["goals.db", "goals.tree.1.db"])
def test_a_read_file_that_is_broken(data: Path, name: str) -> None:
    (data / "read" / name).write_bytes(b"no database at all" * 1000)
    only(doctor(data), f"read store: {name} is broken", "delete it")


def test_a_read_file_that_is_torn_is_found_when_all_of_it_is_read(data: Path) -> None:
    with (data / "read/goals.tree.1.db").open("r+b") as file:
        file.seek(-4096, os.SEEK_END)
        file.write(b"\xff" * 4096)
    only(doctor(data, "--deep"), "read store: goals.tree.1.db is broken", "delete it")


def test_a_read_file_of_another_program(data: Path) -> None:
    (data / "read/goals.tree.1.db").unlink()
    change(data / "read/goals.tree.1.db", "CREATE TABLE recipes (name TEXT)")
    only(doctor(data), "goals.tree.1.db is another program's file, and would be emptied", "move")


def test_a_consumer_that_has_stopped_in_a_running_product(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        product.person("ann@acme.example")
        plant(product.data / "events/people.db", "people.person-cloned.v1")
        done = run("doctor", "--data", product.data)
        assert done.returncode == 1
        assert "people.person-cloned.v1 (1 events)" in done.stdout


def test_nothing_of_it_leaves_a_trace(data: Path) -> None:
    before = contents(data)
    assert run("doctor", "--deep", "--data", data).returncode == 0
    assert contents(data) == before
