"""The shape every file keeps: short, named for what it does, opening with its place on an event's trip."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.architecture.source import ROOT, files, functions, modules, place, syntax

FILE_LINES = 300
FUNCTION_LINES = 40
"""Both are limits to stay under. A function counts from `def` to its end without its docstring and decorators."""

SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}

# Put together here, so that this file does not hold what it looks for.
MACHINE_PATHS = ["/" + name + "/" for name in ("work", "root", "opt/wheels")]
REGISTRIES = [
    "pypi" + ".org",
    "files." + "pythonhosted",
    "registry." + "npmjs",
    "proxy." + "golang",
    "repo1." + "maven",
]

PROMISES = tuple(range(12))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    total = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return total
    first = function.body[0]
    return total - ((first.end_lineno or first.lineno) - first.lineno + 1)


def test_files_stay_under_their_limit() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert [f"{place(path)}: {count} lines" for path, count in lines.items() if count >= FILE_LINES] == []


def test_functions_stay_under_their_limit() -> None:
    assert [
        f"{place(path, function.lineno)} {function.name}: {length(function)} lines"
        for path in modules()
        for function in functions(path)
        if length(function) >= FUNCTION_LINES
    ] == []


def test_names_say_what_is_inside() -> None:
    named = {path: {part.removesuffix(".py") for part in path.relative_to(ROOT).parts} for path in modules()}
    assert [place(path) for path, parts in named.items() if parts & SAYS_NOTHING] == []


def test_every_module_opens_with_a_sentence() -> None:
    """It stands on the first line alone, so that a list of modules reads as a map. Empty package files say nothing."""
    openings = {
        path: (ast.get_docstring(syntax(path)) or "").partition("\n")[0] for path in modules() if syntax(path).body
    }
    assert [
        f"{place(path)}: {first!r}" for path, first in openings.items() if not first.endswith((".", "?", "!"))
    ] == []


def test_every_service_says_what_it_owns() -> None:
    services = [path for path in (ROOT / "services").iterdir() if path.is_dir() and any(path.glob("*.py"))]
    owners = [path / "__init__.py" for path in services]
    assert [place(path) for path in owners if not path.is_file() or not ast.get_docstring(syntax(path))] == []


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in files():
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{place(path)}: {name}" for name in (*MACHINE_PATHS, *REGISTRIES) if name in text]
    assert found == []


def test_tests_skip_nothing_by_themselves() -> None:
    """What is missing on a machine goes through tests/servers.py, which says so in the closing lines."""
    skipping = {"skip", "skipif", "importorskip", "skipTest", "xfail", "SkipTest"}
    assert [
        place(path, node.lineno)
        for path in modules("tests")
        if path != ROOT / "tests" / "servers.py"
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Attribute) and node.attr in skipping
    ] == []


def test_nothing_is_replaced_by_a_string_path() -> None:
    """A name in a string survives no rename: what a test replaces, it passes in."""
    replacing = {"patch", "mock.patch", "mocker.patch", "monkeypatch.setattr", "monkeypatch.delattr"}
    assert [
        place(path, node.lineno)
        for path in modules("tests")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in replacing
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    ] == []


def test_every_promise_has_its_tests() -> None:
    folder = ROOT / "tests" / "events"
    kept = {
        number: [path for path in folder.glob(f"test_promise_{number}_*.py") if stated_tests(path)]
        for number in PROMISES
    }
    assert [f"tests/events/test_promise_{number}_*.py" for number, found in kept.items() if not found] == []


def stated_tests(path: Path) -> list[str]:
    return [function.name for function in functions(path) if function.name.startswith("test_")]
