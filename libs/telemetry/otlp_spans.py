"""Recorded spans on their way to a collector: OTLP encoded as upstream does, at a fraction of its processor time.

Only the encoding is done here. Endpoint, headers, TLS, compression and retries stay upstream's, whose client gets
the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, SpanFlags, Status
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, StatusCode

_KINDS = {kind: Span.SpanKind.Value(f"SPAN_KIND_{kind.name}") for kind in SpanKind}
_STATUS = {code: Status(code=Status.StatusCode.Value(f"STATUS_CODE_{code.name}")) for code in StatusCode}
_LOCAL = int(SpanFlags.SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK)
_REMOTE = _LOCAL | int(SpanFlags.SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK)
_VALUES: Mapping[type, Callable[[Any], AnyValue]] = {
    str: lambda value: AnyValue(string_value=value),
    bool: lambda value: AnyValue(bool_value=value),
    int: lambda value: AnyValue(int_value=value),
}
_REMEMBERED = 4096


class OTLPSpans(SpanExporter):
    """Sends spans to a collector the way that `upstream` would."""

    def __init__(self, upstream: OTLPSpanExporter) -> None:
        self._upstream = upstream
        # The one private thing that is used. Looked up at once: a version without it must not start and lose spans.
        self._send = upstream._client.export

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Sends one batch, retrying for as long as upstream does. Blocks."""
        sent = self._send(encode(spans).SerializeToString())
        return SpanExportResult.SUCCESS if sent.success else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Gives up what is being retried."""
        self._upstream.shutdown()  # type: ignore[no-untyped-call]

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """True: nothing is kept here."""
        return True


def encode(spans: Sequence[ReadableSpan]) -> ExportTraceServiceRequest:
    """The message that upstream's encoder gives for the same spans."""
    message = ExportTraceServiceRequest()
    frames: dict[int, ResourceSpans] = {}
    places: dict[tuple[int, int], ScopeSpans] = {}
    for span in spans:
        # By identity: a provider has one of each, and upstream's resources are dumped as JSON to be hashed.
        resource, scope = id(span.resource), id(span.instrumentation_scope)
        if (place := places.get((resource, scope))) is None:
            alone = _alone(span)
            if (frame := frames.get(resource)) is None:
                frames[resource] = frame = message.resource_spans.add(
                    resource=alone.resource, schema_url=alone.schema_url
                )
            [only] = alone.scope_spans
            place = frame.scope_spans.add(scope=only.scope, schema_url=only.schema_url)
            places[resource, scope] = place
        if not _add(place, span):
            place.spans.extend(_alone(span).scope_spans[0].spans)
    return message


def _alone(span: ReadableSpan) -> ResourceSpans:
    """A span as upstream encodes it, whatever it holds."""
    alone: ResourceSpans = encode_spans([span]).resource_spans[0]
    return alone


def _add(place: ScopeSpans, span: ReadableSpan) -> bool:
    """Adds a span such as this code records; False when it holds more than ids, times and plain attributes."""
    context, parent, status = span.context, span.parent, span.status
    if span.events or span.links or context.trace_state or status.description or span.dropped_attributes:
        return False
    given: Mapping[str, Hashable] = span.attributes or {}
    try:
        attributes = [_attribute(name, type(value), value) for name, value in given.items()]
    except (KeyError, TypeError, ValueError):
        return False
    place.spans.add(
        trace_id=context.trace_id.to_bytes(16, "big"),
        span_id=context.span_id.to_bytes(8, "big"),
        parent_span_id=parent.span_id.to_bytes(8, "big") if parent is not None else None,
        name=span.name,
        kind=_KINDS[span.kind],
        start_time_unix_nano=span.start_time,
        end_time_unix_nano=span.end_time,
        attributes=attributes,
        status=_STATUS[status.status_code],
        flags=_REMOTE if parent is not None and parent.is_remote else _LOCAL,
    )
    return True


# The type is part of the key because 1 == True; floats are left out because 0.0 == -0.0.
@lru_cache(_REMEMBERED)
def _attribute(name: str, kind: type, value: Hashable) -> KeyValue:
    return KeyValue(key=name, value=_VALUES[kind](value))
