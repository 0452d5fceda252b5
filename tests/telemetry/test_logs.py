"""Nothing a person wrote reaches the logs, whichever way it is tried."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.telemetry.logs import HIDDEN, SafeFormatter, configure_logging
from libs.telemetry.tracing import span

PLANTED = "Alice Example has the flu, alice@example.com"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Configures logging; gives what was written since, one dict a line."""
    restore = configure_logging("DEBUG")

    def read() -> list[dict[str, Any]]:
        text = capsys.readouterr().err
        assert "Alice" not in text
        assert "alice" not in text
        return [json.loads(line) for line in text.splitlines()]

    yield read
    restore()


log = logging.getLogger("libs.test")


def _settings() -> list[object]:
    """Everything of the process's logging that is changed."""
    root, names = logging.getLogger(), ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "httpx2")
    loggers = [root, *map(logging.getLogger, names)]
    looked_up = ("logThreads", "logProcesses", "logMultiprocessing", "logAsyncioTasks")
    hooks = [sys.excepthook, threading.excepthook, sys.unraisablehook]
    one_by_one = [(each.handlers[:], each.level, each.propagate, each.disabled) for each in loggers]
    return [*hooks, *one_by_one, *(getattr(logging, name, None) for name in looked_up)]


def test_everything_is_put_back() -> None:
    handler, server = logging.NullHandler(), logging.getLogger("uvicorn.error")
    server.addHandler(handler)
    before = _settings()
    restore = configure_logging("DEBUG")
    during = _settings()
    restore()
    assert _settings() == before
    assert during != before
    assert not any(during[-4:])
    server.removeHandler(handler)


class Boom(Exception):
    """Fails with what it was given."""


def _fail(text: str) -> None:
    raise Boom(text, {"email": text})


def test_an_exception_leaves_its_type_and_place_only(lines: Callable[[], list[dict[str, Any]]]) -> None:
    try:
        try:
            _fail(PLANTED)
        except Boom as error:
            error.add_note(PLANTED)
            raise RuntimeError(PLANTED) from error
    except RuntimeError:
        log.exception("a command failed")
    (line,) = lines()
    assert line["message"] == "a command failed"
    assert line["level"] == "error"
    assert line["error"]["type"] == "RuntimeError"
    assert line["error"]["at"].startswith("tests/telemetry/test_logs.py:")
    (cause,) = line["error"]["causes"]
    assert cause.startswith("Boom tests/telemetry/test_logs.py:")
    assert cause.endswith(" _fail")


def test_the_members_of_a_group_are_named(lines: Callable[[], list[dict[str, Any]]]) -> None:
    log.error("several failed", exc_info=ExceptionGroup(PLANTED, [Boom(PLANTED), KeyError(PLANTED)]))
    (line,) = lines()
    assert line["error"]["causes"] == ["Boom unknown", "KeyError unknown"]


def test_only_listed_fields_pass_and_only_if_they_look_like_names(lines: Callable[[], list[dict[str, Any]]]) -> None:
    log.info(
        "appended",
        extra={
            "projection": "goals.tree",
            "route": "/goals/{goal_id}",
            "sequence": 4711,
            "reason": PLANTED,
            "email": "alice@example.com",
            "title": "Alice",
            "rows": [PLANTED],
            "count": Decimal("1.5"),
        },
    )
    (line,) = lines()
    assert set(line) == {
        *("time", "level", "logger", "message"),
        *("projection", "route", "sequence", "reason", "rows", "count"),
    }
    assert (line["projection"], line["route"], line["sequence"]) == ("goals.tree", "/goals/{goal_id}", 4711)
    assert (line["reason"], line["rows"], line["count"]) == (HIDDEN, HIDDEN, "1.5")


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        (4711, "4711"),
        (0.5, "0.5"),
        (True, "True"),
        (None, "None"),
        (UUID("0191d3a0-0000-7000-8000-000000000001"), "0191d3a0-0000-7000-8000-000000000001"),
        ("0191d3a0-0000-7000-8000-000000000001", "0191d3a0-0000-7000-8000-000000000001"),
        (datetime(2026, 1, 31, tzinfo=UTC), "2026-01-31 00:00:00+00:00"),
        (KeyError, "KeyError"),
        (KeyError(PLANTED), "KeyError"),
        (PLANTED, HIDDEN),
        ("Alice", HIDDEN),
        ("alice", HIDDEN),
        ("alice@example.com", HIDDEN),
        ("alice.example", HIDDEN),
        ([PLANTED], HIDDEN),
        (object(), HIDDEN),
    ],
)
def test_an_argument_is_a_number_or_an_id(
    lines: Callable[[], list[dict[str, Any]]], argument: object, shown: str
) -> None:
    log.warning("it was %s", argument)
    (line,) = lines()
    assert line["message"] == f"it was {shown}"


