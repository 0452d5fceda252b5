"""What passes the gateway passes unchanged and as it comes: bytes, streams, breaks, and the end of either side."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import AsyncIterator

import httpx2
import pytest

from libs.web.edge import CLIENT_GONE
from tests.gateway.conftest import Front, eventually

MEGABYTE = 1024 * 1024


def head(front: Front, method: str, target: str, *lines: str) -> bytes:
    """A request's head with a token."""
    all_lines = [f"{method} {target} HTTP/1.1", "Host: x", f"Authorization: Bearer {front.token()}", *lines]
    return ("\r\n".join(all_lines) + "\r\n\r\n").encode("latin-1")


# --- paths ---


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/goals/..%2fpeople",
        "/api/v1/goals/../people",
        "/api/v1/goals/%2e%2e/people",
        "/api/v1/goals/..%5Cpeople",
        "/api/v1//goals/1",
        "/api/v1/goals%2f1",
        "/api/v1/%67oals/1",
        "//api/v1/goals/1",
        "/api/v1/../v1/goals/1",
    ],
)
async def test_no_path_leads_past_the_table(front: Front, target: str) -> None:
    async with front.wire() as wire:
        await wire.send(head(front, "GET", target))
        answer = await wire.answer()
    assert (answer.status, answer.json()["code"]) == (404, "not_found")
    assert front.goals.requests == []


@pytest.mark.parametrize(
    "target",
    [
        "/goals/by-ref/jira/A%2FB%2f%20%C3%A9?q=%7E+%zz&q=;a=/?",
        "/goals//1",
        "/goals/(a)'b*~",
        "/goals?",
        "/goals/1?x=%00",
    ],
)
async def test_path_and_query_arrive_byte_for_byte(front: Front, target: str) -> None:
    async with front.wire() as wire:
        await wire.send(head(front, "GET", f"/api/v1{target}"))
        seen = (await wire.answer()).json()
    assert seen["target"].rstrip("?") == target.rstrip("?")


# --- methods and headers ---


@pytest.mark.parametrize("method", ["OPTIONS", "DELETE", "PATCH", "QUERY"])
async def test_methods_go_on_as_they_are(front: Front, method: str) -> None:
    async with front.client() as client:
        answer = await client.request(method, "/api/v1/goals/1")
    assert answer.json()["method"] == method


async def test_the_answer_to_head_has_headers_and_no_body(front: Front) -> None:
    async with front.wire() as wire:
        for _ in range(2):
            await wire.send(head(front, "HEAD", "/api/v1/goals/1"))
            answer = await wire.answer(bodiless=True)
            assert answer.status == 200
            assert int(answer.header("content-length") or 0) > 0


async def test_places_in_an_answer_are_public_and_inner_headers_stay_inside(front: Front) -> None:
    async with front.client() as client:
        answer = await client.post("/api/v1/goals/created")
    assert answer.status_code == 201
    assert answer.headers["location"] == "/api/v1/goals/1"
    assert answer.headers["link"] == '</api/v1/goals?cursor=x>; rel="next"'
    assert answer.headers["etag"] == '"1"'
    assert "x-inner" not in answer.headers
    assert "inner" not in answer.headers.get("server", "")
    assert answer.headers.get_list("content-type") == ["application/json"]


async def test_huge_headers_neither_break_nor_pass_the_door(front: Front) -> None:
    async with front.wire() as wire:
        await wire.send(head(front, "GET", "/api/v1/goals/1", *(f"X-{n}: {'y' * 4000}" for n in range(15))))
        assert (await wire.answer()).status in (200, 400, 431)
    async with front.client() as client:
        assert (await client.get("/api/v1/goals/1")).status_code == 200


async def test_a_request_framed_two_ways_is_not_passed_on(front: Front) -> None:
    lines = ("Content-Length: 3", "Transfer-Encoding: chunked")
    async with front.wire() as wire:
        await wire.send(head(front, "POST", "/api/v1/goals/1", *lines) + b"0\r\n\r\nGET /api/v1/goals/2 HTTP/1.1\r\n")
        await wire.answer()
    assert not [scope for scope in front.goals.requests if scope["path"] == "/goals/2"]


# --- bodies inward ---


