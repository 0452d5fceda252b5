"""How much body a request may have: more is read and thrown away, so that the client gets to see the 413."""

from __future__ import annotations

from collections.abc import Mapping

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.web.problems import Problem, problem_response

MAX_BODY = 1024 * 1024
DRAIN = 16 * 1024 * 1024
DRAIN_SECONDS = 30.0


class BodyTooLarge(Problem):
    """The body is larger than is taken (413 `body_too_large`)."""

    def __init__(self, most: int, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(413, "body_too_large", f"The body is too large. Send at most {most} bytes.", headers=headers)


class BodyLimit:
    """ASGI middleware: lets bodies of up to `most` bytes stream through, and answers larger ones with a 413.

    A client that is still sending does not read. So up to `drain` bytes are taken in and dropped before any answer;
    what is larger is answered at once and the connection closed, as is who waits for `100 Continue`.
    """

    def __init__(self, app: ASGIApp, most: int = MAX_BODY, drain: int = DRAIN) -> None:
        self._app, self._most, self._drain = app, most, drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared, chunked, waits = _announced(scope)
        if not declared and not chunked:
            await self._app(scope, receive, send)
            return
        body = _Body(receive, send, self._most, self._drain)
        if declared > self._most:
            if not waits and declared <= self._drain:
                await body.drain()
            await self._refuse(scope, receive, send, body)
            return
        try:
            await self._app(scope, body.receive, body.send)
        except Exception:
            # However the app wraps it, a body that ran over is why it failed.
            if not body.over or body.answered:
                raise
            await body.drain()
            await self._refuse(scope, receive, send, body)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, body: _Body) -> None:
        headers = None if body.complete else {"Connection": "close"}
        await problem_response(BodyTooLarge(self._most, headers), scope)(scope, receive, send)


class _Body:
    """Counts one request's body on its way to the app."""

    def __init__(self, receive: Receive, send: Send, most: int, drain: int) -> None:
        self._receive, self._send, self._most, self._drain = receive, send, most, drain
        self._count = 0
        self.over = self.complete = self.answered = False

    async def receive(self) -> Message:
        message = await self._next()
        if self._count > self._most and message["type"] == "http.request":
            self.over = True
            raise BodyTooLarge(self._most)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if self.over:
                await self.drain()
                if not self.complete:
                    message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            self.answered = True
        await self._send(message)

    async def drain(self) -> None:
        """Drops what is still coming, up to the limit of bytes and time."""
        with anyio.move_on_after(DRAIN_SECONDS):
            while not self.complete and self._count <= self._drain:
                await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._count += len(message.get("body", b""))
            self.complete = not message.get("more_body", False)
        else:
            self.complete = True
        return message


def _announced(scope: Scope) -> tuple[int, bool, bool]:
    """`Content-Length` (0 without a number), whether the body is chunked, whether the client waits to be asked."""
    declared, chunked, waits = 0, False, False
    for name, value in scope["headers"]:
        if name == b"content-length":
            declared = int(value) if value.isdigit() and len(value) < 19 else 0
            chunked = chunked or (not declared and value != b"0")
        elif name == b"transfer-encoding":
            chunked = True
        elif name == b"expect":
            waits = value.lower() == b"100-continue"
    return declared, chunked, waits
