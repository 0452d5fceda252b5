"""Those who wait for an event store's one writer, gathered into groups and told together how it ended (promise 9)."""

from __future__ import annotations

import asyncio
import queue
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

from libs.events.adapters.sqlite.recorder import Ending, GroupCaller

GROUP = 256
"""Callers in one transaction at most: enough to hide an fsync, few enough that nobody waits for the others' inserts."""

Waiting = tuple[GroupCaller, "asyncio.Future[Ending]"]


class Callers:
    """The queue in front of the writer thread; event loops put in, the thread takes out."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._ended = False

    def put(self, caller: GroupCaller) -> asyncio.Future[Ending]:
        """Somebody waits in the running loop; how it ended comes by `tell`."""
        done: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._queue.put((caller, done))
        return done

    def end(self) -> None:
        """Nobody comes any more."""
        self._queue.put(None)

    def group(self, seconds: float) -> list[Waiting] | None:
        """All who wait, up to `GROUP`; nobody where none came within these seconds, None after the last."""
        group: list[Waiting] = []
        while not self._ended and len(group) < GROUP and not (group and self._queue.empty()):
            try:
                waiting = self._queue.get(timeout=seconds)
            except queue.Empty:
                return group
            if waiting is None:
                self._ended = True
            else:
                group.append(waiting)
        return None if self._ended and not group else group


def tell(ended: Sequence[tuple[asyncio.Future[Ending], Ending]]) -> None:
    """Wakes each event loop once, not once a caller: callers go on together, and so append together again."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Ending], Ending]]] = defaultdict(list)
    for done, ending in ended:
        by_loop[done.get_loop()].append((done, ending))
    for loop, some in by_loop.items():
        # A loop that has ended has nobody left who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_set_results, some)


def _set_results(ended: Sequence[tuple[asyncio.Future[Ending], Ending]]) -> None:
    for done, ending in ended:
        if not done.done():
            done.set_result(ending)
