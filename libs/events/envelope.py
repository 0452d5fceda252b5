"""The envelope an event travels in: CloudEvents 1.0 attributes around its data, and the opened `Fact` at the end.

An `Envelope` is what is stored, published and hashed; a `Fact` is what deciders and projections read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from libs.events import canonical
from libs.events.canonical import Tree
from libs.events.errors import MalformedEvent

E_co = TypeVar("E_co", covariant=True)


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """CloudEvents 1.0 attributes (structured mode); `subject` is the stream, `version` its version, from 1.

    `correlation` is the id of the request that began it all, `causation` the id of the event that this one answers,
    `traceparent` the W3C context of the append. Extension names are lower case, as CloudEvents asks.
    """

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    tenant: str
    actor: str
    version: int
    data: Tree
    correlation: str | None = None
    causation: str | None = None
    traceparent: str | None = None
    specversion: str = "1.0"
    datacontenttype: str = "application/json"


class Fact(msgspec.Struct, Generic[E_co], frozen=True):
    """One event, opened and typed: what happened, to which stream, when and by whom.

    `sequence` is its place in its tenant's and service's history, from 1. `erased` lists the dotted paths of `data`
    whose text was destroyed (they read as null), by the names that they have today.
    """

    data: E_co
    id: str
    type: str
    stream: str
    version: int
    tenant: str
    service: str
    time: datetime
    actor: str
    sequence: int
    correlation: str | None = None
    causation: str | None = None
    traceparent: str | None = None
    erased: tuple[str, ...] = ()

    @property
    def entity_id(self) -> str:
        """The last part of the stream's name: the id of what the event is about."""
        return self.stream.rsplit("/", 1)[1]


_DECODER = msgspec.json.Decoder(Envelope)


def encode(envelope: Envelope, time: str | None = None) -> bytes:
    """The event's one byte string, at `time` if the store moved it; absent attributes are left out (CloudEvents)."""
    tree: dict[str, Any] = {name: getattr(envelope, name) for name in envelope.__struct_fields__}
    tree["time"] = time or canonical.time_text(envelope.time)
    return canonical.encode({name: value for name, value in tree.items() if value is not None})


def decode(body: bytes) -> Envelope:
    """Reads stored bytes. Raises MalformedEvent when they are no envelope."""
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedEvent(f"no envelope: {error}") from error


def source_of(service: str) -> str:
    """The CloudEvents `source` of a service: `/cairn/goals`."""
    return f"/cairn/{service}"


def service_of(envelope: Envelope) -> str:
    """The service that stated this event."""
    return envelope.source.rsplit("/", 1)[1]


def stream_name(tenant: str, kind: str, entity_id: str) -> str:
    """`<tenant>/<kind>/<id>`; a tenant's name never holds a slash (`libs/access` checks it at the door)."""
    return f"{tenant}/{kind}/{entity_id}"


def topic_of(service: str) -> str:
    """The log's topic of a service: `goals.events`."""
    return f"{service}.events"
