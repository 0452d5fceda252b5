"""A local OTLP sink: takes spans over HTTP as protobuf and counts them; `GET /` answers with the counts by name."""

from __future__ import annotations

import json
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

_ACCEPTED = ExportTraceServiceResponse().SerializeToString()


class Sink(BaseHTTPRequestHandler):
    """One exporter's connection."""

    protocol_version = "HTTP/1.1"
    spans: ClassVar[Counter[str]] = Counter()

    def do_POST(self) -> None:
        """An export."""
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path != "/v1/traces":
            self.send_error(404)
            return
        request = ExportTraceServiceRequest.FromString(body)
        self.spans.update(
            span.name for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans
        )
        self._answer(_ACCEPTED, "application/x-protobuf")

    def do_GET(self) -> None:
        """The counts."""
        self._answer(json.dumps(self.spans).encode(), "application/json")

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""

    def _answer(self, body: bytes, media_type: str) -> None:
        self.send_response(200)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    print(f"at http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
