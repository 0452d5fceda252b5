"""The lock pins all that is installed, by hash, and names no place to get it from."""

from __future__ import annotations

import re
import tomllib

from tests.architecture.source import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def blocks() -> list[str]:
    """Each pinned package with its continuation lines, joined."""
    return [line for line in LOCK.replace("\\\n", " ").splitlines() if line.strip()]


def test_every_package_is_pinned_and_hashed() -> None:
    pinned = re.compile(r"[a-z0-9][a-z0-9.-]*(\[[a-z0-9,-]+])?==\S+( ; [^\\]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    assert blocks() != []
    assert [block[:60] for block in blocks() if not pinned.fullmatch(block)] == []


def test_no_address_and_no_option_stands_in_the_lock() -> None:
    assert [line for line in LOCK.splitlines() if "://" in line or re.match(r"\s*-(?!-hash=)", line)] == []


def test_all_that_the_project_names_is_in_the_lock() -> None:
    named = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["dev"]
    named += PROJECT["build-system"]["requires"]
    locked = {re.split(r"==|\[", block)[0] for block in blocks()}
    wanted = {re.split(r"[\[<>=~! ;]", name)[0].lower().replace("_", "-") for name in named}
    assert wanted - locked == set()
