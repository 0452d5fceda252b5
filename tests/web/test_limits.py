"""Bodies that are too large are answered so that the client sees it; the others stream through untouched."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from libs.web.limits import BodyLimit
from tests.web.toy import PLANTED

JSON = b"Host: x\r\nContent-Type: application/json\r\n"
MEGABYTE = 1024 * 1024


class Connection:
    """One raw HTTP/1.1 connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self._socket.sendall(piece)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and whole body of the next answer."""
        raw = b""
        while b"\r\n\r\n" not in raw:
            chunk = self._socket.recv(65536)
            assert chunk, "closed before it was answered"
            raw += chunk
        head, _, body = raw.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", "0")):
            body += self._socket.recv(65536)
        return int(status.split()[1]), headers, body

    def is_closed(self) -> bool:
        try:
            return self._socket.recv(1) == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def connection(port: int) -> Iterator[Connection]:
    made = Connection(port)
    yield made
    made.close()


def _chunks(total: int, size: int = 64 * 1024) -> Iterator[bytes]:
    for _ in range(0, total, size):
        yield b"%x\r\n" % size + b"x" * size + b"\r\n"


def _assert_refused(answer: tuple[int, dict[str, str], bytes]) -> None:
    status, headers, body = answer
    assert status == 413
    assert headers["content-type"] == "application/problem+json"
    assert b'"code":"body_too_large"' in body
    assert b"2000 bytes" in body


@pytest.mark.parametrize("path", [b"/goals", b"/goals/0191d3a0-0000-7000-8000-000000000001/publish", b"/nowhere"])
def test_12_mb_of_declared_length_are_drained_and_refused(connection: Connection, path: bytes) -> None:
    total = 12 * MEGABYTE
    connection.send(b"POST " + path + b" HTTP/1.1\r\n" + JSON + b"Content-Length: %d\r\n\r\n" % total)
    connection.send(*(b"x" * MEGABYTE for _ in range(12)))
    _assert_refused(connection.answer())
    # The connection is still good for a next request.
    connection.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.answer()[0] == 200


def test_12_mb_in_chunks_are_drained_and_refused(connection: Connection) -> None:
    connection.send(b"POST /goals HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n")
    connection.send(*_chunks(12 * MEGABYTE), b"0\r\n\r\n")
    _assert_refused(connection.answer())
    connection.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.answer()[0] == 200


def test_a_declared_length_beyond_the_drain_is_answered_at_once_and_closed(connection: Connection) -> None:
    connection.send(b"POST /goals HTTP/1.1\r\n" + JSON + b"Content-Length: %d\r\n\r\n" % (10**12))
    answer = connection.answer()
    _assert_refused(answer)
    assert answer[1]["connection"] == "close"
    assert connection.is_closed()


@pytest.mark.parametrize(
    "length", [b"1000000000000000000", b"9223372036854775807", b"000000000000000000001000000000000"]
)
def test_a_length_of_many_digits_is_too_large_as_well(connection: Connection, length: bytes) -> None:
    connection.send(b"POST /goals HTTP/1.1\r\n" + JSON + b"Content-Length: " + length + b"\r\n\r\n")
    answer = connection.answer()
    _assert_refused(answer)
    assert answer[1]["connection"] == "close"


def test_endless_chunks_are_cut_off(connection: Connection) -> None:
    connection.send(b"POST /goals HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n")

    def flood() -> None:
        try:
            for chunk in _chunks(200 * MEGABYTE):
                connection.send(chunk)
        except OSError:
            stopped.set()

    stopped = threading.Event()
    sender = threading.Thread(target=flood)
    sender.start()
    assert stopped.wait(20), "the server took it all"
    sender.join()


def test_who_waits_to_be_asked_is_not_asked(connection: Connection) -> None:
    head = b"POST /goals HTTP/1.1\r\n" + JSON + b"Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n"
    connection.send(head)
    answer = connection.answer()
    _assert_refused(answer)
    assert answer[1]["connection"] == "close"


def test_who_leaves_midway_is_forgotten(port: int) -> None:
    for head in (b"Content-Length: 1000000\r\n", b"Content-Length: 1500\r\n", b"Transfer-Encoding: chunked\r\n"):
        leaving = Connection(port)
        leaving.send(b"POST /goals HTTP/1.1\r\n" + JSON + head + b"\r\n" + b"5\r\nxxxxx\r\n")
        leaving.close()
    again = Connection(port)
    again.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert again.answer()[0] == 200
    again.close()


def test_a_body_within_the_limit_is_taken_whole_or_in_pieces(connection: Connection) -> None:
    body = b'{"title": "x", "description": "%s"}' % (b"y" * 50)
    connection.send(b"POST /goals HTTP/1.1\r\n" + JSON + b"Content-Length: %d\r\n\r\n" % len(body), body)
    assert connection.answer()[0] == 201
    connection.send(b"POST /goals HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n")
    connection.send(*(b"1\r\n%c\r\n" % byte for byte in body), b"0\r\n\r\n")
    assert connection.answer()[0] == 201


# --- around any ASGI app ----------------------------------------------------------------------------------------


async def _run(app: Any, messages: list[Any], headers: list[tuple[bytes, bytes]]) -> tuple[list[Any], int]:
    """What was sent, and how many messages were never asked for."""
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    limited = BodyLimit(app, most=10, drain=100)
    await limited({"type": "http", "path": "/", "headers": headers}, receive, send)
    return sent, len(messages)


def _pieces(*sizes: int) -> list[Any]:
    last = len(sizes) - 1
    return [{"type": "http.request", "body": b"x" * size, "more_body": at < last} for at, size in enumerate(sizes)]


CHUNKED = [(b"transfer-encoding", b"chunked")]


async def _relay(scope: Any, receive: Any, send: Any) -> None:
    """Streams: answers each piece before it asks for the next."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    more = True
    while more:
        message = await receive()
        more = message["more_body"]
        await send({"type": "http.response.body", "body": message["body"], "more_body": more})


