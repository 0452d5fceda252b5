"""The same proxy in front of a service on another socket: nothing in it knows that services may live in its process."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from libs.access.inner import PrincipalReader, PrincipalSigner
from libs.access.tokens import DevelopmentIssuer, TokenVerifier
from libs.events.clock import SystemClock
from services.gateway.proxy import Proxy
from services.gateway.quotas import Quotas
from services.gateway.routes import RouteTable
from tests.gateway.conftest import Front, eventually, served
from tests.gateway.noting import NotingService


@pytest.fixture
async def far() -> AsyncIterator[Front]:
    """A proxy on one socket, its service on another."""
    outer, inner, clock = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), SystemClock()
    goals, verifier, signer = NotingService(), TokenVerifier(outer.public_key(), clock), PrincipalSigner(inner, clock)
    routes = RouteTable({"/api/v1/goals": "goals", "/api/v1/people": "people"})
    async with served(goals) as inner_port:
        clients = {
            "goals": httpx2.AsyncClient(base_url=f"http://127.0.0.1:{inner_port}"),
            # Nothing listens there.
            "people": httpx2.AsyncClient(base_url="http://127.0.0.1:1"),
        }
        async with served(Proxy(routes, clients, verifier, signer, Quotas(0, 0))) as port:
            yield Front(port, goals, DevelopmentIssuer(outer), PrincipalReader(inner.public_key(), clock))
        for client in clients.values():
            await client.aclose()


async def test_a_service_that_cannot_be_reached_is_a_503(far: Front) -> None:
    async with far.client() as client:
        answer = await client.get("/api/v1/people/1")
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert answer.headers["retry-after"] == "1"


async def test_an_answer_that_breaks_off_does_not_look_whole(far: Front) -> None:
    async with far.client() as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get("/api/v1/goals/half")


async def test_target_and_bodies_arrive_byte_for_byte(far: Front) -> None:
    parts = [os.urandom(size) for size in (1, 70_000, 3)]

    async def chunked() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    whole = b"".join(parts)
    async with far.client() as client:
        for body in (whole, chunked()):
            answer = await client.post("/api/v1/goals/by-ref/jira/A%2FB?q=%7e", content=body)
            seen = answer.json()
            assert seen["target"] == "/goals/by-ref/jira/A%2FB?q=%7e"
            assert seen["sha256"] == hashlib.sha256(whole).hexdigest()
            assert len(answer.headers.get_list("date")) == 1


async def test_an_endless_stream_passes_and_ends_with_its_reader(far: Front) -> None:
    async with far.client() as client:
        seen = []
        async with client.sse("/api/v1/goals/events") as source:
            async for event in source:
                seen.append(int(event.id))
                if len(seen) == 5:
                    break
        assert seen == [1, 2, 3, 4, 5]
        await eventually(lambda: far.goals.ended == ["events"])
        async with client.stream("GET", "/api/v1/goals/silence"):
            pass
        await eventually(lambda: far.goals.ended == ["events", "silence"])
