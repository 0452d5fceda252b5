"""The services of one data folder, wired as in the product, with runners that are stepped by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from libs.access.directory import Directory
from libs.access.principals import Principal
from libs.events.clock import new_id
from libs.events.ports import Record, Sealer
from libs.events.reader import Reader
from libs.events.registry import REGISTRY, Registry
from libs.events.testing import drain
from libs.privacy.keyring import Keyring
from libs.privacy.sealing import FieldSealer
from libs.web.embedded import Embedded
from libs.web.service import Service
from libs.web.settings import ServiceSettings
from services.goals.wiring import wire as wire_goals
from services.people.wiring import wire as wire_people


@dataclass
class Installation:
    """The wired services and a client of each; `ids` is for what a test wants to remember."""

    folder: Path
    people: Service[Any]
    goals: Service[Any]
    embedded: Embedded
    clients: Mapping[str, httpx2.AsyncClient]
    ids: dict[str, str] = field(default_factory=dict)

    async def records(self) -> list[Record]:
        """Everything that was stored."""
        log = self.embedded.folder.event_log("people", "goals")
        return [one for topic in ("people.events", "goals.events") for one in await log.read(topic, 0, 0, 1000)]

    async def fold(self) -> None:
        """All that was stored is in all the rows."""
        await drain([*self.people.reading.runners, *self.goals.reading.runners])

    async def send(
        self, path: str, body: Any, key: str, asker: str, *, method: str = "POST", of: str = "goals"
    ) -> httpx2.Response:
        """A command as the gateway sends it."""
        principal = self.embedded.signer.header(Principal("acme", "cairn-development", asker))
        headers = {"cairn-principal": principal} | ({"idempotency-key": key} if method == "POST" else {})
        return await self.clients[of].request(method, path, json=body, headers=headers)

    async def act(
        self, method: str, path: str, body: Any, asker: str, *, of: str = "goals", key: str | None = None
    ) -> Any:
        """A command that must succeed, folded."""
        answer = await self.send(path, body, key or new_id(), asker, method=method, of=of)
        assert answer.is_success, f"HTTP {method} {path}: {answer.text}"
        await self.fold()
        return answer.json()


@dataclass(frozen=True)
class Parts:
    """What a planted fault replaces; `actor` is on whose behalf the operator acts.

    `kek` is the setting of the key encryption key, for a folder whose keys come from elsewhere; None: one of its own.
    """

    sealer: Callable[[Keyring], Sealer] = FieldSealer
    email_name: Callable[[str, str], Any] | None = None
    directory: type[Directory] = Directory
    actor: str = "operator"
    registry: Registry = REGISTRY
    kek: str | None = None


@asynccontextmanager
async def installed(folder: Path, parts: Parts) -> AsyncIterator[Installation]:
    """An installation on a folder."""
    embedded = Embedded(ServiceSettings(data_dir=folder, key_encryption_key=parts.kek))
    embedded.reader = Reader(parts.registry, parts.sealer(embedded.keyring))
    people, goals = wire_people(embedded), wire_goals(embedded)
    if parts.email_name is not None:
        object.__setattr__(people.handlers, "email_name", parts.email_name)
    # One directory serves the door, the rights and the handlers of goals: another kind of it serves them all.
    object.__setattr__(goals.handlers.rights.directory, "__class__", parts.directory)
    for service in (people, goals):
        await service.prepare()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(embedded.close)
        clients = {}
        for service in (people, goals):
            client = httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=service.app), base_url=f"http://{service.name}"
            )
            clients[service.name] = await stack.enter_async_context(client)
        yield Installation(folder, people, goals, embedded, clients)
