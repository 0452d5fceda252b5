"""`cairn backup DIR`: all of it or nothing, without a word about the data's owner holding up anybody else."""

from __future__ import annotations

import json
import random
import resource
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from libs.events.adapters.sqlite.manifest import digest
from libs.events.adapters.sqlite.restore import verify
from tests.cli.installation import Made, copied, installed, refused, seeded
from tests.cli.installations import contents
from tests.faults.full_disk import can_mount, mounted
from tests.product import CAIRN, SOON, environment, inside, run

KILLS = 15


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return installed(tmp_path_factory.mktemp("backup"))


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("big") / "data"
    seeded(data)
    return data


def nothing_left(folder: Path) -> None:
    """No backup, and nothing that was to become one."""
    assert [path.name for path in folder.iterdir() if "backup" in path.name] == []


# --- what is refused ----------------------------------------------------------------------------------------------


def test_nothing_is_backed_up_where_nothing_is(tmp_path: Path) -> None:
    refused(inside("backup", tmp_path / "backup", "--data", tmp_path / "none"), "nothing to back up")
    assert list(tmp_path.iterdir()) == []


def test_events_without_their_keys_are_no_backup(made: Made, tmp_path: Path) -> None:
    data = copied(made, tmp_path / "here").data
    (data / "keys.db").unlink()
    refused(inside("backup", tmp_path / "backup", "--data", data), "keys.db is missing")
    nothing_left(tmp_path)


@pytest.mark.parametrize("kind", ["folder", "file", "link", "dangling"])
def test_what_is_there_is_not_touched(made: Made, tmp_path: Path, kind: str) -> None:
    target, other = tmp_path / "target", tmp_path / "other"
    other.mkdir()
    if kind == "folder":
        target.mkdir()
        (target / "mine").write_text("mine")
    elif kind == "file":
        target.write_text("mine")
    else:
        target.symlink_to(other if kind == "link" else tmp_path / "nowhere")
    before = contents(tmp_path)
    refused(inside("backup", target, "--data", made.data), "is not empty", "not there yet")
    assert contents(tmp_path) == before


def test_no_copy_of_the_keys_is_made_within_the_data_folder(made: Made, tmp_path: Path) -> None:
    """Nobody would look for it there when somebody is erased."""
    data = copied(made, tmp_path / "here").data
    refused(inside("backup", data / "inner", "--data", data), "lies in the data folder", "outside")
    assert not (data / "inner").exists()


def test_a_store_that_is_broken_is_said_and_not_kept(made: Made, tmp_path: Path) -> None:
    data = copied(made, tmp_path / "here").data
    (data / "events" / "goals.db").write_bytes(b"no database at all" * 1000)
    refused(inside("backup", tmp_path / "backup", "--data", data), "goals.db", "broken")
    nothing_left(tmp_path)


def test_half_a_restore_is_not_backed_up(made: Made, tmp_path: Path) -> None:
    data = copied(made, tmp_path / "here").data
    (data / "restore.unfinished").touch()
    refused(inside("backup", tmp_path / "backup", "--data", data), "cut short", "cairn restore")
    nothing_left(tmp_path)


# --- what happens on the way --------------------------------------------------------------------------------------


