"""What commands print to be pasted, pasted: into a shell that knows nothing but the folder they were started in."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from services.cli.console import command
from tests.product import CAIRN, Product, environment, free_port, inside, start


def paste(text: str, folder: Path) -> str:
    """What a shell answers; `cairn` is not on its path."""
    assert shutil.which("cairn", path=os.defpath) is None
    done = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input=text,
        cwd=folder,
        env=environment(PATH=os.defpath),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The demonstration, in a folder whose name a shell would take apart."""
    folder = tmp_path_factory.mktemp("shown") / "it's $HOME's"
    folder.mkdir()
    with start(folder, "--demo") as product:
        yield product


def greeting(product: Product) -> str:
    return product.log.read_text().partition("Stop with Ctrl-C.")[0]


def test_what_the_greeting_tells_to_paste_shows_what_it_says(shown: Product) -> None:
    lines = [line for line in greeting(shown).splitlines() if re.match(r"  (?:[A-Z]+=|curl )", line)]
    tree, support, waiting, people = (json.loads(line) for line in paste("\n".join(lines), shown.data).splitlines())
    assert len(tree["nodes"]) > 4
    assert [one["state"] for one in support["items"]] == ["open"]
    [goal] = waiting["items"]
    assert goal["agreement"]["state"] == "proposed"
    assert {"agree", "request_changes"} <= set(goal["allowed_actions"])
    # Only an administrator is offered this.
    assert all("deactivate" in one["allowed_actions"] for one in people["items"])


def test_other_commands_find_the_folder_by_what_the_greeting_says(shown: Product, tmp_path: Path) -> None:
    """Without it they would have made a folder of their own, and every answer would be 401."""
    [export] = re.findall(r"^  (export .*)$", greeting(shown), re.MULTILINE)
    token = paste(f"{export}\n{CAIRN} token --tenant acme --email sam@acme.example", tmp_path).strip()
    assert list(tmp_path.iterdir()) == []
    assert me(shown, token).status_code == 200


def test_a_token_of_another_folder_is_told_so(shown: Product, tmp_path: Path) -> None:
    elsewhere = inside("token", "--tenant", "acme", "--email", "sam@acme.example", "--data", tmp_path / "data")
    answer = me(shown, elsewhere.stdout.strip())
    assert answer.status_code == 401
    assert "CAIRN_DATA_DIR" in answer.json()["detail"]


def me(product: Product, token: str) -> httpx2.Response:
    with product.client(token) as client:
        return client.get("/me")


def test_the_plain_greeting_makes_tokens_too(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        first, _, rest = product.log.read_text().partition("\n")
        make = first.partition("Make a token: ")[2].replace(" T ", " acme ").replace(" E", " ann@acme.example")
        [export] = re.findall(r"^  (export .*)$", rest, re.MULTILINE)
        assert me(product, paste(f"{export}\n{make}", tmp_path).strip()).status_code == 200


def test_the_folder_that_every_command_takes_is_not_spoken_of(tmp_path: Path) -> None:
    product = Product(tmp_path / ".cairn", free_port(), {})
    try:
        product.restart()
        assert "Cairn is at" in product.words()
        assert "export" not in product.words()
    finally:
        product.kill()


def test_commands_are_printed_as_this_program_was_called(tmp_path: Path) -> None:
    tmp_path.joinpath(".venv").symlink_to(CAIRN.parents[1])
    said = paste(".venv/bin/cairn doctor --data 'not there'", tmp_path)
    assert "`.venv/bin/cairn up --data 'not there'`" in said
    path = f"{CAIRN.parent}:{os.defpath}"
    assert "`cairn up --data 'not there'`" in paste(f"PATH={path} cairn doctor --data 'not there'", tmp_path)


def test_from_within_another_program_the_one_beside_this_python_is_meant() -> None:
    assert command("up") == f"{CAIRN} up"
