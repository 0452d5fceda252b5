"""The outermost layer of every app: a request's trace, figures and log line, safe headers, no failure unanswered."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import perf_counter

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.events.generations import picking
from libs.telemetry import metrics, tracing
from libs.telemetry.tracing import Span, SpanKind
from libs.web.problems import problem_of, problem_response

_log = logging.getLogger(__name__)
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/healthz", "/readyz"})
ROUTE = "http.route"
CLIENT_GONE = 499
"""The status in logs and figures when the client left before it was answered."""


class Edge:
    """ASGI middleware around everything else.

    A GET route answers HEAD too. An exception becomes a 500 problem and is logged by type and place; when the answer
    has begun already, it is broken off, which the server makes visible to the client. `scope["cairn.route"]` names
    the route in logs and figures where no route of the framework does. `inner`: whoever is in front logs each request
    already, so only failures are worth a second line.
    """

    def __init__(self, app: ASGIApp, service: str, base: str = "", *, inner: bool = False) -> None:
        self._app, self._service, self._base, self._inner = app, service, base, inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        method = scope["method"]
        scope["cairn.base"] = self._base
        answer = _Answer(send, bodiless=method == "HEAD")
        if answer.bodiless:
            # A copy: the server frames its answer by the method in its own scope.
            scope = {**scope, "method": "GET"}
        parent = _traceparent(scope)
        if self._inner and parent is not None and parent == tracing.current_traceparent():
            # The caller is in this process and its span is still current: one hop, one span, and we know its name.
            span = tracing.current_span()
            answer.started = lambda: _name(span, _known(method), _route(scope), answer.status)
            await self._run(scope, receive, answer)
            self._tell(scope, method, answer.status, perf_counter() - started)
            return
        with tracing.span(method, parent=parent, kind=SpanKind.SERVER) as span:
            await self._run(scope, receive, answer)
            self._tell(scope, method, answer.status, perf_counter() - started)
            if not tracing.has_attribute(span, ROUTE):
                _name(span, _known(method), _route(scope), answer.status)

    async def _run(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            with picking():
                await self._app(scope, receive, answer.send)
        except ClientDisconnect:
            answer.status = answer.status or CLIENT_GONE
        except Exception as error:
            if answer.status:
                _log.error("an answer broke off", exc_info=error)
                return
            problem = problem_of(error)
            if problem.status == 500:
                _log.error("a request failed", exc_info=error)
            await problem_response(problem, scope)(scope, receive, answer.send)

    def _tell(self, scope: Scope, method: str, status: int, seconds: float) -> None:
        route, known = _route(scope), _known(method)
        metrics.record_request(self._service, known, route, status, seconds)
        quiet = scope["path"] in _QUIET or (self._inner and status < 500)
        level = logging.DEBUG if quiet else logging.INFO
        if _log.isEnabledFor(level):
            fields = {"service": self._service, "method": known, "route": route, "status": status}
            _log.log(level, "request", extra={**fields, "duration_ms": round(seconds * 1000, 3)})


class _Answer:
    """Sends an answer on, with the headers that every answer has, and remembers its status (0: none yet)."""

    def __init__(self, send: Send, *, bodiless: bool) -> None:
        self._send, self.bodiless, self.status = send, bodiless, 0
        self.started: Callable[[], None] | None = None
        """Called once, when the status is known and nothing is sent yet."""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.started is not None:
                self.started()
            headers = list(message.get("headers", ()))
            present = {name for name, _ in headers}
            headers.extend(pair for pair in _ALWAYS if pair[0] not in present)
            message = {**message, "headers": headers}
        elif self.bodiless and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)


def _known(method: str) -> str:
    return method if method in _METHODS else "OTHER"


def _name(span: Span, method: str, route: str, status: int) -> None:
    if span.is_recording():
        span.update_name(f"{method} {route}")
        span.set_attributes({"http.request.method": method, ROUTE: route, "http.response.status_code": status})


def _traceparent(scope: Scope) -> str | None:
    found = [value for name, value in scope["headers"] if name == b"traceparent"]
    return found[0].decode("latin-1") if len(found) == 1 else None


def _route(scope: Scope) -> str:
    named = scope.get("cairn.route")
    if named is None:
        named = getattr(scope.get("route"), "path_format", None)
    return str(named) if named else "unmatched"
