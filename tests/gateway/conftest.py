"""A gateway on a real socket, in front of services that note what reaches them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from libs.access.inner import PrincipalReader, PrincipalSigner
from libs.access.tokens import DevelopmentIssuer, TokenVerifier
from libs.events.clock import SystemClock
from services.gateway.settings import GatewaySettings
from services.gateway.wiring import wire
from tests.gateway.noting import NotingService

SOON = 10.0


async def eventually(holds: Callable[[], bool]) -> None:
    """Waits until something holds, for at most ten seconds."""
    async with asyncio.timeout(SOON):
        while not holds():  # noqa: ASYNC110  what is waited for is not ours to set an event
            await asyncio.sleep(0.005)


@dataclass
class Front:
    """A running gateway, and what stands behind it."""

    port: int
    goals: NotingService
    issuer: DevelopmentIssuer
    reader: PrincipalReader
    clock: SystemClock = field(default_factory=SystemClock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def token(self, person: str = "p1", tenant: str = "acme", ttl: float = 300.0) -> str:
        return self.issuer.issue(tenant, person, now=self.clock.now(), ttl=timedelta(seconds=ttl))

    def bearer(self, person: str = "p1", tenant: str = "acme") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(person, tenant)}"}

    def client(self, **options: Any) -> httpx2.AsyncClient:
        """A client with a token."""
        return httpx2.AsyncClient(base_url=self.url, headers=self.bearer(), timeout=SOON, **options)

    @contextlib.asynccontextmanager
    async def wire(self) -> AsyncIterator[Wire]:
        """A bare connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Wire(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@dataclass
class Raw:
    """An answer as it stood on the wire; header names in lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key == name]
        return found[0] if found else None

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Wire:
    """Bytes out and in, for what no client library would send."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await asyncio.wait_for(self.writer.drain(), SOON)

    async def answer(self, *, bodiless: bool = False) -> Raw:
        """The next answer; its body by `Content-Length`, or what was read of a chunked one: nothing."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), SOON)
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        length = int(dict(headers).get("content-length", "0"))
        body = b"" if bodiless else await asyncio.wait_for(self.reader.readexactly(length), SOON)
        return Raw(int(first.split()[1]), headers, body)

    async def closed(self) -> bool:
        """Whether the other side closes now."""
        try:
            return await asyncio.wait_for(self.reader.read(1), SOON) == b""
        except ConnectionResetError:
            return True


@contextlib.asynccontextmanager
async def fronted(principal: int = 0, tenant: int = 0, people: Any = None) -> AsyncIterator[Front]:
    """A gateway on a free port, with these quotas for all time."""
    outer, inner, clock = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), SystemClock()
    goals = NotingService()
    settings = GatewaySettings(quota_principal=principal, quota_tenant=tenant)
    services = {"goals": goals, "people": people or people_app()}
    verifier, signer = TokenVerifier(outer.public_key(), clock), PrincipalSigner(inner, clock)
    # The second of the quotas never ends, so that slow machines count alike.
    gateway = wire(services, verifier, signer, settings, clock=lambda: 1.0)
    async with served(gateway) as port:
        yield Front(port, goals, DevelopmentIssuer(outer), PrincipalReader(inner.public_key(), clock))
    await gateway.aclose()


@contextlib.asynccontextmanager
async def served(app: Any) -> AsyncIterator[int]:
    """An app on a free port of this machine."""
    # Named TCP, because asyncio switches delays off only for sockets that say so.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, access_log=False, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await eventually(lambda: server.started)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await serving


def people_app() -> FastAPI:
    """A small service that answers."""
    app = FastAPI()

    @app.get("/me")
    async def me() -> dict[str, str]:
        return {"id": "p1"}

    @app.get("/readyz")
    async def readyz() -> dict[str, Any]:
        return {"ready": True, "parts": {"members/people.events": "ok"}}

    return app


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    """A gateway without quotas."""
    async with fronted() as running:
        yield running
