"""A receiver of traces and metrics, as a product sends them when `OTEL_*` says so: keeps spans and the last figures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Sink(ThreadingHTTPServer):
    """An OTLP receiver that keeps every span, every byte of metrics, and the last value of each gauge."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.spans: list[Span] = []
        self.metrics = b""
        self.gauges: dict[tuple[str, str, str], float] = {}
        """By name, projection and topic."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def settings(self) -> dict[str, str]:
        """What makes a product send its traces and metrics here, at once."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_METRIC_EXPORT_INTERVAL": "200",
        }

    def of_trace(self, trace: str) -> dict[bytes, Span]:
        return {span.span_id: span for span in list(self.spans) if span.trace_id.hex() == trace}

    def measured(self, body: bytes) -> None:
        """One export of metrics."""
        self.metrics += body
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            for metric in (one for scope in resource.scope_metrics for one in scope.metrics):
                for point in metric.gauge.data_points:
                    of = {one.key: one.value.string_value for one in point.attributes}
                    value = point.as_double if point.HasField("as_double") else float(point.as_int)
                    self.gauges[metric.name, of.get("projection", ""), of.get("topic", "")] = value


class Receiver(BaseHTTPRequestHandler):
    """One export."""

    server: Sink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    self.server.spans.extend(scope.spans)
        elif self.path == "/v1/metrics":
            self.server.measured(body)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def receiving() -> Iterator[Sink]:
    """A receiver, until the block ends."""
    with Sink() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
