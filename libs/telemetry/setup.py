"""Switches traces and metrics on when the `OTEL_*` environment asks for them; called once, by a process's wiring."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from libs.telemetry import metrics, tracing

if TYPE_CHECKING:
    from libs.telemetry.exporting import Exporting

_log = logging.getLogger(__name__)
_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"


@dataclass(frozen=True)
class Telemetry:
    """What `configure` switched on; `shutdown` ends it before the process ends."""

    _exporting: Exporting | None = None

    def shutdown(self, seconds: float = 5.0) -> None:
        """Records nothing more and sends what is still buffered, for at most about `seconds`. Blocks."""
        tracing.use_tracer(None)
        metrics.use_meter(None)
        if self._exporting is not None:
            self._exporting.close(seconds)


def configure(service: str, env: Mapping[str, str]) -> Telemetry:
    """Reads `OTEL_*` from `env` and switches on what is asked for, replacing what an earlier call switched on.

    Traces (metrics alike) are sent when `OTEL_TRACES_EXPORTER` names `otlp` or `console`, or, that being unset, when
    `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set; never when `OTEL_SDK_DISABLED` is
    `true`. Sampler, headers, timeouts, batch sizes and resource attributes are read from the process environment as
    upstream defines them. A setting that is not known here is warned about and ignored, as upstream asks.
    """
    tracing.use_tracer(None)
    metrics.use_meter(None)
    traced, measured = _exporters(env, "TRACES"), _exporters(env, "METRICS")
    if env.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or not (traced or measured):
        return Telemetry()
    # The SDK and its exporters take a fifth of a second to import, which nobody pays who does not use them.
    from libs.telemetry.exporting import Exporting, Sink

    exporting = Exporting(
        env.get("OTEL_SERVICE_NAME") or service,
        [Sink(name, _endpoint(env, "TRACES")) for name in traced],
        [Sink(name, _endpoint(env, "METRICS")) for name in measured],
    )
    tracing.use_tracer(exporting.tracer)
    metrics.use_meter(exporting.meter)
    return Telemetry(exporting)


def _exporters(env: Mapping[str, str], signal: str) -> list[str]:
    asked = env.get(f"OTEL_{signal}_EXPORTER", "").strip().lower()
    if not asked:
        asked = "otlp" if _endpoint(env, signal) else "none"
    names: list[str] = []
    for name in dict.fromkeys(part.strip() for part in asked.split(",")):
        if name == "console" or (name == "otlp" and _speaks_http(env, signal)):
            names.append(name)
        elif name not in ("none", "otlp", ""):
            _log.warning("OTEL_TRACES_EXPORTER and OTEL_METRICS_EXPORTER take otlp, console, none: the rest is ignored")
    return names


def _speaks_http(env: Mapping[str, str], signal: str) -> bool:
    protocol = env.get(f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL") or env.get(_PROTOCOL)
    if protocol in (None, "", "http/protobuf"):
        return True
    _log.warning("OTEL_EXPORTER_OTLP_PROTOCOL is not http/protobuf, the only one spoken here: nothing is sent by it")
    return False


def _endpoint(env: Mapping[str, str], signal: str) -> str | None:
    exact = env.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")
    base = env.get(_ENDPOINT)
    return exact or (f"{base.rstrip('/')}/v1/{signal.lower()}" if base else None)
