"""A trace id always, a recording only when asked for."""

from __future__ import annotations

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from libs.telemetry.tracing import SpanKind, current_ids, current_traceparent, is_sampled, span, traceparent_of

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
INVALID = [
    "",
    "garbage",
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n",
    "00-٠af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
]


@pytest.mark.parametrize("recording", [False, True])
@pytest.mark.parametrize("parent", INVALID)
def test_an_invalid_parent_is_ignored(parent: str, recording: bool, request: pytest.FixtureRequest) -> None:
    if recording:
        request.getfixturevalue("spans")
    with span("request", parent=parent, kind=SpanKind.SERVER):
        mine = current_traceparent()
    assert mine is not None
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]", mine)
    assert "0af7651916cd43dd8448eb211c80319c" not in mine


@given(st.text())
def test_no_text_at_all_breaks_a_span(parent: str) -> None:
    with span("request", parent=parent):
        assert current_traceparent() is not None


def test_outside_any_span_there_is_no_context() -> None:
    assert current_traceparent() is None
    assert current_ids() is None


def test_when_off_a_request_still_has_a_trace_id_that_nobody_sampled() -> None:
    with span("one", kind=SpanKind.SERVER) as one:
        first = current_traceparent()
        assert not one.is_recording()
        with span("inside"):
            assert current_traceparent() == first
    with span("two", kind=SpanKind.SERVER):
        second = current_traceparent()
    assert first is not None
    assert second is not None
    assert first.endswith("-00")
    assert first.split("-")[1] != second.split("-")[1]
    assert current_traceparent() is None


def test_when_off_a_valid_parent_is_handed_on_unchanged() -> None:
    with span("request", parent=PARENT, kind=SpanKind.SERVER) as one:
        assert traceparent_of(one) == PARENT
        assert current_ids() == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


def test_a_later_version_of_the_header_is_read_as_far_as_it_is_known() -> None:
    with span("request", parent="01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more"):
        assert current_ids() == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


def test_a_recorded_request_continues_its_parent_and_its_children_continue_it(spans: InMemorySpanExporter) -> None:
    attributes = {"http.route": "/goals"}
    with span("GET /goals", parent=PARENT, kind=SpanKind.SERVER, attributes=attributes), span("append"):
        envelope = current_traceparent()
    append, request = spans.get_finished_spans()
    assert (request.name, request.kind, dict(request.attributes or {})) == ("GET /goals", SpanKind.SERVER, attributes)
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == "b7ad6b7169203331"
    assert append.parent is not None
    assert append.parent.span_id == request.context.span_id
    assert envelope == f"00-0af7651916cd43dd8448eb211c80319c-{append.context.span_id:016x}-01"


@pytest.mark.parametrize(("given_flags", "kept"), [("00", "00"), ("01", "01"), ("03", "03"), ("ff", "03")])
def test_unknown_flags_are_not_handed_on(given_flags: str, kept: str) -> None:
    with span("request", parent=f"{PARENT[:-2]}{given_flags}"):
        assert current_traceparent() == f"{PARENT[:-2]}{kept}"


def test_a_failure_leaves_its_type_and_never_its_words(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="Alice"), span("append"):
        raise ValueError("Alice Example is ill")
    (failed,) = spans.get_finished_spans()
    assert failed.status.status_code is StatusCode.ERROR
    assert dict(failed.attributes or {}) == {"error.type": "ValueError"}
    assert "Alice" not in failed.to_json()
    assert not failed.events


async def test_a_cancelled_request_is_no_failure(spans: InMemorySpanExporter) -> None:
    inside = asyncio.Event()

    async def request() -> None:
        with span("request", kind=SpanKind.SERVER):
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(request())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (cancelled,) = spans.get_finished_spans()
    assert cancelled.status.status_code is StatusCode.UNSET


def test_a_server_span_has_no_parent_in_the_context_it_was_started_in(spans: InMemorySpanExporter) -> None:
    with span("start the server"), span("request", kind=SpanKind.SERVER):
        pass
    request, _ = spans.get_finished_spans()
    assert request.parent is None


async def test_requests_side_by_side_do_not_see_each_other() -> None:
    async def request() -> str | None:
        with span("request", kind=SpanKind.SERVER):
            await asyncio.sleep(0)
            first = current_traceparent()
            await asyncio.sleep(0)
            assert current_traceparent() == first
            return first

    seen = await asyncio.gather(*(request() for _ in range(20)))
    assert len(set(seen)) == 20


def test_an_event_is_worth_a_span_only_when_both_ends_record(spans: InMemorySpanExporter) -> None:
    assert is_sampled(PARENT)
    assert not is_sampled(f"{PARENT[:-2]}00")
    assert not is_sampled(None)
    assert not is_sampled("garbage")


def test_when_off_no_event_is_worth_a_span() -> None:
    assert not is_sampled(PARENT)
