"""The HTTP server of `cairn up`: told to stop, it finishes what is under way and comes back, so that all is closed."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

HOST, PORT = "127.0.0.1", 8080
"""Where it listens unless it is told otherwise."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def url_of(host: str, port: int) -> str:
    """How clients address it there."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


class Server(uvicorn.Server):
    """Ends at SIGTERM or SIGINT when every answer is finished, at a second one without them (`force_exit`).

    Uvicorn's own way is to die of the signal before `serve` returns, with every file still open.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """What was made to serve stays for ever: the collector need not walk through it again, 50 ms and more each."""
        gc.collect()
        gc.freeze()
        await super().startup(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Takes the signals for as long as it serves."""
        loop = asyncio.get_running_loop()
        for one in _SIGNALS:
            loop.add_signal_handler(one, self.handle_exit, one, None)
        try:
            yield
        finally:
            for one in _SIGNALS:
                loop.remove_signal_handler(one)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal asks, the second one orders."""
        if self.should_exit:
            self.force_exit = True
            for task in self.server_state.tasks:
                task.cancel()
        self.should_exit = True
