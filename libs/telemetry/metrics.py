"""The figures of an event's trip: append latency, batch size, lag, parked keys, requests; nothing when not asked for.

Attributes are names of ours (service, projection, topic, route template): never a tenant, a person or a path.
"""

from __future__ import annotations

from dataclasses import dataclass

from opentelemetry.metrics import Histogram, Meter
from opentelemetry.metrics import _Gauge as Gauge

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_EVENTS = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0)


@dataclass(frozen=True, slots=True)
class _Instruments:
    append: Histogram
    batch: Histogram
    lag_events: Gauge
    parked: Gauge
    parked_first: Gauge
    request: Histogram


_instruments: _Instruments | None = None


def use_meter(meter: Meter | None) -> None:
    """Records figures with this meter from now on, or (None) records nothing."""
    global _instruments
    _instruments = None if meter is None else _instruments_of(meter)


def record_append(service: str, seconds: float) -> None:
    """How long one caller waited until its append was durable."""
    if _instruments is not None:
        _instruments.append.record(seconds, {"service": service})


def record_batch(projection: str, events: int) -> None:
    """How many events one commit of a projection carried."""
    if _instruments is not None:
        _instruments.batch.record(events, {"projection": projection})


def set_lag(projection: str, topic: str, events: int) -> None:
    """How many events a projection is behind a topic's end."""
    if _instruments is not None:
        _instruments.lag_events.set(events, {"projection": projection, "topic": topic})


def set_parked(projection: str, topic: str, count: int, first: int) -> None:
    """How many ordering keys of a projection are parked at events of a topic; the first such sequence, 0 for none."""
    if _instruments is not None:
        attributes = {"projection": projection, "topic": topic}
        _instruments.parked.set(count, attributes)
        _instruments.parked_first.set(first, attributes)


def record_request(service: str, method: str, route: str, status: int, seconds: float) -> None:
    """One answered request; `route` is the template (`/goals/{goal_id}`), never the path."""
    if _instruments is not None:
        attributes: dict[str, str | int] = {
            "service": service,
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
        }
        _instruments.request.record(seconds, attributes)


def _instruments_of(meter: Meter) -> _Instruments:
    return _Instruments(
        append=meter.create_histogram(
            "cairn.append_seconds", "s", "Time until an append is durable", explicit_bucket_boundaries_advisory=_SECONDS
        ),
        batch=meter.create_histogram(
            "cairn.batch_events",
            "{event}",
            "Events that one commit of a projection carries",
            explicit_bucket_boundaries_advisory=_EVENTS,
        ),
        lag_events=meter.create_gauge("cairn.lag_events", "{event}", "Events a projection has still to apply"),
        parked=meter.create_gauge("cairn.parked_keys", "{key}", "Ordering keys that wait for a repair"),
        parked_first=meter.create_gauge(
            "cairn.parked_first_sequence", "1", "The first event that a parked key waits at, 0 when none is parked"
        ),
        request=meter.create_histogram(
            "http.server.request.duration",
            "s",
            "Duration of HTTP requests",
            explicit_bucket_boundaries_advisory=_SECONDS,
        ),
    )
