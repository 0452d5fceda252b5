"""The in-process hop streams like a server: starts early, waits for slow readers, and breaks like a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse

from tests.gateway.inner import SOON, Stopped, client_of, piece, start

# --- failures ---


async def test_an_app_that_fails_before_it_answers_is_a_transport_error() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("secret")

    async with client_of(app) as client:
        with pytest.raises(httpx2.RemoteProtocolError, match="the app failed") as caught:
            await client.get("/")
    assert isinstance(caught.value.__cause__, LookupError)


async def test_an_app_that_says_nothing_is_a_transport_error() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        return

    async with client_of(app) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get("/")


async def test_an_app_that_fails_midway_breaks_the_body_after_what_it_sent() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send)
        await piece(send, b"half", more=True)
        raise LookupError

    async with client_of(app) as client, client.stream("GET", "/") as answer:
        got = b""
        with pytest.raises(httpx2.ReadError):
            async for chunk in answer.aiter_raw():
                got += chunk
    assert got == b"half"


async def test_an_app_that_stops_midway_breaks_the_body() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send)
        await piece(send, b"half", more=True)

    async with client_of(app) as client:
        with pytest.raises(httpx2.ReadError):
            await client.get("/")


async def test_an_app_that_fails_after_its_answer_has_answered() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send)
        await piece(send, b"whole")
        raise LookupError

    async with client_of(app) as client:
        assert (await client.get("/")).content == b"whole"


async def test_a_piece_before_the_start_or_after_the_end_is_the_apps_mistake() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for attempt in ("before", "unknown", "twice", "after"):
            try:
                if attempt == "before":
                    await piece(send, b"x")
                elif attempt == "unknown":
                    await send({"type": "http.nonsense"})
                elif attempt == "twice":
                    await start(send)
                    await start(send)
                else:
                    await piece(send, b"done")
                    await piece(send, b"x")
            except RuntimeError:
                seen.append(attempt)

    async with client_of(app) as client:
        assert (await client.get("/")).content == b"done"
    assert seen == ["before", "unknown", "twice", "after"]


# --- streaming ---


async def test_the_answer_is_handed_over_at_its_start() -> None:
    go_on = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send, (b"x-early", b"yes"), status=202)
        await go_on.wait()
        await piece(send, b"late")

    async with client_of(app) as client, client.stream("GET", "/") as answer:
        assert (answer.status_code, answer.headers["x-early"]) == (202, "yes")
        go_on.set()
        assert await answer.aread() == b"late"


async def test_pieces_arrive_one_by_one_while_the_app_goes_on() -> None:
    asked: asyncio.Queue[bytes] = asyncio.Queue()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send)
        while (body := await asked.get()) != b"end":
            await piece(send, body, more=True)
        await piece(send, b"")

    async with client_of(app) as client, client.stream("GET", "/") as answer:
        pieces = answer.aiter_raw()
        for body in (b"one", b"two", b"three"):
            asked.put_nowait(body)
            assert await asyncio.wait_for(anext(pieces), SOON) == body
        asked.put_nowait(b"end")
        assert [body async for body in pieces] == []


async def test_a_slow_reader_holds_the_app_back() -> None:
    sent = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        await start(send)
        for _ in range(100):
            await piece(send, b"x" * 32_768, more=True)
            sent += 1
        await piece(send, b"")

    async with client_of(app) as client, client.stream("GET", "/") as answer:
        for _ in range(20):
            await asyncio.sleep(0)
        assert sent <= 3
        assert len(await answer.aread()) == 100 * 32_768
    assert sent == 100


async def test_a_request_body_reaches_the_app_piece_by_piece() -> None:
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            more = message["more_body"]
            arrived.put_nowait(message["body"])
        await start(send)
        await piece(send, b"")

    async def body() -> AsyncIterator[bytes]:
        for part in (b"a", b"\x00\xff", b"c"):
            yield part
            assert await asyncio.wait_for(arrived.get(), SOON) == part

    async with client_of(app) as client:
        assert (await client.post("/", content=body())).status_code == 200


async def test_a_request_body_that_breaks_reaches_caller_and_app() -> None:
    class Broken(Exception):
        pass

    stopped = Stopped()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            assert message["more_body"]
        stopped.note(message["type"])
        await start(send)
        await piece(send, b"nobody reads this")

    async def body() -> AsyncIterator[bytes]:
        yield b"begin"
        raise Broken

    async with client_of(app) as client:
        with pytest.raises(Broken):
            await client.post("/", content=body())
    assert await stopped.wait() == "http.disconnect"


# --- the scope ---


async def test_the_app_sees_what_a_server_would_show_it() -> None:
    seen: dict[str, Any] = {}
    service = FastAPI()

    @service.get("/{rest:path}")
    async def any_path(request: Request) -> PlainTextResponse:
        seen.update(request.scope)
        return PlainTextResponse("ok")

    async with client_of(service) as client:
        await client.get("/goals/a%2Fb%20c?q=%C3%A9&x", headers=[(b"X-Mixed-Case", "ä".encode())])
    assert seen["path"] == "/goals/a/b c"
    assert seen["raw_path"] == b"/goals/a%2Fb%20c"
    assert seen["query_string"] == b"q=%C3%A9&x"
    assert (b"x-mixed-case", "ä".encode()) in seen["headers"]


async def test_the_target_is_kept_byte_for_byte() -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)
        await start(send)
        await piece(send, b"")

    target = b"/goals/./%2e%2E//a?b=%zz&c={}"
    async with client_of(app) as client:
        await client.send(client.build_request("GET", "/", extensions={"target": target}))
    assert seen["raw_path"] + b"?" + seen["query_string"] == target


async def test_the_answer_to_head_has_no_body() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send, (b"content-length", b"5"))
        await piece(send, b"hello")

    async with client_of(app) as client:
        answer = await client.head("/")
    assert (answer.content, answer.headers["content-length"]) == (b"", "5")
