"""A service that notes what reaches it, and misbehaves on request."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

FLOOD = 256 * 1024 * 1024
"""As much as `flood` sends if nothing holds it back."""

DESCRIPTION = {
    "openapi": "3.1.0",
    "info": {"title": "goals", "version": "1"},
    "paths": {
        "/goals/{goal_id}": {
            "get": {
                "summary": "Read a goal",
                "operationId": "read_goal",
                "tags": ["goals"],
                "parameters": [{"name": "goal_id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {"200": {"description": "The goal."}},
            }
        }
    },
}


@dataclass
class NotingService:
    """Answers `/goals/…` by the last segment; whatever it does not know, it echoes."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    sent: int = 0
    ready: bool = True

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests.append(scope)
        if scope["path"] == "/openapi.json":
            await _whole(send, 200, DESCRIPTION)
        elif scope["path"] == "/readyz":
            await _whole(send, 200 if self.ready else 503, {"ready": self.ready, "parts": {"goals": "stopped"}})
        else:
            act = getattr(self, "_" + scope["path"].rsplit("/", 1)[1], self._echo)
            await act(scope, receive, send)

    def headers(self, name: str) -> list[str]:
        """The values of a header of the last request."""
        return [value.decode() for key, value in self.requests[-1]["headers"] if key == name.encode()]

    async def _echo(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.ended.append("disconnect")
                return
            body += message["body"]
            more = message["more_body"]
        seen = {
            "method": scope["method"],
            "target": (scope["raw_path"] + b"?" + scope["query_string"]).decode("latin-1"),
            "length": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        await _whole(send, 200, seen)

    async def _created(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [
            (b"location", b"/goals/1"),
            (b"link", b'</goals?cursor=x>; rel="next"'),
            (b"etag", b'"1"'),
            (b"connection", b"x-inner"),
            (b"x-inner", b"1"),
            (b"server", b"inner"),
        ]
        await _whole(send, 201, {}, headers)

    async def _crash(self, scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("a secret that nobody outside may read")

    async def _half(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise LookupError

    async def _early(self, scope: Any, receive: Any, send: Any) -> None:
        await _whole(send, 422, {"code": "early"})

    async def _events(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        listening = asyncio.create_task(_until_gone(receive))
        try:
            while not listening.done():
                self.sent += 1
                event = f"id: {self.sent}\ndata: stone\n\n".encode()
                await send({"type": "http.response.body", "body": event, "more_body": True})
                await asyncio.sleep(0.001)
        finally:
            listening.cancel()
            self.ended.append("events")

    async def _silence(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await _until_gone(receive)
        self.ended.append("silence")

    async def _flood(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while self.sent < FLOOD:
                await send({"type": "http.response.body", "body": bytes(65_536), "more_body": True})
                await asyncio.sleep(0)
                self.sent += 65_536
        finally:
            self.ended.append("flood")


async def _until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _whole(send: Any, status: int, content: Any, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    body = json.dumps(content).encode()
    own = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *(headers or [])]})
    await send({"type": "http.response.body", "body": body})
