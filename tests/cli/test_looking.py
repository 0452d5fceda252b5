"""`cairn doctor` only looks: it binds no keyring, makes no file, and keeps nobody from starting."""

from __future__ import annotations

import asyncio
import base64
import secrets
import sqlite3
import subprocess
from pathlib import Path

import pytest

from libs.events.adapters.sqlite.folder import KEYS
from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.web.embedded import Embedded
from libs.web.settings import ServiceSettings
from tests.product import inside


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


async def doctor(data: Path, with_key: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(inside, "doctor", "--data", data, CAIRN_KEY_ENCRYPTION_KEY=with_key)


async def make_empty(path: Path, *, tables: bool) -> None:
    """A keyring's file in which nothing was ever kept."""
    path.parent.mkdir(mode=0o700)
    path.touch(0o600)
    if tables:
        store = SQLiteKeyStore(path)
        assert await store.by_holder("acme", ["nobody"]) == {}
        await store.close()


@pytest.mark.parametrize("tables", [False, True])
async def test_a_keyring_that_is_empty_belongs_to_no_key_yet(tmp_path: Path, tables: bool) -> None:
    data = tmp_path / "data"
    await make_empty(data / KEYS, tables=tables)
    before = (data / KEYS).read_bytes()
    for _ in range(2):
        done = await doctor(data, key())
        assert done.returncode == 0, done.stdout
        assert "keyring: empty yet" in done.stdout
    assert (data / KEYS).read_bytes() == before
    assert [path.name for path in data.glob("*.key")] == []


async def test_a_keyring_in_use_is_read_and_not_written(tmp_path: Path) -> None:
    data, right = tmp_path / "data", key()
    parts = Embedded(ServiceSettings(data_dir=data, key_encryption_key=right))
    try:
        await parts.keyring.verify()
        with sqlite3.connect(data / KEYS) as rival:
            # Whoever wrote would wait here in vain.
            rival.execute("BEGIN IMMEDIATE")
            assert "keyring opens" in (await doctor(data, right)).stdout
            wrong = await doctor(data, key())
            assert wrong.returncode == 1
            assert "does not open with CAIRN_KEY_ENCRYPTION_KEY" in wrong.stdout
        rival.close()
    finally:
        await parts.close()


async def test_a_key_is_judged_before_there_is_a_keyring(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    done = await doctor(data, "c2hvcnQ=")
    assert done.returncode == 1
    assert "CAIRN_KEY_ENCRYPTION_KEY" in done.stdout
    assert list(data.iterdir()) == []
