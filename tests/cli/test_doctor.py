"""`cairn doctor`: exit code 0 when all is well; otherwise each finding says what to do, and nothing is changed."""

from __future__ import annotations

import base64
import secrets
import sqlite3
from itertools import count
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from libs.events.adapters.sqlite.event_store import SQLiteEventStore
from libs.events.adapters.sqlite.inspect import inspect
from tests.cli.installations import doctor, only
from tests.contracts.event_store_base import laid
from tests.product import inside, run, start


def test_all_is_well(data: Path) -> None:
    assert doctor(data) == (0, [])
    done = run("doctor", "--data", data)
    assert "keyring opens with key-encryption.key" in done.stdout
    assert "event store goals: 1 events of 1 tenants" in done.stdout
    assert "event store people: 2 events of 1 tenants" in done.stdout
    assert "not being served" in done.stdout


def test_all_is_well_beside_a_running_product(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        done = run("doctor", "--data", product.data)
        assert done.returncode == 0, done.stdout
        assert product.process is not None
        assert f"served by process {product.process.pid}" in done.stdout
        product.kill()
    assert "not being served" in run("doctor", "--data", product.data).stdout


async def test_a_store_that_is_written_meanwhile_is_no_damaged_one(tmp_path: Path) -> None:
    store, looked = SQLiteEventStore("stones", tmp_path / "stones.db"), anyio.Event()

    async def write() -> None:
        for version in count():
            if looked.is_set():
                return
            await store.append(laid(at=version))

    try:
        await store.open()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write)
            sound = [(await anyio.to_thread.run_sync(inspect, store.path)).sound for _ in range(100)]
            looked.set()
        assert sound == [True] * 100
    finally:
        await store.close()


def test_nothing_is_there_yet(tmp_path: Path) -> None:
    done = inside("doctor", "--data", tmp_path / "none")
    assert done.returncode == 0, done.stdout
    assert "not there yet" in done.stdout
    assert not (tmp_path / "none").exists()


def test_a_key_encryption_key_of_another_installation(data: Path) -> None:
    other = base64.b64encode(secrets.token_bytes(32)).decode()
    only(doctor(data, CAIRN_KEY_ENCRYPTION_KEY=other), "CAIRN_KEY_ENCRYPTION_KEY", "that it was written with")
    (data / "key-encryption.key").write_text(other)
    only(doctor(data), "key-encryption.key", "that it was written with")


def test_the_right_key_from_the_environment(data: Path) -> None:
    key = (data / "key-encryption.key").read_text().strip()
    (data / "key-encryption.key").unlink()
    assert doctor(data, CAIRN_KEY_ENCRYPTION_KEY=key) == (0, [])


@pytest.mark.parametrize("key", ["", "short", "A" * 100, "ä" * 43])
def test_a_key_encryption_key_that_is_none(data: Path, key: str) -> None:
    only(doctor(data, CAIRN_KEY_ENCRYPTION_KEY=key), "CAIRN_KEY_ENCRYPTION_KEY")


def test_a_key_encryption_key_that_is_gone(data: Path) -> None:
    (data / "key-encryption.key").unlink()
    only(doctor(data), "key-encryption.key is missing", "restore it")


@pytest.mark.parametrize("name", ["development-tokens.key", "inner-hop.key"])
def test_a_key_that_others_may_read(data: Path, name: str) -> None:
    (data / name).chmod(0o644)
    only(doctor(data), name, "chmod 600")


def test_a_key_encryption_key_that_others_may_read(data: Path) -> None:
    (data / "key-encryption.key").chmod(0o640)
    code, wrong = doctor(data)
    assert code == 1
    assert all("chmod 600" in one for one in wrong)


def test_a_keyring_that_is_none(data: Path) -> None:
    (data / "keys.db").write_bytes(b"no database at all" * 1000)
    only(doctor(data), "keyring does not open")


@pytest.mark.parametrize("damage", ["garbage", "empty", "torn"])
def test_an_event_store_that_is_damaged(data: Path, damage: str) -> None:
    path = data / "events" / "goals.db"
    if damage == "garbage":
        path.write_bytes(b"no database at all" * 1000)
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 4096)
    only(doctor(data), "event store goals", "backup")


@pytest.mark.parametrize(
    "theft",
    [
        "DELETE FROM stored_events",
        "DELETE FROM sequences",
        "UPDATE heads SET sequence = sequence + 1",
        "UPDATE sequences SET sequence = sequence + 1",
        "UPDATE sequences SET notification_id = notification_id + 1000",
        "DELETE FROM heads",
    ],
)
def test_an_event_store_that_somebody_took_from(data: Path, theft: str) -> None:
    connection = sqlite3.connect(data / "events" / "goals.db")
    connection.execute(theft)
    connection.commit()
    connection.close()
    only(doctor(data), "event store goals", "damaged")


def test_an_identity_provider_that_this_version_does_not_know(data: Path) -> None:
    only(doctor(data, CAIRN_OIDC_ISSUERS="https://login.example"), "CAIRN_OIDC_ISSUERS", "unset it")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    done = inside("doctor", "--data", tmp_path / "data")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "FAIL" in done.stdout


def test_settings_that_mean_nothing(data: Path) -> None:
    done = inside("doctor", "--data", data, CAIRN_PROFILE="cluster")
    assert done.returncode == 1
    assert "CAIRN_PROFILE" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
