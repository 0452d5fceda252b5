"""A company behind the gateway, in this process: its people with a client each, and what its goals' log says."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from libs.events.envelope import Fact
from libs.events.reader import Unread
from libs.web.settings import ServiceSettings
from services.cli.up import Installation, assemble
from services.gateway import wiring as gateway
from services.gateway.settings import GatewaySettings
from tests.told import Told

UNKNOWN = "0191d3a0-0000-7000-8000-000000000000"
METRIC = {"start": 50, "target": 40, "unit": "escalations a week"}
QUARTER = {"start": "2026-10-01", "end": "2026-12-31"}
REPORTS = {"rosa": None, "maya": "rosa", "sam": "maya", "kim": "maya", "alex": "rosa"}
"""Rosa leads Maya and Alex, Maya leads Sam and Kim."""

_numbers = itertools.count(1)


@dataclass
class Company:
    """One tenant. `ids` are its people's, each of whom has a client under the same name."""

    installation: Installation
    tenant: str
    ids: dict[str, str] = field(default_factory=dict)
    clients: dict[str, httpx2.AsyncClient] = field(default_factory=dict)
    seen: int = 0
    told_of: Told = field(default_factory=Told)

    def __getattr__(self, name: str) -> httpx2.AsyncClient:
        try:
            return self.__dict__["clients"][name]
        except KeyError:
            raise AttributeError(name) from None

    def client(self, name: str, person_id: str) -> httpx2.AsyncClient:
        """A client for somebody, whose token counts for an hour; it reads what anybody here has written before."""
        parts = self.installation.parts
        token = parts.issuer.issue(self.tenant, person_id, now=parts.clock.now(), ttl=timedelta(hours=1))
        client = gateway.in_process("cairn", self.installation.gateway)
        client.base_url = httpx2.URL("http://cairn/api/v1/")
        client.headers["Authorization"] = f"Bearer {token}"
        client.event_hooks = {"request": [self._ask], "response": [self._hear]}
        self.ids[name], self.clients[name] = person_id, client
        return client

    async def _ask(self, request: httpx2.Request) -> None:
        if request.method == "GET":
            self.told_of.ask(request)

    async def _hear(self, answer: httpx2.Response) -> None:
        self.told_of.hear(answer)

    async def joins(self, name: str, manager: str | None = None) -> str:
        """Somebody new."""
        body = {"display_name": name.title(), "email": f"{name}@t.example"}
        if manager is not None:
            body["manager_id"] = self.ids[manager]
        person_id = str(made(await self.admin.post("people", json=body))["id"])
        self.client(name, person_id)
        return person_id

    async def unit(self, lead: str, name: str = "Support") -> str:
        """A new unit that somebody leads."""
        body = {"name": name, "lead_id": self.ids[lead]}
        return str(made(await self.admin.post("units", json=body))["id"])

    async def leaves(self, name: str) -> None:
        """Somebody no longer works here, and goals know it."""
        answer = await self.admin.post(f"people/{self.ids[name]}/deactivate")
        read(answer)
        read(await self.admin.get("goals", headers=after(answer)))

    async def goal(self, by: str, owner: str | None = None, **fields: Any) -> dict[str, Any]:
        """A new goal of somebody, as its creation answered."""
        body = {"title": "A goal", "kind": "objective", "owner_id": self.ids[owner or by], **fields}
        return made(await self.clients[by].post("goals", json=body))

    async def news(self) -> list[Fact[Any]]:
        """The facts that goals stated since this was asked before."""
        parts = self.installation.parts
        log = parts.folder.event_log("goals")
        records = await log.read_tenant("goals.events", self.tenant, self.seen, 1000)
        self.seen = records[-1].sequence if records else self.seen
        return await parts.reader.facts([Unread(record.body, record.sequence) for record in records])

    async def told(self) -> list[tuple[str, str]]:
        """The same as `(kind of stream, type of fact)`."""
        return [(fact.stream.split("/")[1], type(fact.data).__name__) for fact in await self.news()]

    async def only(self, kind: type[msgspec.Struct]) -> Any:
        """The data of the one fact of this kind among the new ones."""
        [found] = [fact.data for fact in await self.news() if isinstance(fact.data, kind)]
        return found


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Installation]:
    """All services of a folder, started, without quotas."""
    async with AsyncExitStack() as stack:
        found = await assemble(ServiceSettings(data_dir=folder), stack)
        apps = {service.name: service.app for service in found.services}
        settings = GatewaySettings(quota_principal=0, quota_tenant=0)
        front = gateway.wire(apps, found.parts.verifier, found.parts.signer, settings)
        stack.push_async_callback(front.aclose)
        yield replace(found, gateway=front)


@asynccontextmanager
async def company(installation: Installation) -> AsyncIterator[Company]:
    """A new tenant in which everybody has joined."""
    found = Company(installation, f"t-{next(_numbers)}")
    admin = await installation.people.identify(found.tenant, None, "admin@t.example", ["admin"])
    found.client("admin", admin)
    for name, manager in REPORTS.items():
        await found.joins(name, manager)
    try:
        yield found
    finally:
        for client in found.clients.values():
            await client.aclose()


# --- answers ----------------------------------------------------------------------------------------------------


def made(answer: httpx2.Response) -> dict[str, Any]:
    """What is new."""
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["Location"].startswith("/api/v1/")
    return found


def read(answer: httpx2.Response) -> dict[str, Any]:
    """What is there."""
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def items(answer: httpx2.Response) -> list[dict[str, Any]]:
    """The elements of a page."""
    found: list[dict[str, Any]] = read(answer)["items"]
    return found


def ended(answer: httpx2.Response) -> None:
    """What is no more."""
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    assert answer.headers["Cairn-Position"].startswith("goals:")


def refused(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The problem."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    found: dict[str, Any] = answer.json()
    assert (found["status"], found["code"]) == (status, code), found
    return found


def pointers(problem: dict[str, Any]) -> list[str]:
    """Which values a problem names."""
    return [error["pointer"] for error in problem["errors"]]


def after(answer: httpx2.Response) -> dict[str, str]:
    """The header of a request that must know of this one."""
    return {"Cairn-After": answer.headers["Cairn-Position"]}


def ids(found: Sequence[dict[str, Any]]) -> list[str]:
    """Their ids."""
    return [one["id"] for one in found]
