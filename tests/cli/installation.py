"""A stopped installation with a tenant in it, to be backed up, broken and restored; made once a module."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.installations import contents
from tests.product import Product, free_port, inside, run, start


@dataclass(frozen=True)
class Made:
    """A data folder, who is in it, and a backup of it."""

    data: Path
    backup: Path
    person_id: str
    goal_id: str


def installed(folder: Path) -> Made:
    """An installation that did some work, and its backup."""
    with start(folder) as product:
        person_id = product.person("ann@acme.example", "admin")
        with product.client(product.issue(person_id)) as client:
            goal = {"title": "Fewer escalations", "kind": "objective", "owner_id": person_id}
            goal_id = client.post("/goals", json=goal).raise_for_status().json()["id"]
        assert product.stop() == 0
    done = inside("backup", folder / "backup", "--data", product.data)
    assert done.returncode == 0, done.stderr
    return Made(product.data, folder / "backup", person_id, goal_id)


def copied(made: Made, folder: Path) -> Made:
    """A copy to break."""
    data, backup = shutil.copytree(made.data, folder / "data"), shutil.copytree(made.backup, folder / "backup")
    return Made(data, backup, made.person_id, made.goal_id)


def seeded(data: Path) -> None:
    """Enough events in a folder that copying them takes a while."""
    done = run("seed", "--tenant", "big", "--people", "5", "--goals", "4000", "--data", data)
    assert done.returncode == 0, done.stderr


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """One sentence on standard error that says what is wrong."""
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("cairn: ")
    for word in words:
        assert word in done.stderr, done.stderr


def kept(data: Path) -> dict[str, tuple[int, str]]:
    """Every file but the one that says who has the folder."""
    return {path: found for path, found in contents(data).items() if not path.endswith("serving.lock")}


def serves(data: Path, made: Made, **settings: str) -> dict[str, Any]:
    """What a `cairn up` on this folder shows of the goal, once it is ready."""
    product = Product(data, free_port(), settings)
    product.restart()
    try:
        with product.client(product.issue(made.person_id)) as client:
            client.headers["Cairn-After"] = ",".join(product.heads("acme"))
            found: dict[str, Any] = client.get(f"/goals/{made.goal_id}").raise_for_status().json()
            return found
    finally:
        assert product.stop() == 0
