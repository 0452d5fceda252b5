"""What every app has: health, a description, safe headers, HEAD, a trace, figures and one clean log line a request."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

from libs.telemetry import metrics, tracing
from libs.web.app import Readiness, create_app
from libs.web.edge import Edge
from libs.web.problems import Problem
from tests.web.toy import ID, PLANTED, GoalBody, toy_app

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _ok() -> Readiness:
    return Readiness(ready=True)


def test_alive_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"alive": True, "service": "toy"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "parts": {"goals.tree": {"lag": 0}}})


@pytest.mark.parametrize("ready", [Readiness(ready=False, parts={"store": "unavailable"}), RuntimeError(PLANTED)])
def test_alive_but_not_ready(ready: Readiness | Exception) -> None:
    client = TestClient(toy_app(ready=ready))
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert PLANTED not in answer.text


def test_a_readiness_that_hangs_is_no_readiness(monkeypatch: pytest.MonkeyPatch) -> None:
    from libs.web import app as module

    monkeypatch.setattr(module, "READY_SECONDS", 0.01)

    async def hang() -> Readiness:
        await asyncio.Event().wait()
        raise AssertionError

    client = TestClient(create_app("x", title="x", routers=[], ready=hang))
    assert client.get("/readyz").status_code == 503


def test_a_readiness_known_at_once_need_not_wait() -> None:
    client = TestClient(create_app("x", title="x", routers=[], ready=_ok))
    assert client.get("/readyz").json()["ready"] is True


def test_every_answer_has_the_safe_headers(client: TestClient) -> None:
    for path in ("/healthz", f"/goals/{ID}", "/nowhere", "/raise/bug"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_head_is_get_without_a_body(client: TestClient) -> None:
    get, head = client.get(f"/goals/{ID}"), client.head(f"/goals/{ID}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == get.headers["etag"]
    assert head.headers["content-length"] == str(len(get.content))


def test_the_description_is_openapi_3_1_without_what_is_not_so(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) >= {"/goals", "/goals/{goal_id}", "/goals/{goal_id}/publish"}
    assert "/healthz" not in document["paths"]
    text = json.dumps(document)
    assert "HTTPValidationError" not in text
    assert '"422"' not in text
    create = document["paths"]["/goals"]["post"]
    reference = create["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert reference == "#/components/schemas/GoalBody"
    schema = {**document["components"]["schemas"]["GoalBody"], "components": document["components"]}
    jsonschema.Draft202012Validator.check_schema(schema)
    parameters = {entry["name"]: entry["schema"] for entry in document["paths"]["/goals"]["get"]["parameters"]}
    assert parameters["limit"] | {"title": ""} == {
        "type": "integer",
        "minimum": 1,
        "maximum": 500,
        "default": 50,
        "title": "",
    }
    assert "head" not in document["paths"]["/goals"]


def test_the_description_stays_the_same(client: TestClient) -> None:
    assert client.get("/openapi.json").content == client.get("/openapi.json").content


def test_the_lifespan_runs() -> None:
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager

    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        seen.append("up")
        yield
        seen.append("down")

    with TestClient(create_app("x", title="x", routers=[], ready=_ok, lifespan=lifespan)) as client:
        assert client.get("/healthz").status_code == 200
        assert seen == ["up"]
    assert seen == ["up", "down"]


def test_a_get_with_a_body_is_refused_when_the_app_is_made() -> None:
    from libs.web.route import router

    routes = router()

    async def read(body: GoalBody) -> None:
        """Takes a body."""

    with pytest.raises(ValueError, match="a GET takes no body"):
        routes.add_api_route("/x", read)


# --- what is left behind ----------------------------------------------------------------------------------------


def test_one_log_line_a_request_without_path_or_query(
    client: TestClient, log_lines: Callable[[], list[dict[str, Any]]]
) -> None:
    client.get(f"/goals/{ID}", headers={"traceparent": PARENT, "user-agent": PLANTED})
    client.post("/goals", json={"title": PLANTED})
    client.get("/goals?q=Alice")
    client.get("/Alice/Example")
    client.request("ALICE", "/goals")
    lines = [line for line in log_lines() if line["message"] == "request"]
    read, created, listed, nowhere, odd = lines
    assert read["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert (read["service"], read["method"], read["route"], read["status"]) == ("toy", "GET", "/goals/{goal_id}", 200)
    assert read["duration_ms"] > 0
    assert ID not in json.dumps(lines)
    assert (created["method"], created["route"], created["status"]) == ("POST", "/goals", 201)
    assert (listed["route"], listed["status"]) == ("/goals", 200)
    assert (nowhere["route"], nowhere["status"]) == ("unmatched", 404)
    assert (odd["method"], odd["status"]) == ("OTHER", 405)
    assert len({line["trace_id"] for line in lines}) == 5


def test_health_is_not_worth_a_line(client: TestClient, log_lines: Callable[[], list[dict[str, Any]]]) -> None:
    client.get("/healthz")
    assert [line["level"] for line in log_lines() if line["message"] == "request"] == ["debug"]


@pytest.fixture
def recorded() -> Any:
    """Spans and figures in memory."""
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use_tracer(provider.get_tracer("test"))
    metrics.use_meter(MeterProvider([reader], shutdown_on_exit=False).get_meter("test"))
    yield exporter, reader
    tracing.use_tracer(None)
    metrics.use_meter(None)


def test_a_request_continues_its_trace_and_says_nothing_personal(client: TestClient, recorded: Any) -> None:
    exporter, reader = recorded
    client.get(f"/goals/{ID}", headers={"traceparent": PARENT})
    client.get("/goals?q=Alice", headers={"traceparent": "00-garbage"})
    client.get("/raise/bug")
    read, listed, failed = exporter.get_finished_spans()
    assert read.name == "GET /goals/{goal_id}"
    assert f"{read.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert read.kind is tracing.SpanKind.SERVER
    assert dict(read.attributes) == {
        "http.request.method": "GET",
        "http.route": "/goals/{goal_id}",
        "http.response.status_code": 200,
    }
    assert listed.parent is None
    assert failed.attributes["http.response.status_code"] == 500
    told = "".join(span.to_json() for span in (read, listed, failed))
    assert "Alice" not in told
    assert ID not in told
    data = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
    (duration,) = data
    routes = {point.attributes["http.route"] for point in duration.data.data_points}
    assert routes == {"/goals/{goal_id}", "/goals", "/raise/{name}"}


async def test_a_client_that_leaves_while_it_sends_leaves_one_line(
    log_lines: Callable[[], list[dict[str, Any]]],
) -> None:
    app = toy_app()
    messages = [
        {"type": "http.request", "body": b'{"title": ', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        raise AssertionError("nobody is there to be answered")

    headers = [(b"content-type", b"application/json"), (b"content-length", b"50")]
    scope = {"type": "http", "method": "POST", "path": "/goals", "raw_path": b"/goals", "query_string": b""}
    await app(scope | {"headers": headers, "root_path": "", "http_version": "1.1"}, receive, send)
    assert app.state.seen == []
    (line,) = [line for line in log_lines() if line["message"] == "request"]
    assert line["status"] == 499


def test_an_answer_that_breaks_midway_is_broken_off(port: int, log_lines: Callable[[], list[dict[str, Any]]]) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /broken-stream HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 200")
    assert received.endswith(b"begun")
    assert b"Alice" not in received
    (failed,) = [line for line in log_lines() if line["level"] == "error"]
    assert failed["error"]["type"] == "RuntimeError"


async def _through_edge(app: Any, **more: Any) -> list[Any]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await Edge(app, "gateway")({"type": "http", "method": "GET", "path": "/x", "headers": [], **more}, receive, send)
    return sent


async def test_around_any_app_a_problem_that_gets_out_is_answered_and_no_fault(
    log_lines: Callable[[], list[dict[str, Any]]],
) -> None:
    async def refuses(scope: Any, receive: Any, send: Any) -> None:
        scope["cairn.route"] = "/api/v1/goals"
        raise Problem(429, "quota_exceeded", "Wait.")

    sent = await _through_edge(refuses)
    assert sent[0]["status"] == 429
    (line,) = log_lines()
    assert (line["route"], line["status"], line["level"]) == ("/api/v1/goals", 429, "info")


async def test_headers_that_an_app_sets_itself_are_kept() -> None:
    async def cached(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"cache-control", b"max-age=60")]})
        await send({"type": "http.response.body", "body": b""})

    sent = await _through_edge(cached)
    assert [value for name, value in sent[0]["headers"] if name == b"cache-control"] == [b"max-age=60"]


async def test_two_traceparents_are_none() -> None:
    seen: list[str | None] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(tracing.current_traceparent())

    await _through_edge(app, headers=[(b"traceparent", PARENT.encode())] * 2)
    await _through_edge(app, headers=[(b"traceparent", b"\xff\xfe")])
    assert all(found is not None and found.split("-")[1] not in PARENT for found in seen)
