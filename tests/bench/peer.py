"""The bare two-hop gateway that ours is held against: the same hops to the same row, and nothing else.

FastAPI in front, `httpx2` on the same in-process transport, FastAPI behind, the same read store through the same
`get_many`. No tokens, rights, quotas, traces, logs, checks, positions; answers are read whole before they go on,
which is quicker than streaming them.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
from pathlib import Path

import httpx2
import msgspec
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response

from libs.events.adapters.sqlite.read_store import SQLiteReadStore
from libs.events.declare import RowKey
from services.gateway.transport import StreamingASGITransport
from services.goals.read_models import GOALS

QUIET = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False}
"""The framework's own telemetry is switched off, as it is in ours."""

_HOP = frozenset({"connection", "content-length", "date", "host", "server", "transfer-encoding"})


def service(reads: SQLiteReadStore, tenant: str) -> FastAPI:
    """One route that answers with a goal's row."""
    app, encoder = FastAPI(telemetry=QUIET), msgspec.json.Encoder(decimal_format="number")

    @app.get("/goals/{goal_id}")
    async def read_goal(goal_id: str) -> Response:
        key = RowKey(GOALS, goal_id)
        row = (await reads.get_many(tenant, [key])).get(key)
        if row is None:
            raise HTTPException(404)
        return Response(encoder.encode(row), media_type="application/json")

    return app


def gateway(client: httpx2.AsyncClient) -> FastAPI:
    """One route that hands every request on and its answer back."""
    app = FastAPI(telemetry=QUIET)

    @app.api_route("/api/v1/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def forward(request: Request, path: str) -> Response:
        headers = [(name, value) for name, value in request.headers.items() if name not in _HOP]
        body = await request.body()
        answer = await client.request(
            request.method, f"/{path}", params=request.query_params, headers=headers, content=body
        )
        kept = {name: value for name, value in answer.headers.items() if name not in _HOP}
        return Response(answer.content, answer.status_code, kept)

    return app


async def serve(file: Path, tenant: str) -> None:
    """Says its port on standard output, then serves until it is ended."""
    reads = SQLiteReadStore(file)
    await reads.prepare([GOALS])
    # Named as TCP, or asyncio does not switch off Nagle's algorithm and every answer waits 40 ms for its second packet.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    transport = StreamingASGITransport(service(reads, tenant))
    async with httpx2.AsyncClient(transport=transport, base_url="http://goals", timeout=None) as client:
        config = uvicorn.Config(gateway(client), access_log=False, log_config=None, lifespan="off", server_header=False)
        print(f"at http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        await uvicorn.Server(config).serve(sockets=[listener])
    await reads.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("tenant")
    given = parser.parse_args()
    asyncio.run(serve(given.file, given.tenant))
