"""Logs as JSON lines on standard error: constant words of ours, ids, numbers and the trace they belong to.

Nothing that a person wrote can get in: extra fields pass an allow-list, arguments must be numbers or ids,
exceptions leave their type and place, and other libraries' messages are hidden unless known to be constant.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pythonjsonlogger.msgspec import MsgspecFormatter

from libs.telemetry import places, tracing

HIDDEN = "<hidden>"

FIELDS = frozenset(
    {
        *("service", "method", "route", "status", "duration_ms", "code", "version", "port", "host"),
        *("tenant", "stream", "event_type", "event_id", "command_id", "sequence", "offset", "store_id", "epoch"),
        *("topic", "partition", "projection", "reaction", "collection", "generation", "key_id"),
        *("count", "events", "rows", "bytes", "seconds", "lag", "attempt", "reason"),
    }
)
"""What may be passed in `extra`; everything else is dropped. Values are numbers, ids and names without spaces."""

_TRUSTED = ("libs", "services", "uvicorn", "opentelemetry")
_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
_TOKEN = re.compile(r"[A-Za-z0-9_.:/{}<>*+-]{1,256}", re.ASCII)
_ID = re.compile(r"[0-9a-fA-F-]{16,64}|v?[0-9][0-9.:]{0,63}", re.ASCII)
_PLAIN = (int, float, Decimal, UUID, date, timedelta, type(None))
_LONGEST = 300

_NAMES = frozenset({"http", "https"})

# Nobody writes these into a line, and looking them up costs as much as the line.
_LOOKED_UP = ("logThreads", "logProcesses", "logMultiprocessing", "logAsyncioTasks")


def configure_logging(level: int | str = logging.INFO) -> Callable[[], None]:
    """Sends every logger of the process through `SafeFormatter` to standard error, uncaught exceptions included.

    Uvicorn's own access lines (they hold paths and queries) are switched off. Returns what puts everything back.
    """
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook, sys.unraisablehook)
    handler = _StandardError()
    handler.setFormatter(SafeFormatter())
    root.handlers[:] = [handler]
    root.setLevel(level.upper() if isinstance(level, str) else level)
    put_back = [_look_up_less(), _quieten(), *map(_hand_over, _UVICORN)]
    _log_uncaught()

    def restore() -> None:
        root.handlers[:], sys.excepthook, threading.excepthook, sys.unraisablehook = before[0], *before[2:]
        root.setLevel(before[1])
        for one in put_back:
            one()

    return restore


class SafeFormatter(MsgspecFormatter):
    """One record as one JSON line: `time level logger message trace_id span_id`, allowed fields, `error`."""

    def format(self, record: logging.LogRecord) -> str:
        """Never raises: a record that cannot be formatted still leaves its logger and level."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        if (ids := tracing.current_ids()) is not None:
            line["trace_id"], line["span_id"] = ids
        for name in record.__dict__.keys() & FIELDS:
            line[name] = _field(record.__dict__[name])
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = places.describe(record.exc_info[1])
        return str(self.serialize_log_record(line))


class _StandardError(logging.Handler):
    """Writes to whatever standard error is at that moment; a broken pipe is nobody's business here."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError, AttributeError):
            # The standard way is to print the record with its arguments, which is how they would get out.
            return


def _message(record: logging.LogRecord) -> str:
    words = record.msg.strip() if isinstance(record.msg, str) else ""
    # Several lines are no constant of anybody's: they are a traceback or a dump, quoted by its server.
    if record.name.split(".", 1)[0] not in _TRUSTED or not words or "\n" in words or len(words) > _LONGEST:
        return f"{HIDDEN} {places.relative(record.pathname)}:{record.lineno}"
    if not record.args:
        return words
    try:
        if isinstance(record.args, Mapping):
            return words % {name: _argument(value) for name, value in record.args.items()}
        return words % tuple(_argument(value) for value in record.args)
    except (TypeError, ValueError, KeyError):
        # The words do not fit what was let through (`%d` of a text): the template alone is ours and says enough.
        return words


def _argument(value: object) -> object:
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, str) and (value in _NAMES or _ID.fullmatch(value)):
        return value
    if isinstance(value, type):
        return value.__qualname__
    return type(value).__qualname__ if isinstance(value, BaseException) else HIDDEN


def _field(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (Decimal, UUID, date, timedelta)):
        return str(value)
    return value if isinstance(value, str) and _TOKEN.fullmatch(value) else HIDDEN


def _look_up_less() -> Callable[[], None]:
    # Not every Python has all of them.
    before = {name: getattr(logging, name) for name in _LOOKED_UP if hasattr(logging, name)}

    def restore() -> None:
        for name, value in before.items():
            setattr(logging, name, value)

    for name in before:
        setattr(logging, name, False)
    return restore


def _quieten() -> Callable[[], None]:
    # A line for every request of the inner hop, with nothing in it that the service's own line does not say.
    inner, access = logging.getLogger("httpx2"), logging.getLogger("uvicorn.access")
    before = inner.level, access.disabled

    def restore() -> None:
        inner.setLevel(before[0])
        access.disabled = before[1]

    inner.setLevel(logging.WARNING)
    access.disabled = True
    return restore


def _hand_over(name: str) -> Callable[[], None]:
    logger = logging.getLogger(name)
    before = logger.handlers[:], logger.propagate

    def restore() -> None:
        logger.handlers[:], logger.propagate = before

    logger.handlers.clear()
    logger.propagate = True
    return restore


def _log_uncaught() -> None:
    log = logging.getLogger(__name__)

    def in_main(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
        log.critical("stopped by an exception", exc_info=(kind, error, traceback))

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and args.exc_type is not SystemExit:
            log.error("a thread ended by an exception", exc_info=args.exc_value)

    def unraisable(args: Any) -> None:
        log.error("an exception nobody could catch", exc_info=args.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = in_main, in_thread, unraisable
