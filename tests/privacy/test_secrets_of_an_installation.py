"""The key encryption key and the secret files: made once, whole, for the owner alone, or refused with a reason."""

from __future__ import annotations

import base64
import os
import stat
import threading
from multiprocessing import get_context
from pathlib import Path

import pytest

from libs.privacy.kek import load_key_encryption_key
from libs.privacy.secret_file import SecretRefused, secret_file

RAW = bytes(range(200, 232))


@pytest.mark.parametrize(
    "setting",
    [
        base64.b64encode(RAW).decode(),
        base64.urlsafe_b64encode(RAW).decode(),
        base64.urlsafe_b64encode(RAW).decode().rstrip("="),
        f"  {base64.b64encode(RAW).decode()}\n",
    ],
)
def test_a_setting_is_base64_of_either_alphabet_and_makes_no_file(tmp_path: Path, setting: str) -> None:
    assert load_key_encryption_key(setting, tmp_path / "kek") == RAW
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "setting",
    [
        "",
        "   ",
        "=",
        "not base64!",
        "é" * 43,
        "\ud800" * 44,
        base64.b64encode(RAW[:31]).decode(),
        base64.b64encode(RAW + b"x").decode(),
        RAW.hex(),
        base64.b64encode(RAW).decode()[:-2],
    ],
)
def test_a_bad_setting_is_refused_clearly_and_not_repeated(tmp_path: Path, setting: str) -> None:
    with pytest.raises(SecretRefused, match="CAIRN_KEY_ENCRYPTION_KEY") as refusal:
        load_key_encryption_key(setting, tmp_path / "kek")
    if len(setting) > 8:
        assert setting not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_without_a_setting_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "kek"
    old = os.umask(0)
    try:
        made = load_key_encryption_key(None, path)
    finally:
        os.umask(old)
    assert len(made) == 32
    assert load_key_encryption_key(None, path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["kek"], "no draft is left behind"
    assert load_key_encryption_key(path.read_text(), tmp_path / "other") == made, (
        "the file's text serves as the setting"
    )
    assert secret_file(tmp_path / "second") != made


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o777])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "kek"
    secret_file(path)
    path.chmod(mode)
    with pytest.raises(SecretRefused, match="chmod 600"):
        secret_file(path)
    path.chmod(0o600)
    assert len(secret_file(path)) == 32


@pytest.mark.parametrize("content", [b"", b"\n", b"short", base64.b64encode(RAW[:16]), os.urandom(32), b"A" * 10_000])
def test_a_file_that_holds_something_else_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kek"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SecretRefused, match=str(path)):
        secret_file(path)
    assert path.read_bytes() == content


def test_a_folder_or_an_impossible_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(SecretRefused, match="plain file"):
        secret_file(tmp_path / "folder")
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(SecretRefused, match="plain file"):
        secret_file(tmp_path / "pipe")
    (tmp_path / "file").write_text("x")
    with pytest.raises(SecretRefused, match="cannot be"):
        secret_file(tmp_path / "file" / "below")


def _collect(path: Path, results: object) -> None:
    results.put(secret_file(path))  # type: ignore[attr-defined]


def test_processes_and_threads_that_race_get_the_same_secret(tmp_path: Path) -> None:
    context = get_context("spawn")
    results = context.Queue()
    workers = [context.Process(target=_collect, args=(tmp_path / "kek", results)) for _ in range(4)]
    for worker in workers:
        worker.start()
    secrets = {results.get(timeout=60) for _ in workers}
    for worker in workers:
        worker.join(60)
    assert len(secrets) == 1
    for turn in range(20):
        found: list[bytes] = []
        start = threading.Barrier(8)

        def one(
            path: Path = tmp_path / f"kek-{turn}", into: list[bytes] = found, at: threading.Barrier = start
        ) -> None:
            at.wait()
            into.append(secret_file(path))

        threads = [threading.Thread(target=one) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(found), len(set(found))) == (8, 1)
    assert not [entry for entry in tmp_path.iterdir() if entry.name.startswith(".")]
