"""Fixtures that every suite shares, and the closing lines that say what did not run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from libs.events.testing import SteppingClock
from tests import servers

# The same examples on every run where a failure must be repeatable; chance finds new ones at a desk.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if servers.in_ci() else "desk")

LATER = datetime(2031, 5, 1, 12, tzinfo=UTC)
"""Far from today, so that asking the wall would show."""


@pytest.fixture
def clock() -> SteppingClock:
    """The one clock of a test, which stands until it is moved."""
    return SteppingClock(LATER)


@pytest.fixture
def anyio_backend() -> str:
    """The product runs on asyncio, and so do its tests."""
    return "asyncio"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a run that left something out is no success, whatever the tests that did run say."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    left_out = servers.MISSING or (reporter is not None and reporter.stats.get("skipped"))
    if servers.in_ci() and left_out and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Says loudly what was not tried, as the last thing before the last line."""
    yield
    skipped = len(terminalreporter.stats.get("skipped", ()))
    if not servers.MISSING and not skipped:
        return
    terminalreporter.section("NOT EVERYTHING RAN", sep="!", red=True, bold=True)
    for what, how in servers.MISSING.items():
        terminalreporter.line(f"{what} is missing: what needs it was not tried. {how}", red=True)
    if skipped:
        terminalreporter.line(f"{skipped} skipped, see the reasons above.", red=True)