async def test_a_body_arrives_byte_for_byte(front: Front) -> None:
    body = os.urandom(MEGABYTE - 7)
    async with front.client() as client:
        seen = (await client.post("/api/v1/goals/1", content=body)).json()
    assert (seen["length"], seen["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
    assert front.goals.headers("content-length") == [str(len(body))]


async def test_a_chunked_body_arrives_byte_for_byte(front: Front) -> None:
    parts = [os.urandom(size) for size in (1, 70_000, 3)]

    async def body() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    async with front.client() as client:
        seen = (await client.post("/api/v1/goals/1", content=body())).json()
    assert seen["sha256"] == hashlib.sha256(b"".join(parts)).hexdigest()
    assert front.goals.headers("content-length") == []


async def test_twelve_megabytes_are_drained_refused_and_the_connection_lives_on(front: Front) -> None:
    size = 12 * MEGABYTE
    async with front.wire() as wire:
        await wire.send(head(front, "POST", "/api/v1/goals/1", f"Content-Length: {size}"))
        for _ in range(12):
            await wire.send(bytes(MEGABYTE))
        answer = await wire.answer()
        assert (answer.status, answer.json()["code"]) == (413, "body_too_large")
        await wire.send(head(front, "GET", "/api/v1/goals/1"))
        assert (await wire.answer()).status == 200
    assert [scope["method"] for scope in front.goals.requests] == ["GET"]


async def test_twelve_megabytes_in_chunks_are_drained_and_refused(front: Front) -> None:
    async with front.wire() as wire:
        await wire.send(head(front, "POST", "/api/v1/goals/1", "Transfer-Encoding: chunked"))
        for _ in range(12):
            await wire.send(b"100000\r\n" + bytes(MEGABYTE) + b"\r\n")
        await wire.send(b"0\r\n\r\n")
        answer = await wire.answer()
        assert (answer.status, answer.json()["code"]) == (413, "body_too_large")
        await wire.send(head(front, "GET", "/api/v1/goals/1"))
        assert (await wire.answer()).status == 200
    assert front.goals.ended == ["disconnect"]


async def test_an_answer_before_the_body_was_read_reaches_the_client(front: Front) -> None:
    async with front.wire() as wire:
        await wire.send(head(front, "POST", "/api/v1/goals/early", "Content-Length: 500000"))
        await wire.send(bytes(500_000))
        assert (await wire.answer()).status == 422
        await wire.send(head(front, "GET", "/api/v1/goals/1"))
        assert (await wire.answer()).status == 200


async def test_a_client_that_leaves_midway_through_its_body_never_looks_complete(
    front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "libs.web.edge")
    async with front.wire() as wire:
        await wire.send(head(front, "POST", "/api/v1/goals/1", "Content-Length: 100") + b"half")
        await eventually(lambda: bool(front.goals.requests))
    await eventually(lambda: front.goals.ended == ["disconnect"])
    await eventually(lambda: bool(caplog.records))
    [line] = caplog.records
    assert (line.message, line.__dict__["status"]) == ("request", CLIENT_GONE)


# --- bodies outward ---


async def test_an_endless_stream_of_events_passes_and_ends_with_its_reader(front: Front) -> None:
    async with front.client() as client:
        seen = []
        async with client.sse("/api/v1/goals/events") as source:
            assert source.response.headers["content-type"] == "text/event-stream"
            async for event in source:
                seen.append(int(event.id))
                if len(seen) == 20:
                    break
    assert seen == list(range(1, 21))
    await eventually(lambda: front.goals.ended == ["events"])


async def test_a_silent_stream_ends_with_its_reader(front: Front) -> None:
    async with front.wire() as wire:
        await wire.send(head(front, "GET", "/api/v1/goals/silence"))
        assert (await wire.answer()).status == 200
        assert front.goals.ended == []
    await eventually(lambda: front.goals.ended == ["silence"])


async def test_a_reader_that_does_not_read_holds_the_service_back(front: Front) -> None:
    async with front.wire() as wire:
        await wire.send(head(front, "GET", "/api/v1/goals/flood"))
        assert (await wire.answer()).status == 200
        before = -1
        while front.goals.sent != before:
            before = front.goals.sent
            for _ in range(20):
                await asyncio.sleep(0.005)
        # What fits into the buffers of two sockets on one machine, not what an app can send.
        assert before < 32 * MEGABYTE
    await eventually(lambda: front.goals.ended == ["flood"])


async def test_a_service_that_fails_is_a_502_that_tells_nothing_of_it(front: Front) -> None:
    async with front.client() as client:
        answer = await client.post("/api/v1/goals/crash")
    assert (answer.status_code, answer.json()["code"]) == (502, "service_failed")
    assert "secret" not in answer.text


async def test_an_answer_that_breaks_off_does_not_look_whole(front: Front) -> None:
    async with front.client() as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get("/api/v1/goals/half")
        assert (await client.get("/api/v1/goals/1")).status_code == 200


async def test_many_requests_share_a_connection(front: Front) -> None:
    async with front.wire() as wire:
        for number in range(50):
            await wire.send(head(front, "POST", f"/api/v1/goals/{number}", "Content-Length: 3") + b"abc")
            assert (await wire.answer()).json()["target"] == f"/goals/{number}?"
