"""Forged and hop-by-hop headers stay outside, everything else crosses unchanged."""

from __future__ import annotations

import pytest

from services.gateway.headers import bearer, inward, outward


@pytest.mark.parametrize(
    "name",
    [
        "Cairn-Principal",
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Anything",
        "X-Real-IP",
        "Via",
        "Traceparent",
        "Tracestate",
        "Baggage",
        "Authorization",
        "Cookie",
        "Host",
        "Expect",
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Proxy-Authorization",
        "TE",
        "Trailer",
        "Upgrade",
    ],
)
def test_what_only_the_gateway_may_say_is_not_taken_from_outside(name: str) -> None:
    assert inward([(name.lower().encode(), b"forged")]) == ([], False)


def test_headers_named_by_connection_end_here_but_not_those_that_frame_the_message() -> None:
    given = [
        (b"connection", b"X-One, content-length"),
        (b"connection", b"close"),
        (b"x-one", b"1"),
        (b"x-two", b"2"),
        (b"content-length", b"3"),
    ]
    assert inward(given) == ([(b"x-two", b"2"), (b"content-length", b"3")], True)


def test_the_rest_goes_on_in_order_with_repetitions_and_odd_bytes() -> None:
    given = [
        (b"idempotency-key", b"k"),
        (b"if-match", b'"3"'),
        (b"x-twice", b"a"),
        (b"x-twice", b"\xff b"),
        (b"cairn-after", b"goals:1"),
        (b"x-empty", b""),
    ]
    assert inward(given) == (given, False)


@pytest.mark.parametrize(
    ("given", "kept", "body"),
    [
        ([(b"content-length", b"0")], [(b"content-length", b"0")], False),
        ([(b"content-length", b"5")], [(b"content-length", b"5")], True),
        ([(b"transfer-encoding", b"chunked")], [(b"transfer-encoding", b"chunked")], True),
        (
            [(b"content-length", b"5"), (b"transfer-encoding", b"gzip, chunked")],
            [(b"transfer-encoding", b"chunked")],
            True,
        ),
    ],
)
def test_a_body_is_framed_one_way(
    given: list[tuple[bytes, bytes]], kept: list[tuple[bytes, bytes]], body: bool
) -> None:
    assert inward(given) == (kept, body)


@pytest.mark.parametrize(
    ("location", "public"),
    [
        (b"/goals/1", b"/api/v1/goals/1"),
        (b"/goals/a%2Fb?x=/y", b"/api/v1/goals/a%2Fb?x=/y"),
        (b"http://goals/goals/1", b"/api/v1/goals/1"),
        (b"http://goalsome/goals/1", b"http://goalsome/goals/1"),
        (b"/api/v1/goals/1", b"/api/v1/goals/1"),
        (b"//elsewhere/x", b"//elsewhere/x"),
        (b"https://elsewhere/x", b"https://elsewhere/x"),
        (b"1", b"1"),
    ],
)
def test_locations_get_the_public_base(location: bytes, public: bytes) -> None:
    for name in (b"location", b"content-location"):
        assert outward([(name, location)], b"/api/v1", b"http://goals") == ([(name, public)], None)


def test_links_get_the_public_base() -> None:
    link = (
        b'</goals?a=b>; rel="next", <http://goals/goals>; rel="first", </api/v1/x>; rel="up", <https://x/y>; rel="help"'
    )
    kept, _ = outward([(b"Link", link)], b"/api/v1", b"http://goals")
    assert kept == [
        (
            b"link",
            b'</api/v1/goals?a=b>; rel="next", </api/v1/goals>; rel="first", </api/v1/x>; rel="up", '
            b'<https://x/y>; rel="help"',
        )
    ]


def test_answers_lose_what_belongs_to_the_inner_hop_and_tell_their_length() -> None:
    given = [
        (b"Content-Length", b"12"),
        (b"Date", b"now"),
        (b"Server", b"inner"),
        (b"Connection", b"close, x-inner"),
        (b"X-Inner", b"1"),
        (b"Transfer-Encoding", b"chunked"),
        (b"ETag", b'"3"'),
        (b"Set-Cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
    ]
    assert outward(given, b"/api/v1", b"http://goals") == (
        [(b"content-length", b"12"), (b"etag", b'"3"'), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")],
        12,
    )


@pytest.mark.parametrize(
    ("values", "token"),
    [
        ([], None),
        ([b""], None),
        ([b"Bearer"], None),
        ([b"Bearer "], None),
        ([b"Basic abc"], None),
        ([b"Bearer one", b"Bearer two"], None),
        ([b"bEaReR  abc "], "abc"),
        ([b"Bearer a.b.c"], "a.b.c"),
    ],
)
def test_one_bearer_token_counts(values: list[bytes], token: str | None) -> None:
    assert bearer([(b"authorization", value) for value in values]) == token
