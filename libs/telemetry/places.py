"""An exception as what logs may say of it: its type and the places in the code it passed, never its words."""

from __future__ import annotations

import re
from traceback import walk_tb
from typing import Any

_FRAMES = 12
_CAUSES = 5
_ROOT = re.compile(r".*?(?:site-packages/|python3\.\d+/|/(?=(?:libs|services|tests)/))")


def describe(error: BaseException) -> dict[str, Any]:
    """`{type, at, stack?, causes?}`: `at` is `file:line function` of the innermost frame, `stack` the ones above it.

    Messages and arguments are left out, because they may quote what a person wrote.
    """
    frames = _frames(error)
    found: dict[str, Any] = {"type": type(error).__qualname__, "at": frames[-1] if frames else "unknown"}
    if len(frames) > 1:
        found["stack"] = frames[-_FRAMES:-1]
    if causes := _causes(error):
        found["causes"] = causes
    return found


def relative(path: str) -> str:
    """A source file's path from its package on, so that no machine's folders show."""
    return _ROOT.sub("", path.replace("\\", "/"), count=1)


def _frames(error: BaseException) -> list[str]:
    return [
        f"{relative(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
        for frame, line in walk_tb(error.__traceback__)
    ]


def _causes(error: BaseException) -> list[str]:
    inner: list[BaseException] = list(error.exceptions) if isinstance(error, BaseExceptionGroup) else []
    seen: BaseException | None = error
    while seen is not None and len(inner) < _CAUSES:
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
        if seen is not None:
            inner.append(seen)
    described = []
    for cause in inner[:_CAUSES]:
        frames = _frames(cause)
        described.append(f"{type(cause).__qualname__} {frames[-1] if frames else 'unknown'}")
    return described
