"""Which headers cross the door, and in what form: hop-by-hop and forged ones stay outside. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

Header = tuple[bytes, bytes]

_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_NOT_INWARD = _HOP_BY_HOP | {
    # What the gateway answers itself, or says in its own words.
    b"authorization",
    b"expect",
    b"host",
    b"cairn-principal",
    b"traceparent",
    b"tracestate",
    b"baggage",
    # What only a proxy that is trusted could claim.
    b"forwarded",
    b"via",
    b"x-real-ip",
    # The API knows no cookies.
    b"cookie",
}
# The server that the gateway runs under states these itself.
_NOT_OUTWARD = _HOP_BY_HOP | {b"date", b"server"}
# A `Connection` header cannot drop what frames the message.
_FRAMING = frozenset({b"content-length", b"content-type", b"content-encoding"})
_LINK_TARGET = re.compile(rb"<(/[^>]*)")


def inward(headers: Iterable[Header]) -> tuple[list[Header], bool]:
    """The client's headers (lower-case names) that go on to a service, and whether a body comes with them."""
    kept: list[Header] = []
    listed: set[bytes] = set()
    chunked = False
    length: bytes | None = None
    for name, value in headers:
        if name == b"connection":
            listed |= _listed(value)
        elif name == b"transfer-encoding":
            chunked = True
        elif name == b"content-length":
            length = value
        elif name not in _NOT_INWARD and not name.startswith(b"x-forwarded-"):
            kept.append((name, value))
    if listed:
        kept = [header for header in kept if header[0] not in listed]
    if chunked:
        kept.append((b"transfer-encoding", b"chunked"))
        return kept, True
    if length is not None:
        kept.append((b"content-length", length))
    return kept, length not in (None, b"0")


def outward(headers: Iterable[Header], base: bytes, origin: bytes) -> tuple[list[Header], int | None]:
    """A service's answer headers as the client gets them, and the length of the body if it is said.

    Paths of the service in `Location`, `Content-Location` and `Link` get the public `base` unless they have it
    already; `origin` is the service's own address (`http://goals`), which never shows.
    """
    kept: list[Header] = []
    listed: set[bytes] = set()
    length: int | None = None
    for raw_name, value in headers:
        name = raw_name.lower()
        if name == b"connection":
            listed |= _listed(value)
        elif name in _NOT_OUTWARD:
            continue
        elif name in (b"location", b"content-location"):
            kept.append((name, _public(value, base, origin)))
        elif name == b"link":
            targets = value.replace(b"<" + origin + b"/", b"</")
            kept.append((name, _LINK_TARGET.sub(lambda found: b"<" + _public(found[1], base, origin), targets)))
        else:
            if name == b"content-length" and value.isdigit():
                length = int(value)
            kept.append((name, value))
    if listed:
        kept = [header for header in kept if header[0] not in listed]
    return kept, length


def bearer(headers: Iterable[Header]) -> str | None:
    """The token of the one `Authorization: Bearer` header; None when there is none, more than one, or another kind."""
    found = [value for name, value in headers if name == b"authorization"]
    if len(found) != 1:
        return None
    scheme, _, token = found[0].partition(b" ")
    token = token.strip()
    return token.decode("latin-1") if scheme.lower() == b"bearer" and token else None


def _public(location: bytes, base: bytes, origin: bytes) -> bytes:
    if location.startswith(origin + b"/"):
        location = location[len(origin) :]
    inner = location.startswith(b"/") and not location.startswith((b"//", base + b"/"))
    return base + location if inner else location


def _listed(connection: bytes) -> set[bytes]:
    return {name.strip().lower() for name in connection.split(b",")} - _FRAMING
