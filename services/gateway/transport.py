"""A hop of the trip within one process: an httpx2 transport that calls a service's ASGI app, streaming both ways."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

import httpx2

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_LOGGER = logging.getLogger(__name__)
_HIGH_WATER = 64 * 1024


class CallerGone(ConnectionResetError):
    """Raised in an app that goes on streaming to a caller who has closed the answer."""


class StreamingASGITransport(httpx2.AsyncBaseTransport):
    """Answers requests by running an ASGI app in a task of its own, as a server would.

    The response is handed over when the app starts it. At most 64 KiB of its body (or one message, if that is more)
    wait for a slow reader; then the app's `send` waits. An app that fails before it answers raises
    `httpx2.RemoteProtocolError`, one that fails midway breaks the body with `httpx2.ReadError`.

    Closing the response early reaches the app as `http.disconnect` and, when it goes on streaming, as `CallerGone`;
    whoever ignores both is cancelled after `patience` seconds. A cancelled caller cancels the app at once. The app's
    lifespan is not run here. The path is the request extension `target` where given, byte for byte.
    """

    def __init__(self, app: ASGIApp, *, patience: float = 5.0) -> None:
        self._app = app
        self._patience = patience
        self._running: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Returns at the start of the answer. Raises what the request's own body raises, and httpx2 errors."""
        exchange = _Exchange(request)
        task = asyncio.create_task(exchange.run(self._app))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            await exchange.started
        except asyncio.CancelledError:
            exchange.leave()
            task.cancel()
            raise
        return httpx2.Response(
            exchange.status, headers=exchange.headers, stream=_Answer(exchange, task, self._patience)
        )

    async def aclose(self) -> None:
        """Cancels what still runs and waits for it."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class _Answer(httpx2.AsyncByteStream):
    """The body of a response, as it comes; closing it early tells the app."""

    def __init__(self, exchange: _Exchange, task: asyncio.Task[None], patience: float) -> None:
        self._exchange = exchange
        self._task = task
        self._patience = patience

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self._exchange.next_chunk()) is not None:
            yield chunk

    async def aclose(self) -> None:
        exchange = self._exchange
        if exchange.gone:
            return
        exchange.leave()
        # An app whose whole answer was sent may still do work of its own; only one that streams on is stopped.
        if not exchange.complete and not self._task.done():
            timer = asyncio.get_running_loop().call_later(self._patience, self._task.cancel)
            self._task.add_done_callback(lambda _: timer.cancel())


class _Exchange:
    """One request and its answer, between the caller's task and the app's task."""

    def __init__(self, request: httpx2.Request) -> None:
        if not isinstance(request.stream, httpx2.AsyncByteStream):
            raise TypeError("a request needs an asynchronous body")
        self._loop = asyncio.get_running_loop()
        self._request = request
        self._body: AsyncIterator[bytes] | None = request.stream.__aiter__()
        self._bodiless = request.method == "HEAD"
        self._chunks: deque[bytes] = deque()
        self._waiting = 0
        self._failure: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._over: asyncio.Future[None] | None = None
        self.started: asyncio.Future[None] = self._loop.create_future()
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False
        self.gone = False

    # --- the app's side ---

    async def run(self, app: ASGIApp) -> None:
        """Runs the app; whatever it leaves unsaid becomes a failure that the caller sees."""
        try:
            await app(_scope(self._request), self.receive, self.send)
        except asyncio.CancelledError:
            self._fail("the app was cancelled", None)
            raise
        except Exception as error:
            if not self.gone:
                _LOGGER.error("an app failed within the process", exc_info=error)
            self._fail("the app failed", error)
        else:
            self._fail("the app ended without a whole answer", None)

    async def receive(self) -> Message:
        """The request's body piece by piece, then `http.disconnect` once the caller has gone or has everything."""
        if self.gone or self.complete or self._body is None:
            await self._until_over()
            return {"type": "http.disconnect"}
        try:
            chunk = await anext(self._body)
        except StopAsyncIteration:
            self._body = None
            return {"type": "http.request", "body": b"", "more_body": False}
        except Exception as error:
            self._abandon(error)
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(self, message: Message) -> None:
        """Takes the answer's start and pieces; waits while the caller has too much to read."""
        if message["type"] == "http.response.start":
            self._start(message)
        elif message["type"] == "http.response.body":
            more = bool(message.get("more_body", False))
            if self.gone:
                if more:
                    raise CallerGone("the caller has closed the answer")
                return
            self._add(message.get("body", b""), more)
            while more and self._waiting > _HIGH_WATER and not self.gone:
                self._writer = self._loop.create_future()
                await self._writer
        else:
            raise RuntimeError(f"unexpected ASGI message {message['type']!r}")

    def _start(self, message: Message) -> None:
        if self.gone:
            return
        if self.started.done():
            raise RuntimeError("the answer was started twice")
        self.status = message["status"]
        self.headers = list(message.get("headers", ()))
        self.started.set_result(None)

    def _add(self, body: bytes, more: bool) -> None:
        if not self.started.done() or self.complete:
            raise RuntimeError("a piece of an answer before its start or after its end")
        if body and not self._bodiless:
            self._chunks.append(body if isinstance(body, bytes) else bytes(body))
            self._waiting += len(body)
        if not more:
            self.complete = True
            _wake(self._over)
        _wake(self._reader)

    # --- the caller's side ---

    async def next_chunk(self) -> bytes | None:
        """The next piece of the answer, None after the last. Raises httpx2.ReadError when the app broke off."""
        while not self._chunks:
            if self._failure is not None and not self.complete:
                raise self._failure
            if self.complete or self.gone:
                return None
            self._reader = self._loop.create_future()
            await self._reader
        chunk = self._chunks.popleft()
        self._waiting -= len(chunk)
        if self._waiting <= _HIGH_WATER:
            _wake(self._writer)
        return chunk

    def leave(self) -> None:
        """The caller reads no further."""
        self.gone = True
        self._chunks.clear()
        _wake(self._over)
        _wake(self._writer)

    # --- both ---

    async def _until_over(self) -> None:
        if not (self.gone or self.complete):
            if self._over is None:
                self._over = self._loop.create_future()
            await asyncio.shield(self._over)

    def _abandon(self, error: Exception) -> None:
        """The request's own body broke off: the caller gets its error, the app is told that nobody waits."""
        if not self.started.done():
            self.started.set_exception(error)
        elif self._failure is None:
            self._failure = error
            _wake(self._reader)
        self._body = None
        self.leave()

    def _fail(self, text: str, cause: Exception | None) -> None:
        _wake(self._over)
        if self.complete or self.gone:
            return
        error: httpx2.TransportError
        if self.started.done():
            error = self._failure = httpx2.ReadError(text, request=self._request)
            _wake(self._reader)
        else:
            error = httpx2.RemoteProtocolError(text, request=self._request)
            self.started.set_exception(error)
        error.__cause__ = cause


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)


def _scope(request: httpx2.Request) -> dict[str, Any]:
    url = request.url
    target: bytes = request.extensions.get("target") or url.raw_path
    raw_path, _, query = target.partition(b"?")
    path = raw_path.decode("latin-1")
    return {
        "type": "http",
        # 2.3 as uvicorn says: frameworks then listen for `http.disconnect` while they stream.
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(path) if "%" in path else path,
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 0),
        "server": (url.host, url.port),
    }
