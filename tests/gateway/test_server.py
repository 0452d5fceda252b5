"""What strangers may hold open and send, on real sockets: each is cut off in time, and others are answered."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from libs.access.inner import PrincipalSigner
from libs.access.tokens import DevelopmentIssuer, TokenVerifier
from libs.events.clock import SystemClock
from services.gateway.server import Limits
from services.gateway.settings import GatewaySettings
from services.gateway.wiring import wire as wire_gateway
from tests.gateway.conftest import SOON, Raw, eventually, people_app
from tests.gateway.noting import NotingService
from tests.gateway.public import Noting, serving

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
SHORT = Limits(head_seconds=0.2, idle_seconds=1, connections=100)
# Long enough that what is cut off is cut off for another reason.
PATIENT = Limits(head_seconds=60.0, idle_seconds=60, connections=100)


async def _ask(limits: Limits, *pieces: bytes, app: Any = None) -> Raw:
    """The answer to these bytes, after which the connection must end when it refuses."""
    async with serving(app or Noting(), limits) as front, front.wire() as wire:
        for piece in pieces:
            await wire.send(piece)
        answer = await wire.answer()
        if answer.status != 200:
            assert answer.header("connection") == "close"
            assert answer.header("content-type") == "application/problem+json"
            assert answer.json()["status"] == answer.status
            assert await wire.closed()
        return answer


# --- who keeps it waiting -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
async def test_a_silent_socket_is_closed(sent: bytes) -> None:
    async with serving(Noting(), SHORT) as front, front.wire() as wire:
        await wire.send(sent)
        assert await wire.closed()


@pytest.mark.parametrize("sent", [b"G", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nA: "])
async def test_half_a_head_is_a_408(sent: bytes) -> None:
    answer = await _ask(SHORT, sent)
    assert (answer.status, answer.json()["code"]) == (408, "request_too_slow")


async def test_a_head_that_trickles_is_cut_off_all_the_same() -> None:
    async with serving(Noting(), SHORT) as front, front.wire() as wire:
        await wire.send(b"GET / HTTP/1.1\r\nA: ")
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(SOON):
                while not wire.reader.at_eof():
                    await wire.send(b"a")
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(wire.reader.read(1000), 0.01)


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"GET /"])
async def test_a_connection_without_a_next_request_is_closed(sent: bytes) -> None:
    async with serving(Noting(), SHORT) as front, front.wire() as wire:
        await wire.send(GET)
        assert (await wire.answer()).status == 200
        await wire.send(sent)
        await asyncio.wait_for(wire.reader.read(), SOON)


async def test_a_body_that_stops_after_its_answer_is_closed() -> None:
    async with serving(Noting(), SHORT) as front, front.wire() as wire:
        await wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        assert (await wire.answer()).status == 200
        await wire.send(b"a")
        assert await wire.closed()


async def test_an_answer_may_take_longer_than_any_of_it() -> None:
    app = Noting()
    async with serving(app, Limits(head_seconds=0.05, idle_seconds=0, connections=100)) as front, front.wire() as wire:
        # The start of a next request does not shorten it either.
        await wire.send(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\nGET /")
        assert (await asyncio.wait_for(wire.reader.readuntil(b"\r\n\r\na"), SOON)).startswith(b"HTTP/1.1 200")
        asyncio.get_running_loop().call_later(0.3, app.go_on.set)
        assert await asyncio.wait_for(wire.reader.readexactly(1), SOON) == b"b"


async def test_who_leaves_a_stream_with_another_request_waiting_is_noticed() -> None:
    app = Noting()
    async with serving(app, PATIENT) as front:
        async with front.wire() as wire:
            await wire.send(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.wait_for(wire.reader.readuntil(b"\r\n\r\na"), SOON)
            await wire.send(GET + b"nonsense\r\n")
        await eventually(lambda: app.left == ["/stream"])


# --- heads ----------------------------------------------------------------------------------------------------------


async def test_more_than_100_headers_are_a_431() -> None:
    fits = b"".join(b"A%d: 1\r\n" % at for at in range(99))
    assert (await _ask(PATIENT, GET[:-2] + fits + b"\r\n")).status == 200
    answer = await _ask(PATIENT, GET[:-2] + fits + b"B: 1\r\n\r\n")
    assert (answer.status, answer.json()["code"]) == (431, "headers_too_large")


@pytest.mark.parametrize(
    "start", [b"GET /", GET[:-2] + b"A: ", GET[:-2] + b"A", b"GET / HTTP/1.1\r\nA: 1\r\nB: "], ids=range(4)
)
async def test_an_endless_head_is_cut_off(start: bytes) -> None:
    async with serving(Noting(), PATIENT) as front, front.wire() as wire:
        await wire.send(start)
        sent = 0
        # What is under way when the server closes may cost the client its answer.
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(SOON):
                while not wire.reader.at_eof():
                    await wire.send(b"a" * 16384)
                    sent += 16384
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(wire.reader.read(1000), 0.01)
        assert sent < 8 * 1024 * 1024


async def test_60_kb_of_headers_are_taken_after_a_large_body() -> None:
    async with serving(Noting(), PATIENT) as front, front.wire() as wire:
        body = b"x" * 300_000
        for _ in range(2):
            await wire.send(
                b"POST /whole HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 60_000 + b"\r\nContent-Length: 300000\r\n\r\n" + body
            )
            assert (await wire.answer()).status == 200


@pytest.mark.parametrize("endless", [b"0\r\nA: ", b"0\r\nA", b"1;a="])
async def test_endless_trailers_and_extensions_are_cut_off(endless: bytes) -> None:
    async with serving(Noting(), PATIENT) as front, front.wire() as wire:
        await wire.send(b"POST /whole HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + endless)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(SOON):
                while not wire.reader.at_eof():
                    await wire.send(b"a" * 16384)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(wire.reader.read(1000), 0.01)


@pytest.mark.parametrize("hosts", [b"", b"Host: a\r\nHost: b\r\n", b"Host: a\r\nhost: a\r\n"])
async def test_not_exactly_one_host_is_a_400(hosts: bytes) -> None:
    app = Noting()
    answer = await _ask(PATIENT, b"GET / HTTP/1.1\r\n" + hosts + b"\r\n", app=app)
    assert (answer.status, answer.json()["code"], app.asked) == (400, "host_missing", [])


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", b"\x16\x03\x01"])
async def test_what_is_not_http_is_a_400(sent: bytes) -> None:
    answer = await _ask(PATIENT, sent)
    assert (answer.status, answer.json()["code"]) == (400, "malformed_request")


async def test_a_broken_request_behind_another_does_not_answer_for_it() -> None:
    app = Noting()
    async with serving(app, PATIENT) as front, front.wire() as wire:
        await wire.send(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n")
        assert b"400" not in await asyncio.wait_for(wire.reader.read(), SOON)


# --- trailers -------------------------------------------------------------------------------------------------------

TRAILED = b"Transfer-Encoding: chunked\r\nTE: trailers\r\n\r\n0\r\nAuthorization: Bearer a\r\nIf-Match: b\r\n\r\n"


@pytest.mark.parametrize("path", [b"/", b"/whole"])
async def test_trailers_are_no_headers_of_this_request_nor_of_the_next(path: bytes) -> None:
    async with serving(Noting(), PATIENT) as front, front.wire() as wire:
        for _ in range(3):
            await wire.send(b"POST " + path + b" HTTP/1.1\r\nHost: x\r\n" + TRAILED)
        for _ in range(3):
            answer = await wire.answer()
            assert [name for name, _ in answer.json()] == ["host", "transfer-encoding", "te"]


async def test_a_token_in_a_trailer_opens_no_door() -> None:
    key, clock = Ed25519PrivateKey.generate(), SystemClock()
    services = {"goals": NotingService(), "people": people_app()}
    verifier, signer = TokenVerifier(key.public_key(), clock), PrincipalSigner(key, clock)
    gateway = wire_gateway(services, verifier, signer, GatewaySettings(quota_principal=0, quota_tenant=0))
    token = DevelopmentIssuer(key).issue("acme", "p1", now=clock.now(), ttl=timedelta(minutes=5)).encode()
    bearer = b"Authorization: Bearer " + token + b"\r\n"
    head = b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    async with serving(gateway, PATIENT) as front, front.wire() as wire:
        await wire.send(head + bearer + b"\r\n0\r\n\r\n")
        assert (await wire.answer()).status == 200
        await wire.send(head + b"\r\n0\r\n" + bearer + b"\r\n")
        assert (await wire.answer()).status == 401
    await gateway.aclose()
