"""What the product imports is named in pyproject.toml: a package that only happens to be there will not stay."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def normal(name: str) -> str:
    return name.split("[", 1)[0].strip().lower().replace("_", "-")


def unnamed(sources: dict[str, str], named: set[str]) -> set[str]:
    """The third-party packages that these sources use without being named, as `import name (file)`."""
    owners = packages_distributions()
    found = set()
    for path, source in sources.items():
        for package in used(ast.parse(source)) - set(sys.stdlib_module_names) - {"libs", "services"}:
            if not {normal(owner) for owner in owners.get(package, [package])} & named:
                found.add(f"{package} ({path})")
    return found


def used(tree: ast.Module) -> set[str]:
    """The top-level packages of all imports, and of packages named to `importlib.resources.files`."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found |= {name.name.split(".", 1)[0] for name in names}
            case ast.ImportFrom(module=str(module)):
                found.add(module.split(".", 1)[0])
            case ast.Call(
                func=ast.Name(id="files") | ast.Attribute(attr="files"), args=[ast.Constant(value=str(name))]
            ):
                found.add(name.split(".", 1)[0])
    return found


@pytest.fixture
def named() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {normal(name) for name in project["dependencies"]}


def test_every_import_is_a_named_dependency(named: set[str]) -> None:
    paths = [path for package in ("libs", "services") for path in (ROOT / package).rglob("*.py")]
    assert unnamed({str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}, named) == set()


@pytest.mark.parametrize("source", ["import hypothesis", "from ruff import x", "files('schemathesis')"])
def test_an_unnamed_import_is_seen(named: set[str], source: str) -> None:
    assert len(unnamed({"planted.py": source}, named)) == 1


def test_every_named_dependency_is_locked(named: set[str]) -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert named <= {normal(line.split("==")[0]) for line in lock.splitlines() if "==" in line}
