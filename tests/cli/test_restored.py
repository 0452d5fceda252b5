"""After any restore: who was erased stays erased, and files that were put back by hand get ids of their own."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from libs.privacy.tombstones import Tombstone, Tombstones
from libs.web.embedded import Embedded
from libs.web.settings import ServiceSettings
from tests.cli.installation import Made, copied, installed, kept, refused, serves
from tests.product import ask, inside

IDS = "SELECT store_id FROM store"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return installed(tmp_path_factory.mktemp("restore"))


@pytest.fixture
def here(made: Made, tmp_path: Path) -> Made:
    """A copy to break."""
    return copied(made, tmp_path)


# --- who was erased ---------------------------------------------------------------------------------------------------


async def erase(data: Path, holder: str, tombstones: Path | None) -> None:
    """Destroys a key beside whoever serves, with its tombstone in a file or without."""
    parts = Embedded(ServiceSettings(data_dir=data))
    try:
        await parts.keyring.destroy("acme", holder)
        if tombstones is not None:
            [erased] = (await parts.folder.key_store().by_holder("acme", [holder])).values()
            assert erased.destroyed_at is not None
            Tombstones(tombstones).add([Tombstone("acme", holder, erased.destroyed_at)])
    finally:
        await parts.close()


async def test_who_was_erased_after_the_backup_stays_erased(here: Made, tmp_path: Path) -> None:
    """By the file, wherever it is; by the keyring that is replaced; and by what the backup itself says."""
    kept = tmp_path / "kept" / "tombstones.ndjson"
    await erase(here.data, here.person_id, kept)
    lost = tmp_path / "new"
    done = await asyncio.to_thread(inside, "restore", here.backup, "--data", lost, CAIRN_TOMBSTONES=str(kept))
    assert "1 known, the keys of 1 destroyed again" in done.stdout, done.stderr
    assert (await asyncio.to_thread(serves, lost, here))["title"] is None
    await erase(here.data, "another", None)
    done = await asyncio.to_thread(inside, "restore", here.backup, "--data", here.data, "--replace")
    assert "2 known, the keys of 2 destroyed again" in done.stdout, done.stderr
    assert {one.holder for one in Tombstones(here.data / "tombstones.ndjson").read()} == {here.person_id, "another"}
    done = await asyncio.to_thread(inside, "backup", tmp_path / "later", "--data", here.data)
    assert json.loads((tmp_path / "later" / "manifest.json").read_text())["keyring"]["tombstones"] == 2
    done = await asyncio.to_thread(inside, "restore", tmp_path / "later", "--data", tmp_path / "third")
    assert "2 known, the keys of 0 destroyed again" in done.stdout, done.stderr
    assert len(Tombstones(tmp_path / "third" / "tombstones.ndjson").read()) == 2


async def test_the_tombstones_that_are_there_are_never_overwritten(here: Made, tmp_path: Path) -> None:
    await erase(here.data, "first", here.data / "tombstones.ndjson")
    await asyncio.to_thread(inside, "backup", tmp_path / "later", "--data", here.data)
    before = (here.data / "tombstones.ndjson").read_bytes()
    await erase(here.data, "second", here.data / "tombstones.ndjson")
    done = await asyncio.to_thread(inside, "restore", tmp_path / "later", "--data", here.data, "--replace")
    assert "2 known, the keys of 1 destroyed again" in done.stdout, done.stderr
    after = (here.data / "tombstones.ndjson").read_bytes()
    assert after.startswith(before)
    assert after.count(b"\n") == 2


def test_a_keyring_that_cannot_be_asked_is_warned_of(here: Made) -> None:
    (here.data / "keys.db").write_bytes(b"no database at all" * 1000)
    done = inside("restore", here.backup, "--data", here.data, "--replace")
    assert done.returncode == 0, done.stderr
    assert "WARNING: keys.db cannot be read" in done.stderr
    assert "tombstones.ndjson alone" in done.stderr


def test_tombstones_that_cannot_be_read_change_nothing(here: Made) -> None:
    (here.data / "tombstones.ndjson").write_text("who knows\n")
    before = kept(here.data)
    refused(inside("restore", here.backup, "--data", here.data, "--replace"), "tombstones.ndjson cannot be read")
    assert kept(here.data) == before


# --- put back by hand -------------------------------------------------------------------------------------------------


async def test_restored_by_hand_renews_ids_and_destroys_again(here: Made) -> None:
    before = {name: ask(here.data / "events" / f"{name}.db", IDS) for name in ("goals", "people")}
    await erase(here.data, here.person_id, here.data / "tombstones.ndjson")
    for name in ("events/goals.db", "events/people.db", "keys.db"):
        for old in (here.data / name).parent.glob(f"{Path(name).name}*"):
            old.unlink()
        shutil.copy(here.backup / name, here.data / name)
    done = await asyncio.to_thread(inside, "restored", "--data", here.data)
    assert done.returncode == 0, done.stderr
    assert "New ids: goals, people. Keys destroyed again: 1." in done.stdout
    assert "cairn rebuild --all" in done.stdout
    for name, store_id in before.items():
        assert ask(here.data / "events" / f"{name}.db", IDS) != store_id


@pytest.mark.parametrize("lost", ["events", "keys.db"])
def test_restored_by_hand_needs_both(here: Made, lost: str) -> None:
    (here.data / lost).rename(here.data.parent / "away")
    refused(inside("restored", "--data", here.data), "lacks events or keys.db")
    refused(inside("restored", "--data", here.data.parent / "none"), "lacks events or keys.db")
    assert not (here.data.parent / "none").exists()


def test_restored_by_hand_beside_a_foreign_log_is_noticed(here: Made) -> None:
    with (here.data / "events" / "goals.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    refused(inside("restored", "--data", here.data), "goals.db is damaged", "-wal")
