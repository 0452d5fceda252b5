"""The public server on a real socket, in front of an app that notes what it is asked."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import uvicorn

from services.gateway.server import Limits
from services.gateway.wiring import server_config
from tests.gateway.conftest import Front, eventually


class Noting:
    """An app that notes what it is asked, answers with the request's headers, and streams below `/stream`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.left: list[str] = []
        self.go_on = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        self.asked.append(path)
        if path == "/whole":
            while (await receive()).get("more_body"):
                continue
        body = json.dumps([[name.decode(), value.decode()] for name, value in scope["headers"]]).encode()
        if path != "/stream":
            length = (b"content-length", b"%d" % len(body))
            await send({"type": "http.response.start", "status": 200, "headers": [length]})
            await send({"type": "http.response.body", "body": body})
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        going, leaving = asyncio.create_task(self.go_on.wait()), asyncio.create_task(self._gone(receive))
        await asyncio.wait((going, leaving), return_when=asyncio.FIRST_COMPLETED)
        for task in (going, leaving):
            task.cancel()
        if self.go_on.is_set():
            await send({"type": "http.response.body", "body": b"b"})
        else:
            self.left.append(path)

    async def _gone(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue


@contextlib.asynccontextmanager
async def serving(app: Any, limits: Limits) -> AsyncIterator[Front]:
    """An app behind the public server."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(server_config(app, limits, stop_seconds=1))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await eventually(lambda: server.started)
    try:
        yield Front(listener.getsockname()[1], app, None, None)  # type: ignore[arg-type]
    finally:
        server.should_exit = True
        await running
