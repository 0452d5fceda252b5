"""Silent unless `OTEL_*` says so; then everything arrives at a collector, also when the process ends at once."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from libs.telemetry import metrics, tracing
from libs.telemetry.setup import configure

if TYPE_CHECKING:
    from tests.telemetry.conftest import Sink

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _work() -> None:
    with tracing.span("append-one", parent=PARENT):
        metrics.record_append("goals", 0.25)


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"OTEL_SERVICE_NAME": "goals"},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "<sink>"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "<sink>"},
        {"OTEL_SDK_DISABLED": " TRUE ", "OTEL_TRACES_EXPORTER": "console"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "<sink>", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
)
def test_not_asked_nothing_is_sent(env: dict[str, str], sink: Sink, capfd: pytest.CaptureFixture[str]) -> None:
    telemetry = configure("goals", {name: value.replace("<sink>", sink.url) for name, value in env.items()})
    _work()
    telemetry.shutdown()
    assert sink.received == []
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("suffix", ["", "/"])
def test_an_endpoint_is_enough_and_shutdown_flushes(sink: Sink, suffix: str) -> None:
    telemetry = configure("goals-under-test", {"OTEL_EXPORTER_OTLP_ENDPOINT": sink.url + suffix})
    _work()
    telemetry.shutdown()
    traces, figures = sink.bodies("/v1/traces"), sink.bodies("/v1/metrics")
    assert b"append-one" in traces
    assert b"goals-under-test" in traces
    assert bytes.fromhex("0af7651916cd43dd8448eb211c80319c") in traces
    assert b"cairn.append_seconds" in figures


def test_one_signal_may_be_asked_for_alone(sink: Sink) -> None:
    telemetry = configure("goals", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{sink.url}/deep/traces"})
    _work()
    telemetry.shutdown()
    assert {path for path, _ in sink.received} == {"/deep/traces"}


def test_after_shutdown_nothing_more_is_recorded(sink: Sink) -> None:
    telemetry = configure("goals", {"OTEL_EXPORTER_OTLP_ENDPOINT": sink.url})
    telemetry.shutdown()
    before = len(sink.received)
    _work()
    assert len(sink.received) == before
    with tracing.span("request") as after:
        assert not after.is_recording()


def test_the_console_is_an_exporter_too() -> None:
    program = (
        "import os; from libs.telemetry import tracing; from libs.telemetry.setup import configure\n"
        "telemetry = configure('goals', os.environ)\n"
        "with tracing.span('append-one'): pass\n"
        "telemetry.shutdown()"
    )
    env = {"OTEL_TRACES_EXPORTER": "console"}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert "append-one" in done.stdout


def test_an_unknown_exporter_is_warned_about_and_ignored(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        configure("goals", {"OTEL_TRACES_EXPORTER": "jaeger"})
    with tracing.span("request") as one:
        assert not one.is_recording()
    assert len(caplog.records) == 1


def test_a_sink_that_never_answers_does_not_keep_the_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        telemetry = configure("goals", {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{deaf.getsockname()[1]}"})
        _work()
        started = time.monotonic()
        telemetry.shutdown(seconds=0.5)
        assert time.monotonic() - started < 5


def test_a_sink_that_is_not_there_does_not_keep_the_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    telemetry = configure("goals", {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}"})
    _work()
    started = time.monotonic()
    telemetry.shutdown(seconds=0.5)
    assert time.monotonic() - started < 5


def test_the_sampler_is_upstreams(sink: Sink) -> None:
    program = (
        "import os; from libs.telemetry import tracing; from libs.telemetry.setup import configure\n"
        "telemetry = configure('goals', os.environ)\n"
        "with tracing.span('never-sampled') as one: print(one.is_recording())\n"
        "telemetry.shutdown()"
    )
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": sink.url, "OTEL_TRACES_SAMPLER": "always_off"}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    assert sink.bodies("/v1/traces") == b""


def test_not_asked_the_sdk_is_not_even_imported() -> None:
    program = (
        "import sys; from libs.telemetry.setup import configure\n"
        "configure('goals', {})\n"
        "print(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], env={}, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
