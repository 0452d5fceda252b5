"""The services of one data folder, wired as in the product, with runners that are stepped by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from libs.access.directory import Directory
from libs.access.principals import Principal
from libs.events.ports import Record, Sealer
from libs.events.reader import Reader
from libs.events.registry import REGISTRY
from libs.privacy.keyring import Keyring
from libs.privacy.sealing import FieldSealer
from libs.web.embedded import Embedded
from libs.web.service import Service
from libs.web.settings import ServiceSettings
from services.goals.wiring import wire as wire_goals
from services.people.wiring import wire as wire_people


@dataclass
class Installation:
    """The wired services and a client of goals; `ids` is for what a test wants to remember."""

    folder: Path
    people: Service
    goals: Service
    embedded: Embedded
    client: httpx2.AsyncClient
    ids: dict[str, str] = field(default_factory=dict)

    async def records(self) -> list[Record]:
        """Everything that was stored."""
        log = self.embedded.folder.event_log("people", "goals")
        return [one for topic in ("people.events", "goals.events") for one in await log.read(topic, 0, 0, 100)]

    async def send(self, path: str, body: Any, key: str, asker: str) -> httpx2.Response:
        """A command to goals as the gateway sends it."""
        principal = self.embedded.signer.header(Principal("acme", "cairn-development", asker))
        headers = {"cairn-principal": principal, "idempotency-key": key}
        return await self.client.post(path, json=body, headers=headers)

    async def post(self, path: str, body: Any, key: str, asker: str) -> Any:
        """The same, which must succeed."""
        answer = await self.send(path, body, key, asker)
        assert answer.status_code == 201, f"HTTP {answer.text}"
        return answer.json()


@dataclass(frozen=True)
class Parts:
    """What a planted fault replaces; `actor` is on whose behalf the operator acts."""

    sealer: Callable[[Keyring], Sealer] = FieldSealer
    email_name: Callable[[str, str], Any] | None = None
    directory: type[Directory] = Directory
    actor: str = "operator"


@asynccontextmanager
async def installed(folder: Path, parts: Parts) -> AsyncIterator[Installation]:
    """An installation on a folder."""
    embedded = Embedded(ServiceSettings(data_dir=folder))
    embedded.reader = Reader(REGISTRY, parts.sealer(embedded.keyring))
    people, goals = wire_people(embedded), wire_goals(embedded)
    if parts.email_name is not None:
        object.__setattr__(people.handlers, "email_name", parts.email_name)
    # One directory serves the door, the rights and the handlers of goals: another kind of it serves them all.
    object.__setattr__(goals.handlers.rights.directory, "__class__", parts.directory)
    for service in (people, goals):
        await service.prepare()
    transport = httpx2.ASGITransport(app=goals.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://goals") as client:
        try:
            yield Installation(folder, people, goals, embedded, client)
        finally:
            await embedded.close()
