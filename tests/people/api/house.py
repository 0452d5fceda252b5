"""The people service alone, wired as in the product on a folder of its own, and clients it takes for the gateway."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from libs.access.principals import Principal
from libs.events.caller import Caller
from libs.events.testing import SteppingClock
from libs.web.embedded import Embedded
from libs.web.service import Service
from libs.web.settings import ServiceSettings
from services.people.domain.commands import AddPerson
from services.people.wiring import wire
from tests.told import Told

NOBODY = "0191d3a0-0000-7000-8000-000000000000"
MOST = 2000
"""Items of a list that no test reaches."""
TODAY = date(2026, 6, 15)
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


def day(offset: int) -> str:
    """So many days from today, as clients write it."""
    return (TODAY + timedelta(days=offset)).isoformat()


@dataclass
class Client:
    """Somebody of a tenant; every read waits for what was written before it, whoever wrote it."""

    house: House
    tenant: str
    id: str

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """One request as the gateway hands it on; `Idempotency_Key` becomes `Idempotency-Key`."""
        principal = self.house.parts.signer.header(Principal(self.tenant, "cairn-development", self.id))
        told = self.house.told[self.tenant]
        found = {"cairn-principal": principal, **{name.replace("_", "-"): value for name, value in headers.items()}}
        request = self.house.http.build_request(method, path, json=body, headers=found)
        told.ask(request)
        answer = await self.house.http.send(request)
        told.hear(answer)
        return answer

    async def get(self, path: str, **headers: str) -> Any:
        """What is there."""
        return read(await self.ask("GET", path, **headers))

    async def list(self, path: str) -> list[Any]:
        """All of a list, page by page."""
        found: list[Any] = []
        cursor: str | None = None
        while True:
            more = "" if cursor is None else f"{'&' if '?' in path else '?'}cursor={cursor}"
            page = await self.get(path + more)
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found
            assert len(found) < MOST, "the list has no end"

    async def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """A command that makes something."""
        return made(await self.ask("POST", path, body, **headers))

    async def patch(self, path: str, body: Any, **headers: str) -> Any:
        """A change that is taken."""
        return read(await self.ask("PATCH", path, body, **headers))

    async def person(self, name: str, **fields: Any) -> str:
        """The id of somebody new."""
        body = {"display_name": name.title(), "email": f"{name}@{self.tenant}.example", **fields}
        return str((await self.post("/people", body))["id"])

    async def unit(self, name: str, **fields: Any) -> str:
        """The id of a new unit."""
        return str((await self.post("/units", {"name": name, **fields}))["id"])


@dataclass
class House:
    """One installation of the people service, with a clock that tests move."""

    parts: Embedded
    service: Service
    clock: SteppingClock
    http: httpx2.AsyncClient
    told: defaultdict[str, Told] = field(default_factory=lambda: defaultdict(Told))

    def as_(self, person_id: str, tenant: str = "acme") -> Client:
        """A client of somebody."""
        return Client(self, tenant, person_id)

    async def admin(self, tenant: str = "acme") -> Client:
        """A tenant's first administrator."""
        command = AddPerson(display_name="Ada Min", email=f"admin@{tenant}.example", roles=("admin",))
        outcome = await self.service.handlers.admit(Caller(tenant, "operator"), command)
        self.told[tenant].positions["people"] = outcome.position
        return self.as_(outcome.resource, tenant)

    async def facts(self) -> list[str]:
        """The types of all events so far, in order."""
        log = self.parts.folder.event_log("people")
        return [record.type for record in await log.read("people.events", 0, 0, 10_000)]


@asynccontextmanager
async def opened(folder: Path, clock: SteppingClock) -> AsyncIterator[House]:
    """The service on a folder, running."""
    parts = Embedded(ServiceSettings(data_dir=folder))
    # Before anything is wired: what the services are handed is this clock.
    parts.clock = clock  # type: ignore[assignment]
    await parts.open_keyring()
    service = wire(parts)
    transport = httpx2.ASGITransport(app=service.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://people", timeout=30) as http:
        await service.start()
        try:
            yield House(parts, service, clock, http)
        finally:
            await service.stop()
            await parts.close()


def made(answer: httpx2.Response) -> Any:
    assert answer.status_code == 201, answer.text
    return answer.json()


def read(answer: httpx2.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx2.Response, status: int, code: str) -> Any:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    problem = answer.json()
    assert problem["code"] == code, problem
    return problem
