"""More connections than there is room for: whoever waits longest goes, and a new request is still answered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import sys

import pytest

from services.gateway.server import Limits, connections_for
from tests.gateway.conftest import SOON, Front, Wire
from tests.gateway.public import Noting, serving

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("files", "least", "most"), [(256, 64, 200), (1024, 256, 900), (20_000, 9_000, 19_000), (1, 1, 1)]
)
def test_some_files_are_left_for_the_stores(files: int, least: int, most: int) -> None:
    assert least <= connections_for(files) <= most


def test_without_a_limit_of_files_there_is_still_one_of_connections() -> None:
    assert connections_for(-1) == 10_000


async def test_the_one_that_waits_longest_goes_for_a_new_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    limits = Limits(head_seconds=60.0, idle_seconds=60, connections=3)
    async with serving(Noting(), limits) as front, contextlib.AsyncExitStack() as stack:
        wires: list[Wire] = []
        for _ in range(6):
            wires.append(await stack.enter_async_context(front.wire()))
            await wires[-1].send(b"GET /")
        for wire in wires[:3]:
            assert await wire.closed()
        await wires[-1].send(b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await wires[-1].answer()).status == 200
    assert [record.message for record in caplog.records].count("no room for all connections") == 1


async def test_what_is_being_answered_stays_and_the_new_one_goes() -> None:
    app = Noting()
    async with serving(app, Limits(connections=2)) as front, contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(front.wire()) for _ in range(2)]
        for stream in streams:
            await stream.send(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.wait_for(stream.reader.readuntil(b"\r\n\r\na"), SOON)
        async with front.wire() as late:
            assert await late.closed()
        app.go_on.set()
        for stream in streams:
            assert await asyncio.wait_for(stream.reader.readexactly(1), SOON) == b"b"


_SERVER = """
import asyncio, resource, socket, sys
import uvicorn
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
from services.gateway.wiring import server_config

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
listener.listen(1)
print(listener.getsockname()[1], flush=True)
asyncio.run(uvicorn.Server(server_config(app)).serve(sockets=[listener]))
"""


async def test_400_idle_sockets_on_256_files_leave_room_for_others() -> None:
    process = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", _SERVER],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        port = int(await asyncio.to_thread(process.stdout.readline))
        front = Front(port, None, None, None)  # type: ignore[arg-type]
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(400):
                await (await stack.enter_async_context(front.wire())).send(b"GET /")
            async with front.wire() as wire:
                await wire.send(GET)
                assert (await wire.answer()).status == 200
    finally:
        process.terminate()
        _, said = await asyncio.to_thread(process.communicate)
    assert b"Too many open files" not in said
    assert len(said) < 10_000
