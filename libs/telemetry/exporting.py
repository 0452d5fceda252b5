"""The OpenTelemetry SDK: providers, batching and exporters; imported only when the environment asks for them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import Tracer

from libs.telemetry.otlp_spans import OTLPSpans

_SCOPE = "cairn"


@dataclass(frozen=True, slots=True)
class Sink:
    """Where one signal goes: `otlp` with its full URL (None: upstream's default), or `console`."""

    exporter: str
    endpoint: str | None = None


class Exporting:
    """Running providers and exporters; `close` is the only way to end them."""

    def __init__(self, service: str, traces: Sequence[Sink], metrics: Sequence[Sink]) -> None:
        resource = Resource.create({SERVICE_NAME: service})
        self._spans = [_span_exporter(sink) for sink in traces]
        self._figures = [_metric_exporter(sink) for sink in metrics]
        self._tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        for exporter in self._spans:
            self._tracers.add_span_processor(BatchSpanProcessor(exporter))
        readers = [PeriodicExportingMetricReader(exporter) for exporter in self._figures]
        self._meters = MeterProvider(metric_readers=readers, resource=resource, shutdown_on_exit=False)

    @property
    def tracer(self) -> Tracer | None:
        """None when no sink takes traces."""
        return self._tracers.get_tracer(_SCOPE) if self._spans else None

    @property
    def meter(self) -> Meter | None:
        """None when no sink takes metrics."""
        return self._meters.get_meter(_SCOPE) if self._figures else None

    def close(self, seconds: float) -> None:
        """Sends what is buffered, for at most about `seconds`, and ends the background threads. Blocks."""
        flushing = threading.Thread(target=self._flush, name="telemetry-shutdown", daemon=True)
        flushing.start()
        flushing.join(seconds)
        if flushing.is_alive():
            # A sink that does not answer is retried for half a minute: too long to keep a process from ending.
            for span_exporter in self._spans:
                span_exporter.shutdown()
            for metric_exporter in self._figures:
                metric_exporter.shutdown()
            flushing.join(1.0)

    def _flush(self) -> None:
        self._tracers.shutdown()
        self._meters.shutdown()


def _span_exporter(sink: Sink) -> SpanExporter:
    return OTLPSpans(OTLPSpanExporter(endpoint=sink.endpoint)) if sink.exporter == "otlp" else ConsoleSpanExporter()


def _metric_exporter(sink: Sink) -> MetricExporter:
    return OTLPMetricExporter(endpoint=sink.endpoint) if sink.exporter == "otlp" else ConsoleMetricExporter()
