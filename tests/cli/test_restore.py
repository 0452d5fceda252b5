"""`cairn restore DIR`: a copy that starts and answers, what was there is kept, killed anywhere it is begun again."""

from __future__ import annotations

import random
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from libs.events.adapters.sqlite.manifest import digest
from libs.events.clock import SystemClock
from tests.cli.installation import Made, copied, installed, refused, seeded, serves
from tests.cli.installations import contents
from tests.product import CAIRN, SOON, ask, environment, inside, run

KILLS = 12
IDS = "SELECT store_id FROM store"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return installed(tmp_path_factory.mktemp("restore"))


@pytest.fixture
def here(made: Made, tmp_path: Path) -> Made:
    """A copy to break."""
    return copied(made, tmp_path)


def test_a_backup_is_verified_without_changing_anything(here: Made, tmp_path: Path) -> None:
    before = contents(here.backup)
    done = inside("restore", here.backup, "--data", tmp_path / "new", "--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "is whole: 1 events of goals, 2 events of people" in done.stdout
    assert not (tmp_path / "new").exists()
    assert contents(here.backup) == before


def test_a_restored_copy_starts_and_answers(here: Made, tmp_path: Path) -> None:
    new = tmp_path / "elsewhere" / "new"
    before = contents(here.backup)
    done = inside("restore", here.backup, "--data", new)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "rebuild" not in done.stdout, "there is nothing to rebuild yet"
    assert contents(here.backup) == before
    for service in ("goals", "people"):
        ids = {ask(folder / "events" / f"{service}.db", IDS) for folder in (here.data, here.backup, new)}
        assert len(ids) == 2, "what is restored has another id"
    assert serves(new, here)["title"] == "Fewer escalations"
    assert [path.name for path in new.iterdir() if path.name.startswith(".") or "unfinished" in path.name] == []


def test_what_was_there_goes_aside_and_read_models_stay(here: Made) -> None:
    before = {name: digest(here.data / name) for name in ("events/goals.db", "keys.db", "key-encryption.key")}
    assert list((here.data / "read").glob("*.db"))
    done = inside("restore", here.backup, "--data", here.data, "--replace")
    assert done.returncode == 0, done.stderr
    [aside] = here.data.parent.glob("data.before-restore-*")
    assert str(aside) in done.stdout
    assert "cairn rebuild --all" in done.stdout
    assert {name: digest(aside / name) for name in before} == before
    assert list((here.data / "read").glob("*.db"))


def test_without_the_key_it_says_what_to_do_first(here: Made, tmp_path: Path) -> None:
    inside("backup", tmp_path / "without", "--data", here.data, "--without-key")
    done = inside("restore", tmp_path / "without", "--data", tmp_path / "new")
    assert done.returncode == 0, done.stderr
    assert "put key-encryption.key into" in done.stdout
    refused(run("up", "--data", tmp_path / "new", "--port", "0"), "key-encryption.key is missing")
    shutil.copy(here.data / "key-encryption.key", tmp_path / "new")
    assert serves(tmp_path / "new", here)["title"] == "Fewer escalations"


def test_a_restore_that_is_killed_is_begun_again(tmp_path: Path) -> None:
    """Before it moves anything the old history serves, from then on nothing does, until it is run to its end."""
    data, seed, states = tmp_path / "data", random.randrange(2**32), set()
    print(f"seed {seed}")
    chance = random.Random(seed)
    seeded(data)
    inside("backup", tmp_path / "backup", "--data", data).check_returncode()
    events = ask(data / "events" / "goals.db", "SELECT count(*) FROM stored_events")
    for _ in range(KILLS):
        command = [CAIRN, "restore", tmp_path / "backup", "--data", data, "--replace"]
        process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)
        while process.poll() is None and not any(data.glob(".restoring-*")):
            continue
        try:
            process.wait(chance.uniform(0, 0.15))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(SOON)
        if (data / "restore.unfinished").exists():
            states.add("half")
            refused(inside("token", "--tenant", "big", "--email", "a@b.example", "--data", data), "cut short")
        else:
            states.add("whole")
            assert ask(data / "events" / "goals.db", "SELECT count(*) FROM stored_events") == events
    assert "whole" in states
    inside("restore", tmp_path / "backup", "--data", data, "--replace").check_returncode()
    run("rebuild", "--all", "--data", data).check_returncode()
    assert inside("doctor", "--data", data).returncode == 0
    assert [path.name for path in data.iterdir() if path.name.startswith(".") or "unfinished" in path.name] == []


def test_what_an_earlier_restore_set_aside_is_in_nobodys_way(here: Made) -> None:
    """Two in the same second, or one that was killed in it."""
    now = SystemClock().now()
    for seconds in range(30):
        name = f"{here.data.name}.before-restore-{now + timedelta(seconds=seconds):%Y%m%dT%H%M%SZ}"
        here.data.with_name(name).mkdir()
    done = inside("restore", here.backup, "--data", here.data, "--replace")
    assert done.returncode == 0, done.stderr
    [aside] = here.data.parent.glob("data.before-restore-*-2")
    assert (aside / "events/goals.db").exists()


def test_half_a_restore_is_not_started(here: Made) -> None:
    (here.data / "restore.unfinished").touch()
    for command in (("up", "--port", "0"), ("token", "--tenant", "acme", "--email", "ann@acme.example")):
        refused(run(*command, "--data", here.data), "cut short", "cairn restore", "--replace")
    shutil.rmtree(here.data / "read")
    assert inside("restore", here.backup, "--data", here.data, "--replace").returncode == 0
    assert serves(here.data, here)["title"] == "Fewer escalations"
