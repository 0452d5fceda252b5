"""How much body a request may have, and how slowly: more is read and thrown away, so that the client sees the 413."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.web.problems import Problem, problem_response

MAX_BODY = 1024 * 1024
DRAIN = 16 * 1024 * 1024
DRAIN_SECONDS = 30.0
PATIENCE = 20.0
PACE = 1024


class BodyTooLarge(Problem):
    """The body is larger than is taken (413 `body_too_large`)."""

    def __init__(self, most: int) -> None:
        super().__init__(413, "body_too_large", f"The body is too large. Send at most {most} bytes.")


class BodyTooSlow(Problem):
    """The body has stopped coming, or all but stopped (408 `body_too_slow`)."""

    def __init__(self) -> None:
        super().__init__(408, "body_too_slow", "The body took too long. Send the request again, without a pause.")


class BodyLimit:
    """ASGI middleware: lets bodies of up to `most` bytes stream through, and answers larger ones with a 413.

    A client that is still sending does not read. So up to `drain` bytes are taken in and dropped before any answer;
    what is larger is answered at once and the connection closed, as is who waits for `100 Continue`. Whoever sends
    nothing for `patience` seconds, or keeps the app waiting by more than that beyond `PACE` bytes a second, is
    answered with a 408 and the connection closed. Answers may take as long as they take.
    """

    def __init__(self, app: ASGIApp, most: int = MAX_BODY, drain: int = DRAIN, patience: float = PATIENCE) -> None:
        self._app, self._most, self._drain, self._patience = app, most, drain, patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared, chunked, waits = _announced(scope)
        if not declared and not chunked:
            await self._app(scope, receive, send)
            return
        body = _Body(receive, send, self._most, self._drain, self._patience)
        if declared > self._most:
            if not waits and declared <= self._drain:
                await body.drain()
            await self._refuse(scope, receive, send, body)
            return
        try:
            await self._app(scope, body.receive, body.send)
        except Exception:
            # However the app wraps it, a body that ran over or stopped is why it failed.
            if not (body.over or body.slow) or body.answered:
                raise
            if body.over:
                await body.drain()
            await self._refuse(scope, receive, send, body)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, body: _Body) -> None:
        problem = BodyTooSlow() if body.slow and not body.over else BodyTooLarge(self._most)
        if not body.complete:
            problem.headers["Connection"] = "close"
        await problem_response(problem, scope)(scope, receive, send)


class _Body:
    """Counts one request's body on its way to the app."""

    def __init__(self, receive: Receive, send: Send, most: int, drain: int, patience: float) -> None:
        self._receive, self._send, self._most, self._drain = receive, send, most, drain
        self._patience = patience
        self._count, self._waited = 0, 0.0
        self.over = self.slow = self.complete = self.answered = False

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
            # A 408 may come from further in, where the same body was waited for.
            if not self.complete and (self.over or self.slow or message["status"] == 408):
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            self.answered = True
        await self._send(message)

    async def drain(self) -> None:
        """Drops what is still coming, up to the limit of bytes and time."""
        with anyio.move_on_after(DRAIN_SECONDS), suppress(BodyTooSlow):
            while not self.complete and self._count <= self._drain:
                await self._next()

    async def _next(self) -> Message:
        # Once the body is whole, the app waits for the client to leave: for as long as it likes.
        message = await (self._receive() if self.complete else self._soon())
        if message["type"] == "http.request":
            self._count += len(message.get("body", b""))
            self.complete = not message.get("more_body", False)
        else:
            self.complete = True
        return message

    async def _soon(self) -> Message:
        began = monotonic()
        patience = min(self._patience, self._patience + self._count / PACE - self._waited)
        try:
            with anyio.fail_after(patience):
                return await self._receive()
        except TimeoutError:
            self.slow = True
            raise BodyTooSlow from None
        finally:
            self._waited += monotonic() - began


def _announced(scope: Scope) -> tuple[int, bool, bool]:
    """`Content-Length` (0 without a number), whether the body is chunked, whether the client waits to be asked."""
    declared, chunked, waits = 0, False, False
    for name, value in scope["headers"]:
        if name == b"content-length":
            # The first digits tell of any number, however long, that it is too large.
            declared = int(value.lstrip(b"0")[:19] or b"0") if value.isdigit() else 0
            chunked = chunked or (not declared and value != b"0")
        elif name == b"transfer-encoding":
            chunked = True
        elif name == b"expect":
            waits = value.lower() == b"100-continue"
    return declared, chunked, waits
