"""Small apps behind the in-process transport, and how they end."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2

from services.gateway.transport import StreamingASGITransport

SOON = 5.0


def client_of(app: Any, **options: Any) -> httpx2.AsyncClient:
    """A client that reaches the app in this process."""
    return httpx2.AsyncClient(transport=StreamingASGITransport(app, **options), base_url="http://inner")


async def start(send: Any, *headers: tuple[bytes, bytes], status: int = 200) -> None:
    """Starts an answer."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})


async def piece(send: Any, body: bytes, more: bool = False) -> None:
    """Sends a piece of an answer, the last one unless there is more."""
    await send({"type": "http.response.body", "body": body, "more_body": more})


class Stopped:
    """Notes how an app ended."""

    def __init__(self) -> None:
        self.how: str | None = None
        self._event = asyncio.Event()

    def note(self, how: str) -> None:
        self.how = how
        self._event.set()

    async def wait(self) -> str | None:
        await asyncio.wait_for(self._event.wait(), SOON)
        return self.how