def test_a_file_that_may_not_grow_leaves_nothing(big: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [CAIRN, "backup", tmp_path / "backup", "--data", big],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
    )
    refused(done, "goals.db cannot be copied", "too large")
    nothing_left(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A disk of 16 MB, where this machine lets us have one."""
    with ExitStack() as stack:
        if can_mount():
            stack.enter_context(mounted(tmp_path / "small"))
            yield tmp_path / "small"
        else:
            yield None


def test_a_full_disk_leaves_nothing_and_is_room_again(big: Path, small_disk: Path | None) -> None:
    if small_disk is None:
        return
    first = small_disk / "first"
    assert inside("backup", first, "--data", big).returncode == 0
    refused(inside("backup", small_disk / "second", "--data", big), "space")
    assert list(small_disk.iterdir()) == [first]
    shutil.rmtree(first)
    assert inside("backup", small_disk / "second", "--data", big).returncode == 0


def test_a_backup_that_is_killed_leaves_nothing_that_looks_like_one(big: Path, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance, cut_short = random.Random(seed), 0
    for number in range(KILLS):
        target = tmp_path / f"backup-{number}"
        process = subprocess.Popen(
            [CAIRN, "backup", target, "--data", big], env=environment(), stdout=subprocess.DEVNULL
        )
        while process.poll() is None and not any(tmp_path.glob(".cairn-backup-*/*")):
            continue
        try:
            process.wait(chance.uniform(0, 0.06))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(SOON)
        cut_short += any(tmp_path.glob(".cairn-backup-*"))
        if target.exists():
            verify(target, lambda *_: None)
            shutil.rmtree(target)
    assert cut_short, "no kill met a backup under way: this run proves nothing"
    done = inside("backup", tmp_path / "whole", "--data", big)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


# --- what is in it ------------------------------------------------------------------------------------------------


def test_a_backup_says_what_it_holds(made: Made) -> None:
    manifest = json.loads((made.backup / "manifest.json").read_text())
    assert (manifest["kind"], manifest["format"], manifest["cairn"]) == ("cairn-backup", 1, "0.1.0")
    assert [one["path"] for one in manifest["files"]] == [
        "events/goals.db",
        "events/people.db",
        "keys.db",
        "key-encryption.key",
    ]
    for one in manifest["files"]:
        path = made.backup / one["path"]
        assert (path.stat().st_size, digest(path)) == (one["size"], one["sha256"])
    assert {name: (one["events"], one["tenants"]) for name, one in manifest["stores"].items()} == {
        "goals": (1, {"acme": 1}),
        "people": (2, {"acme": 2}),
    }
    assert manifest["keyring"]["tombstones"] == 0
    listed = {one["path"] for one in manifest["files"]} | {"manifest.json", "events"}
    assert {str(path.relative_to(made.backup)) for path in made.backup.rglob("*")} == listed


def test_a_backup_is_its_owners_alone(made: Made) -> None:
    for path in (made.backup, *made.backup.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_an_empty_folder_may_be_named(made: Made, tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    before = contents(made.data)
    done = inside("backup", tmp_path / "backup", "--data", made.data)
    assert (done.returncode, "1 events of goals, 2 events of people" in done.stdout) == (0, True)
    assert contents(made.data) == before


def test_the_key_beside_the_lock_is_warned_of(made: Made, tmp_path: Path) -> None:
    done = inside("backup", tmp_path / "with", "--data", made.data)
    assert done.stderr.startswith("WARNING: ")
    assert "--without-key" in done.stderr
    done = inside("backup", tmp_path / "without", "--data", made.data, "--without-key")
    assert "keep a copy elsewhere" in done.stderr
    assert not (tmp_path / "without" / "key-encryption.key").exists()
    key = (made.data / "key-encryption.key").read_text().strip()
    done = inside("backup", tmp_path / "given", "--data", made.data, CAIRN_KEY_ENCRYPTION_KEY=key)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "given" / "key-encryption.key").exists()


def test_one_at_a_time_may_clear_up_after_another(made: Made, tmp_path: Path) -> None:
    """What another backup is writing is left alone; what nobody writes any more is not."""
    running = [
        subprocess.Popen([CAIRN, "backup", tmp_path / f"{n}", "--data", made.data], env=environment()) for n in range(4)
    ]
    assert [one.wait(60) for one in running] == [0] * 4
    for number in range(4):
        verify(tmp_path / f"{number}", lambda *_: None)
    assert run("backup", tmp_path / "4", "--data", made.data).returncode == 0
    assert len(list(tmp_path.iterdir())) == 5
