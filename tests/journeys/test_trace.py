"""One check-in seen from outside: its trace leads from the request over the event to the row, and logs name it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.otlp import Sink, receiving
from tests.product import Product, eventually, start

TRACE = "0af7651916cd43dd8448eb211c80319c"
CLIENT = f"00-{TRACE}-b7ad6b7169203331-01"
WORDS = "Telling Noor about the Lisbon contract"


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with receiving() as server:
        yield server


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Product]:
    with start(tmp_path_factory.mktemp("traced"), **sink.settings) as product:
        yield product


def check_in(product: Product, **headers: str) -> None:
    """A goal and one check-in with words in it, which is what `headers` go with."""
    sam = product.person("sam@acme.example")
    with product.client(product.issue(sam)) as client:
        goal = client.post("/goals", json={"title": WORDS, "kind": "objective", "owner_id": sam}).raise_for_status()
        body = {"progress": 0.25, "status": "on_track", "note": WORDS}
        client.post(f"/goals/{goal.json()['id']}/check-ins", json=body, headers=headers).raise_for_status()


def lineage(spans: dict[bytes, Span], last: Span) -> list[str]:
    """The names from a span up to the client's own."""
    names = [last.name]
    while last.parent_span_id in spans:
        last = spans[last.parent_span_id]
        names.append(last.name)
    assert last.parent_span_id.hex() == CLIENT.split("-")[2]
    return names


def test_a_check_in_is_followed_from_the_request_over_the_event_to_the_row(traced: Product, sink: Sink) -> None:
    check_in(traced, traceparent=CLIENT)

    def applied() -> list[Span]:
        return [span for span in sink.of_trace(TRACE).values() if span.name == "goals.goals apply"]

    [row] = eventually(applied, "the row's span arrives")
    route = "POST /goals/{goal_id}/check-ins"
    eventually(lambda: any(span.name == route for span in sink.of_trace(TRACE).values()), "the request's span arrives")
    # One span for the request: gateway and service are one process here, and no hop lies between them.
    assert lineage(sink.of_trace(TRACE), row) == ["goals.goals apply", "goals append", route]


def test_the_stored_event_carries_the_context(traced: Product) -> None:
    stored = traced.rows("goals", "SELECT state FROM stored_events WHERE topic = 'goals.check-in-recorded.v2'")
    assert any(json.loads(body)["traceparent"].split("-")[1] == TRACE for (body,) in stored)


def test_metrics_of_the_kernel_arrive(traced: Product, sink: Sink) -> None:
    names = (b"cairn.append_seconds", b"cairn.batch_events", b"cairn.lag_events", b"cairn.parked_keys")
    eventually(lambda: all(name in sink.metrics for name in names), f"metrics {names}")


def test_no_personal_text_leaves_by_telemetry_or_logs(traced: Product, sink: Sink) -> None:
    log = traced.log.read_bytes()
    assert TRACE.encode() in log, "the log names the trace"
    for text in ("Noor", "Lisbon", "sam@acme.example"):
        assert text.encode() not in log
        assert text.encode() not in sink.metrics
        assert all(text.encode() not in span.SerializeToString() for span in sink.spans)


def test_without_otel_nothing_is_sent_but_logs_still_name_a_trace(tmp_path: Path, sink: Sink) -> None:
    before = len(sink.spans)
    with start(tmp_path) as product:
        check_in(product)
        lines = [json.loads(line) for line in product.log.read_text().splitlines() if line.startswith("{")]
        product.stop()
    assert len(sink.spans) == before
    assert all(len(line["trace_id"]) == 32 for line in lines if line["message"] == "request")
