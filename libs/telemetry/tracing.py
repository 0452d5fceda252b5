"""The W3C trace context that a request hands to its event, and the event to its row; recorded only when asked for.

Without a tracer, spans record nothing and cost next to nothing, but every request still has a trace id, so that logs
and envelopes can be joined.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import Token
from types import TracebackType

from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags, Tracer

__all__ = [
    "Attribute",
    "Span",
    "SpanKind",
    "current_ids",
    "current_span",
    "current_traceparent",
    "has_attribute",
    "is_sampled",
    "span",
    "traceparent_of",
    "use_tracer",
]

Attribute = str | int | float | bool
"""Attributes of a span are ids, names of ours and numbers: never a person's text, never a query string."""

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_ZERO_TRACE, _ZERO_SPAN = "0" * 32, "0" * 16
_KNOWN_FLAGS = 0x03  # sampled, random: a flag whose meaning is unknown must not be handed on

_tracer: Tracer | None = None


def use_tracer(tracer: Tracer | None) -> None:
    """Records spans with this tracer from now on, or (None) records nothing."""
    global _tracer
    _tracer = tracer


def span(
    name: str,
    *,
    parent: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, Attribute] | None = None,
) -> AbstractContextManager[Span]:
    """A span around a `with` block. `parent` is a W3C traceparent; an invalid one is ignored.

    Without a valid `parent` it continues the current span, except for SERVER spans, which then begin a new trace.
    An exception marks the span with its type, never with its message.
    """
    return _Scope(name, parent, kind, attributes)


def current_span() -> Span:
    """The current span; one that records nothing outside any."""
    return trace.get_current_span()


def has_attribute(span: Span, name: str) -> bool:
    """Whether a recording span was given this attribute."""
    return name in (getattr(span, "attributes", None) or ())


def current_traceparent() -> str | None:
    """The traceparent of the current span, None outside any."""
    return traceparent_of(trace.get_current_span())


def traceparent_of(span: Span) -> str | None:
    """A span's context as `00-<trace id>-<span id>-<flags>`, None when it has no valid one."""
    context = span.get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def is_sampled(traceparent: str | None) -> bool:
    """Whether a span with this parent is worth making: one records here, and the parent was recorded."""
    if _tracer is None or traceparent is None:
        return False
    context = _parse(traceparent)
    return context is not None and context.trace_flags.sampled


def current_ids() -> tuple[str, str] | None:
    """Trace id and span id (hex) of the current span, None outside any."""
    context = trace.get_current_span().get_span_context()
    return (f"{context.trace_id:032x}", f"{context.span_id:016x}") if context.is_valid else None


class _Scope(AbstractContextManager[Span]):
    __slots__ = ("_arguments", "_span", "_token")

    def __init__(
        self, name: str, parent: str | None, kind: SpanKind, attributes: Mapping[str, Attribute] | None
    ) -> None:
        self._arguments = (name, parent, kind, attributes)
        self._token: Token[Context] | None = None

    def __enter__(self) -> Span:
        name, parent, kind, attributes = self._arguments
        remote = _parse(parent) if parent else None
        if _tracer is None:
            self._span = _unrecorded(remote, kind)
            if self._span is trace.get_current_span():
                return self._span
        else:
            self._span = _tracer.start_span(
                name,
                context=_context(remote, kind),
                kind=kind,
                attributes=attributes,
                record_exception=False,
                set_status_on_exception=False,
            )
        self._token = otel.attach(trace.set_span_in_context(self._span))
        return self._span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._token is None:
            return
        otel.detach(self._token)
        # Cancellation is how a request or a worker is stopped, not a failure of the work.
        if isinstance(error, Exception):
            self._span.set_attribute("error.type", type(error).__qualname__)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


def _context(remote: SpanContext | None, kind: SpanKind) -> Context | None:
    if remote is not None:
        return trace.set_span_in_context(NonRecordingSpan(remote))
    # A server's requests inherit the context in which the server was started: that is nobody's parent.
    return Context() if kind is SpanKind.SERVER else None


def _unrecorded(remote: SpanContext | None, kind: SpanKind) -> Span:
    if remote is not None:
        return NonRecordingSpan(remote)
    current = trace.get_current_span()
    if kind is not SpanKind.SERVER and current.get_span_context().is_valid:
        return current
    # Never zero, which W3C forbids; unsampled, because nobody recorded it.
    trace_id, span_id = secrets.randbits(128) or 1, secrets.randbits(64) or 1
    return NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(0)))


def _parse(text: str) -> SpanContext | None:
    match = _TRACEPARENT.fullmatch(text)
    if match is None:
        return None
    version, trace_id, span_id, flags, rest = match.groups()
    if version == "ff" or (version == "00" and rest) or trace_id == _ZERO_TRACE or span_id == _ZERO_SPAN:
        return None
    known = TraceFlags(int(flags, 16) & _KNOWN_FLAGS)
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=known)
