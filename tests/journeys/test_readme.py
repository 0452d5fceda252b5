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


def documents(text: str) -> list[dict[str, Any]]:
    """The JSON documents that stand one behind the other in what a shell wrote."""
    decoder, found = json.JSONDecoder(), []
    while text := text.strip():
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


@pytest.fixture
def written(tmp_path: Path) -> str:
    """What the pasted commands print. Only the port differs from the README's: 8080 may be taken here."""
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    with start(tmp_path, "--demo") as product:
        product.data.parent.joinpath(".cairn").symlink_to(product.data)
        steps = tour().replace("127.0.0.1:8080", f"127.0.0.1:{product.port}")
        run = subprocess.run(
            ["bash", "-euo", "pipefail"], input=steps, cwd=tmp_path, env=environment(), capture_output=True, text=True
        )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_tour_does_what_the_readme_says(written: str) -> None:
    tree, before, aligned, after, impact, history, past = documents(written)
    assert {node["parent_id"] for node in tree["nodes"]} == {None}
    assert before["id"] in {node["id"] for node in tree["nodes"]}
    assert (aligned["alignment"], aligned["weight"]) == ("accepted", 2)
    assert after["progress"] > before["progress"]
    assert after["leaf_count"] == before["leaf_count"] + 1
    assert after["caused_by"]["goal_id"] == aligned["id"]
    assert impact["items"][-1]["goal_id"] == after["id"]
    assert [one["type"] for one in history["items"]] == [
        "goals.check-in-recorded.v2",
        "goals.alignment-accepted.v1",
        "goals.goal-created.v2",
    ]
    assert 0 < past["nodes"][0]["progress"] < before["progress"]


def test_the_readme_opens_with_the_two_commands() -> None:
    lines = [line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line.strip()]
    assert [line.split("#")[0].strip() for line in lines[1:3]] == ["make run", "make test"]
