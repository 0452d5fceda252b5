"""Which generation of a read model a request reads: picked once, so that none sees half of a switch (promise 4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_picked: ContextVar[dict[str, int] | None] = ContextVar("picked generations", default=None)


@contextmanager
def picking() -> Iterator[None]:
    """Within the block each model that is read stays at the generation that served when it was first read."""
    token = _picked.set({})
    try:
        yield
    finally:
        _picked.reset(token)


def picked(model: str, live: int) -> int:
    """The generation to read; outside a block the one that serves."""
    found = _picked.get()
    return live if found is None else found.setdefault(model, live)


def pick_anew(model: str) -> None:
    """Who has waited for a model to move on wants to see that it did."""
    found = _picked.get()
    if found is not None:
        found.pop(model, None)
