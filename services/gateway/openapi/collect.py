"""Asks the services for their descriptions, over the same clients that requests travel, and keeps the merged one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx2

from services.gateway.openapi.merge import merge, render
from services.gateway.openapi.shared import Json
from services.gateway.routes import RouteTable


async def collect(clients: Mapping[str, httpx2.AsyncClient]) -> dict[str, Json]:
    """Each service's `/openapi.json`. Raises httpx2.HTTPError when one of them does not give it."""

    async def ask(client: httpx2.AsyncClient) -> Json:
        answer = (await client.get("/openapi.json")).raise_for_status()
        document: Json = answer.json()
        return document

    documents = await asyncio.gather(*(ask(client) for client in clients.values()))
    return dict(zip(clients, documents, strict=True))


class Description:
    """The merged description as bytes, made when first asked for and kept for the life of the process."""

    def __init__(self, clients: Mapping[str, httpx2.AsyncClient], routes: RouteTable, version: str) -> None:
        self._clients, self._routes, self._version = clients, routes, version
        self._made: bytes | None = None
        self._making = asyncio.Lock()

    async def body(self) -> bytes:
        """The JSON document. Raises httpx2.HTTPError when a service does not answer; the next call asks again."""
        async with self._making:
            if self._made is None:
                self._made = render(merge(await collect(self._clients), self._routes, self._version))
        return self._made
