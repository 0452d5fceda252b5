"""Spans at a collector are what upstream's encoder would have sent, field by field, whatever they hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from libs.telemetry.otlp_spans import OTLPSpans, encode

if TYPE_CHECKING:
    from tests.telemetry.conftest import Sink

LOCAL = SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(1))
REMOTE = SpanContext(2**128 - 1, 2**64 - 1, is_remote=True, trace_flags=TraceFlags(3))
STATED = SpanContext(3, 4, is_remote=True, trace_flags=TraceFlags(1), trace_state=TraceState([("vendor", "1")]))


@pytest.fixture
def memory() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(memory: InMemorySpanExporter) -> TracerProvider:
    resource = Resource.create({"service.name": "goals", "shape": ("round", "flat")}, "https://example.org/schema")
    provider = TracerProvider(resource=resource, shutdown_on_exit=False, span_limits=SpanLimits(max_span_attributes=8))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    return provider


def record(tracer: trace.Tracer, parent: SpanContext | None = None, **arguments: Any) -> trace.Span:
    """A span that has begun."""
    context = trace.set_span_in_context(trace.NonRecordingSpan(parent)) if parent else trace.Context()
    return tracer.start_span("GET /goals/{goal_id}", context=context, **arguments)


def ours_to(url: str) -> OTLPSpans:
    return OTLPSpans(OTLPSpanExporter(endpoint=url))


def as_upstream(spans: Sequence[ReadableSpan]) -> None:
    """Our message has the fields of upstream's, set or not, and its bytes say the same."""
    ours, theirs = encode(spans), encode_spans(spans)
    assert fields(ours) == fields(theirs)
    assert ours == theirs
    assert ExportTraceServiceRequest.FromString(ours.SerializeToString()) == theirs


def fields(message: Message) -> dict[str, Any]:
    """Every field that is set, by name."""
    return {
        field.name: [fields(one) if isinstance(one, Message) else one for one in value]
        if field.is_repeated
        else (fields(value) if isinstance(value, Message) else value)
        for field, value in message.ListFields()
    }


@pytest.mark.parametrize("kind", list(SpanKind))
@pytest.mark.parametrize("parent", [None, LOCAL, REMOTE, STATED])
def test_kinds_and_parents(
    provider: TracerProvider, memory: InMemorySpanExporter, kind: SpanKind, parent: SpanContext | None
) -> None:
    record(provider.get_tracer("cairn"), parent, kind=kind).end()
    as_upstream(memory.get_finished_spans())


@pytest.mark.parametrize(
    "status", [Status(), Status(StatusCode.OK), Status(StatusCode.ERROR), Status(StatusCode.ERROR, "words")]
)
def test_statuses(provider: TracerProvider, memory: InMemorySpanExporter, status: Status) -> None:
    span = record(provider.get_tracer("cairn"))
    span.set_status(status)
    span.end()
    as_upstream(memory.get_finished_spans())


def test_equal_values_of_other_types_are_not_taken_for_each_other(
    provider: TracerProvider, memory: InMemorySpanExporter
) -> None:
    for value in (1, True, 1.0, "1", 0, False, 0.0, -0.0, ""):
        record(provider.get_tracer("cairn"), attributes={"given": value}).end()
    spans = memory.get_finished_spans()
    as_upstream(spans)
    [scope] = encode(spans).resource_spans[0].scope_spans
    zero = scope.spans[-2].attributes[0].value.double_value
    assert math.copysign(1, zero) == -1


VALUES: st.SearchStrategy[Any] = (
    st.text(st.characters(codec="utf-8"))
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.text("abc", min_size=1), VALUES | st.lists(st.integers(0, 9)), max_size=12)))
def test_attributes_of_any_kind_and_number(
    provider: TracerProvider, memory: InMemorySpanExporter, several: list[dict[str, Any]]
) -> None:
    memory.clear()
    for attributes in several:
        record(provider.get_tracer("cairn"), REMOTE, attributes=attributes).end()
    as_upstream(memory.get_finished_spans())


def test_what_this_code_never_records_arrives_too(provider: TracerProvider, memory: InMemorySpanExporter) -> None:
    tracer = provider.get_tracer("cairn", "2", attributes={"scoped": True})
    record(tracer, attributes={"plain": "before"}).end()
    with trace.use_span(record(tracer, links=[Link(REMOTE, {"why": "batch"})]), end_on_exit=True) as span:
        span.add_event("moved", {"count": 2})
        span.set_attribute("huge", 2**70)
        span.set_attribute("nested", {"a": [1, "b"]})
    record(provider.get_tracer("another", schema_url="https://example.org/other"), attributes={"plain": "after"}).end()
    record(tracer).end()
    as_upstream(memory.get_finished_spans())


def test_nothing_is_a_message_too() -> None:
    as_upstream([])


def test_a_collector_receives_the_same_message(
    provider: TracerProvider, memory: InMemorySpanExporter, sink: Sink
) -> None:
    for status in (200, 404):
        record(provider.get_tracer("cairn"), REMOTE, attributes={"http.response.status_code": status}).end()
    spans = memory.get_finished_spans()
    for exporter in (ours_to(f"{sink.url}/ours"), OTLPSpanExporter(endpoint=f"{sink.url}/theirs")):
        assert exporter.export(spans) is SpanExportResult.SUCCESS
        exporter.shutdown()
    ours, theirs = (ExportTraceServiceRequest.FromString(sink.bodies(path)) for path in ("/ours", "/theirs"))
    assert MessageToDict(ours) == MessageToDict(theirs)
    assert len(ours.resource_spans[0].scope_spans[0].spans) == 2


def test_headers_and_compression_stay_upstreams(
    provider: TracerProvider, memory: InMemorySpanExporter, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip")
    record(provider.get_tracer("cairn")).end()
    exporter = ours_to(f"{sink.url}/v1/traces")
    assert exporter.export(memory.get_finished_spans()) is SpanExportResult.SUCCESS
    exporter.shutdown()
    assert sink.bodies("/v1/traces").startswith(b"\x1f\x8b")


def test_a_refusal_is_a_failure(provider: TracerProvider, memory: InMemorySpanExporter, sink: Sink) -> None:
    record(provider.get_tracer("cairn")).end()
    exporter = ours_to(f"{sink.url}/refused")
    assert exporter.export(memory.get_finished_spans()) is SpanExportResult.FAILURE
    exporter.shutdown()


def test_an_upstream_without_its_client_is_noticed_at_once() -> None:
    """The private part that is used: when an upgrade changes it, this test and every traced start fail."""

    class Upgraded(OTLPSpanExporter):
        """Planted: the client has another name."""

        def __init__(self) -> None:
            super().__init__(endpoint="http://localhost/v1/traces")
            self._sender = self.__dict__.pop("_client")

    with pytest.raises(AttributeError, match="_client"):
        OTLPSpans(Upgraded())
