"""Promise 0, the envelope: every event is a CloudEvents 1.0 event in structured mode, in one spelling."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
import rfc8785

from libs.events import envelope as envelopes
from libs.events.envelope import Envelope
from libs.events.errors import MalformedEvent

Encode = Callable[[Envelope], bytes]

ENVELOPE = Envelope(
    id="0198f3a4-0000-7000-8000-000000000001",
    source="/cairn/toys",
    type="toys.counted.v1",
    subject="acme/counter/c-1",
    time=datetime(2026, 1, 5, 10, 0, tzinfo=timezone(timedelta(hours=1))),
    tenant="acme",
    actor="ann",
    version=1,
    data={"by": 1},
)
FULL = msgspec.structs.replace(
    ENVELOPE, correlation="r-1", causation="e-1", traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
)
CORE = {"id", "source", "specversion", "type", "datacontenttype", "dataschema", "subject", "time", "data"}


def check_is_cloudevents(encode: Encode) -> None:
    """Required attributes, names, types and absence as CloudEvents 1.0 and its JSON format ask."""
    for envelope in (ENVELOPE, FULL):
        event = json.loads(encode(envelope))
        for required in ("id", "source", "type", "subject"):
            assert isinstance(event[required], str), required
            assert event[required], required
        assert event["specversion"] == "1.0"
        assert re.fullmatch(r"[!#-;=?-\[\]_a-z~]+", event["source"]), "a URI reference"
        assert re.fullmatch(r"[a-z]+/[a-z.+-]+", event["datacontenttype"]), "a media type"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", event["time"]), "RFC 3339, UTC"
        assert isinstance(event["data"], dict)
        assert "data_base64" not in event
        for name, value in event.items():
            assert re.fullmatch(r"[a-z0-9]{1,20}", name), f"{name} is no attribute's name"
            if name not in CORE:
                assert isinstance(value, str | int), (
                    f"{name} has a type that no attribute has: null and objects are none"
                )
                assert not isinstance(value, int) or -(2**31) <= value < 2**31, name


def check_envelope_is_canonical(encode: Encode) -> None:
    """The whole structured-mode event is one canonical byte string, its time in UTC, and says what it was told."""
    for envelope in (ENVELOPE, FULL):
        body = encode(envelope)
        assert body == rfc8785.dumps(json.loads(body))
        assert encode(envelopes.decode(body)) == body
        assert envelopes.decode(body) == envelope
        assert json.loads(body)["time"] == "2026-01-05T09:00:00.000000Z"


def test_the_envelope_is_cloudevents() -> None:
    check_is_cloudevents(envelopes.encode)


def test_the_envelope_is_canonical() -> None:
    check_envelope_is_canonical(envelopes.encode)


def test_the_store_may_move_the_time_and_nothing_else() -> None:
    moved = json.loads(envelopes.encode(FULL, "2026-02-01T00:00:00.000000Z"))
    assert moved.pop("time") == "2026-02-01T00:00:00.000000Z"
    before = json.loads(envelopes.encode(FULL))
    del before["time"]
    assert moved == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        envelopes.encode(ENVELOPE)[:-1],
        envelopes.encode(ENVELOPE).replace(b'"actor"', b'"actr"'),
        envelopes.encode(ENVELOPE).replace(b"ann", b"\xff"),
        envelopes.encode(ENVELOPE).replace(b'"version":1', b'"version":"1"'),
        envelopes.encode(ENVELOPE).replace(b'"version":1', b'"surprise":1,"version":1'),
        envelopes.encode(ENVELOPE).replace(b'{"by":1}', b"[1]"),
        envelopes.encode(ENVELOPE).replace(b"2026-01-05", b"yesterday"),
    ],
)
def test_bytes_that_are_no_envelope_are_refused(body: bytes) -> None:
    with pytest.raises(MalformedEvent):
        envelopes.decode(body)


# --- planted faults ---------------------------------------------------------------------------------------------


def spoiled(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Encode:
    """An encoder that changes the envelope before it writes it."""
    return lambda envelope: rfc8785.dumps(change(json.loads(envelopes.encode(envelope))))


@pytest.mark.parametrize(
    "fault",
    [
        spoiled(lambda event: {**event, "causation": event.get("causation")}),
        spoiled(lambda event: {**event, "traceParent": "00-0-0-00"}),
        spoiled(lambda event: {**event, "command_id": "c-1"}),
        spoiled(lambda event: {**event, "time": event["time"].replace("Z", "")}),
        spoiled(lambda event: {**event, "specversion": "1.1"}),
        spoiled(lambda event: {**event, "baggage": {"a": 1}}),
        spoiled(lambda event: {**event, "sequence": 2**40}),
        spoiled(lambda event: {**event, "subject": ""}),
        spoiled(lambda event: {name: value for name, value in event.items() if name != "source"}),
    ],
    ids=["null", "capitals", "underscore", "local-time", "version", "object", "large", "empty", "incomplete"],
)
def test_an_envelope_that_is_none_is_found_out(fault: Encode) -> None:
    with pytest.raises((AssertionError, KeyError)):
        check_is_cloudevents(fault)


@pytest.mark.parametrize(
    "encode",
    [
        msgspec.json.encode,
        lambda envelope: json.dumps(json.loads(envelopes.encode(envelope)), indent=1).encode(),
        lambda envelope: envelopes.encode(envelope, envelope.time.isoformat()),
        lambda envelope: envelopes.encode(msgspec.structs.replace(envelope, traceparent=None)),
    ],
    ids=["as-met", "indented", "zone-kept", "trace-lost"],
)
def test_an_envelope_spelled_otherwise_is_found_out(encode: Encode) -> None:
    with pytest.raises((AssertionError, MalformedEvent)):
        check_envelope_is_canonical(encode)
