"""The project's own files as the shape tests see them: paths, text and syntax trees."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def files() -> tuple[Path, ...]:
    """What is in the project or about to be: tracked files and new ones that are not ignored."""
    # The owner of a checkout in a container is often somebody else.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return tuple(path for path in (ROOT / name for name in sorted(listed) if name) if path.is_file())


def modules(*folders: str) -> tuple[Path, ...]:
    """The Python files below the given folders, or all of them."""
    found = (path for path in files() if path.suffix == ".py")
    return tuple(path for path in found if not folders or path.relative_to(ROOT).parts[0] in folders)


@cache
def syntax(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a Python file, nested ones too."""
    return (node for node in ast.walk(syntax(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def place(path: Path, line: int | None = None) -> str:
    """`libs/events/handle.py:12`, for a message that an editor can follow."""
    name = path.relative_to(ROOT).as_posix()
    return name if line is None else f"{name}:{line}"
