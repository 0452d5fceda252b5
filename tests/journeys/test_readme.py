"""The README's tour, pasted as it stands into a shell beside a running product."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.product import environment, start

ROOT = Path(__file__).parents[2]


def tour() -> str:
    """The commands that the README tells a newcomer to paste."""
    [block] = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return str(block)


@pytest.fixture
def shown(tmp_path: Path) -> list[Any]:
    """What the pasted commands print, a line each. Only the port differs from the README's: 8080 may be taken here."""
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    with start(tmp_path, "--demo") as product:
        product.data.parent.joinpath(".cairn").symlink_to(product.data)
        steps = tour().replace("127.0.0.1:8080", f"127.0.0.1:{product.port}")
        run = subprocess.run(
            ["bash", "-euo", "pipefail"], input=steps, cwd=tmp_path, env=environment(), capture_output=True, text=True
        )
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_the_tour_does_what_the_readme_says(shown: list[Any]) -> None:
    tree, before, aligned, after, impact, history, past = shown
    assert {node["parent_id"] for node in tree["nodes"]} == {None}
    [company] = [node for node in tree["nodes"] if node["progress"] == before]
    assert (aligned["alignment"], aligned["weight"]) == ("accepted", 2)
    assert impact["goal_id"] == aligned["id"]
    share = impact["items"][-1]
    assert share["goal_id"] == company["id"]
    assert 0 < after - before < share["points"]
    assert [one["type"] for one in history["items"]] == [
        "goals.check-in-recorded.v2",
        "goals.alignment-accepted.v1",
        "goals.goal-created.v2",
    ]
    assert past["nodes"][0]["id"] == company["id"]
    assert 0 < past["nodes"][0]["progress"] < before


def test_the_readme_opens_with_the_two_commands() -> None:
    lines = [line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line.strip()]
    assert [line.split("#")[0].strip() for line in lines[1:3]] == ["make run", "make test"]


def test_the_readme_says_of_everything_in_the_data_folder_whether_to_back_it_up(tmp_path: Path) -> None:
    rows = re.findall(r"^\| (`.*?) \| .* \| (?:yes|no)\b.* \|$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    named = {name.rstrip("/") for row in rows for name in re.findall(r"`(.*?)`", row)}
    with start(tmp_path) as product:
        there = {path.name for path in product.data.iterdir()}
    # Beside an open SQLite file stand two of its own, which are gone when it is closed.
    assert {name for name in there if not name.endswith(("-wal", "-shm"))} == named
