"""Real servers and browsers that tests run against: where each is found, and a loud word where it is missing.

A test asks for what it needs: `chromium()` gives the path to a browser. What is not on this machine is recorded with
the way to get it, and the test skips; the closing lines of the run say so (tests/conftest.py). With `CAIRN_CI` set it
fails instead, so that a green run has tried everything. Each further server is one more function here that ends in
an address or in `missing(...)`.
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

MISSING: dict[str, str] = {}
"""What tests asked for in vain in this run, and how to get it."""


def in_ci() -> bool:
    """Whether nothing may be missing."""
    return bool(os.environ.get("CAIRN_CI"))


def missing(what: str, how: str) -> NoReturn:
    """Ends the test that needs `what`: skipped at a desk, failed in CI. `how` is an order to the reader."""
    MISSING[what] = how
    if in_ci():
        pytest.fail(f"{what} is missing. {how}", pytrace=False)
    pytest.skip(f"{what} is missing. {how}")


def program(what: str, variable: str, names: tuple[str, ...], package: str) -> str:
    """The path of an executable: the one that the variable names, else the first of `names` on the PATH."""
    named = os.environ.get(variable)
    path = next((path for name in ((named,) if named else names) if (path := shutil.which(name))), None)
    if path is None:
        instead = f"{variable}={named} is no executable" if named else f"Or set {variable} to its path"
        missing(what, f"Install Debian's package {package}. {instead}.")
    return path


def chromium() -> str:
    """The path of a Chromium or Chrome. As root it starts with `--no-sandbox` only."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return program("A Chromium browser", "CAIRN_CHROMIUM", names, "chromium")
