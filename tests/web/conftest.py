"""Fixtures of the web suite: the toy app, in memory and on a real socket."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from libs.telemetry.logs import SafeFormatter
from tests.web.toy import toy_app


@pytest.fixture
def app() -> FastAPI:
    return toy_app()


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """The app in memory; an exception that gets out of it fails the test."""
    return TestClient(app)


@pytest.fixture
def port() -> Iterator[int]:
    """The app on a real socket of this machine."""
    config = uvicorn.Config(toy_app(), port=0, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        threading.Event().wait(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def log_lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """What the process would have written to standard error, and asserts that nothing planted is in it."""
    caplog.set_level(logging.DEBUG)
    lines: list[str] = []
    formatter = SafeFormatter()

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            # At once: the trace that a line names is the one of that moment.
            if record.name.startswith("libs."):
                lines.append(formatter.format(record))

    keep = Keep()
    logging.getLogger().addHandler(keep)

    def read() -> list[dict[str, Any]]:
        logging.getLogger().removeHandler(keep)
        assert "Alice" not in "".join(lines)
        return [json.loads(line) for line in lines]

    return read
