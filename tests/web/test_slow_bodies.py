"""Bodies that come too slowly are answered and cut off; an answer may take as long as it takes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from libs.web.limits import BodyLimit
from tests.web.test_limits import CHUNKED, _pieces, _run, _swallow


async def _run_slowly(app: Any, gaps: list[float], size: int = 1) -> list[Any]:
    """A body of one piece after each gap, and then nothing more; 50 ms are the longest gap allowed."""
    sent: list[Any] = []
    left = iter(gaps)

    async def receive() -> Any:
        # The client, whose pauses are what is tested.
        await asyncio.sleep(next(left, 3600.0))
        return {"type": "http.request", "body": b"x" * size, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    async with asyncio.timeout(10):
        await BodyLimit(app, patience=0.05)({"type": "http", "path": "/", "headers": CHUNKED}, receive, send)
    return sent


async def test_a_body_that_stops_is_a_408_and_the_end_of_the_connection() -> None:
    for gaps in ([], [0.0, 0.0]):
        sent = await _run_slowly(_swallow, gaps)
        assert (sent[0]["status"], b'"code":"body_too_slow"' in sent[1]["body"]) == (408, True)
        assert sent[0]["headers"].count((b"connection", b"close")) == 1


async def test_a_body_that_trickles_is_a_408() -> None:
    pieces: list[int] = []

    async def counts(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pieces.append(1)

    sent = await _run_slowly(counts, [0.005] * 1000)
    assert sent[0]["status"] == 408
    assert len(pieces) < 1000, "it was cut off"


async def test_a_steady_body_may_take_long() -> None:
    taken = 0

    async def counts(scope: Any, receive: Any, send: Any) -> None:
        nonlocal taken
        while taken < 30:
            taken += len((await receive())["body"]) // 1024

    await _run_slowly(counts, [0.005] * 30, size=1024)
    assert taken == 30


async def test_a_408_from_further_in_ends_the_connection() -> None:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 408, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    sent = await _run_slowly(inner, [])
    assert sent[0]["headers"] == [(b"connection", b"close")]


async def test_an_answer_may_take_as_long_as_it_takes_once_the_body_is_whole() -> None:
    left = asyncio.Event()
    messages: list[Any] = [{"type": "http.request", "body": b"x", "more_body": False}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        asyncio.get_running_loop().call_later(0.1, left.set)
        assert (await receive())["type"] == "http.disconnect"

    async def send(message: Any) -> None:
        raise AssertionError(message)

    await BodyLimit(waits, patience=0.01)({"type": "http", "path": "/", "headers": CHUNKED}, receive, send)


async def test_a_failure_of_the_app_itself_stays_its_own() -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await _run(fails, _pieces(5), CHUNKED)
