"""A tenant with people and goals in a data folder, made through the gateway, then left for the measured servers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2

from libs.web.app import BASE
from libs.web.settings import ServiceSettings
from services.cli.up import Installation, assemble
from services.gateway.wiring import in_process
from tests.bench.material import NOTE, TENANT

GOALS = 16


@dataclass(frozen=True)
class Tenant:
    """Who asks, and for what: the owner's and the manager's authorization, the paths of the goals."""

    owner: dict[str, str]
    manager: dict[str, str]
    owner_id: str
    goals: list[str]

    @property
    def check_ins(self) -> list[str]:
        """The paths that take check-ins."""
        return [f"{path}/check-ins" for path in self.goals]


@asynccontextmanager
async def running(data: Path) -> AsyncIterator[tuple[Installation, httpx2.AsyncClient, Tenant]]:
    """Everything in this process on a new data folder: a manager, a report, and goals of the report's."""
    async with AsyncExitStack() as stack:
        installation = await assemble(ServiceSettings(data_dir=data), stack)
        client = await stack.enter_async_context(in_process("cairn", installation.gateway))
        yield installation, client, await _settled(installation, client)


async def made(data: Path) -> Tenant:
    """The same, closed again: for servers that are started on the folder."""
    async with running(data) as (_, _, tenant):
        return tenant


CHECK_IN = {"status": "on_track", "value": 47, "note": NOTE}
"""What the load generators check in."""


async def _settled(installation: Installation, client: httpx2.AsyncClient) -> Tenant:
    def bearer(person: str) -> dict[str, str]:
        now = installation.parts.clock.now()
        token = installation.parts.issuer.issue(TENANT, person, now=now, ttl=timedelta(hours=1))
        return {"Authorization": f"Bearer {token}"}

    admin = await installation.people.identify(TENANT, None, "admin@acme.example", ["admin"])
    manager = await _new(client, "/people", _person("Maya Lindqvist", "maya"), bearer(admin))
    person = {**_person("Sam Okafor", "sam"), "manager_id": manager["id"]}
    owner = await _new(client, "/people", person, bearer(admin))
    goals = []
    for number in range(GOALS):
        goal = await _new(client, "/goals", _goal(number, owner["id"]), bearer(owner["id"]))
        goals.append(f"{BASE}/goals/{goal['id']}")
        await _new(client, f"/goals/{goal['id']}/check-ins", CHECK_IN, bearer(owner["id"]))
    return Tenant(bearer(owner["id"]), bearer(manager["id"]), owner["id"], goals)


async def _new(client: httpx2.AsyncClient, path: str, body: Any, headers: dict[str, str]) -> dict[str, Any]:
    answer = await client.post(f"{BASE}{path}", json=body, headers=headers)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def _person(name: str, mailbox: str) -> dict[str, Any]:
    return {"display_name": name, "email": f"{mailbox}@acme.example", "job_title": "Support Agent"}


def _goal(number: int, owner_id: str) -> dict[str, Any]:
    return {
        "title": f"20 % fewer escalations, region {number}",
        "description": "Fewer tickets that second-level support has to take over.",
        "kind": "smart",
        "owner_id": owner_id,
        "visibility": "public",
        "period": {"start": "2026-01-01", "end": "2026-12-31"},
        "metric": {"start": 50, "target": 40, "unit": "escalations a week"},
        "check_in_every": "week",
        "labels": ["support", "quality"],
    }
