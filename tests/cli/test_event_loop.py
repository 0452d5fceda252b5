"""Whoever waits for SQLite does so in a thread of its own: no statement ever keeps the event loop from everybody."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import httpx2

from libs.web.app import BASE
from libs.web.settings import ServiceSettings
from services.cli.up import Installation, assemble
from services.gateway.wiring import in_process
from tests.told import Told

TENANT = "acme"


@contextmanager
def sqlite_calls_here() -> Iterator[list[str]]:
    """Notes every call of SQLite that this thread makes until the block ends, and none of other threads."""
    found: list[str] = []

    def note(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and (
            called is sqlite3.connect
            or isinstance(getattr(called, "__self__", None), sqlite3.Connection | sqlite3.Cursor)
        ):
            found.append(f"{called.__name__} in {frame.f_code.co_qualname} of {frame.f_code.co_filename}")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(before)


def test_what_this_thread_asks_is_noted(tmp_path: Path) -> None:
    with sqlite_calls_here() as found, closing(sqlite3.connect(tmp_path / "rows.db")) as connection:
        connection.execute("SELECT 1").fetchall()
    assert [one.partition(" ")[0] for one in found] == ["connect", "execute", "fetchall", "close"]


async def test_no_statement_runs_on_the_event_loop(tmp_path: Path) -> None:
    """From the start on an empty folder over commands and questions to the end; and once more on what is there."""
    with sqlite_calls_here() as found:
        for turn in range(2):
            async with AsyncExitStack() as stack:
                installation = await assemble(ServiceSettings(data_dir=tmp_path), stack)
                client = await stack.enter_async_context(in_process("cairn", installation.gateway))
                await use(installation, client, f"sam{turn}@{TENANT}.example")
    assert found == []


async def use(installation: Installation, client: httpx2.AsyncClient, email: str) -> None:
    """Somebody sets two goals, checks in, looks at them in every way, and closes one."""
    parts, told = installation.parts, Told()
    sam = await installation.people.identify(TENANT, None, email, ["admin"])
    token = parts.issuer.issue(TENANT, sam, now=parts.clock.now(), ttl=timedelta(hours=1))

    async def ask(method: str, path: str, body: Any = None) -> Any:
        request = client.build_request(method, BASE + path, json=body, headers={"Authorization": f"Bearer {token}"})
        told.ask(request)
        answer = await client.send(request)
        assert answer.is_success, answer.text
        told.hear(answer)
        return answer.json()

    above = await ask("POST", "/goals", {"title": "Better service", "kind": "objective", "owner_id": sam})
    metric = {"start": 50, "target": 40, "unit": "tickets"}
    goal = {"title": "Fewer escalations", "kind": "key_result", "owner_id": sam, "metric": metric}
    below = await ask("POST", "/goals", {**goal, "parent_id": above["id"]})
    await ask("POST", f"/goals/{below['id']}/check-ins", {"status": "on_track", "value": 44})
    assert (await ask("GET", f"/goals/tree?root_id={above['id']}"))["nodes"][0]["progress"] == 0.6
    for path in ("/goals?q=fewer", f"/goals/{below['id']}/history", f"/goals/{below['id']}/trend", "/people", "/me"):
        await ask("GET", path)
    await ask("POST", f"/goals/{below['id']}/close", {"reflection": "Nearly."})
    assert (await client.get("/readyz")).status_code == 200
