"""The figures: free when off, and without anything that names a person or a tenant."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from libs.telemetry import metrics


def _record_all() -> None:
    metrics.record_append("goals", 0.004)
    metrics.record_batch("goals.tree", 500)
    metrics.set_lag("goals.tree", "goals.events", 17)
    metrics.set_parked("goals.tree", "goals.events", 2, 17)
    metrics.record_request("goals", "GET", "/goals/{goal_id}", 200, 0.01)


@pytest.fixture
def reader() -> InMemoryMetricReader:
    memory = InMemoryMetricReader()
    metrics.use_meter(MeterProvider([memory], shutdown_on_exit=False).get_meter("test"))
    return memory


def _points(reader: InMemoryMetricReader) -> dict[str, Any]:
    data = reader.get_metrics_data()
    assert data is not None
    found = data.resource_metrics[0].scope_metrics[0].metrics
    return {metric.name: metric.data.data_points[0] for metric in found}


def test_when_off_nothing_happens() -> None:
    _record_all()


def test_every_figure_is_recorded_with_names_of_ours(reader: InMemoryMetricReader) -> None:
    _record_all()
    points = _points(reader)
    assert points["cairn.append_seconds"].sum == 0.004
    assert points["cairn.batch_events"].sum == 500
    assert points["cairn.lag_events"].value == 17
    assert points["cairn.parked_keys"].value == 2
    assert points["cairn.parked_first_sequence"].value == 17
    assert points["http.server.request.duration"].attributes == {
        "service": "goals",
        "http.request.method": "GET",
        "http.route": "/goals/{goal_id}",
        "http.response.status_code": 200,
    }
    assert all("tenant" not in point.attributes for point in points.values())


def test_a_lag_is_replaced(reader: InMemoryMetricReader) -> None:
    metrics.set_lag("goals.tree", "goals.events", 17)
    metrics.set_lag("goals.tree", "goals.events", 0)
    assert _points(reader)["cairn.lag_events"].value == 0
