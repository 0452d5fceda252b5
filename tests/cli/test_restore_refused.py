"""`cairn restore DIR`: a backup that is not whole, or may not go there, changes nothing and says why."""

from __future__ import annotations

import asyncio
import base64
import json
import resource
import secrets
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from libs.events.adapters.sqlite.folder import DataFolder
from libs.events.adapters.sqlite.manifest import digest
from tests.cli.installation import Made, copied, installed, kept, refused
from tests.cli.installations import contents
from tests.product import CAIRN, environment, inside


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return installed(tmp_path_factory.mktemp("restore"))


@pytest.fixture
def here(made: Made, tmp_path: Path) -> Made:
    """A copy to break."""
    return copied(made, tmp_path)


def changed(backup: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """The manifest, rewritten by somebody."""
    path = backup / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


# --- what is no backup ------------------------------------------------------------------------------------------------


def damage(name: str) -> Callable[[Path], object]:
    """Ways in which a backup may not be what was written."""

    def torn(backup: Path) -> None:
        with (backup / "events" / "goals.db").open("r+b") as file:
            file.seek(9000)
            file.write(b"\xff")

    def forged(backup: Path) -> None:
        """Another history, with digests that agree."""
        path = backup / "events" / "goals.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM stored_events")
        size, sha256 = path.stat().st_size, digest(path)
        changed(backup, lambda manifest: manifest["files"][0].update(size=size, sha256=sha256))

    ways: dict[str, Callable[[Path], object]] = {
        "torn": torn,
        "forged": forged,
        "short": lambda backup: (backup / "keys.db").write_bytes((backup / "keys.db").read_bytes()[:-1]),
        "missing": lambda backup: (backup / "events" / "people.db").unlink(),
        "link": lambda backup: (
            (backup / "keys.db").rename(backup / "away"),
            (backup / "keys.db").symlink_to(backup / "away"),
        ),
        "heads": lambda backup: changed(backup, lambda manifest: manifest["stores"]["goals"]["tenants"].update(acme=2)),
        "id": lambda backup: changed(backup, lambda manifest: manifest["stores"]["goals"].update(id="another")),
        "keys": lambda backup: changed(backup, lambda manifest: manifest["keyring"].update(holders=0)),
        "digest": lambda backup: changed(backup, lambda manifest: manifest["files"][2].update(sha256="0" * 64)),
    }
    return ways[name]


@pytest.mark.parametrize(
    "name", ["torn", "forged", "short", "missing", "link", "heads", "id", "keys", "digest"], ids=str
)
def test_a_damaged_backup_changes_nothing(here: Made, name: str) -> None:
    damage(name)(here.backup)
    before = contents(here.data)
    for more in (("--replace",), ("--check",)):
        refused(inside("restore", here.backup, "--data", here.data, *more), "is damaged", "another backup")
    assert contents(here.data) == before
    assert [path.name for path in here.data.parent.iterdir() if "before" in path.name] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(kind="another program's"),
        lambda manifest: manifest.pop("keyring"),
        lambda manifest: manifest.update(extra=1),
        lambda manifest: manifest["files"].append({"path": "../../evil.db", "size": 0, "sha256": ""}),
        lambda manifest: manifest["files"].append({"path": "events/../../evil.db", "size": 0, "sha256": ""}),
        lambda manifest: manifest["files"].append(manifest["files"][0]),
        lambda manifest: manifest["files"].pop(0),
        lambda manifest: manifest["files"].pop(2),
        lambda manifest: manifest["stores"].pop("people"),
    ],
)
def test_a_foreign_manifest_changes_nothing(here: Made, change: Callable[[dict[str, Any]], object]) -> None:
    changed(here.backup, change)
    before = contents(here.data)
    refused(inside("restore", here.backup, "--data", here.data, "--replace"), "manifest")
    assert contents(here.data) == before


@pytest.mark.parametrize("text", ["", "[]", "{", '{"kind": "cairn-backup", "format": "x"}', "\x00"])
def test_a_manifest_that_is_none_changes_nothing(here: Made, text: str) -> None:
    (here.backup / "manifest.json").write_text(text)
    refused(inside("restore", here.backup, "--data", here.data, "--replace"), "cannot be read as a backup's manifest")


def test_a_folder_that_is_no_backup_is_said(here: Made, tmp_path: Path) -> None:
    for folder in (tmp_path / "none", here.data):
        refused(inside("restore", folder, "--data", tmp_path / "new"), "is no backup", "cairn backup")
    assert not (tmp_path / "new").exists()


def test_a_newer_format_names_the_version_that_knows_it(here: Made, tmp_path: Path) -> None:
    def newer(manifest: dict[str, Any]) -> None:
        manifest.update(format=2, cairn="7.1.0", compressed="zstd")
        del manifest["files"]

    changed(here.backup, newer)
    refused(inside("restore", here.backup, "--data", tmp_path / "new"), "Cairn 7.1.0", "that version, or a newer one")


# --- where it may not go ----------------------------------------------------------------------------------------------


def test_nothing_is_restored_under_a_process_that_serves(here: Made) -> None:
    folder = DataFolder(here.data)
    folder.serve()
    before = contents(here.data)
    try:
        refused(inside("restore", here.backup, "--data", here.data, "--replace"), "already served by process", "Stop")
        refused(inside("restored", "--data", here.data), "already served by process", "Stop")
        assert contents(here.data) == before
    finally:
        asyncio.run(folder.close())


def test_a_disk_that_is_full_changes_nothing(here: Made) -> None:
    before = kept(here.data)
    done = subprocess.run(
        [CAIRN, "restore", here.backup, "--data", here.data, "--replace"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    refused(done, "cannot be written", "Make room")
    assert kept(here.data) == before


def test_events_are_replaced_only_if_asked(here: Made) -> None:
    before = contents(here.data)
    refused(inside("restore", here.backup, "--data", here.data), "has events", "--replace")
    (here.data / "events" / "goals.db").write_bytes(b"who knows")
    (here.data / "events" / "people.db").unlink()
    refused(inside("restore", here.backup, "--data", here.data), "has events", "--replace")
    assert {path for path in contents(here.data) if "events" not in path} == {
        path for path in before if "events" not in path
    }


def test_a_key_that_does_not_open_the_backup_changes_nothing(here: Made, tmp_path: Path) -> None:
    wrong = base64.b64encode(secrets.token_bytes(32)).decode()
    before = kept(here.data)
    done = inside("restore", here.backup, "--data", here.data, "--replace", CAIRN_KEY_ENCRYPTION_KEY=wrong)
    refused(done, "does not open with CAIRN_KEY_ENCRYPTION_KEY", "Nothing was changed")
    assert kept(here.data) == before
    done = inside("backup", tmp_path / "without", "--data", here.data, "--without-key")
    (here.data / "key-encryption.key").write_text(wrong)
    refused(inside("restore", tmp_path / "without", "--data", here.data, "--replace"), "key-encryption.key")
