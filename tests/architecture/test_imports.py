"""Every contract on who may import whom is seen to hold here, and seen to break where a violation is planted."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / ".importlinter"
SECTION = "importlinter:contract:"

# contract, module that offends, what is appended to it. Only a stray module is not there yet, and made.
VIOLATIONS = [
    ("libs-know-no-service", "libs/web/__init__.py", "import services.goals.queries"),
    ("libs", "libs/telemetry/__init__.py", "import libs.events.errors"),
    ("libs", "libs/stray.py", ""),
    ("kernel", "libs/events/errors.py", "import libs.events.envelope"),
    ("kernel", "libs/events/envelope.py", "from libs.events import registry"),
    ("kernel", "libs/events/folder.py", "from libs.events import project"),
    ("kernel", "libs/events/append.py", "from libs.events import handle"),
    ("kernel", "libs/events/stray.py", ""),
    ("services", "services/people/queries/__init__.py", "import services.goals.queries"),
    ("services", "services/goals/queries/__init__.py", "from services.people import queries as theirs"),
    ("services", "services/gateway/__init__.py", "import services.cli"),
    ("services", "services/stray.py", ""),
    ("command-line", "services/cli/__init__.py", "import services.goals.queries"),
    ("command-line", "services/cli/__init__.py", "def late():\n    from services.goals import domain"),
    ("inside-a-service", "services/goals/queries/__init__.py", "import services.goals.wiring"),
    ("inside-a-service", "services/goals/queries/__init__.py", "from services.goals import handlers"),
    ("inside-a-service", "services/people/stray.py", ""),
    ("inside-the-gateway", "services/gateway/routes.py", "from services.gateway import proxy"),
    ("inside-the-gateway", "services/gateway/stray.py", ""),
    ("domain", "services/goals/domain/errors/__init__.py", "from services.goals.domain import decide"),
    ("domain", "services/goals/domain/stray.py", ""),
    ("pure", "libs/events/envelope.py", "import asyncio"),
    ("pure", "libs/events/catalog/goals/__init__.py", "from time import time"),
    ("pure", "services/goals/domain/decide/__init__.py", "import libs.events.handle"),
    ("pure", "services/goals/projections/__init__.py", "import logging"),
    ("adapters", "services/goals/queries/__init__.py", "from libs.events.adapters.sqlite import folder"),
    ("adapters", "libs/privacy/keyring.py", "from libs.events.adapters.sqlite import key_store"),
    ("drivers", "services/goals/queries/__init__.py", "import sqlite3"),
    ("drivers", "libs/privacy/__init__.py", "from eventsourcing import persistence"),
]

ALLOWED = [
    ("services/cli/__init__.py", "from services.goals import wiring"),
    ("libs/events/envelope.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import libs.events.handle"),
]


def contract_names() -> dict[str, str]:
    """The name of each contract by its id."""
    parser = configparser.ConfigParser()
    parser.read(CONTRACTS, encoding="utf-8")
    return {
        section.removeprefix(SECTION): parser[section]["name"]
        for section in parser.sections()
        if section.startswith(SECTION)
    }


def copied(to: Path) -> Path:
    """A copy of what the contracts speak of, to plant violations in."""
    for package in ("libs", "services"):
        shutil.copytree(ROOT / package, to / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CONTRACTS, to)
    return to


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of its own for each test."""
    return copied(tmp_path)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What is broken without a plant: nothing, or one test says so and the others still say something."""
    return broken(copied(tmp_path_factory.mktemp("untouched")))


def plant(tree: Path, path: str, line: str) -> None:
    """Appends to a module that there is, or to a new one called `stray`. Raises FileNotFoundError, FileExistsError."""
    place = tree / path
    if place.name == "stray.py":
        place.touch(exist_ok=False)
    with place.open("r+", encoding="utf-8") as module:
        module.seek(0, 2)
        module.write(f"\n{line}\n")


def broken(tree: Path) -> set[str]:
    """The ids of the contracts that `lint-imports` finds broken in a tree."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    run = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=120)
    names = contract_names()
    found, kept = (
        {key for key, name in names.items() for line in run.stdout.splitlines() if line.startswith(f"{name} {verdict}")}
        for verdict in ("BROKEN", "KEPT")
    )
    assert found | kept == set(names), f"not every contract was judged:\n{run.stdout}{run.stderr}"
    assert (run.returncode == 0) == (not found), run.stdout
    return found


def test_nothing_is_planted_beside_the_tree(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        plant(tmp_path, "queries.py", "import sqlite3")
    plant(tmp_path, "stray.py", "")
    with pytest.raises(FileExistsError):
        plant(tmp_path, "stray.py", "")


def test_the_tree_keeps_every_contract(standing: set[str]) -> None:
    assert standing == set()


@pytest.mark.parametrize(("contract", "path", "line"), VIOLATIONS)
def test_a_planted_violation_breaks_its_contract(
    tree: Path, standing: set[str], contract: str, path: str, line: str
) -> None:
    plant(tree, path, line)
    assert broken(tree) == standing | {contract}


@pytest.mark.parametrize(("path", "line"), ALLOWED)
def test_what_is_allowed_breaks_nothing(tree: Path, standing: set[str], path: str, line: str) -> None:
    plant(tree, path, line)
    assert broken(tree) == standing


def test_every_contract_has_a_planted_violation() -> None:
    assert {contract for contract, _, _ in VIOLATIONS} == set(contract_names())
