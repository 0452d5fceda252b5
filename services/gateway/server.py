"""The first step of every trip: bytes of a socket → requests, with bounds on what a stranger may hold open or send."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import resource
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

_log = logging.getLogger(__name__)
_MOST_CONNECTIONS = 10_000
_MOST_RESERVED = 1024
_TELL_EVERY = 60.0


def connections_for(files: int) -> int:
    """How many connections a process may hold that may open so many files: the others are for its stores."""
    if files == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return max(1, min(_MOST_CONNECTIONS, files - _reserved(files)))


def _reserved(files: int) -> int:
    return min(_MOST_RESERVED, files // 2)


def _file_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@dataclass(frozen=True)
class Limits:
    """What a client may take before it is answered: seconds, bytes and numbers."""

    head_seconds: float = 10.0
    head_bytes: int = 64 * 1024
    headers: int = 100
    idle_seconds: int = 5
    connections: int = field(default_factory=lambda: connections_for(_file_limit()))


class ServerConfig(uvicorn.Config):
    """Uvicorn's configuration for the gateway, and what its connections know of each other."""

    def __init__(self, app: Callable[..., Any], limits: Limits, stop_seconds: int) -> None:
        files = _file_limit()
        # As many connections are accepted at once, some rounds before the first of them can be refused.
        batch = 128 if files == resource.RLIM_INFINITY else max(1, _reserved(files) // 8)
        super().__init__(
            app,
            http=BoundedProtocol,
            ws="none",
            access_log=False,
            log_config=None,
            lifespan="off",
            server_header=False,
            backlog=batch,
            timeout_keep_alive=limits.idle_seconds,
            timeout_graceful_shutdown=stop_seconds,
        )
        self.limits = limits
        # Connections that wait for their client, the longest waiting first.
        self.waiting: dict[BoundedProtocol, None] = {}
        self._dropped, self._told = 0, -math.inf

    def dropped(self, now: float) -> None:
        """Counts a connection that had to go for want of room; says so at most once a minute."""
        self._dropped += 1
        if now - self._told >= _TELL_EVERY:
            _log.warning("no room for all connections", extra={"dropped": self._dropped})
            self._dropped, self._told = 0, now


def server_config(app: Callable[..., Any], limits: Limits | None = None, *, stop_seconds: int = 10) -> ServerConfig:
    """How uvicorn serves the gateway on a public socket. `stop_seconds`: what is under way has so long to end."""
    return ServerConfig(app, limits or Limits(), stop_seconds)


@dataclass(frozen=True)
class _Refusal:
    """An answer to what is no request yet."""

    status: int
    code: str
    detail: str

    def body(self) -> bytes:
        title = self.code.replace("_", " ").capitalize()
        named = {"type": f"urn:cairn:problem:{self.code}", "title": title, "status": self.status}
        return json.dumps({**named, "detail": self.detail, "code": self.code}).encode("ascii")


class _Refused(Exception):
    """Stops the parser, which wraps what its callbacks raise."""


_MALFORMED = _Refusal(400, "malformed_request", "This is not HTTP/1.1. Send a well-formed request.")
_HOST = _Refusal(400, "host_missing", "Send exactly one Host header.")
_TOO_LARGE = _Refusal(431, "headers_too_large", "The headers are too large or too many. Send fewer.")
_TOO_SLOW = _Refusal(408, "request_too_slow", "The headers took too long. Send the request again, in one go.")


class BoundedProtocol(HttpToolsProtocol):
    """One connection. Whoever keeps it waiting is cut off; an answer under way may take as long as it takes.

    A request has one Host, a head within the limits that is whole in time, and no trailers: those are dropped, since
    they came after whatever looked at the headers. When there is no room for a new connection, the one that waits
    longest for its client goes; when none waits, the new one goes.
    """

    config: ServerConfig

    def __init__(
        self,
        config: ServerConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = config.limits
        self._watch: asyncio.TimerHandle | None = None
        self._running: RequestResponseCycle | None = None
        self._refusal: _Refusal | None = None
        self._begun = self._head_done = self._in_body = False
        self._head = self._count = self._hosts = 0
        self._landmark = False
        self._barren = 0

    # --- the connection ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait for a request, if there is room."""
        if len(self.connections) >= self._limits.connections:
            self.config.dropped(self.loop.time())
            if not self.config.waiting:
                self.transport = transport
                transport.abort()
                return
            next(iter(self.config.waiting)).give_way()
        super().connection_made(transport)
        self._settle()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells the app that is answering, whichever requests came after its own."""
        super().connection_lost(exc)
        self._forget()
        self._unset_keepalive_if_required()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()

    def give_way(self) -> None:
        """Ends a connection that waits, for the sake of another."""
        self._forget()
        self.connections.discard(self)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parses what came; bytes that get a request no further count as its head."""
        self._landmark = False
        super().data_received(data)
        self._barren = 0 if self._landmark else self._barren + len(data)
        if self._barren > self._limits.head_bytes and not self.transport.is_closing():
            self._refuse(_TOO_LARGE)
        self._settle()

    def on_response_complete(self) -> None:
        """Waits for the next request, or for the rest of the one that is answered."""
        super().on_response_complete()
        self._settle()

    def _settle(self) -> None:
        if self.transport.is_closing() or (self.cycle is not None and not self.cycle.response_complete):
            self._forget()
            return
        self.config.waiting.setdefault(self)
        # Uvicorn's own timer for idle connections ends at any byte, whether or not a request comes of it.
        if self._watch is None and self.timeout_keep_alive_task is None:
            self._watch = self.loop.call_later(self._limits.head_seconds, self._waited)

    def _forget(self) -> None:
        self.config.waiting.pop(self, None)
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _waited(self) -> None:
        self._watch = None
        if self._begun and not self._in_body:
            self._refuse(_TOO_SLOW)
        else:
            self.transport.close()

    # --- the parser's callbacks ---

    def on_message_begin(self) -> None:
        """A request begins."""
        self._landmark, self._begun, self._head_done = True, True, False
        self._head = self._count = self._hosts = 0
        self._forget()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._grow(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer."""
        self._count += 1
        self._grow(len(name) + len(value) + 4)
        if self._head_done:
            return
        self._hosts += name.lower() == b"host"
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request is known, but for its body."""
        if self._hosts > 1 or (self._hosts == 0 and self.parser.get_http_version() != "1.0"):
            raise self._noted(_HOST)
        self._landmark, self._head_done, self._in_body = True, True, True
        # Trailers are counted for themselves.
        self._head = self._count = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._landmark = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._landmark, self._begun, self._in_body = True, False, False
        self._forget()
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _grow(self, size: int) -> None:
        self._head += size
        if self._head > self._limits.head_bytes or self._count > self._limits.headers:
            raise self._noted(_TOO_LARGE)

    # --- refusing ---

    def send_400_response(self, msg: str) -> None:
        """Ends the connection after what the parser, or a callback of it, did not take."""
        self._refuse(self._refusal or _MALFORMED)

    def _noted(self, refusal: _Refusal) -> _Refused:
        self._refusal = refusal
        return _Refused(refusal.code)

    def _refuse(self, refusal: _Refusal) -> None:
        if self._may_answer():
            body = refusal.body()
            headers = [
                *self.server_state.default_headers,
                (b"content-type", b"application/problem+json"),
                (b"content-length", b"%d" % len(body)),
                (b"cache-control", b"no-store"),
                (b"x-content-type-options", b"nosniff"),
                (b"connection", b"close"),
            ]
            lines = b"".join(b"%b: %b\r\n" % header for header in headers)
            self.transport.write(STATUS_LINE[refusal.status] + lines + b"\r\n" + body)
        self.transport.close()

    def _may_answer(self) -> bool:
        """Whether the client would take an answer for the one to what it is sending."""
        running = self._running
        if running is None or running.response_complete:
            return not self._in_body
        return self._in_body and running is self.cycle and not running.response_started
