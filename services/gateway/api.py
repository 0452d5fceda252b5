"""The public surface as one app: pages, health and the description here; what is below the base path to a service."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from libs.web.answers import answer
from libs.web.app import Readiness, create_app
from libs.web.edge import Edge
from libs.web.limits import MAX_BODY, BodyLimit
from libs.web.problems import unavailable
from services.gateway.openapi import Description
from services.gateway.pages import add_pages
from services.gateway.proxy import Proxy
from services.gateway.transport import ASGIApp, Message, Receive, Send

SERVICE = "gateway"
_PATIENCE = 4.0
"""Seconds that a service has to say whether it is ready: less than the gateway's own answer may take."""


class Gateway:
    """The ASGI app. `aclose` ends what still runs in the services on its behalf."""

    def __init__(
        self,
        base: str,
        proxy: Proxy,
        clients: Mapping[str, httpx2.AsyncClient],
        description: Description,
        max_body: int = MAX_BODY,
    ) -> None:
        self._base = base.encode("ascii") + b"/"
        self._clients = clients
        # What every request passes stands alone, so that a request for a service is not first matched against pages.
        self._inward: ASGIApp = Edge(BodyLimit(proxy, most=max_body), service=SERVICE)
        self._own: ASGIApp = _own_app(clients, description, max_body)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers one request; websockets find nothing here."""
        inward = scope["type"] == "http" and scope["raw_path"].startswith(self._base)
        await (self._inward if inward else self._own)(scope, receive, send)

    async def aclose(self) -> None:
        """Closes the ways to the services; streams that are still open break off."""
        await asyncio.gather(*(client.aclose() for client in self._clients.values()))


def _own_app(clients: Mapping[str, httpx2.AsyncClient], description: Description, max_body: int) -> Starlette:
    async def ready(_: Request) -> Response:
        found = await asyncio.gather(*(_ask(client) for client in clients.values()))
        parts = dict(zip(clients, found, strict=True))
        whole = all(part["ready"] for part in found)
        return answer({"ready": whole, "services": parts}, status=200 if whole else 503)

    async def describe(_: Request) -> Response:
        try:
            body = await description.body()
        except httpx2.HTTPError as error:
            raise unavailable("service_unavailable", "A service does not describe itself now. Try again.") from error
        return Response(body, media_type="application/json", headers={"Cache-Control": "no-cache"})

    async def itself() -> Readiness:
        return Readiness(ready=True)

    app = create_app(SERVICE, title="Cairn", routers=[], ready=itself, max_body=max_body)
    # Before the app's own routes of these names, which know nothing of the services.
    app.router.routes[:0] = [
        Route("/readyz", ready, include_in_schema=False),
        Route("/openapi.json", describe, include_in_schema=False),
    ]
    add_pages(app)
    return app


async def _ask(client: httpx2.AsyncClient) -> dict[str, Any]:
    """What a service says of itself, with `ready` false and a `reason` when it says nothing that counts."""
    try:
        async with asyncio.timeout(_PATIENCE):
            reply = await client.get("/readyz")
            parts = reply.json()
    except TimeoutError:
        return {"ready": False, "reason": "timeout"}
    except (httpx2.HTTPError, ValueError):
        return {"ready": False, "reason": "unreachable"}
    if not isinstance(parts, dict):
        return {"ready": False, "reason": "unreadable"}
    return {**parts, "ready": reply.is_success and parts.get("ready") is True}
