"""Whoever leaves an exchange is missed: the app learns that its caller has gone, and is stopped only if it must be."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse, StreamingResponse

from services.gateway.transport import CallerGone
from tests.gateway.inner import Stopped, client_of, piece, start


async def test_an_endless_stream_of_events_can_be_left_and_the_app_stops() -> None:
    stopped = Stopped()
    service = FastAPI()

    @service.get("/stream")
    async def stream() -> StreamingResponse:
        async def events() -> AsyncIterator[str]:
            for number in itertools.count():
                yield f"id: {number}\ndata: stone\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await service(scope, receive, send)
        finally:
            stopped.note("stopped")

    async with client_of(app, patience=3600.0) as client:
        async with client.sse("/stream") as source:
            seen = []
            async for event in source:
                seen.append(event.id)
                if len(seen) == 5:
                    break
        assert seen == ["0", "1", "2", "3", "4"]
        assert await stopped.wait() == "stopped"


async def test_an_idle_stream_learns_at_once_that_nobody_listens() -> None:
    stopped = Stopped()
    service = FastAPI()

    @service.get("/stream")
    async def stream() -> StreamingResponse:
        async def events() -> AsyncIterator[str]:
            try:
                yield ": begin\n\n"
                await asyncio.Event().wait()
            finally:
                stopped.note("stopped")

        return StreamingResponse(events(), media_type="text/event-stream")

    async with client_of(service, patience=3600.0) as client:
        async with client.stream("GET", "/stream") as answer:
            assert await anext(answer.aiter_raw()) == b": begin\n\n"
        assert await stopped.wait() == "stopped"


async def test_an_app_that_only_sends_is_told_by_an_error() -> None:
    stopped = Stopped()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send)
        try:
            while True:
                await piece(send, b"x" * 65_536, more=True)
        except CallerGone:
            stopped.note("told")

    async with client_of(app, patience=3600.0) as client:
        async with client.stream("GET", "/") as answer:
            await anext(answer.aiter_raw())
        assert await stopped.wait() == "told"


async def test_an_app_that_neither_listens_nor_sends_is_cancelled() -> None:
    stopped = Stopped()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.note("cancelled")
            raise

    async with client_of(app, patience=0.01) as client:
        async with client.stream("GET", "/"):
            pass
        assert await stopped.wait() == "cancelled"


async def test_work_after_a_whole_answer_is_not_cancelled() -> None:
    stopped = Stopped()
    go_on = asyncio.Event()

    async def later() -> None:
        await go_on.wait()
        stopped.note("finished")

    service = FastAPI()

    @service.get("/")
    async def root() -> PlainTextResponse:
        return PlainTextResponse("ok", background=BackgroundTask(later))

    async with client_of(service, patience=0.0) as client:
        assert (await client.get("/")).text == "ok"
        for _ in range(5):
            await asyncio.sleep(0.001)
        go_on.set()
        assert await stopped.wait() == "finished"


async def test_a_cancelled_caller_cancels_the_app() -> None:
    stopped = Stopped()
    entered = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.note("cancelled")
            raise

    async with client_of(app) as client:
        call = asyncio.create_task(client.get("/"))
        await entered.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await stopped.wait() == "cancelled"


async def test_closing_the_transport_ends_what_still_runs() -> None:
    stopped = Stopped()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.note("cancelled")
            raise

    client = client_of(app)
    request = client.build_request("GET", "/")
    answer = await client.send(request, stream=True)
    await client.aclose()
    assert stopped.how == "cancelled"
    with pytest.raises(httpx2.ReadError):
        await answer.aread()


async def test_an_app_that_has_answered_is_told_that_it_is_over() -> None:
    stopped = Stopped()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await start(send)
        await piece(send, b"")
        stopped.note((await receive())["type"])

    async with client_of(app) as client:
        await client.get("/")
        assert await stopped.wait() == "http.disconnect"