def test_arguments_by_name_are_filtered_too(lines: Callable[[], list[dict[str, Any]]]) -> None:
    log.warning("%(who)s did %(count)d", {"who": PLANTED, "count": 3})
    assert lines()[0]["message"] == f"{HIDDEN} did 3"


@pytest.mark.parametrize(
    ("words", "arguments"), [("%d goals", (PLANTED,)), ("%d and %d", (1,)), ("no place for it", (1, 2))]
)
def test_words_that_do_not_fit_leave_the_template(words: str, arguments: tuple[object, ...]) -> None:
    record = logging.LogRecord("libs.x", 20, __file__, 1, words, arguments, None)
    assert json.loads(SafeFormatter().format(record))["message"] == words


def test_other_libraries_messages_are_hidden_with_their_place(lines: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("some.driver").error(f"duplicate key: {PLANTED}")
    log.error({"who": PLANTED})
    for line in lines():
        assert line["message"].startswith(f"{HIDDEN} tests/telemetry/test_logs.py:")


def test_a_quoted_traceback_is_hidden_even_from_the_server(lines: Callable[[], list[dict[str, Any]]]) -> None:
    server = logging.getLogger("uvicorn.error")
    server.error(f"Traceback (most recent call last):\n  ValueError: {PLANTED}")
    server.error("Exception in ASGI application\n", exc_info=Boom(PLANTED))
    server.info("Uvicorn running on %s://%s:%d (Press CTRL+C to quit)", "http", "127.0.0.1", 8080)
    hidden, failed, running = lines()
    assert hidden["message"].startswith(HIDDEN)
    assert (failed["message"], failed["error"]["type"]) == ("Exception in ASGI application", "Boom")
    assert running["message"] == "Uvicorn running on http://127.0.0.1:8080 (Press CTRL+C to quit)"


def test_the_servers_access_lines_are_off(lines: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', "::1", "GET", "/people?q=Alice", "1.1", 200)
    assert lines() == []


def test_what_nobody_caught_is_logged_the_same_way(lines: Callable[[], list[dict[str, Any]]]) -> None:
    sys.excepthook(Boom, Boom(PLANTED), None)
    hook = threading.excepthook
    hook(threading.ExceptHookArgs((Boom, Boom(PLANTED), None, None)))
    hook(threading.ExceptHookArgs((SystemExit, SystemExit(PLANTED), None, None)))
    main, thread = lines()
    assert (main["level"], main["error"]["type"]) == ("critical", "Boom")
    assert thread["error"]["type"] == "Boom"


async def test_a_task_whose_exception_nobody_fetched_does_not_quote_it(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    loop = asyncio.get_running_loop()
    loop.default_exception_handler({"message": f"Task failed: {PLANTED}", "exception": Boom(PLANTED)})
    assert lines()[-1]["error"]["type"] == "Boom"


def test_a_line_names_its_trace(lines: Callable[[], list[dict[str, Any]]]) -> None:
    with span("request", parent=PARENT):
        log.info("answered", extra={"status": 200, "duration_ms": 1.25})
    (line,) = lines()
    assert (line["trace_id"], line["span_id"]) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    assert (line["status"], line["duration_ms"]) == (200, 1.25)
    assert datetime.fromisoformat(line["time"]).tzinfo is not None
    assert line["time"].endswith("Z")


def test_a_closed_standard_error_does_not_print_the_record() -> None:
    program = (
        "import logging, os, sys\n"
        "from libs.telemetry.logs import configure_logging\n"
        "configure_logging()\n"
        "sys.stderr.close()\n"
        "logging.getLogger('libs').error('it was %s', 'Alice Example', exc_info=ValueError('Alice Example'))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "Alice" not in done.stdout + done.stderr


def test_an_uncaught_exception_of_a_process_is_one_clean_line() -> None:
    program = (
        "from libs.telemetry.logs import configure_logging\nconfigure_logging()\nraise ValueError('Alice Example')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Alice" not in done.stderr
    assert json.loads(done.stderr)["error"]["type"] == "ValueError"


@given(st.text(min_size=1), st.recursive(st.none() | st.floats() | st.text(), st.lists), st.text())
def test_no_record_can_make_the_formatter_raise(message: str, argument: Any, extra: str) -> None:
    record = logging.LogRecord("libs.x", 20, __file__, 1, message, (argument,), None)
    record.__dict__["reason"] = extra
    json.loads(SafeFormatter().format(record))
