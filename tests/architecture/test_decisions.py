"""What is written for newcomers against the tree: files that are named are there, the map is told as it is."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("libs", "services", "tests", "docs")
PAGES = sorted([*ROOT.glob("docs/decisions/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
LAYERS = ROOT / "docs/decisions/0018-layers-added-to-the-map.md"


def missing(text: str) -> Iterator[str]:
    """Names of files and folders in a text that nothing in the tree bears; `<n>` and `*` stand for anything."""
    for name in re.findall(r"`([\w./<>*-]+)`", text):
        pattern = re.sub(r"<\w+>", "*", name.rstrip("/"))
        if name.startswith(tuple(f"{source}/" for source in SOURCES)):
            found = (*ROOT.glob(pattern), *ROOT.glob(f"{pattern}.py"))
        elif name.endswith(".py"):
            found = tuple(path for source in SOURCES for path in ROOT.glob(f"{source}/**/{pattern}"))
        else:
            continue
        if not found and "NNNN" not in name:
            yield name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_names_is_there(page: Path) -> None:
    assert list(missing(page.read_text(encoding="utf-8"))) == []


def test_a_planted_name_of_nothing_is_found() -> None:
    planted = "`libs/events/handle.py` `libs/events/stray` `tests/goals/test_decide*.py` `domain/stray.py` `handle.py`"
    assert list(missing(planted)) == ["libs/events/stray", "domain/stray.py"]


def test_the_kernels_layers_are_counted_and_the_unexpected_ones_explained() -> None:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    layers = re.findall(r"\w+", parser["importlinter:contract:kernel"]["layers"])
    text = LAYERS.read_text(encoding="utf-8")
    assert f"- {len(layers)} names in the kernel's map" in text
    assert set(re.findall(r"^\| `libs/events/(\w+)", text, re.MULTILINE)) <= set(layers)
    assert {"claims", "view"} <= set(re.findall(r"^\| `libs/events/(\w+)`", text, re.MULTILINE))
