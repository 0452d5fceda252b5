"""Clients that go on whatever happens to the server: each command has a key, and is repeated until it is acknowledged.

What they were told is kept, to be held against what is found in the end.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import anyio
import httpx2

from tests.product import API, SOON

AGAIN = {409, 503}
"""What a client that keeps its key may simply repeat: still under way, or not now."""


@dataclass(frozen=True)
class Asker:
    """Who a client works for."""

    tenant: str
    person_id: str
    token: str


@dataclass
class Command:
    """One request that changes something, known by its key; `goal_id` is set for check-ins."""

    asker: Asker
    key: str
    path: str
    body: dict[str, Any]
    goal_id: str | None = None
    attempts: int = 0


@dataclass(frozen=True)
class Told:
    """What a client was told when its command was acknowledged."""

    command: Command
    status: int
    headers: dict[str, str | None]
    body: dict[str, Any]


@dataclass
class Load:
    """Clients under way. `stop` lets each finish what it has begun."""

    url: str
    chance: random.Random
    up: anyio.Event = field(default_factory=anyio.Event)
    told: list[Told] = field(default_factory=list)
    repeats: list[tuple[Told, Told]] = field(default_factory=list)
    stopped: bool = False
    _numbers: Any = field(default_factory=lambda: count(1))
    _more: anyio.Event = field(default_factory=anyio.Event)

    def client(self) -> httpx2.AsyncClient:
        """A client of the API."""
        return httpx2.AsyncClient(base_url=self.url + API, timeout=SOON)

    async def more(self, commands: int) -> None:
        """Returns once so many further commands are acknowledged."""
        wanted = len(self.told) + commands
        with anyio.fail_after(SOON):
            while len(self.told) < wanted:
                await self._more.wait()

    async def work(self, asker: Asker) -> None:
        """One client: goal after goal under one of its own, each with some check-ins, every value given once."""
        async with self.client() as client:
            root = await self.acknowledged(client, self._goal(asker, None))
            while not self.stopped:
                goal = await self.acknowledged(client, self._goal(asker, root.body["id"]))
                for _ in range(self.chance.randint(5, 40)):
                    if self.stopped:
                        return
                    await self.acknowledged(client, self._check_in(asker, goal.body["id"]))
                    if self.chance.random() < 0.1:
                        await self.repeat(client, self.chance.choice(self.told))

    async def acknowledged(self, client: httpx2.AsyncClient, command: Command) -> Told:
        """Sends a command until it is acknowledged, always with the same key."""
        told = await self._told(client, command)
        self.told.append(told)
        self._more.set()
        self._more = anyio.Event()
        return told

    async def repeat(self, client: httpx2.AsyncClient, first: Told) -> None:
        """Sends an acknowledged command once more."""
        self.repeats.append((first, await self._told(client, first.command)))

    async def repeat_all(self, told: Sequence[Told], clients: int) -> None:
        """Sends all of these once more."""
        waiting = iter(told)

        async def work() -> None:
            async with self.client() as client:
                for one in waiting:
                    await self.repeat(client, one)

        async with anyio.create_task_group() as tasks:
            for _ in range(clients):
                tasks.start_soon(work)

    async def _told(self, client: httpx2.AsyncClient, command: Command) -> Told:
        headers = {"Authorization": f"Bearer {command.asker.token}", "Idempotency-Key": command.key}
        with anyio.fail_after(6 * SOON):
            while True:
                await self.up.wait()
                command.attempts += 1
                try:
                    answer = await client.post(command.path, json=command.body, headers=headers)
                except httpx2.TransportError:
                    # Killed: the next round waits until it is back, unless the news of that is still on its way.
                    await anyio.sleep(0.01)
                    continue
                if answer.status_code not in AGAIN:
                    break
                await anyio.sleep(0.01)
        assert answer.status_code == 201, f"{command.path} with {command.key}: {answer.status_code} {answer.text}"
        kept = {name: answer.headers.get(name) for name in ("Location", "ETag", "Cairn-Position", "Content-Type")}
        return Told(command, answer.status_code, kept, answer.json())

    def _goal(self, asker: Asker, parent_id: str | None) -> Command:
        number = next(self._numbers)
        body: dict[str, Any] = {"title": f"Goal {number}", "owner_id": asker.person_id, "clamp": False}
        if parent_id is None:
            body["kind"] = "objective"
        else:
            metric = {"start": 0, "target": 1000, "unit": "points"}
            body |= {"kind": "key_result", "metric": metric, "parent_id": parent_id}
        return Command(asker, f"goal-{number}", "/goals", body)

    def _check_in(self, asker: Asker, goal_id: str) -> Command:
        number = next(self._numbers)
        body = {"value": number, "status": "on_track", "note": f"Number {number}."}
        return Command(asker, f"check-in-{number}", f"/goals/{goal_id}/check-ins", body, goal_id)
