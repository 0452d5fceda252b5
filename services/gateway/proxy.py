"""The door itself: whose request it is, whether there is room for it, which service it is for; then bytes both ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import httpx2
from starlette.requests import ClientDisconnect

from libs.access.inner import PrincipalSigner
from libs.access.principals import Principal
from libs.access.tokens import InvalidToken, TokenVerifier
from libs.telemetry.tracing import current_traceparent
from libs.web.problems import Problem, problem_response
from services.gateway.headers import Header, bearer, inward, outward
from services.gateway.quotas import Quotas
from services.gateway.refusals import broken_off, no_room, no_service, no_token, token_refused
from services.gateway.routes import RouteTable, Target
from services.gateway.transport import Message, Receive, Send


class Proxy:
    """An ASGI endpoint for everything below the public base path.

    Without a valid token nothing is looked up and nothing forwarded (401). Every answer to a valid token tells its
    quotas, refusals too. Bodies are neither read nor kept: pieces go on as they come, either way. A client that goes
    away ends a stream to it; a command under way is carried out all the same.
    """

    def __init__(
        self,
        routes: RouteTable,
        clients: Mapping[str, httpx2.AsyncClient],
        verifier: TokenVerifier,
        signer: PrincipalSigner,
        quotas: Quotas,
    ) -> None:
        self._routes = routes
        self._verifier, self._signer, self._quotas = verifier, signer, quotas
        self._services = {name: _Service(client, routes.base.encode("ascii")) for name, client in clients.items()}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers one HTTP request. Raises ClientDisconnect when the client left before it had sent all of it."""
        try:
            principal = self._principal(scope)
        except Problem as problem:
            await _refuse(problem, (), scope, receive, send)
            return
        admission = await self._quotas.admit(principal.key, principal.tenant)
        try:
            if admission.violated:
                raise no_room(admission)
            target = self._routes.find(scope["raw_path"])
            if target is None:
                raise no_service()
            scope["cairn.route"] = f"{target.prefix}/*"
            await self._forward(scope, receive, send, principal, target, admission.headers)
        except Problem as problem:
            await _refuse(problem, admission.headers, scope, receive, send)

    def _principal(self, scope: Message) -> Principal:
        token = bearer(scope["headers"])
        if token is None:
            raise no_token()
        try:
            return self._verifier.verify(token)
        except InvalidToken as error:
            raise token_refused(error) from None

    async def _forward(
        self,
        scope: Message,
        receive: Receive,
        send: Send,
        principal: Principal,
        target: Target,
        quota: tuple[Header, ...],
    ) -> None:
        service = self._services[target.service]
        headers, has_body = inward(scope["headers"])
        headers.append((b"cairn-principal", self._signer.header(principal).encode("ascii")))
        if (trace := current_traceparent()) is not None:
            headers.append((b"traceparent", trace.encode("ascii")))
        caller = _Caller(receive, has_body)
        try:
            answer = await service.ask(scope, target.path, headers, caller)
        except httpx2.TransportError as error:
            raise broken_off(error) from error
        try:
            await service.answer(answer, send, caller, quota)
        finally:
            await answer.aclose()


class _Service:
    """One service as the gateway reaches it."""

    def __init__(self, client: httpx2.AsyncClient, base: bytes) -> None:
        self._client, self._base = client, base
        self._url = client.base_url
        self._host = (b"host", self._url.netloc)
        self._origin = self._url.raw_scheme + b"://" + self._url.netloc

    async def ask(
        self, scope: Message, path: bytes, headers: list[Header], body: httpx2.AsyncByteStream
    ) -> httpx2.Response:
        query: bytes = scope["query_string"]
        request = httpx2.Request(
            scope["method"],
            self._url,
            headers=[self._host, *headers],
            stream=body,
            # The target goes as it came; a URL would be normalised.
            extensions={"target": path + b"?" + query if query else path},
        )
        return await self._client.send(request, stream=True)

    async def answer(self, answer: httpx2.Response, send: Send, caller: _Caller, quota: tuple[Header, ...]) -> None:
        headers, length = outward(answer.headers.raw, self._base, self._origin)
        headers.extend(quota)
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        chunks = aiter(_stream(answer))
        if length is not None:
            first = await anext(chunks, b"")
            if len(first) >= length or not first:
                await _last(send, first)
                return
            await _piece(send, first)
        await _stream_on(chunks, send, caller)


async def _refuse(problem: Problem, quota: tuple[Header, ...], scope: Message, receive: Receive, send: Send) -> None:
    response = problem_response(problem, scope)
    response.raw_headers.extend(quota)
    await response(scope, receive, send)


class _Caller(httpx2.AsyncByteStream):
    """The client: its request's body, and the moment it goes away."""

    def __init__(self, receive: Receive, has_body: bool) -> None:
        self._receive = receive
        self._more = has_body
        self._read = asyncio.Event()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    # Not a generator: those are finished once a reader is cancelled, and a cut body would look complete.
    async def __anext__(self) -> bytes:
        while self._more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            if not message.get("more_body", False):
                self._more = False
                self._read.set()
            if body := message.get("body", b""):
                return bytes(body)
        raise StopAsyncIteration

    async def gone(self) -> None:
        """Returns when the client has gone. Looks only once the body is read: there is one reader at a time."""
        if self._more:
            await self._read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            continue


def _stream(answer: httpx2.Response) -> httpx2.AsyncByteStream:
    # The bytes as the service sent them; the response's own iterators would count, decode and regroup them.
    if not isinstance(answer.stream, httpx2.AsyncByteStream):
        raise TypeError("an answer needs an asynchronous body")
    return answer.stream


async def _stream_on(chunks: AsyncIterator[bytes], send: Send, caller: _Caller) -> None:
    """Sends what comes until it ends or nobody listens any more. Raises what breaks the stream."""
    pump = asyncio.create_task(_pump(chunks, send))
    gone = asyncio.create_task(caller.gone())
    try:
        await asyncio.wait((pump, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (pump, gone):
            if not task.done():
                task.cancel()
        await asyncio.gather(pump, gone, return_exceptions=True)
    if not pump.cancelled():
        pump.result()


async def _pump(chunks: AsyncIterator[bytes], send: Send) -> None:
    async for chunk in chunks:
        await _piece(send, chunk)
    await _last(send, b"")


async def _piece(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _last(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": False})