async def test_accepted_pieces_stream_through_one_by_one() -> None:
    sent, _ = await _run(_relay, _pieces(3, 3, 4), CHUNKED)
    assert [message.get("body") for message in sent] == [None, b"xxx", b"xxx", b"xxxx"]


async def test_an_app_that_has_begun_to_answer_fails_when_the_body_runs_over() -> None:
    with pytest.raises(Exception, match="body_too_large"):
        await _run(_relay, _pieces(3, 8), CHUNKED)


async def test_an_app_that_wraps_the_failure_is_answered_for() -> None:
    async def wraps(scope: Any, receive: Any, send: Any) -> None:
        try:
            while (await receive())["more_body"]:
                continue
        except Exception as error:
            raise ExceptionGroup("several", [RuntimeError(PLANTED)]) from error

    sent, left = await _run(wraps, _pieces(6, 6, 50, 20), CHUNKED)
    assert (sent[0]["status"], left) == (413, 0)
    assert (b"connection", b"close") not in sent[0]["headers"]


async def test_an_app_that_answers_in_its_own_words_answers_after_the_drain() -> None:
    async def own(scope: Any, receive: Any, send: Any) -> None:
        try:
            while (await receive())["more_body"]:
                continue
        except Exception:
            await send({"type": "http.response.start", "status": 400, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    sent, left = await _run(own, _pieces(6, 6, 50), CHUNKED)
    assert (sent[0]["status"], sent[0]["headers"], left) == (400, [], 0)
    sent, left = await _run(own, _pieces(6, 60, 60, 60), CHUNKED)
    assert (sent[0]["headers"], left) == ([(b"connection", b"close")], 1)


async def test_a_length_that_lies_is_counted() -> None:
    sent, _ = await _run(_swallow, _pieces(6, 6), [(b"content-length", b"5")])
    assert sent[0]["status"] == 413


async def _swallow(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        continue
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"0")], [(b"content-length", b"10")], CHUNKED])
async def test_what_is_within_the_limit_is_the_apps(headers: list[tuple[bytes, bytes]]) -> None:
    sent, _ = await _run(_swallow, _pieces(10), headers)
    assert sent[0]["status"] == 200


async def test_many_digits_may_still_be_a_small_number() -> None:
    sent, _ = await _run(_swallow, _pieces(10), [(b"content-length", b"0" * 30 + b"10")])
    assert sent[0]["status"] == 200


# --- bodies that stop coming ------------------------------------------------------------------------------------


async def test_what_is_no_request_passes() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def nothing(*_: Any) -> Any:
        return None

    await BodyLimit(app)({"type": "lifespan"}, nothing, nothing)
    assert seen == ["lifespan"]
